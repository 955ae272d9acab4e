"""The reference backend: conventions, laws, exact gradients."""

import math
from dataclasses import replace

import pytest
import torch
from helpers.scenes import box, line, paint, white_on_black
from torch import Tensor

import vectorae
from vectorae import Layout, Scene, UserError, rasterize
from vectorae.decoder import DrawState, SoftnessSchedule, draw_scene
from vectorae.rasterizer import COMPOSITINGS, PROFILES, Rasterizer, reference
from vectorae.scene import COMPOSITING_CHOICES


def draw(scene: Scene, height: int = 16, width: int = 16, **settings: object) -> Tensor:
    return rasterize(scene, height, width, backend="reference", **settings)  # type: ignore[arg-type]


def random_scene(kinds: list[str], seed: int = 0, batch: int = 2, channels: int = 3) -> Scene:
    layout = Layout(kinds, count=3 * len(kinds), channels=channels, fields={"softness": "learned"})
    return layout(layout.random_raw(batch, seed).double())


def test_y_points_down_and_pixels_have_their_centres_at_halves() -> None:
    image = draw(white_on_black(box(0.25, 0.75, 0.25, 0.25)), 4, 4, coverage="hard")[0, 0]
    assert image.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]


def test_rotation_is_clockwise_on_screen() -> None:
    image = draw(white_on_black(box(0.5, 0.5, 0.4, 0.1, angle=math.pi / 4)), 16, 16, coverage="ramp")[0, 0]
    assert image[12, 12] > 0.5 > image[12, 3]


def test_the_last_shape_is_on_top_and_black_covers() -> None:
    color = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]).double()
    scene = paint(
        [(box(0.5, 0.5, 0.5, 0.5), None), (box(0.25, 0.5, 0.25, 0.5), None)], color, torch.ones(1, 3).double()
    )
    image = draw(scene, 4, 4, coverage="hard")
    assert image[0, :, 1, 0].tolist() == [0, 0, 0]
    assert image[0, :, 1, 3].tolist() == [1, 0, 0]


def test_stroke_width_is_the_full_width() -> None:
    image = draw(white_on_black(line([(0.0, 0.5), (1.0, 0.5)]), stroke_width=0.25), 16, 16, coverage="ramp")[0, 0]
    assert image[:, 8].sum() == pytest.approx(4.0)


def test_a_circle_stays_a_circle_on_any_canvas() -> None:
    for height, width in ((20, 40), (40, 20)):
        image = draw(white_on_black(box(0.5, 0.5, 0.25, 0.25, roundness=1.0)), height, width, coverage="ramp")[0, 0]
        assert image.amax(0).gt(0.5).sum() == image.amax(1).gt(0.5).sum() == 10


@pytest.mark.parametrize("size", [0.01, 0.25, 0.6, 1.0])
def test_thin_shapes_paint_as_much_as_their_area(size: float) -> None:
    """Ink of shapes thinner than a pixel, in pixels."""
    pixel = 1 / 16
    stroke = draw(white_on_black(line([(0.2, 0.5), (0.8, 0.5)]), stroke_width=size * pixel), coverage="ramp")
    assert float(stroke.sum()) == pytest.approx(0.6 * 16 * size, rel=0.1)
    dot = draw(white_on_black(box(0.5, 0.5, size * pixel / 2, size * pixel / 2)), coverage="ramp")
    assert float(dot.sum()) == pytest.approx(size**2, rel=0.25)
    ellipse = draw(white_on_black(box(0.5, 0.5, 6 * pixel, size * pixel / 2, roundness=1.0)), coverage="ramp")
    assert float(ellipse.sum()) == pytest.approx(math.pi * 6 * size / 2, rel=0.15)


@pytest.mark.parametrize(
    ("width", "height"), [(0.1, 0.1), (0.1, 4.0), (0.1, 30.0), (1.0, 2.0), (1.0, 30.0), (30.0, 40.0)]
)
def test_soft_regions_paint_as_much_as_their_area(width: float, height: float) -> None:
    """Thinner, shorter and larger than their edge, which is four pixels wide on either side; sizes in pixels."""
    across, down = width / 128, height / 128
    corners = [(0.3, 0.3), (0.3 + across, 0.3), (0.3 + across, 0.3 + down), (0.3, 0.3 + down)]
    image = draw(Scene.of([vectorae.polygon(corners, fill=1.0)], background=0), 128, 128, softness=1 / 128)
    assert float(image.sum()) == pytest.approx(width * height, rel=0.15)


