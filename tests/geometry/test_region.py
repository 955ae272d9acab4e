"""Regions that closed paths enclose, compared with the winding number of the path: angles summed around points."""

import math

import pytest
import torch
from helpers.polygons import closed, grid, random, to_outline, winding
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck

from vectorae.geometry.covered_area import covered_area
from vectorae.geometry.region import Boundary, area_and_perimeter, boundary, is_inside
from vectorae.geometry.segment import nearest_segment_distance

SIDE = 12
PIXEL = 1 / SIDE
CENTERS = (torch.arange(SIDE, dtype=torch.float64) + 0.5) / SIDE
CORNERS = range(3, 10)
DTYPES = [torch.float32, torch.float64]


def enclosed(corners: Tensor) -> Boundary:
    """The region of one polygon ``[V, 2]``, as a batch of one."""
    return boundary(closed(corners)[None])


def coverage(corners: Tensor, height: int = SIDE, width: int = SIDE) -> Tensor:
    """Of one polygon, ``[height, width]``."""
    return covered_area(enclosed(corners), height, width, PIXEL)[0]


def supersampled(corners: Tensor, fine: int = 16) -> Tensor:
    """The part of fine × fine points in each pixel around which the polygon winds, ``[SIDE, SIDE]``."""
    axis = (torch.arange(SIDE * fine, dtype=torch.float64) + 0.5) / (SIDE * fine)
    inside = (winding(grid(axis, axis), corners) != 0).double()
    return torch.nn.functional.avg_pool2d(inside[None], fine)[0]


