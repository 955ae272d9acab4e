"""The kinds: their fields, what they lower to, and that a new one needs a class and nothing else."""

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import pytest
import torch
from annotated_types import Ge
from helpers.models import small_model
from torch import Tensor

from vectorae import Layout, Path, RoundedBox, Scene, UserError, from_svg, rasterize, to_svg
from vectorae.primitives import (
    ANGLE,
    KINDS,
    LENGTH,
    PAINT,
    POINT,
    POINTS,
    STROKE,
    Primitive,
    angle,
    length,
    option,
    point,
)
from vectorae.rasterizer import PROFILES
from vectorae.scene import Outline

PLACED = (POINT, POINTS)

FIELDS = [(kind, name) for kind, primitive in KINDS.items() for name in primitive.fields()]


def test_the_kinds_are_registered_by_name() -> None:
    assert {"circle", "square", "squircle", "rectangle", "ellipse", "line"} <= set(KINDS)
    assert {"point", "polyline", "quadratic", "cubic", "catmull_rom", "rounded_rectangle"} <= set(KINDS)
    assert {"triangle", "regular_polygon", "polygon", "blob"} <= set(KINDS)
    assert all(kind.__name__.lower() == name.replace("_", "") for name, kind in KINDS.items())


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_of_the_outline_then_of_the_paint(kind: str) -> None:
    names = list(KINDS[kind].fields())
    paint = [*PAINT, *(STROKE if KINDS[kind].paint == "stroke" else [])]
    assert names[-len(paint) :] == paint
    assert len(set(names)) == len(names)
    assert KINDS[kind].__doc__


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_zero_means_the_start_and_no_raw_number_leaves_the_range(kind: str, name: str) -> None:
    field = KINDS[kind].fields()[name]
    low, high = (field.low, field.high) if field.quantity not in PLACED else (-0.1, 1.1)
    first = field.start[0][0] + 0.5 if isinstance(field.start, tuple) else field.start
    start = torch.tensor([first * 0.25 if field.quantity is LENGTH else first]).double()
    at_zero = field.quantity.decode(torch.zeros(1).double(), start, low, high)
    torch.testing.assert_close(at_zero, start, atol=1e-3 * (high - low), rtol=0)
    raw = torch.linspace(-50, 50, 101).double()
    values = field.quantity.decode(raw, start, low, high)
    assert (values.diff() >= 0).all()
    if field.quantity is ANGLE:
        torch.testing.assert_close(values, start + raw)
    else:
        assert (values >= low).all()
        assert (values <= high).all()
        torch.testing.assert_close(values[[0, -1]], torch.tensor([low, high]).double())


@pytest.mark.parametrize(("value", "end"), [(0.0, 0), (0.49, 0), (0.51, 1), (1.0, 1)])
def test_nearest_end(value: float, end: float) -> None:
    field = KINDS["squircle"].fields()["roundness"]
    free = torch.tensor(value, requires_grad=True)
    nearest = field.nearest_end(free)
    assert nearest.item() == end
    nearest.backward()
    assert free.grad == 1


def number(value: float) -> Tensor:
    return torch.tensor([[value]])


CENTER = torch.tensor([[[0.25, 0.75]]])
BOXES = {
    "circle": ({"radius": 0.2}, (0.2, 0.2, 0.0, 1.0)),
    "ellipse": ({"radius_x": 0.3, "radius_y": 0.1, "angle": 0.5}, (0.3, 0.1, 0.5, 1.0)),
    "square": ({"side": 0.4, "angle": 0.5}, (0.2, 0.2, 0.5, 0.0)),
    "rectangle": ({"width": 0.6, "height": 0.2, "angle": 0.5}, (0.3, 0.1, 0.5, 0.0)),
    "rounded_rectangle": ({"width": 0.6, "height": 0.2, "angle": 0.5, "roundness": 0.25}, (0.3, 0.1, 0.5, 0.25)),
    "squircle": ({"side": 0.4, "angle": 0.5, "roundness": 0.25}, (0.2, 0.2, 0.5, 0.25)),
}


@pytest.mark.parametrize("kind", BOXES)
def test_what_boxes_lower_to(kind: str) -> None:
    fields, (half_width, half_height, turn, roundness) = BOXES[kind]
    outline = KINDS[kind](center=CENTER, **{name: number(value) for name, value in fields.items()}).outline()  # type: ignore[call-arg]
    assert isinstance(outline, RoundedBox)
    assert torch.equal(outline.center, CENTER)
    assert torch.equal(outline.half_extents, torch.tensor([[[half_width, half_height]]]))
    assert torch.equal(outline.angle, number(turn))
    assert torch.equal(outline.roundness, number(roundness))


