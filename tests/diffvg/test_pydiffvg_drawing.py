"""What diffvg's calls draw: the same as scenes of our own, and as diffvg defines it."""

import math
from collections.abc import Callable

import pytest
import torch
from helpers.pydiffvg_scenes import BLUE, CURVE, HALF, RED, RING, SCENES, SIDE, Scene, draw, one
from torch import Tensor

import vectorae
from vectorae import pydiffvg
from vectorae.pydiffvg.recording import record
from vectorae.pydiffvg.translate import translated

IMAGES = pytest.mark.parametrize("name", SCENES)


def own(shapes: list[vectorae.Shape]) -> Tensor:
    """Shapes of ours in units of a canvas of ``SIDE`` pixels: colours multiplied with alpha, and alpha."""
    scene = vectorae.Scene.of(shapes, background=None)
    image = vectorae.rasterize(scene, SIDE, SIDE, coverage="ramp")[0].permute(1, 2, 0)
    return torch.cat([image[..., :3] * image[..., 3:], image[..., 3:]], dim=-1)


def color(ink: list[float]) -> Tensor:
    return torch.tensor([ink[:3]])


def units(points: list[list[float]]) -> Tensor:
    return torch.tensor([points]) / SIDE


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("circle", lambda: [vectorae.circle((16 / SIDE, 15.2 / SIDE), 9.3 / SIDE, fill=color(RED))]),
        (
            "rect",
            lambda: [
                vectorae.rectangle(
                    (15.95 / SIDE, 14.75 / SIDE),
                    17.5 / SIDE,
                    11.3 / SIDE,
                    fill=color(RED),
                    stroke=color(BLUE),
                    stroke_width=3.36 / SIDE,
                    stroke_below=True,
                )
            ],
        ),
        ("curve", lambda: [vectorae.curve(units(CURVE), stroke=color(RED), stroke_width=5 / SIDE)]),
    ],
)
def test_opaque_scenes_are_those_of_our_own(name: str, shapes: Callable[[], list[vectorae.Shape]]) -> None:
    # Where there is nothing colours count as black: they are those that are multiplied with alpha.
    torch.testing.assert_close(draw(SCENES[name]()).detach(), own(shapes()), atol=2e-4, rtol=0)


def test_translucent_colors_are_straight_inside_and_fade_at_edges() -> None:
    image = draw(SCENES["ellipse"]()).detach()
    torch.testing.assert_close(image[15, 16], torch.tensor(HALF))
    coverage = own([vectorae.ellipse((16 / SIDE, 15.2 / SIDE), 11 / SIDE, 6 / SIDE, fill="white")])[..., 3:]
    torch.testing.assert_close(image, coverage * torch.tensor(HALF), atol=2e-4, rtol=0)


def test_a_fill_lies_on_top_of_its_stroke() -> None:
    disc = pydiffvg.Circle(torch.tensor(8.0), torch.tensor([16.0, 16.0]), torch.tensor(3.0))
    image = draw(one(disc, fill_color=torch.tensor(RED), stroke_color=torch.tensor(BLUE)))
    torch.testing.assert_close(image[16, 16 + 6], torch.tensor(RED))
    torch.testing.assert_close(image[16, 16 + 9], torch.tensor(BLUE))


@pytest.mark.parametrize("even_odd", [True, False])
def test_contours_of_a_group_are_filled_together(even_odd: bool) -> None:
    shapes = [pydiffvg.Polygon(torch.tensor(corners), True) for corners in RING]
    image = draw((shapes, [pydiffvg.ShapeGroup(torch.tensor([0, 1]), torch.tensor(RED), even_odd)]))
    assert float(image[16, 16, 3]) == (0 if even_odd else 1)
    assert float(image[9, 9, 3]) == 1


def test_a_disc_in_a_polygon_is_a_hole() -> None:
    shapes = [
        pydiffvg.Polygon(torch.tensor(RING[0]), True),
        pydiffvg.Circle(torch.tensor(5.0), torch.tensor([16.0, 16.0])),
    ]
    image = draw((shapes, [pydiffvg.ShapeGroup(torch.tensor([0, 1]), torch.tensor(RED))]))
    area = float(draw(([shapes[0]], [pydiffvg.ShapeGroup(torch.tensor([0]), torch.tensor(RED))]))[..., 3].sum())
    assert float(image[..., 3].sum()) == pytest.approx(area - math.pi * 25, abs=0.5)