@pytest.mark.parametrize("coverage", PROFILES)
def test_shapes_of_no_size_paint_nothing(coverage: str) -> None:
    for scene in (white_on_black(box(0.5, 0.5, 0.0, 0.0)), white_on_black(box(0.5, 0.5, 0.0, 0.3, roundness=1.0))):
        assert draw(scene, coverage=coverage, softness=0.05).abs().max() < 1e-6


def test_coverage_of_a_wide_edge_is_the_profile_of_its_distance() -> None:
    scene = white_on_black(box(0.0, 0.5, 0.5, 9.0))
    distance = (torch.arange(16) + 0.5) / 16 - 0.5
    for coverage, expected in {
        "sigmoid": torch.sigmoid(-distance / 0.05),
        "gaussian": torch.exp(-(distance.clamp_min(0) ** 2) / 0.05**2),
        "ramp": (0.5 - 16 * distance).clamp(0, 1),
        "hard": (distance <= 0).float(),
    }.items():
        image = draw(scene, coverage=coverage, softness=0.05)[0, 0, 8]
        torch.testing.assert_close(image[4:], expected.double()[4:], atol=2e-4, rtol=0)


def test_gaussian_line_of_no_width_is_the_papers() -> None:
    image = draw(white_on_black(line([(0.0, 0.5), (1.0, 0.5)]), stroke_width=0.0), coverage="gaussian", softness=0.1)
    distance = (torch.arange(16) + 0.5) / 16 - 0.5
    torch.testing.assert_close(image[0, 0, :, 8], torch.exp(-(distance**2) / 0.1**2).double())


def test_crisp_gaussian_strokes_have_as_much_ink() -> None:
    rasterizer = Rasterizer(coverage="gaussian", backend="reference")
    scene = white_on_black(line([(0.0, 0.5), (1.0, 0.5)]), stroke_width=0.02)
    soft = draw_scene(scene, 64, 64, DrawState(0.02), rasterizer)
    crisp = draw_scene(rasterizer.crisp_scene(scene, 0.02), 64, 64, DrawState(0.02, exact=True), rasterizer)
    assert float(crisp[0, 0, :, 32].sum()) == pytest.approx(float(soft[0, 0, :, 32].sum()), rel=0.01)


def over_by_recursion(canvas: Tensor, alpha: Tensor, color: Tensor) -> Tensor:
    for k in range(alpha.shape[1]):
        canvas = canvas * (1 - alpha[:, k, None]) + alpha[:, k, None] * color[:, k, :, None, None]
    return canvas


def test_over_equals_the_recursive_definition_and_soft_or_for_white_ink() -> None:
    alpha = torch.rand(2, 5, 4, 6, dtype=torch.float64)
    alpha[:, 2] = 1.0
    color, canvas = torch.rand(2, 5, 3, dtype=torch.float64), torch.rand(2, 3, 4, 6, dtype=torch.float64)
    over, soft_or = COMPOSITINGS["over"], COMPOSITINGS["soft_or"]
    torch.testing.assert_close(over(canvas, alpha, color), over_by_recursion(canvas, alpha, color))
    white, black = torch.ones_like(color), torch.zeros_like(canvas)
    torch.testing.assert_close(over(black, alpha, white), soft_or(black, alpha, white))
    torch.testing.assert_close(soft_or(black, alpha, white)[:, 0], 1 - (1 - alpha).prod(1))


def test_gradients_reach_every_number_and_the_background() -> None:
    layout = Layout(["circle", "rectangle", "line", "squircle"], count=8, fields={"softness": "learned"})
    raw = (layout.random_raw(1, 0) / 3).requires_grad_()
    draw(layout(raw), 32, 32, softness=0.1).square().sum().backward()
    assert raw.grad is not None
    assert (raw.grad != 0).all()


def test_chunks_change_nothing() -> None:
    scene = random_scene(["circle", "line", "ellipse"], batch=3)
    leaves = scene.map(lambda tensor: tensor.clone().requires_grad_())
    with reference.chunk_size(10**9):
        whole = draw(leaves, 12, 12, softness=0.05)
    with reference.chunk_size(2 * 12 * 12):
        pieces = draw(leaves, 12, 12, softness=0.05)
    torch.testing.assert_close(whole, pieces)
    expected = torch.autograd.grad(whole.square().sum(), [leaves.color, leaves.ground, leaves.opacity])
    found = torch.autograd.grad(pieces.square().sum(), [leaves.color, leaves.ground, leaves.opacity])
    torch.testing.assert_close(expected, found)


