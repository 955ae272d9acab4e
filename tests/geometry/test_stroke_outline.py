"""Outlines of strokes: areas that are known, any caps, joins and dashes, and what is degenerate."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from vectorae import StrokeStyle, UserError
from vectorae.geometry.region import area_and_perimeter, boundary, is_inside
from vectorae.geometry.segment import nearest_segment_distance
from vectorae.geometry.stroke_outline import stroke_outlines

WIDTH = 0.1
LINE = [[0.2, 0.5], [0.8, 0.5]]
CORNER = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8]]
SQUARE = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.2]]


def area(points: Any, closed: bool = False, width: float = WIDTH, **style: Any) -> float:
    vertices = torch.as_tensor(points, dtype=torch.float64)
    contours = stroke_outlines(vertices, closed, torch.tensor(width).double(), StrokeStyle(**style), pixel=1 / 512)
    polygons = (torch.cat([one, one[:1]])[None] for one in contours)
    return float(area_and_perimeter(boundary(*polygons))[0])


@pytest.mark.parametrize(("cap", "more"), [("butt", 0.0), ("square", WIDTH**2), ("round", math.pi / 4 * WIDTH**2)])
def test_caps(cap: str, more: float) -> None:
    assert area(LINE, cap=cap) == pytest.approx(0.6 * WIDTH + more, abs=5e-5)


@pytest.mark.parametrize(
    ("join", "corner"), [("miter", 1.0), ("round", math.pi / 4), ("bevel", 0.5), ("miter limited", 0.5)]
)
def test_joins(join: str, corner: float) -> None:
    """Two sides of a square without the square in which they overlap, and the outer quarter of the corner."""
    name, *limited = join.split()
    style: dict[str, Any] = {"join": name, "cap": "butt", "miter_limit": 1.4 if limited else 4.0}
    quarter = (WIDTH / 2) ** 2
    assert area(CORNER, **style) == pytest.approx(1.2 * WIDTH - quarter + corner * quarter, abs=5e-5)
    assert area(CORNER[::-1], **style) == pytest.approx(1.2 * WIDTH - quarter + corner * quarter, abs=5e-5)
    ring = 4 * (0.6 * WIDTH - quarter + corner * quarter)
    assert area(SQUARE, closed=True, **style) == pytest.approx(ring, abs=2e-4)
    assert area(SQUARE[::-1], closed=True, **style) == pytest.approx(ring, abs=2e-4)


def test_a_miter_is_cut_where_it_would_be_longer_than_its_limit() -> None:
    """SVG: the ratio of its length to the width is 1 / sin(half the angle)."""
    for degrees in (20, 40, 80):
        half = math.radians(degrees) / 2
        sharp = [[0.5 - 0.4 * math.cos(half), 0.5 - 0.4 * math.sin(half)], [0.5, 0.5]]
        sharp += [[0.5 - 0.4 * math.cos(half), 0.5 + 0.4 * math.sin(half)]]
        ratio = 1 / math.sin(half)
        within, beyond, bevel = (
            area(sharp, width=0.02, cap="butt", **style)
            for style in (
                {"join": "miter", "miter_limit": ratio + 0.01},
                {"join": "miter", "miter_limit": ratio - 0.01},
                {"join": "bevel"},
            )
        )
        assert beyond == pytest.approx(bevel, abs=1e-7)
        assert within > bevel + 1e-5


@pytest.mark.parametrize(
    ("dashes", "offset", "length"),
    [
        ((0.1, 0.05), 0.0, 0.4),
        ((0.1, 0.05), 0.05, 0.4),
        ((0.1, 0.05), -0.1, 0.4),
        ((0.1, 0.1), 0.1, 0.3),
        ((0.2,), 0.0, 0.4),
        ((0.1, 0.1, 0.3), 0.0, 0.4),
        ((9.0, 1.0), 0.0, 0.6),
        ((0.1, 9.0), 0.3, 0.0),
    ],
)
def test_dashes(dashes: tuple[float, ...], offset: float, length: float) -> None:
    found = area(LINE, width=0.02, cap="butt", dashes=dashes, dash_offset=offset)
    assert found == pytest.approx(0.02 * length, abs=1e-5)


def test_dashes_go_around_corners_and_closed_contours() -> None:
    once = area(CORNER, width=0.02, cap="butt", join="miter", dashes=(0.3, 0.1), dash_offset=0.0)
    assert once == pytest.approx(0.02 * 0.9, abs=1e-4)
    around = area(SQUARE, closed=True, width=0.02, cap="butt", join="miter", dashes=(0.6, 0.2))
    assert around == pytest.approx(0.02 * 1.8, abs=3e-4)


def test_a_dash_goes_on_over_the_end_of_a_closed_contour() -> None:
    """As one piece without an edge in it, which soft drawings would show."""
    corners = torch.tensor([[0.129, 0.248], [0.399, 0.344], [0.846, 0.241], [0.316, 0.221], [0.129, 0.248]]).double()
    style = StrokeStyle("butt", "miter", dashes=(0.3, 0.1), dash_offset=0.0079)
    contours = stroke_outlines(corners, True, torch.tensor(0.06).double(), style, pixel=1 / 128)
    region = boundary(*(torch.cat([one, one[:1]])[None] for one in contours))
    middle = torch.lerp(corners[0], corners[1], 0.4)
    distance = nearest_segment_distance(middle[:1], middle[1:], region.starts, region.ends, region.present)
    assert float(distance) > 0.0299


def test_dots_are_as_svg_draws_them() -> None:
    """A contour of no length has caps alone, and none if they are butt; dashes of no length are dots too."""
    dot = [[0.5, 0.5], [0.5, 0.5]]
    assert area(dot, cap="butt", join="miter") == 0
    assert area(dot, cap="square") == pytest.approx(WIDTH**2, abs=1e-6)
    assert area(dot, cap="round", join="miter") == pytest.approx(math.pi / 4 * WIDTH**2, abs=5e-5)
    dots = area(LINE, width=0.02, cap="round", dashes=(0.0, 0.25))
    assert dots == pytest.approx(3 * math.pi * 0.01**2, rel=0.02)
    turned = [[0.2, 0.2], [0.6, 0.6]]
    assert area(turned, width=0.02, cap="square", dashes=(0.0, 0.2)) == pytest.approx(3 * 0.02**2, rel=0.01)


@pytest.mark.parametrize("join", ["round", "miter", "bevel"])
@pytest.mark.parametrize("closed", [False, True])
def test_a_smooth_stroke_has_the_area_of_its_curve(closed: bool, join: str) -> None:
    turn = torch.linspace(0, 2 * math.pi if closed else math.pi, 65, dtype=torch.float64)
    arc = 0.5 + 0.3 * torch.stack([turn.cos(), turn.sin()], dim=-1)
    if closed:
        arc[-1] = arc[0]
    expected = 0.3 * float(turn[-1]) * WIDTH
    assert area(arc, closed, join=join, cap="butt") == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("join", ["round", "miter", "bevel"])
def test_a_stroke_wider_than_its_bends_has_no_holes(join: Any) -> None:
    """A scribble whose bends are tighter than it is wide covers all that its segments do."""
    points = torch.rand(12, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 0.3 + 0.35
    style = StrokeStyle(cap="butt", join=join)
    (around,) = stroke_outlines(points, False, torch.tensor(0.2).double(), style, pixel=1 / 128)
    region = boundary(torch.cat([around, around[:1]])[None])
    axis = (torch.arange(64, dtype=torch.float64) + 0.5) / 64
    inside = is_inside(axis, axis, region)[0]
    places = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
    for start, end in pairwise(points):
        along = end - start
        part = ((places - start) @ along) / along.square().sum()
        aside = (places - start) @ torch.stack([-along[1], along[0]]) / along.norm()
        covered = (part > 0.01) & (part < 0.99) & (aside.abs() < 0.099)
        assert inside[covered].all()


@pytest.mark.parametrize("cap", ["round", "butt", "square"])
@pytest.mark.parametrize("join", ["round", "miter", "bevel"])
@pytest.mark.parametrize("dashes", [(), (0.15, 0.1)])
def test_gradients_are_exact(cap: str, join: str, dashes: tuple[float, ...]) -> None:
    style = StrokeStyle(cap, join, dashes=dashes)  # type: ignore[arg-type]
    points = torch.rand(2, 4, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
    width = torch.tensor([0.05, 0.1], dtype=torch.float64, requires_grad=True)

    def outlines(points: Tensor, width: Tensor) -> tuple[Tensor, ...]:
        return tuple(stroke_outlines(points, False, width, style, pixel=1 / 32))

    assert gradcheck(outlines, (points, width), fast_mode=True)  # by random projections of the Jacobian


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ({"cap": "flat"}, "cap must be"),
        ({"miter_limit": 0.5}, "miter_limit must be a number ≥ 1, got 0.5"),
        ({"dashes": (0.1, -0.1)}, "dashes"),
        ({"dashes": (0.0, 0.0)}, r"dashes: \[0.0, 0.0\] draws nothing"),
    ],
)
def test_what_is_no_style_is_refused(style: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        StrokeStyle(**style)


def test_dashes_that_are_too_many_are_refused() -> None:
    with pytest.raises(UserError, match=r"dashes: .* more than 1024 of a stroke; write longer ones"):
        area(LINE, dashes=(1e-5, 1e-5))


def test_widths_of_vertices_are_those_of_the_stroke_there() -> None:
    line = torch.tensor([[0.2, 0.5], [0.8, 0.5]])
    (around,) = stroke_outlines(line, False, torch.tensor([0.1, 0.3]), StrokeStyle(cap="butt"), 1 / 64)
    expected = torch.tensor([[0.2, 0.55], [0.8, 0.65], [0.8, 0.35], [0.2, 0.45]])
    torch.testing.assert_close(around, expected)
    ring = torch.tensor([[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7], [0.3, 0.3]])
    one, each = (
        stroke_outlines(ring, True, width, StrokeStyle(), 1 / 64)
        for width in (torch.tensor(0.1), torch.full((5,), 0.1))
    )
    torch.testing.assert_close(one, each)
    with pytest.raises(ValueError, match="one width"):
        stroke_outlines(line, False, torch.tensor([0.1, 0.3]), StrokeStyle(dashes=(0.1,)), 1 / 64)
