"""Distances to segments, and coverage by them."""

import math

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from vectorae.geometry.segment import FAR, nearest_segment_distance, segment_distance
from vectorae.rasterizer.coverage import PROFILES, slab_coverage, stroke_coverage

PIXEL = 0.1


def random(*shape: int, seed: int = 0) -> Tensor:
    """Uniform in [0, 1], float64."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def pair(points: Tensor) -> tuple[Tensor, Tensor]:
    """x and y of points ``[..., 2]``."""
    x, y = points.unbind(-1)
    return x, y


def to_segment(points: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """``segment_distance`` for coordinates in the last dimension."""
    return segment_distance(pair(points), pair(starts), pair(ends))


def by_brute_force(points: Tensor, starts: Tensor, ends: Tensor, count: int = 4001) -> Tensor:
    """From points ``[P, 2]`` to the nearest of many points along the segments ``[S, 2]``, ``[P]``."""
    part = torch.linspace(0, 1, count, dtype=torch.float64)[:, None, None]
    return torch.cdist(points, (starts + part * (ends - starts)).flatten(0, 1)).amin(1)


def test_a_segment_of_no_length_is_a_point() -> None:
    points, others = random(50, 1, 2), random(7, 2, seed=1)
    torch.testing.assert_close(to_segment(points, others, others), (points - others).norm(dim=-1))


def test_a_grid_needs_its_columns_and_rows_only() -> None:
    x, y = random(4), random(3, seed=1)[:, None]
    start, end = random(2, 2, seed=3)
    grid = torch.stack(torch.broadcast_tensors(x, y), dim=-1)
    assert grid.shape == (3, 4, 2)
    torch.testing.assert_close(segment_distance((x, y), pair(start), pair(end)), to_segment(grid, start, end))


def test_distance_to_a_segment_is_that_to_its_nearest_point() -> None:
    points = 2 * random(200, 2) - 0.5
    for seed in range(5):
        start, end = random(2, 2, seed=seed)
        expected = by_brute_force(points, start[None], end[None])
        torch.testing.assert_close(to_segment(points, start, end), expected, atol=3e-4, rtol=0)


def test_distance_moves_turns_and_grows_with_the_drawing() -> None:
    points, starts, ends = random(40, 2), random(40, 2, seed=1), random(40, 2, seed=2)
    distance = to_segment(points, starts, ends)
    turn, _ = torch.linalg.qr(random(2, 2, seed=3))
    moved = [3 * one @ turn + 0.7 for one in (points, starts, ends)]
    torch.testing.assert_close(to_segment(*moved), 3 * distance)
    torch.testing.assert_close(to_segment(points, ends, starts), distance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_distance_changes_by_one_for_each_unit_moved(dtype: torch.dtype) -> None:
    points = (2 * random(100, 2) - 0.5).to(dtype).requires_grad_()
    start, end = random(2, 2, seed=1).to(dtype)
    for distance in (to_segment(points, start, start), to_segment(points, start, end)):
        (gradient,) = torch.autograd.grad(distance.sum(), points)
        torch.testing.assert_close(gradient.norm(dim=-1), torch.ones(100, dtype=dtype))


def test_gradients_of_distances_are_those_of_differences() -> None:
    points, starts, ends = ((2 * random(20, 2, seed=seed) - 0.5).requires_grad_() for seed in range(3))
    assert gradcheck(lambda points, starts: to_segment(points, starts, starts), (points, starts))
    assert gradcheck(to_segment, (points, starts, ends))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_there_is_no_gradient_on_the_segment(dtype: torch.dtype) -> None:
    start, end = torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=dtype)
    point = torch.tensor([0.25, 0.0], dtype=dtype)
    for begin, other in ((start, end), (point, point)):  # along a segment, and on one of no length
        leaves = [one.clone().requires_grad_() for one in (point, begin, other)]
        distance = to_segment(*leaves)
        distance.backward()
        assert distance == 0
        assert all(torch.equal(leaf.grad, torch.zeros_like(leaf)) for leaf in leaves if leaf.grad is not None)
        assert all(leaf.grad is not None for leaf in leaves)


def test_gradient_beside_a_segment_of_no_length_goes_to_its_points() -> None:
    point = torch.zeros(2, requires_grad=True)
    start, end = (torch.ones(2, requires_grad=True) for _ in range(2))
    to_segment(point, start, end).backward()
    assert point.grad is not None and start.grad is not None and end.grad is not None
    torch.testing.assert_close(point.grad, torch.full((2,), -(2**-0.5)))
    torch.testing.assert_close(start.grad + end.grad, -point.grad)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_there_is_no_gradient_on_the_segment_whatever_the_rounding(axis: int, dtype: torch.dtype) -> None:
    points = torch.full((50, 2), 0.3, dtype=dtype)
    points[:, axis] = 0.1 + 0.8 * random(50)
    ends = torch.full((2, 2), 0.3, dtype=dtype)
    ends[:, axis] = torch.tensor([0.03, 0.97])
    leaves = [leaf.requires_grad_() for leaf in (points, *ends.clone())]
    distance = to_segment(*leaves)
    assert distance.abs().max() < 1e-6
    assert not any(gradient.any() for gradient in torch.autograd.grad(distance.sum(), leaves))


def edge(profile: str, depth: Tensor, softness: float) -> Tensor:
    """The profiles as their formulas say."""
    if profile == "gaussian":
        return torch.exp(-((-depth).clamp_min(0) ** 2) / softness**2)
    if profile == "sigmoid":
        return 1 / (1 + torch.exp(-depth / softness))
    if profile == "ramp":
        return torch.clamp(depth / PIXEL + 0.5, 0, 1)
    return torch.where(depth >= 0, 1.0, 0.0).double()


@pytest.mark.parametrize("width", [0.0, 0.07, 0.35])
@pytest.mark.parametrize("profile", PROFILES)
def test_coverage_by_slabs_and_strokes_is_that_of_the_formula(profile: str, width: float) -> None:
    axis = torch.linspace(0, 1, 9, dtype=torch.float64)
    distance = segment_distance((axis, axis[:, None]), (axis[3], axis[3]), (axis[3], axis[3]))
    full_width, softness = torch.tensor(width).double(), torch.tensor(0.08).double()
    slab = slab_coverage(profile, distance - width / 2, full_width, softness, PIXEL)
    stroke = stroke_coverage(profile, distance, full_width, softness, PIXEL)
    near, far = edge(profile, width / 2 - distance, 0.08), edge(profile, -width / 2 - distance, 0.08)
    if profile == "gaussian":
        torch.testing.assert_close(stroke, near)
        torch.testing.assert_close(slab, near * (1 - math.exp(-((width / 0.16) ** 2))))
    else:
        torch.testing.assert_close(stroke, slab)
        torch.testing.assert_close(slab, near - far)
    for covered in (slab, stroke):
        assert covered.shape == (9, 9)
        assert 0 <= covered.min() <= covered.max() <= 1
        assert covered[3, 3] == covered.max()
        assert covered.max() > 0 or width == 0


def test_a_gaussian_stroke_of_no_width_is_the_papers() -> None:
    distance = random(20)
    covered = stroke_coverage("gaussian", distance, torch.tensor(0.0), torch.tensor(0.3), PIXEL)
    torch.testing.assert_close(covered, torch.exp(-(distance**2) / 0.3**2))
    crisp = math.sqrt(math.pi) * 0.3
    line = torch.linspace(-3, 3, 10001, dtype=torch.float64)
    ink = stroke_coverage("gaussian", line.abs(), torch.tensor(0.0), torch.tensor(0.3), PIXEL).mean() * 6
    assert float(ink) == pytest.approx(crisp, rel=1e-3)


def polylines() -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """A grid of 7 × 5 pixels, its pixels as a list, the vertices ``[2, 3, 6, 2]`` of polylines, their segments."""
    x, y = 1.4 * random(7) - 0.2, 1.4 * random(5, seed=1) - 0.2
    vertices = random(2, 3, 6, 2, seed=2)
    points = torch.stack(torch.broadcast_tensors(x, y[:, None]), dim=-1).flatten(0, 1)
    return x, y, points, vertices[..., :-1, :], vertices[..., 1:, :]


def test_nearest_segment_by_brute_force() -> None:
    x, y, points, starts, ends = polylines()
    starts[0, 0, 2] = ends[0, 0, 2]
    found = nearest_segment_distance(x, y, starts, ends, torch.ones(2, 3, 5, dtype=torch.bool))
    assert found.shape == (2, 3, 5, 7)
    for drawing in range(2):
        for shape in range(3):
            expected = by_brute_force(points, starts[drawing, shape], ends[drawing, shape]).view(5, 7)
            torch.testing.assert_close(found[drawing, shape], expected, atol=3e-4, rtol=0)


def test_segments_that_are_not_present_do_not_count() -> None:
    x, y, points, starts, ends = polylines()
    present = random(2, 3, 5, seed=3) < 0.4
    present[1, 2] = False
    found = nearest_segment_distance(x, y, starts, ends, present)
    for drawing in range(2):
        for shape in range(3):
            counted = present[drawing, shape]
            if not counted.any():
                assert torch.equal(found[drawing, shape], torch.full((5, 7), FAR).double())
                continue
            expected = by_brute_force(points, starts[drawing, shape][counted], ends[drawing, shape][counted]).view(5, 7)
            torch.testing.assert_close(found[drawing, shape], expected, atol=3e-4, rtol=0)


@pytest.mark.parametrize("count", [1, 2])
def test_nothing_is_far_and_has_no_gradient(count: int) -> None:
    starts, ends = (random(1, count, 2, seed=seed).requires_grad_() for seed in range(2))
    found = nearest_segment_distance(random(3), random(4), starts, ends, torch.zeros(1, count, dtype=torch.bool))
    assert torch.equal(found, torch.full((1, 4, 3), FAR).double())
    found.sum().backward()
    assert starts.grad is not None and ends.grad is not None
    assert not starts.grad.any() and not ends.grad.any()


def test_one_segment_is_the_nearest() -> None:
    x, y, points, starts, ends = polylines()
    start, end = starts[0, 1, :1], ends[0, 1, :1]
    found = nearest_segment_distance(x, y, start, end, torch.ones(1, dtype=torch.bool))
    torch.testing.assert_close(found.flatten(), to_segment(points, start[0], end[0]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradient_is_finite_where_vertices_coincide(dtype: torch.dtype) -> None:
    vertices = torch.full((1, 4, 2), 0.5, dtype=dtype)
    vertices[0, 3] = 0.75
    starts, ends = vertices[:, :-1].clone().requires_grad_(), vertices[:, 1:].clone().requires_grad_()
    x = torch.tensor([0.25, 0.5, 0.625, 0.75], dtype=dtype)
    nearest_segment_distance(x, x, starts, ends, torch.ones(1, 3, dtype=torch.bool)).sum().backward()
    for gradient in (starts.grad, ends.grad):
        assert gradient is not None
        assert gradient.isfinite().all()
        assert gradient.norm(dim=-1).amax() <= 16
    assert starts.grad is not None and starts.grad.any()


def test_gradient_of_the_nearest_segment_is_that_of_differences() -> None:
    x, y, _, starts, ends = polylines()
    vertices = torch.cat([starts, ends[..., -1:, :]], dim=-2).requires_grad_()
    present = random(2, 3, 5, seed=3) < 0.8

    def distance(x: Tensor, y: Tensor, vertices: Tensor) -> Tensor:
        return nearest_segment_distance(x, y, vertices[..., :-1, :], vertices[..., 1:, :], present)

    assert gradcheck(distance, (x.requires_grad_(), y.requires_grad_(), vertices))