def touched(corners: Tensor) -> Tensor:
    """Whether an edge may pass through each pixel."""
    return to_outline(grid(CENTERS, CENTERS), corners) < PIXEL * math.sqrt(0.5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", CORNERS)
def test_inside_is_where_the_path_winds(count: int, dtype: torch.dtype) -> None:
    x, y = 1.4 * random(31, seed=1) - 0.2, 1.4 * random(23, seed=2) - 0.2
    for seed in range(6):
        corners = (1.2 * random(count, 2, seed=seed) - 0.1).to(dtype)
        found = is_inside(x.to(dtype), y.to(dtype), enclosed(corners))[0]
        clear = to_outline(grid(x, y), corners) > 2e-6
        assert torch.equal(found[clear], winding(grid(x, y), corners)[clear] != 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", CORNERS)
def test_coverage_is_the_part_of_each_pixel_that_is_inside(count: int, dtype: torch.dtype) -> None:
    rounding = 1e-12 if dtype == torch.float64 else 1e-5
    for seed in range(4):
        corners = random(count, 2, seed=seed).to(dtype)
        region = enclosed(corners)
        found = covered_area(region, SIDE, SIDE, PIXEL)[0].double()
        expected = supersampled(corners)
        torch.testing.assert_close(found, expected, atol=0.06, rtol=0)
        assert (found - expected).square().mean().sqrt() < 0.01
        whole = ~touched(corners)
        torch.testing.assert_close(found[whole], expected[whole], atol=rounding, rtol=0)
        area, _ = area_and_perimeter(region)
        assert float(found.sum() * PIXEL**2) == pytest.approx(float(area), abs=rounding)


@pytest.mark.parametrize("count", [4, 7])
def test_regions_of_a_batch_are_those_of_each_path(count: int) -> None:
    corners = random(2, 3, count, 2)
    corners[0, 1] = corners[0, 1, :1]
    region = boundary(closed(corners))
    assert region.present.shape == region.starts.shape[:-1] == region.ends.shape[:-1]
    assert region.starts.shape[:2] == (2, 3)
    assert not region.present.all()
    covered, inside = covered_area(region, 5, SIDE, PIXEL), is_inside(CENTERS, CENTERS[:5], region)
    distance = nearest_segment_distance(CENTERS, CENTERS[:5], region.starts, region.ends, region.present)
    area, perimeter = area_and_perimeter(region)
    for drawing in range(2):
        for shape in range(3):
            alone = enclosed(corners[drawing, shape])
            torch.testing.assert_close(covered[drawing, shape], covered_area(alone, 5, SIDE, PIXEL)[0])
            assert torch.equal(inside[drawing, shape], is_inside(CENTERS, CENTERS[:5], alone)[0])
            nearest = nearest_segment_distance(CENTERS, CENTERS[:5], alone.starts, alone.ends, alone.present)[0]
            torch.testing.assert_close(distance[drawing, shape], nearest)
            torch.testing.assert_close(area[drawing, shape], area_and_perimeter(alone)[0][0])
            torch.testing.assert_close(perimeter[drawing, shape], area_and_perimeter(alone)[1][0])


def test_gradients_of_a_batch_are_those_of_each_path() -> None:
    turn = torch.arange(8) * 3 * math.pi / 4
    corners = random(1, 4, 8, 2)
    corners[0, 1] = torch.tensor([*SQUARE, *SQUARE])
    corners[0, 2] = 0.5 + 0.4 * torch.stack([turn.sin(), turn.cos()], dim=-1)
    weight = random(SIDE, SIDE, seed=1)

    def gradient(corners: Tensor) -> Tensor:
        corners = corners.clone().requires_grad_()
        region = boundary(closed(corners))
        weighted = (covered_area(region, SIDE, SIDE, PIXEL) * weight).sum()
        return torch.autograd.grad(weighted + sum(part.sum() for part in area_and_perimeter(region)), corners)[0]

    together = gradient(corners)
    for shape in range(4):
        torch.testing.assert_close(together[:, shape], gradient(corners[:, shape : shape + 1])[:, 0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", CORNERS)
def test_the_pieces_of_a_boundary_meet_exactly(count: int, dtype: torch.dtype) -> None:
    for seed in range(10):
        region = enclosed(random(count, 2, seed=seed).to(dtype))
        starts, ends = region.starts[region.present].tolist(), region.ends[region.present].tolist()
        assert sorted(starts) == sorted(ends)


@pytest.mark.parametrize("count", CORNERS)
def test_neither_direction_nor_first_corner_matter(count: int) -> None:
    corners = 1.2 * random(count, 2) - 0.1
    expected = coverage(corners)
    for other in (corners.flip(0), corners.roll(2, 0)):
        torch.testing.assert_close(coverage(other), expected, atol=1e-5, rtol=0)
        for one, same in zip(area_and_perimeter(enclosed(other)), area_and_perimeter(enclosed(corners)), strict=True):
            torch.testing.assert_close(one, same, atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(3))
def test_what_lies_off_the_canvas_is_cut_off(seed: int, dtype: torch.dtype) -> None:
    """Nine canvases side by side equal one of three times the size."""
    corners = (0.5 + 2 * random(7, 2, seed=seed)).to(dtype)
    whole = covered_area(enclosed(corners), 3 * SIDE, 3 * SIDE, PIXEL)[0]
    x = torch.cat([CENTERS + tile for tile in range(3)]).to(dtype)
    inside = is_inside(x, x, enclosed(corners))[0]
    for row in range(3):
        for column in range(3):
            part = slice(row * SIDE, (row + 1) * SIDE), slice(column * SIDE, (column + 1) * SIDE)
            moved = corners - torch.tensor([column, row], dtype=dtype)
            torch.testing.assert_close(coverage(moved), whole[part], atol=1e-5, rtol=0)
            centers = CENTERS.to(dtype)
            assert torch.equal(is_inside(centers, centers, enclosed(moved))[0], inside[part])


@pytest.mark.parametrize("shift", [(2.0, 0.0), (-2.0, 0.0), (0.0, 2.0), (0.0, -2.0), (-2.0, 2.0)])
def test_a_shape_off_the_canvas_covers_nothing(shift: tuple[float, float]) -> None:
    corners = random(6, 2) + torch.tensor(shift)
    assert coverage(corners).abs().max() < 1e-12
    assert area_and_perimeter(enclosed(corners))[0] > 0.05


def test_the_canvas_within_a_shape_is_covered() -> None:
    corners = torch.tensor([[-3.0, -1.0], [4.0, -2.0], [5.0, 6.0], [-2.0, 3.0]], dtype=torch.float64)
    torch.testing.assert_close(coverage(corners, 5, 9), torch.ones(5, 9).double())


def star() -> tuple[Tensor, Tensor]:
    """A pentagram drawn in one go ``[5, 2]``, and its outline ``[10, 2]``."""
    turn = torch.arange(10, dtype=torch.float64) * math.pi / 5
    inner = (3 - math.sqrt(5)) / 2
    radius = torch.where(torch.arange(10) % 2 == 0, 0.45, 0.45 * inner)
    outline = 0.5 + radius[:, None] * torch.stack([turn.sin(), -turn.cos()], dim=-1)
    return outline[[0, 4, 8, 2, 6]], outline


def test_a_pentagram_has_no_seams() -> None:
    pentagram, outline = star()
    region = enclosed(pentagram)
    x, y = random(40, seed=1), random(40, seed=2)
    found = nearest_segment_distance(x, y, region.starts, region.ends, region.present)[0]
    torch.testing.assert_close(found, to_outline(grid(x, y), outline), atol=1e-6, rtol=0)
    torch.testing.assert_close(is_inside(x, y, region)[0], winding(grid(x, y), outline) != 0)
    fine = covered_area(region, 64, 64, 1 / 64)[0]
    torch.testing.assert_close(fine, covered_area(enclosed(outline), 64, 64, 1 / 64)[0], atol=1e-4, rtol=0)
    middle = (torch.arange(64) + 0.5) / 64
    within = (grid(middle, middle) - 0.5).norm(dim=-1) < 0.15
    assert within.sum() > 200
    torch.testing.assert_close(fine[within], torch.ones_like(fine[within]))
    expected = enclosed(outline)
    for one, same in zip(area_and_perimeter(region), area_and_perimeter(expected), strict=True):
        torch.testing.assert_close(one, same, atol=1e-5, rtol=0)


SQUARE = [(0.2, 0.3), (0.7, 0.3), (0.7, 0.8), (0.2, 0.8)]
LEFT = -0.1
DEGENERATE = {
    "twice around": ([*SQUARE, *SQUARE], 0.25, 2.0),
    "every corner three times": ([corner for corner in SQUARE for _ in range(3)], 0.25, 2.0),
    "first corner again": ([*SQUARE, SQUARE[0]], 0.25, 2.0),
    "corners on its sides": ([(0.2, 0.3), (0.3, 0.3), (0.5, 0.3), *SQUARE[1:], (0.2, 0.5)], 0.25, 2.0),
    "back and forth along its sides": ([(0.2, 0.3), (0.6, 0.3), (0.4, 0.3), *SQUARE[1:]], 0.25, None),
    "with a hair": ([(0.2, 0.3), (0.7, 0.3), (0.95, 0.3), *SQUARE[1:]], 0.25, None),
    "two that share a side": ([*SQUARE, (0.1, 0.8), (0.1, 0.3)], 0.3, None),
    "two that share a corner": ([SQUARE[0], (0.7, 0.3), (0.7, 0.8), SQUARE[0], (0.1, 0.3), (0.1, 0.1)], 0.135, None),
    "a square with its own back": ([*SQUARE, *SQUARE[2:0:-1]], 0.0, None),
    "crossing itself": ([(0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8)], 0.18, 1.2 + 1.2 * math.sqrt(2)),
    "with a hole": ([*SQUARE, SQUARE[0], (0.3, 0.4), (0.3, 0.7), (0.6, 0.7), (0.6, 0.4), (0.3, 0.4)], 0.16, None),
    "corners clamped": ([(LEFT, 0.2), (LEFT, 0.5), (LEFT, 0.3), (LEFT, 0.8), (0.5, 0.5)], 0.18, None),
    "clamped to one corner": ([(LEFT, LEFT), (LEFT, LEFT), (0.5, LEFT), (0.5, 0.5), (LEFT, LEFT)], 0.18, None),
    "all in one place": ([(0.3, 0.4)] * 5, 0.0, 0.0),
    "one corner": ([(0.3, 0.4)], 0.0, 0.0),
    "level": ([(0.1, 0.4), (0.8, 0.4), (0.3, 0.4), (0.6, 0.4)], 0.0, None),
    "upright": ([(0.25, 0.1), (0.25, 0.5), (0.25, 0.9)], 0.0, None),
    "slanting": ([(0.1, 0.2), (0.7, 0.5), (0.3, 0.3)], 0.0, None),
    "all clamped": ([(LEFT, 0.1), (LEFT, 0.7), (LEFT, 0.2), (LEFT, 0.2)], 0.0, None),
}
DEGENERATE_POLYGONS = pytest.mark.parametrize(("points", "area", "perimeter"), DEGENERATE.values(), ids=DEGENERATE)


@pytest.mark.parametrize("dtype", DTYPES)
@DEGENERATE_POLYGONS
def test_degenerate_polygons(
    points: list[tuple[float, float]], area: float, perimeter: float | None, dtype: torch.dtype
) -> None:
    corners = torch.tensor(points, dtype=dtype)
    found_area, found_perimeter = area_and_perimeter(enclosed(corners))
    assert float(found_area) == pytest.approx(area, abs=2e-6)
    if perimeter is not None:
        assert float(found_perimeter) == pytest.approx(perimeter, abs=2e-5)
    found = coverage(corners).double()
    torch.testing.assert_close(found, supersampled(corners), atol=0.06, rtol=0)
    # Nothing leaks beyond the bounding box, on any side.
    low, high = corners.amin(0) - PIXEL, corners.amax(0) + PIXEL
    places_far = grid(CENTERS, CENTERS)
    beyond = ((places_far < low) | (places_far > high)).any(-1)
    assert found[beyond].abs().max() < 1e-5
    if area == 0:
        assert found.abs().max() < 2e-5


@pytest.mark.parametrize("dtype", DTYPES)
@DEGENERATE_POLYGONS
def test_gradients_of_degenerate_polygons_are_finite(
    points: list[tuple[float, float]], area: float, perimeter: float | None, dtype: torch.dtype
) -> None:
    corners = torch.tensor(points, dtype=dtype).requires_grad_()
    region = enclosed(corners)
    axis = CENTERS.to(dtype)
    distance = nearest_segment_distance(axis, axis, region.starts, region.ends, region.present)
    found_area, found_perimeter = area_and_perimeter(region)
    (by_area,) = torch.autograd.grad(found_area.sum(), corners, retain_graph=True)
    (by_coverage,) = torch.autograd.grad(covered_area(region, SIDE, SIDE, PIXEL).sum(), corners, retain_graph=True)
    (others,) = torch.autograd.grad(found_perimeter.sum() + distance.sum(), corners)
    assert others.isfinite().all()
    # A corner that moves by a little sweeps over no more than half of its two edges each.
    longest = 2 * math.sqrt(2)
    assert by_area.abs().max() < longest
    assert by_coverage.abs().max() < longest / PIXEL**2


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_path_of_two_corners_encloses_nothing(dtype: torch.dtype) -> None:
    for seed in range(40):
        corners = (0.8 * random(2, 2, seed=seed)).to(dtype)
        assert coverage(corners).max() < 2e-5, corners.tolist()
        assert not is_inside(torch.tensor([0.99], dtype=dtype), CENTERS.to(dtype), enclosed(corners)).any()


def test_a_row_through_a_vertex_crosses_the_boundary_there_once() -> None:
    corners = torch.tensor([[0.75, 0.25], [0.25, 0.5], [0.75, 0.75]])
    region = Boundary(torch.stack([corners, corners.roll(-1, 0)], dim=-2), torch.ones(3, dtype=torch.bool))
    x, y = torch.tensor([0.1, 0.3, 0.7, 0.9]), torch.tensor([0.25, 0.5, 0.75])
    assert is_inside(x, y, region)[1].tolist() == [False, True, True, False]
    assert not is_inside(x[[0, 3]], y, region).any()


@settings(max_examples=250, deadline=None, derandomize=True, database=None)
@given(
    points=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=10),
    offset=st.sampled_from([0.0, PIXEL / 2, 0.03, -0.25]),
    dtype=st.sampled_from(DTYPES),
)
def test_polygons_on_a_coarse_grid(points: list[tuple[int, int]], offset: float, dtype: torch.dtype) -> None:
    """Few positions, so that corners coincide, edges overlap and run along borders or through centres of pixels."""
    corners = (torch.tensor(points, dtype=torch.float64) / 4 + offset).to(dtype)
    region = enclosed(corners)
    found = covered_area(region, SIDE, SIDE, PIXEL)[0]
    assert 0 <= found.min() <= found.max() <= 1
    whole, expected = ~touched(corners), winding(grid(CENTERS, CENTERS), corners) != 0
    torch.testing.assert_close(found[whole], expected[whole].to(dtype), atol=1e-4, rtol=0)
    inside = is_inside(CENTERS.to(dtype), CENTERS.to(dtype), region)[0]
    assert torch.equal(inside[whole], expected[whole])
    if offset >= 0 and corners.max() <= 1:
        assert float(found.sum()) * PIXEL**2 == pytest.approx(float(area_and_perimeter(region)[0]), abs=1e-5)


def crossings(corners: Tensor) -> int:
    """Number of crossings of a polygon's edges, by the sides on which their ends lie."""
    starts, ends = corners, corners.roll(-1, 0)
    along = ends - starts

    def side(points: Tensor) -> Tensor:
        offset = points[None] - starts[:, None]
        return (along[:, None, 0] * offset[..., 1] - along[:, None, 1] * offset[..., 0]).sign()

    apart = side(starts) * side(ends) < 0
    return int((apart & apart.T).sum()) // 2


CROSSING = [seed for seed in range(60) if crossings(1.4 * random(6, 2, seed=seed) - 0.2) >= 3][:6]


@pytest.mark.parametrize("seed", CROSSING)
def test_gradients_are_those_of_differences(seed: int) -> None:
    """Where edges cross, the crossing moves with both."""
    corners = (1.4 * random(6, 2, seed=seed) - 0.2).requires_grad_()
    axis = torch.linspace(0.07, 0.93, 6, dtype=torch.float64)

    def distance(corners: Tensor) -> Tensor:
        region = enclosed(corners)
        return nearest_segment_distance(axis, axis, region.starts, region.ends, region.present)

    assert len(CROSSING) == 6
    assert gradcheck(lambda corners: covered_area(enclosed(corners), 6, 6, 1 / 6), corners)
    assert gradcheck(lambda corners: area_and_perimeter(enclosed(corners)), corners)
    assert gradcheck(distance, corners)


def test_a_shape_that_grows_covers_more_by_its_perimeter() -> None:
    """The derivative of the area by an offset of the boundary is its length (a circle of many corners)."""
    turn = torch.arange(200, dtype=torch.float64) * math.pi / 100
    radius = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    corners = 0.5 + radius * torch.stack([turn.cos(), turn.sin()], dim=-1)
    (by_radius,) = torch.autograd.grad(coverage(corners).sum() * PIXEL**2, radius, retain_graph=True)
    assert float(by_radius) == pytest.approx(2 * math.pi * 0.3, rel=1e-3)
    area, perimeter = area_and_perimeter(enclosed(corners.detach()))
    assert float(area) == pytest.approx(math.pi * 0.09, rel=1e-3)
    assert float(perimeter) == pytest.approx(2 * math.pi * 0.3, rel=1e-3)