def test_what_a_line_lowers_to() -> None:
    outline = KINDS["line"](start=CENTER, end=CENTER + 0.125).outline()  # type: ignore[call-arg]
    assert isinstance(outline, Path)
    assert not outline.closed
    assert outline.points.tolist() == [[[[0.25, 0.75], [0.375, 0.875]]]]


def made(kind: str, given: Tensor, /, **options: object) -> Path:
    """A kind that is all points, ``[P, 2]``, in one shape."""
    (name,) = [name for name, field in KINDS[kind].fields(options).items() if field.quantity in PLACED]
    assert KINDS[kind].fields(options)[name].size == 2 * len(given)
    outline = KINDS[kind](**{name: given[None, None]}, **options).outline()
    assert isinstance(outline, Path)
    return outline


def random_points(count: int) -> Tensor:
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(count), dtype=torch.float64)


@pytest.mark.parametrize(
    ("kind", "options", "count", "closed", "degree"),
    [
        ("polyline", {}, 5, False, 1),
        ("polyline", {"points": 9}, 9, False, 1),
        ("triangle", {}, 3, True, 1),
        ("polygon", {"corners": 7}, 7, True, 1),
        ("cubic", {"segments": 3}, 10, False, 3),
        ("blob", {"segments": 5}, 15, True, 3),
    ],
)
def test_kinds_that_are_their_points(kind: str, options: dict[str, int], count: int, closed: bool, degree: int) -> None:
    given = random_points(count)
    outline = made(kind, given, **options)
    assert (outline.closed, outline.degree) == (closed, degree)
    assert torch.equal(outline.points[0, 0], given)


def bezier(control: Tensor, t: Tensor) -> Tensor:
    """De Casteljau: ``[P, 2]`` at t ``[T]`` → ``[T, 2]``."""
    points = control[:, None].expand(-1, len(t), -1)
    while len(points) > 1:
        points = points[:-1] + t[:, None] * (points[1:] - points[:-1])
    return points[0]


T = torch.linspace(0, 1, 9, dtype=torch.float64)


@pytest.mark.parametrize("segments", [1, 3])
def test_quadratics_are_the_same_curves_as_cubics(segments: int) -> None:
    given = random_points(2 * segments + 1)
    outline = made("quadratic", given, segments=segments)
    for index in range(segments):
        expected = bezier(given[2 * index : 2 * index + 3], T)
        torch.testing.assert_close(bezier(outline.points[0, 0, 3 * index : 3 * index + 4], T), expected)


@pytest.mark.parametrize("kind", ["quadratic", "cubic"])
@pytest.mark.parametrize("segments", [1, 2, 4])
def test_smooth_curves_have_no_corners(kind: str, segments: int) -> None:
    given = random_points(segments + 2 if kind == "quadratic" else 2 * segments + 2)
    control = made(kind, given, segments=segments, smooth=True).points[0, 0]
    assert control.shape == (3 * segments + 1, 2)
    torch.testing.assert_close(control[0], given[0])
    torch.testing.assert_close(control[-1], given[-1])
    before, joint, after = control[2:-2:3], control[3:-1:3], control[4::3]
    torch.testing.assert_close(joint - before, after - joint)


def barry_goldman(points: Tensor, power: float, u: float) -> Tensor:
    """A point of the spline between the middle two of four points, by the pyramid of Barry & Goldman (1988)."""
    knots = [0.0]
    for a, b in itertools.pairwise(points):
        knots.append(knots[-1] + float((b - a).norm()) ** power)
    t = knots[1] + u * (knots[2] - knots[1])

    def between(low: int, high: int, a: Tensor, b: Tensor) -> Tensor:
        return ((knots[high] - t) * a + (t - knots[low]) * b) / (knots[high] - knots[low])

    first, second, third = (between(i, i + 1, points[i], points[i + 1]) for i in range(3))
    return between(1, 2, between(0, 2, first, second), between(1, 3, second, third))


@pytest.mark.parametrize(("spacing", "power"), [("centripetal", 0.5), ("uniform", 0.0), ("chordal", 1.0)])
def test_catmull_rom_splines_are_those_of_barry_and_goldman(spacing: str, power: float) -> None:
    given = random_points(5)
    control = made("catmull_rom", given, spacing=spacing).points[0, 0]
    torch.testing.assert_close(control[::3], given)
    ends = torch.cat([2 * given[:1] - given[1:2], given, 2 * given[-1:] - given[-2:-1]])
    for index in range(4):
        for u in (0.0, 0.3, 0.5, 0.9):
            expected = barry_goldman(ends[index : index + 4], power, u)
            found = bezier(control[3 * index : 3 * index + 4], torch.tensor([u]).double())[0]
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_regular_polygons_have_equal_sides_and_a_corner_at_the_top() -> None:
    fields = {"center": CENTER, "radius": number(0.2), "angle": number(0.0)}
    outline = KINDS["regular_polygon"](**fields, sides=7).outline()  # type: ignore[call-arg]
    assert isinstance(outline, Path) and outline.closed
    corners = outline.points[0, 0]
    torch.testing.assert_close(corners[0], CENTER[0, 0] - torch.tensor([0.0, 0.2]))
    sides = (corners.roll(-1, 0) - corners).norm(dim=-1)
    torch.testing.assert_close(sides, torch.full((7,), 2 * 0.2 * math.sin(math.pi / 7)))