def test_widths_of_points_are_those_of_a_cone() -> None:
    cone = pydiffvg.Path(torch.tensor([0]), torch.tensor([[6.0, 16.0], [26.0, 16.0]]), False, torch.tensor([2.0, 5.0]))
    image = draw(one(cone, stroke_color=torch.tensor(RED)))[..., 3]
    # A column is as high as the stroke is wide there; a trapezoid and two half discs.
    assert float(image[:, 15:17].mean(1).sum()) == pytest.approx(7.0, abs=0.05)
    assert float(image.sum()) == pytest.approx(20 * 7 + math.pi * (2**2 + 5**2) / 2, abs=1.0)


def test_equal_widths_of_points_are_one_width() -> None:
    image, other = (draw(one(_curve(width), stroke_color=torch.tensor(RED))) for width in ([2.5] * 4, 2.5))
    torch.testing.assert_close(image, other, atol=0.06, rtol=0)
    assert float((image - other).abs().mean()) < 2e-3


def _curve(width: list[float] | float) -> pydiffvg.Path:
    return pydiffvg.Path(torch.tensor([2]), torch.tensor(CURVE), False, torch.tensor(width))


@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_maps_that_scale_lengths_alike_and_others_draw_the_same(turn: float) -> None:
    cos, sin = 0.8 * math.cos(turn), 0.8 * math.sin(turn)
    matrix = torch.tensor([[cos, -sin, 8.0], [sin, cos, 1.0], [0.0, 0.0, 1.0]])
    for shape in (_curve(2.5), pydiffvg.Rect(torch.tensor([4.0, 6.0]), torch.tensor([20.0, 15.0]), torch.tensor(2.0))):
        images = [
            draw(one(shape, fill_color=torch.tensor(RED), stroke_color=torch.tensor(BLUE), shape_to_canvas=one_map))
            for one_map in (matrix, matrix.clone().requires_grad_())
        ]
        torch.testing.assert_close(*images, atol=0.06, rtol=0)


def test_images_of_another_aspect_are_stretched() -> None:
    disc = pydiffvg.Circle(torch.tensor(8.0), torch.tensor([16.0, 16.0]))
    arguments = pydiffvg.RenderFunction.serialize_scene(32, 32, *one(disc, fill_color=torch.tensor(RED)))
    image = pydiffvg.RenderFunction.apply(64, 32, 2, 2, 0, None, *arguments)
    assert image.shape == (32, 64, 4)
    assert float(image[..., 3].sum()) == pytest.approx(2 * math.pi * 64, rel=2e-3)


def test_quadratics_are_raised_to_cubics() -> None:
    start, control, end = torch.tensor([[5.0, 6.0], [30.0, 8.0], [9.0, 27.0]])
    cubic = torch.stack([start, (start + 2 * control) / 3, (end + 2 * control) / 3, end])
    paths = [
        pydiffvg.Path(torch.tensor([count]), points, False)
        for count, points in ((1, torch.stack([start, control, end])), (2, cubic))
    ]
    torch.testing.assert_close(*(draw(one(path, stroke_color=torch.tensor(RED))) for path in paths))


@IMAGES
def test_backgrounds_lie_under_all(name: str) -> None:
    background = torch.rand(SIDE, SIDE, 4, generator=torch.Generator().manual_seed(0))
    background[..., 3] = 1
    over = draw(SCENES[name](), background=background).detach()
    torch.testing.assert_close(over[..., 3], torch.ones(SIDE, SIDE))
    torch.testing.assert_close(draw(SCENES[name](), background=background[..., :3]).detach(), over)
    nothing = draw(([], []), background=background)
    torch.testing.assert_close(nothing, background)


