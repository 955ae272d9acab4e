"""Flattening: close to the true curve, no finer than needed, differentiable, and safe with any numbers."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from vectorae.geometry.curve import MAX_PIECES, flatten, polyline_length
from vectorae.geometry.segment import segment_distance

PIXELS = [1 / 16, 1 / 64, 1 / 266]


def random(*shape: int, seed: int = 0) -> Tensor:
    """Uniform in [-0.1, 1.1], the range of points, float64."""
    return 1.2 * torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 0.1


def de_casteljau(points: Tensor, count: int) -> Tensor:
    """Points along Béziers ``[..., P, 2]`` of degree P − 1, ``[..., count, 2]``."""
    t = torch.linspace(0, 1, count, dtype=points.dtype)[:, None]
    levels = [point[..., None, :] for point in points.unbind(-2)]
    while len(levels) > 1:
        levels = [(1 - t) * a + t * b for a, b in pairwise(levels)]
    return levels[0]


def distance(points: Tensor, vertices: Tensor) -> Tensor:
    """From points ``[..., P, 2]`` to polylines ``[..., V, 2]``, ``[..., P]``."""
    (x, y), (x0, y0) = points[..., None, :].unbind(-1), vertices[..., None, :-1, :].unbind(-1)
    x1, y1 = vertices[..., None, 1:, :].unbind(-1)
    return segment_distance((x, y), (x0, y0), (x1, y1)).amin(-1)


def distinct(vertices: Tensor) -> Tensor:
    """The vertices of one polyline ``[V, 2]`` without repetitions."""
    return vertices.unique_consecutive(dim=0)


@pytest.mark.parametrize("pixel", PIXELS)
def test_a_flattened_cubic_is_within_a_tenth_of_a_pixel(pixel: float) -> None:
    points = random(1, 40, 4, 2)
    vertices = flatten(points, 3, closed=False, pixel=pixel)
    curve = de_casteljau(points, 200)
    assert distance(curve, vertices).max() < 0.1 * pixel
    assert distance(vertices, curve).max() < 0.1 * pixel


@pytest.mark.parametrize("pixel", PIXELS)
def test_it_is_no_finer_than_needed(pixel: float) -> None:
    """The bound is exact for an arch whose second derivative is constant."""
    arch = torch.tensor([[[[0, 0], [1 / 3, 0.5], [2 / 3, 0.5], [1, 0]]]]).double()
    vertices = flatten(arch, 3, closed=False, pixel=pixel)
    assert distance(de_casteljau(arch, 2000), vertices).max() > 0.05 * pixel


def test_larger_pixels_need_fewer_vertices() -> None:
    points = random(1, 1, 4, 2)
    counts = [flatten(points, 3, closed=False, pixel=pixel).shape[-2] for pixel in (1.0, *PIXELS)]
    assert counts == sorted(set(counts))
    # Sixteen times as fine takes four times as many.
    assert (counts[3] - 1) / (counts[1] - 1) == pytest.approx(math.sqrt(266 / 16), rel=0.2)


@pytest.mark.parametrize("cubics", [1, 2, 3])
def test_straight_cubics_need_one_piece_each(cubics: int) -> None:
    corners = random(1, 2, cubics + 1, 2)
    third = torch.arange(3, dtype=torch.float64)[:, None] / 3
    along = corners[:, :, :-1, None] + third * corners.diff(dim=2)[:, :, :, None]
    points = torch.cat([along.flatten(2, 3), corners[:, :, -1:]], dim=2)
    torch.testing.assert_close(flatten(points, 3, closed=False, pixel=1 / 266), corners)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("cubics", [1, 2, 4])
def test_ends_and_joints_are_exact(cubics: int, closed: bool, dtype: torch.dtype) -> None:
    points = random(2, 3, 3 * cubics + (not closed), 2).to(dtype)
    vertices = flatten(points, 3, closed=closed, pixel=1 / 64)
    assert vertices.dtype == dtype
    assert torch.equal(vertices[..., 0, :], points[..., 0, :])
    assert torch.equal(vertices[..., -1, :], points[..., 0 if closed else -1, :])
    joints = points[..., ::3, :]
    assert (vertices[..., None, :] == joints[..., None, :, :]).all(-1).any(-2).all()


@pytest.mark.parametrize("closed", [False, True])
def test_several_cubics_are_flattened_one_by_one(closed: bool) -> None:
    points = random(1, 1, 9 + (not closed), 2)
    whole = flatten(points, 3, closed=closed, pixel=1 / 64)
    around = torch.cat([points, points[:, :, :1]], dim=2)
    for first in (0, 3, 6):
        assert distance(de_casteljau(around[:, :, first : first + 4], 200), whole).max() < 0.1 / 64
    parts = [flatten(around[:, :, first : first + 4], 3, closed=False, pixel=1 / 64)[0, 0] for first in (0, 3, 6)]
    torch.testing.assert_close(distinct(whole[0, 0]), distinct(torch.cat(parts)))


def test_in_a_batch_the_last_vertex_of_each_cubic_is_repeated() -> None:
    points = random(2, 2, 7, 2)
    points[0, 1, :4] = torch.tensor([0.0, 1 / 3, 2 / 3, 1]).double()[:, None]
    vertices = flatten(points, 3, closed=False, pixel=1 / 64)
    for drawing in range(2):
        for shape in range(2):
            alone = flatten(points[drawing : drawing + 1, shape : shape + 1], 3, closed=False, pixel=1 / 64)
            torch.testing.assert_close(distinct(vertices[drawing, shape]), distinct(alone[0, 0]))
    straight = distinct(vertices[0, 1])
    assert torch.equal(straight[1], points[0, 1, 3])
    assert len(straight) < len(distinct(vertices[0, 0]))


@pytest.mark.parametrize("count", [2, 5])
def test_degree_1_is_unchanged(count: int) -> None:
    points = random(2, 3, count, 2)
    assert torch.equal(flatten(points, 1, closed=False, pixel=1 / 64), points)
    around = flatten(points, 1, closed=True, pixel=1 / 64)
    assert torch.equal(around, torch.cat([points, points[:, :, :1]], dim=2))


@pytest.mark.parametrize("closed", [False, True])
def test_one_point_is_a_segment_of_no_length(closed: bool) -> None:
    point = random(2, 3, 1, 2)
    assert torch.equal(flatten(point, 1, closed=closed, pixel=1 / 64), point.expand(2, 3, 2, 2))


def test_a_cubic_of_coincident_points_is_a_segment_of_no_length() -> None:
    points = torch.full((1, 1, 4, 2), 0.3)
    assert torch.equal(flatten(points, 3, closed=False, pixel=1 / 64), points[:, :, :2])


@pytest.mark.parametrize("closed", [False, True])
def test_gradients_reach_all_control_points(closed: bool) -> None:
    points = random(2, 2, 6 + (not closed), 2).requires_grad_()
    flatten(points, 3, closed=closed, pixel=1 / 16).square().sum().backward()
    assert points.grad is not None
    assert (points.grad.abs() > 1e-6).all()
    small = points.detach()[:1].requires_grad_()
    assert gradcheck(lambda points: flatten(points, 3, closed, 1 / 4), small)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e6, 1e30])
@pytest.mark.parametrize("which", [slice(None), slice(1, 2)])
def test_nan_and_huge_numbers_make_no_more_than_the_largest_number_of_pieces(number: float, which: slice) -> None:
    points = random(1, 2, 7, 2).float()
    sane = flatten(points[:, 1:], 3, closed=False, pixel=1 / 266)
    points[:, 0, which] *= number
    vertices = flatten(points, 3, closed=False, pixel=1 / 266)
    assert vertices.shape[-2] <= 2 * MAX_PIECES + 1
    torch.testing.assert_close(distinct(vertices[0, 1]), distinct(sane[0, 0]))


def test_an_empty_batch_has_no_vertices() -> None:
    assert flatten(random(0, 3, 4, 2), 3, closed=False, pixel=1 / 64).shape[:2] == (0, 3)


def test_length_of_polylines() -> None:
    corners = torch.tensor([[0.0, 0.0], [0.3, 0.0], [0.3, 0.4]]).double()
    lengths = polyline_length(torch.stack([corners, corners.flip(0) + 1, 2 * corners]))
    torch.testing.assert_close(lengths, torch.tensor([0.7, 0.7, 1.4]).double())
    vertices = random(2, 3, 5, 2)
    torch.testing.assert_close(polyline_length(vertices), vertices.diff(dim=-2).norm(dim=-1).sum(-1))


def test_length_of_a_flattened_quarter_circle() -> None:
    round_by = 4 / 3 * math.tan(math.pi / 8)
    quarter = torch.tensor([[[[1, 0], [1, round_by], [round_by, 1], [0, 1]]]]).double()
    length = polyline_length(flatten(quarter, 3, closed=False, pixel=1 / 266))
    assert float(length) == pytest.approx(math.pi / 2, rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_length_has_a_gradient_where_points_coincide(dtype: torch.dtype) -> None:
    vertices = torch.tensor([[0.5, 0.5], [0.5, 0.5], [0.8, 0.9]], dtype=dtype, requires_grad=True)
    polyline_length(vertices).backward()
    assert vertices.grad is not None
    torch.testing.assert_close(vertices.grad[0], torch.zeros(2, dtype=dtype))
    torch.testing.assert_close(vertices.grad[2], torch.tensor([0.6, 0.8], dtype=dtype))