def test_blobs_start_as_circles() -> None:
    layout = Layout(["blob"], count=1, fields={"opacity": 1.0, "color": 1.0}, background=0.0)
    circle = Layout(["circle"], count=1, fields={"opacity": 1.0, "color": 1.0, "radius": 0.42}, background=0.0)
    drawn, expected = (
        rasterize(each(torch.zeros(1, each.raw_size)), 64, 64, coverage="ramp") for each in (layout, circle)
    )
    assert (drawn - expected).abs().max() < 0.03


@pytest.mark.parametrize(
    ("kind", "name", "value", "message"),
    [
        ("polygon", "corners", 2, "must be an integer in [3, 256], got 2"),
        ("polygon", "corners", 5.0, "must be an integer or true or false or text, got 5.0"),
        ("polygon", "corners", True, "must be an integer in [3, 256], got True"),
        ("cubic", "smooth", 1, "must be true or false, got 1"),
        ("catmull_rom", "spacing", "wide", "must be centripetal, uniform or chordal, got 'wide'"),
    ],
)
def test_options_are_checked(kind: str, name: str, value: object, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(f"options.{name} {message}")):
        Layout([kind], count=1, options={name: value})  # type: ignore[dict-item]


@pytest.fixture
def star_kind() -> Iterator[str]:
    """A kind that is defined here: nothing else knows of it."""

    @dataclass(frozen=True)
    class Star(Primitive):
        """A star by its centre and its size."""

        arms: Annotated[int, Ge(3)] = option(5)
        center: Tensor = point()
        radius: Tensor = length(0.45)
        angle: Tensor = angle()

        def outline(self) -> Outline:
            turn = self.angle[..., None] + torch.arange(2 * self.arms) * (math.pi / self.arms)
            reach = self.radius[..., None] * torch.tensor([1.0, 0.4]).repeat(self.arms)
            corners = torch.stack([reach * turn.sin(), -reach * turn.cos()], dim=-1)
            return Path(self.center[..., None, :] + corners, closed=True)

    try:
        yield "star"
    finally:
        del KINDS["star"]


@pytest.mark.parametrize("paint", ["fill", "stroke"])
def test_a_new_kind_is_a_class_and_nothing_else(star_kind: str, paint: str) -> None:
    """It trains, is drawn by every backend, and leaves as SVG."""
    settings = (f"kinds=[{star_kind},line]", "options={arms: 6}", f"paint={paint}")
    model = small_model(*(f"++primitives.{setting}" for setting in settings))
    layout = model.layout
    star, line = 2 + 1 + 1 + 3 + 1 + (paint == "stroke"), 4 + 3 + 1 + 1
    assert layout.raw_size == 8 * star + 8 * line + 3
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    images = torch.rand(4, 3, 16, 16)
    before = (model.draw(images, crisp=False) - images).square().mean()
    before.backward()
    optimizer.step()
    assert (model.draw(images, crisp=False) - images).square().mean() < before
    scene = layout(layout.random_raw(2, 0), crisp=True)
    for coverage in PROFILES:
        drawn = [rasterize(scene, 32, 32, coverage=coverage, backend=each) for each in ("reference", "cpu")]
        torch.testing.assert_close(*drawn, atol=5e-4, rtol=0)
    texts = to_svg(scene, 32, 32, keep_hidden=True)
    assert texts[0].count(" Z") == 8 and texts[0].count("<path") == 16
    torch.testing.assert_close(
        rasterize(from_svg(texts[0]), 32, 32, coverage="ramp"), drawn_crisp(scene), atol=0.03, rtol=0
    )
    with pytest.raises(UserError, match=r"options\.arms must be an integer ≥ 3, got 2"):
        Layout([star_kind], count=1, options={"arms": 2})


def drawn_crisp(scene: Scene) -> Tensor:
    return rasterize(scene[0], 32, 32, coverage="ramp")


def test_the_kind_of_the_test_before_is_gone() -> None:
    assert "star" not in KINDS
