"""Distances: laws that any distance obeys, and a brute-force oracle."""

import math

import pytest
import torch
from torch import Tensor

from vectorae.geometry.canvas import canvas_size, pixel_centers, to_local
from vectorae.geometry.rounded_box import rounded_box_distance


def boundary(half_width: float, half_height: float, roundness: float, count: int = 4000) -> Tensor:
    """Points all along the outline of a rounded box, ``[P, 2]``: four sides and four quarter ellipses, literally."""
    rx, ry = half_width * roundness, half_height * roundness
    part = torch.linspace(0, 1, count, dtype=torch.float64)
    arc = part * math.pi / 2
    corner = torch.stack([half_width - rx + rx * arc.cos(), half_height - ry + ry * arc.sin()], -1)
    top = torch.stack([part * (half_width - rx), torch.full_like(part, half_height)], -1)
    side = torch.stack([torch.full_like(part, half_width), part * (half_height - ry)], -1)
    quarter = torch.cat([corner, top, side])
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    return (quarter * signs[:, None]).reshape(-1, 2)


@pytest.mark.parametrize("roundness", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize(("half_width", "half_height"), [(0.3, 0.3), (0.4, 0.2), (0.1, 0.4), (0.5, 0.1)])
def test_rounded_box_distance_is_the_true_one(half_width: float, half_height: float, roundness: float) -> None:
    axis = torch.linspace(-0.7, 0.7, 21, dtype=torch.float64) + 0.003
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    extents = torch.tensor([half_width, half_height], dtype=torch.float64)
    distance, _ = rounded_box_distance(x, y, extents, torch.tensor(roundness, dtype=torch.float64))
    points = torch.stack([x, y], -1).reshape(-1, 2)
    expected = torch.cdist(points, boundary(half_width, half_height, roundness)).amin(1).reshape(x.shape)
    # A twentieth of a pixel at 64×64 for ellipses of 5:1, a thousandth for the rest.
    tolerance = 2e-3 if half_width != half_height and roundness > 0 else 1e-4
    torch.testing.assert_close(distance.abs(), expected, atol=tolerance, rtol=0)
    corner_x = (x.abs() - half_width * (1 - roundness)).clamp_min(0)
    corner_y = (y.abs() - half_height * (1 - roundness)).clamp_min(0)
    radii = extents * roundness + 1e-12
    inside = ((corner_x / radii[0]) ** 2 + (corner_y / radii[1]) ** 2 < 1) & (x.abs() < half_width)
    inside &= y.abs() < half_height
    clear = expected > tolerance
    assert torch.equal((distance < 0)[clear], inside[clear])


@pytest.mark.parametrize("roundness", [0.0, 0.5, 1.0])
def test_distance_changes_by_one_for_each_unit_moved(roundness: float) -> None:
    axis = torch.linspace(-0.6, 0.6, 30, dtype=torch.float64) + 0.0021
    y, x = (grid.requires_grad_() for grid in torch.meshgrid(axis, axis, indexing="ij"))
    extents = torch.tensor([0.3, 0.2], dtype=torch.float64)
    distance, _ = rounded_box_distance(x, y, extents, torch.tensor(roundness, dtype=torch.float64))
    gradient_x, gradient_y = torch.autograd.grad(distance.sum(), [x, y])
    torch.testing.assert_close(torch.hypot(gradient_x, gradient_y), torch.ones_like(x))


def test_thickness_of_circles_boxes_and_ellipses() -> None:
    x = torch.tensor([[0.0, 0.3, 0.39999]], dtype=torch.float64)
    y = torch.zeros_like(x)

    def thickness(width: float, height: float, roundness: float) -> Tensor:
        extents = torch.tensor([width, height], dtype=torch.float64)
        found = rounded_box_distance(x, y, extents, torch.tensor(roundness, dtype=torch.float64))[1]
        return found.expand(1, 3)[0]

    torch.testing.assert_close(thickness(0.2, 0.2, 1.0), torch.full((3,), 0.4).double())
    torch.testing.assert_close(thickness(0.4, 0.01, 0.0), torch.full((3,), 0.02).double())
    slim = thickness(0.4, 0.01, 1.0)
    assert slim[0] == pytest.approx(0.02)
    assert slim[1] == pytest.approx(0.02 * math.sqrt(1 - 0.75**2), rel=1e-2)
    assert slim[2] < 0.001


def test_conventions_of_the_canvas() -> None:
    assert canvas_size(2.0) == (2.0, 1.0)
    assert canvas_size(0.5) == (1.0, 2.0)
    x, y = pixel_centers(2, 4, torch.zeros((), dtype=torch.float64))
    assert x.tolist() == [0.25, 0.75, 1.25, 1.75]
    assert y.tolist() == [0.25, 0.75]


def test_positive_angles_turn_clockwise_on_screen() -> None:
    """y points down: turned by a quarter, what pointed right points down, as in SVG."""
    below = torch.tensor([0.5]), torch.tensor([0.9])
    local_x, local_y = to_local(*below, torch.tensor([0.5, 0.5]), torch.tensor(math.pi / 2))
    assert local_x.item() == pytest.approx(0.4)
    assert local_y.item() == pytest.approx(0.0, abs=1e-6)