def test_shapes_are_painted_in_order() -> None:
    discs = [pydiffvg.Circle(torch.tensor(5.0), torch.tensor([x, 16.0])) for x in (14.0, 18.0)]
    square = pydiffvg.Rect(torch.tensor([14.0, 10.0]), torch.tensor([18.0, 22.0]))
    inks = torch.rand(3, 4, generator=torch.Generator().manual_seed(0))
    inks[:, 3] = 1
    groups = [pydiffvg.ShapeGroup(torch.tensor([index]), ink) for index, ink in zip((0, 2, 1), inks, strict=True)]
    image = draw(([*discs, square], groups))
    for x, ink in ((11, 0), (15, 2), (20, 2)):
        torch.testing.assert_close(image[16, x], inks[ink])
    torch.testing.assert_close(image[11, 14], inks[1])


def test_a_wider_filter_blurs_and_learns_its_radius() -> None:
    radius = torch.tensor(2.5, requires_grad=True)
    for kind in pydiffvg.FilterType:
        image = draw(SCENES["circle"](), filter=pydiffvg.PixelFilter(kind, radius))
        assert float(image[..., 3].sum().detach()) == pytest.approx(math.pi * 9.3**2, rel=0.01)
        assert 0 < float(image[15, 26, 3].detach()) < 1
        if kind != pydiffvg.FilterType.box:
            image.square().sum().backward()
    assert radius.grad is not None and float(radius.grad) != 0
    sharp = draw(SCENES["circle"](), filter=pydiffvg.PixelFilter(pydiffvg.FilterType.tent, torch.tensor(0.4)))
    torch.testing.assert_close(sharp, draw(SCENES["circle"]()))


def _batch(name: str, count: int) -> list[Scene]:
    scenes = []
    for index in range(count):
        shapes, groups = SCENES[name]()
        for shape in shapes:
            shape.stroke_width = shape.stroke_width * (1 + index / 4)
        for group in groups:
            shift = torch.eye(3)
            shift[:2, 2] = index
            group.shape_to_canvas = shift @ group.shape_to_canvas
        scenes.append((shapes, groups))
    return scenes


@IMAGES
def test_a_batch_is_each_scene_alone(name: str) -> None:
    scenes = _batch(name, 3)
    arguments = [pydiffvg.RenderFunction.serialize_scene(SIDE, SIDE, *scene) for scene in scenes]
    images = pydiffvg.render_batch(SIDE, SIDE, arguments)
    for image, scene in zip(images, scenes, strict=True):
        # Curves are cut as finely as the one in the batch that bends most.
        torch.testing.assert_close(image, draw(scene), atol=0.02, rtol=0)


def test_numbers_may_change_after_a_scene_is_serialized() -> None:
    disc = pydiffvg.Circle(torch.tensor(4.0), torch.tensor([16.0, 16.0]))
    arguments = pydiffvg.RenderFunction.serialize_scene(SIDE, SIDE, *one(disc, fill_color=torch.tensor(RED)))
    area = pydiffvg.RenderFunction.apply(SIDE, SIDE, 2, 2, 0, None, *arguments)[..., 3].sum()
    disc.radius.mul_(2)
    twice = pydiffvg.RenderFunction.apply(SIDE, SIDE, 2, 2, 0, None, *arguments)[..., 3].sum()
    assert float(twice / area) == pytest.approx(4, rel=1e-2)
    disc.radius = torch.tensor(1.0)
    same = pydiffvg.RenderFunction.apply(SIDE, SIDE, 2, 2, 0, None, *arguments)[..., 3].sum()
    assert float(same) == float(twice)


def test_shapes_that_are_alike_are_one_group() -> None:
    generator = torch.Generator().manual_seed(0)
    paths = [
        pydiffvg.Path(torch.full((count,), 2), SIDE * torch.rand(3 * count, 2, generator=generator), True)
        for count in (3, 4, 3, 4)
    ]
    groups = [pydiffvg.ShapeGroup(torch.tensor([index]), torch.tensor(RED)) for index in range(4)]
    scene = translated([record(SIDE, SIDE, paths, groups)], SIDE, SIDE, torch.device("cpu")).scene
    assert [group.slots for group in scene.groups] == [(0, 1, 2, 3)]


def test_timings_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    pydiffvg.set_print_timing(True)
    try:
        draw(SCENES["circle"]())
    finally:
        pydiffvg.set_print_timing(False)
    assert "Forward pass, time:" in capsys.readouterr().out
