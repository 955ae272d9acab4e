"""The area of pixels by the pieces of segments is that of every segment in every pixel."""

import pytest
import torch
from torch import Tensor

from vectorae.geometry.covered_area import covered_area
from vectorae.geometry.region import Boundary
from vectorae.geometry.sparse_area import sparse_area


def polygons(scale: float, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Starts and ends of the sides of triangles, some of which lie partly or wholly off the picture."""
    points = (torch.rand(40, 3, 2, generator=torch.Generator().manual_seed(0), dtype=dtype) - 0.5) * scale + 0.5
    points[0] = torch.tensor([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75]])  # along the lines of the grid
    points[1] = 0.5
    return points, points.roll(-1, -2)


@pytest.mark.parametrize("size", [(8, 8), (8, 12), (13, 8)])
@pytest.mark.parametrize("scale", [0.1, 1.0, 4.0])
def test_it_is_the_covered_area_in_value_and_gradient(size: tuple[int, int], scale: float) -> None:
    found = []
    weight = torch.rand(40, *size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for sparse in (False, True):
        starts, ends = (points.clone().requires_grad_() for points in polygons(scale))
        if sparse:
            area = sparse_area(starts, ends, *size, pixel=1 / 8)
        else:
            present = torch.ones_like(starts[..., 0], dtype=torch.bool)
            area = covered_area(Boundary(torch.stack([starts, ends], dim=-2), present), *size, pixel=1 / 8)
        found.append((area, *torch.autograd.grad((area * weight).sum(), (starts, ends))))
    sign = torch.sign(found[1][0].sum((1, 2)))  # a triangle the other way around has a negative area
    torch.testing.assert_close(found[1][0].clamp(0, 1), found[0][0], atol=1e-12, rtol=0)
    seen = sign > 0
    for one, other in zip(found[1][1:], found[0][1:], strict=True):
        torch.testing.assert_close(one[seen], other[seen], atol=1e-9, rtol=0)


def test_short_segments_need_few_lines() -> None:
    starts, ends = polygons(0.2)
    area = sparse_area(starts, ends, 8, 8, pixel=1 / 8)
    torch.testing.assert_close(sparse_area(starts, ends, 8, 8, pixel=1 / 8, reach=3), area)
