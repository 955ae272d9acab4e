"""Shapes ordered by depth: an order that is learned, and what it becomes when it is decided."""

import pytest
import torch
from helpers.scenes import box, leaves_of, paint
from torch import Tensor

from vectorae import Layout, Path, RoundedBox, Scene, UserError, from_svg, rasterize, to_svg
from vectorae.decoder import TemperatureSchedule
from vectorae.rasterizer.compositing import over, over_by_depth

BACKENDS = ["reference", "cpu"]


def random_layers(count: int = 5) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Canvas, alpha, colour and depth, float64; one of the shapes is opaque and one absent."""
    generator = torch.Generator().manual_seed(count)
    shapes = [(2, 3, 4, 6), (2, count, 4, 6), (2, count, 3), (2, count)]
    canvas, alpha, color, depth = (torch.rand(*shape, generator=generator, dtype=torch.float64) for shape in shapes)
    alpha[:, 0], alpha[:, 1] = 1.0, 0.0
    return canvas, alpha, color, depth


def weights(alpha: Tensor, depth: Tensor, temperature: float) -> Tensor:
    """How much each shape counts, ``[B, N, H, W]``: what is painted with one colour each on black."""
    batch, count, height, width = alpha.shape
    color = torch.eye(count, dtype=alpha.dtype).expand(batch, -1, -1)
    return over_by_depth(torch.zeros(batch, count, height, width).double(), alpha, color, depth, temperature)


@pytest.mark.parametrize("temperature", [1e-4, 0.01, 0.1, 1.0, 100.0])
@pytest.mark.parametrize("count", [2, 5, 40])
def test_the_weights_are_together_what_is_covered(count: int, temperature: float) -> None:
    _, alpha, _, depth = random_layers(count)
    alpha[:, 0] = 0.3
    covered = 1 - (1 - alpha).prod(1)
    torch.testing.assert_close(weights(alpha, depth, temperature).sum(1), covered, atol=1e-6, rtol=0)
    assert (weights(alpha, depth, temperature) >= 0).all()


def test_a_hundred_opaque_shapes_at_one_depth_are_their_mean_and_not_black() -> None:
    alpha = torch.ones(1, 100, 2, 2)
    found = weights(alpha.double(), torch.full((1, 100), 0.5).double(), 0.1)
    torch.testing.assert_close(found, torch.full_like(found, 0.01))
    single = over_by_depth(
        torch.zeros(1, 1, 2, 2), alpha, torch.ones(1, 100, 1), torch.full((1, 100), 0.5), temperature=0.1
    )
    torch.testing.assert_close(single, torch.ones(1, 1, 2, 2))


def test_the_weights_are_those_of_the_formula() -> None:
    canvas, alpha, color, depth = random_layers()
    found = over_by_depth(canvas, alpha, color, depth, 0.2)
    seen = torch.ones_like(alpha)
    for k in range(5):
        for j in range(5):
            if j != k:
                hidden = torch.sigmoid((depth[:, j] - depth[:, k]) / 0.2)[:, None, None]
                seen[:, k] = seen[:, k] * (1 - alpha[:, j] * hidden)
    covered = 1 - (1 - alpha).prod(1, keepdim=True)
    weight = alpha * seen / (alpha * seen).sum(1, keepdim=True) * covered
    expected = torch.einsum("bnhw,bnc->bchw", weight, color) + (1 - covered) * canvas
    torch.testing.assert_close(found, expected)


def test_as_the_temperature_falls_it_becomes_over_of_the_sorted_shapes() -> None:
    canvas, alpha, color, depth = random_layers()
    order = depth.argsort(dim=1)
    expected = over(
        canvas,
        alpha.gather(1, order[:, :, None, None].expand_as(alpha)),
        color.gather(1, order[:, :, None].expand_as(color)),
    )
    errors = [float((over_by_depth(canvas, alpha, color, depth, t) - expected).abs().max()) for t in (1, 0.1, 1e-4)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-9


def scene_by_depth(count: int = 6) -> Scene:
    layout = Layout(["circle", "square", "line"], count=count, ordering="depth")
    return layout(layout.random_raw(3, 1).double())


def sorted_scene(scene: Scene, drawing: int) -> Scene:
    """One drawing with its shapes in slots by depth, and no depth."""
    order = scene.order()[drawing].tolist()
    one = scene[drawing]
    outlines = []
    for slot in order:
        part = one.select(slot, slot + 1)
        outlines.append((part.groups[0].outline, part.groups[0].stroke_width))
    plain = paint(outlines, one.color[:, order], one.ground)
    return Scene(plain.groups, plain.color, one.opacity[:, order], one.softness[:, order], one.background)


@pytest.mark.parametrize("backend", BACKENDS)
def test_temperature_zero_draws_the_larger_depth_on_top(backend: str) -> None:
    scene = scene_by_depth()
    assert len({tuple(order) for order in scene.order().tolist()}) > 1
    drawn = rasterize(scene, 24, 24, coverage="ramp", backend=backend)
    for drawing in range(3):
        expected = rasterize(sorted_scene(scene, drawing), 24, 24, coverage="ramp", backend=backend)
        torch.testing.assert_close(drawn[drawing : drawing + 1], expected)


@pytest.mark.parametrize("count", [50, 400, 600])
@pytest.mark.parametrize("backend", BACKENDS)
def test_hundreds_of_shapes_on_each_other_are_as_bright_as_one(backend: str, count: int) -> None:
    outlines: list[tuple[RoundedBox | Path, Tensor | None]] = [(box(0.5, 0.5, 0.5, 0.5), None)] * count
    plain = paint(outlines, torch.ones(1, count, 1).double(), torch.zeros(1, 1).double())
    for depth in (torch.full((1, count), 0.5).double(), torch.linspace(0, 1, count).double()[None]):
        scene = Scene(
            plain.groups, plain.color, plain.opacity, plain.softness, plain.background, depth.requires_grad_()
        )
        drawn = rasterize(scene, 4, 4, coverage="ramp", temperature=0.1, backend=backend)
        torch.testing.assert_close(drawn, torch.ones_like(drawn), atol=1e-6, rtol=0)
        (gradient,) = torch.autograd.grad(drawn.sum(), depth)
        assert gradient.abs().max() < 1e-3


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_reach_the_depths(backend: str) -> None:
    """The red shape is wanted on top of the black one and lies below it."""
    red, black = box(0.4, 0.5, 0.3, 0.3), box(0.6, 0.5, 0.3, 0.3)
    color = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]).double()
    plain = paint([(red, None), (black, None)], color, torch.ones(1, 3).double())
    scene, _ = leaves_of(
        Scene(
            plain.groups, color, plain.opacity, plain.softness, plain.background, torch.tensor([[0.25, 0.75]]).double()
        )
    )
    assert scene.depth is not None
    drawn = rasterize(scene, 16, 16, softness=0.02, temperature=0.2, backend=backend)
    target = torch.zeros_like(drawn)
    target[:, 0] = 1
    (gradient,) = torch.autograd.grad((drawn - target).square()[..., 4:12, 5:11].sum(), scene.depth)
    assert gradient[0, 0] < 0 < gradient[0, 1]


def test_soft_or_knows_no_order() -> None:
    scene = scene_by_depth()
    plain = Scene(scene.groups, scene.color, scene.opacity, scene.softness, scene.background)
    for backend in BACKENDS:
        drawn = [
            rasterize(one, 9, 9, compositing="soft_or", temperature=0.1, backend=backend) for one in (scene, plain)
        ]
        torch.testing.assert_close(*drawn)


def test_svg_is_written_from_the_bottom_to_the_top() -> None:
    scene = scene_by_depth().to(torch.float32)
    texts = to_svg(scene, 64, 64)
    for drawing in range(3):
        assert texts[drawing] == to_svg(sorted_scene(scene, drawing).to(torch.float32), 64, 64)[0]
    drawn = rasterize(scene[:1], 64, 64, coverage="ramp")
    torch.testing.assert_close(rasterize(from_svg(texts[0]), 64, 64, coverage="ramp"), drawn, atol=0.03, rtol=0)


@pytest.mark.parametrize("temperature", [-0.1, float("nan"), float("inf")])
def test_temperatures_that_are_none_are_refused(temperature: float) -> None:
    with pytest.raises(UserError, match=r"^temperature must be a number ≥ 0, got "):
        rasterize(scene_by_depth(), 8, 8, temperature=temperature)


def test_temperature_falls_from_start_to_end() -> None:
    schedule = TemperatureSchedule(start=0.1, end=0.001, until=0.5)
    assert schedule(0.0) == pytest.approx(0.1)
    assert schedule(0.25) == pytest.approx(0.01)
    assert schedule(0.5) == schedule(1.0) == pytest.approx(0.001)
    with pytest.raises(UserError, match=r"^end must be a number > 0, got 0$"):
        TemperatureSchedule(end=0)
