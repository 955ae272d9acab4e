"""Outlines of boxes and straight strokes as polygons, whose covered area is the exact drawing."""

import math

import pytest
import torch
from torch import Tensor

from vectorae.geometry.canvas import turn_of
from vectorae.geometry.covered_area import covered_area
from vectorae.geometry.region import Boundary, area_and_perimeter
from vectorae.geometry.rounded_box import outline_of_box, outline_of_capsule

PIXEL = 1 / 64


def boundary_of(starts: Tensor, ends: Tensor) -> Boundary:
    return Boundary(torch.stack([starts, ends], dim=-2), (starts != ends).any(-1))


@pytest.mark.parametrize("roundness", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("half", [(0.3, 0.3), (0.4, 0.05), (0.01, 0.02), (0.001, 0.2)])
def test_the_outline_of_a_box_has_its_area(half: tuple[float, float], roundness: float) -> None:
    half_extents = torch.tensor([half], dtype=torch.float64)
    turn = turn_of(torch.tensor([0.7], dtype=torch.float64))
    round_ = torch.tensor([roundness], dtype=torch.float64)
    region = boundary_of(*outline_of_box(torch.full((1, 2), 0.5).double(), half_extents, turn, round_, PIXEL))
    area, _ = area_and_perimeter(region)
    true = 4 * half[0] * half[1] * (1 - (1 - math.pi / 4) * roundness**2)
    assert float(area) == pytest.approx(true, rel=1e-9)


@pytest.mark.parametrize("radius", [0.0005, 0.002, 0.005, 0.05, 0.45])
def test_the_outline_of_a_circle_is_a_hundredth_of_a_pixel_away_at_most(radius: float) -> None:
    half_extents, turn = torch.full((1, 2), radius).double(), torch.tensor([[1.0, 0.0]]).double()
    starts, ends = outline_of_box(torch.zeros(1, 2).double(), half_extents, turn, torch.ones(1).double(), PIXEL)
    for part in torch.linspace(0, 1, 9):
        distance = (starts + part * (ends - starts)).norm(dim=-1)
        assert float((distance - radius).abs().max()) < 0.01 * PIXEL


def test_shapes_of_other_sizes_change_nothing() -> None:
    """Corners are cut by their own size, not by the largest of the batch."""
    small, both = torch.full((1, 2), 0.05), torch.tensor([[0.05, 0.05], [0.4, 0.4]])

    def drawn(half_extents: Tensor) -> Tensor:
        count = len(half_extents)
        turn = torch.tensor([[1.0, 0.0]]).expand(count, 2)
        outline = outline_of_box(torch.full((count, 2), 0.5), half_extents, turn, torch.ones(count), PIXEL)
        return covered_area(boundary_of(*outline), 64, 64, PIXEL)[0]

    torch.testing.assert_close(drawn(small), drawn(both), atol=1e-6, rtol=0)


def test_a_straight_stroke_is_as_wide_as_it_says_and_has_round_ends() -> None:
    points, width = torch.tensor([[[0.25, 0.5], [0.75, 0.5]]]).double(), torch.tensor([0.125]).double()
    region = boundary_of(*outline_of_capsule(points, width, PIXEL))
    covered = covered_area(region, 64, 64, PIXEL)[0]
    assert float(covered[:, 32].sum()) == pytest.approx(8)  # pixels
    area, _ = area_and_perimeter(region)
    assert float(area) == pytest.approx(0.5 * 0.125 + math.pi / 4 * 0.125**2, rel=1e-9)


def test_a_dot_is_a_disc_with_finite_gradients() -> None:
    points = torch.tensor([[[0.5, 0.5], [0.5, 0.5]]]).double().requires_grad_()
    width = torch.tensor([0.25]).double().requires_grad_()
    area, _ = area_and_perimeter(boundary_of(*outline_of_capsule(points, width, PIXEL)))
    assert area.item() == pytest.approx(math.pi / 64, rel=1e-9)
    by_points, by_width = torch.autograd.grad(area.sum(), (points, width))
    assert by_points.isfinite().all()
    assert float(by_width) == pytest.approx(math.pi / 8, rel=1e-6)