@pytest.mark.parametrize(("limit", "chunks"), [(10**6, 1), (2 * 12 * 12, 2), (12 * 12, 3), (1, 3)])
def test_settings_bound_the_reference(limit: int, chunks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes are composited chunk by chunk."""
    over, calls = COMPOSITINGS["over"], []

    def counted(*given: Tensor) -> Tensor:
        calls.append(given)
        return over(*given)

    monkeypatch.setitem(COMPOSITINGS, "over", counted)
    settings = Rasterizer(backend="reference", chunk_size=limit)
    draw_scene(random_scene(["circle"], batch=1), 12, 12, DrawState(0.05), settings)
    assert len(calls) == chunks
    calls.clear()
    draw(random_scene(["circle"], batch=1), 12, 12)  # as before, outside of the settings
    assert len(calls) == 1


def test_chunks_of_no_size_are_refused() -> None:
    with pytest.raises(UserError, match=r"^limit must be an integer ≥ 1, got 0"), reference.chunk_size(0):
        pass
    with pytest.raises(UserError, match=r"^chunk_size must be an integer ≥ 1, got 0"):
        Rasterizer(chunk_size=0)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_a_scene_is_drawn_by_its_own_compositing(backend: str) -> None:
    scene = random_scene(["circle", "line"])
    screen = replace(scene, compositing="soft_or")
    over, soft_or = (rasterize(scene, 9, 9, compositing=name, backend=backend) for name in ("over", "soft_or"))
    assert not torch.equal(over, soft_or)
    assert torch.equal(rasterize(scene, 9, 9, backend=backend), over)
    assert torch.equal(rasterize(screen, 9, 9, backend=backend), soft_or)
    assert torch.equal(rasterize(screen, 9, 9, compositing="over", backend=backend), over)


def test_every_compositing_of_scenes_can_be_drawn() -> None:
    assert tuple(COMPOSITINGS) == COMPOSITING_CHOICES


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_training_follows_validation_in_inference_mode(backend: str) -> None:
    """Indices that are kept from one drawing to the next must be of use for gradients."""
    layout = Layout(["line", "circle", "square", "triangle"], count=13)
    raw = layout.random_raw(1, 0).requires_grad_()
    with torch.inference_mode():
        rasterize(layout(raw), 9, 9, backend=backend)
    rasterize(layout(raw), 9, 9, backend=backend).sum().backward()
    assert raw.grad is not None


def test_softness_may_differ_from_shape_to_shape() -> None:
    scene = random_scene(["circle"], batch=1)
    number = draw(scene, softness=0.03)
    each = draw(scene, softness=torch.full((1, 3), 0.03, dtype=torch.float64))
    torch.testing.assert_close(number, each)
    assert not torch.equal(number, draw(scene, softness=torch.tensor([[0.03, 0.1, 0.03]], dtype=torch.float64)))


def test_empty_scenes_show_their_background() -> None:
    background = torch.rand(2, 3)
    scene = Scene((), torch.zeros(2, 0, 3), torch.zeros(2, 0), torch.zeros(2, 0), background)
    for backend in ("reference", "cpu"):
        image = rasterize(scene, 3, 5, backend=backend)
        assert torch.equal(image, background[:, :, None, None].expand(2, 3, 3, 5))
        assert rasterize(scene[:0], 3, 5, backend=backend).shape == (0, 3, 3, 5)


def test_mistakes_are_named() -> None:
    scene = random_scene(["circle"])
    for settings, message in (
        ({"coverage": "soft"}, "coverage must be gaussian, sigmoid, ramp or hard, got 'soft'"),
        ({"compositing": "under"}, "compositing must be over or soft_or or null, got 'under'"),
        ({"backend": "tpu"}, "backend must be auto, reference, cpu or gpu, got 'tpu'"),
        ({"softness": 0.0}, "softness must be a number > 0, got 0.0"),
    ):
        with pytest.raises(UserError, match=f"^{message}"):
            rasterize(scene, 8, 8, **settings)
    with pytest.raises(UserError, match=r"^height must be an integer ≥ 1, got 0$"):
        rasterize(scene, 0, 8)


def test_softness_falls_from_start_to_less_than_a_pixel() -> None:
    schedule = SoftnessSchedule(start=0.1, until=0.5)
    assert schedule(0.0, 64) == pytest.approx(0.1)
    assert schedule(0.5, 64) == schedule(1.0, 64) == pytest.approx(0.18 / 64)
    assert schedule(0.25, 64) == pytest.approx(math.sqrt(0.1 * 0.18 / 64))
