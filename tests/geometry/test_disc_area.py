"""What discs cover of pixels is what polygons of very many sides cover, in value and gradient."""

import math

import pytest
import torch
from torch import Tensor

from vectorae.geometry.covered_area import covered_area
from vectorae.geometry.disc_area import disc_area
from vectorae.geometry.region import Boundary

SIZE = 12, 17
PIXEL = 1 / 12
DISCS = {
    "inside": (0.503, 0.511, 0.26),
    "around the corner of four pixels": (0.5, 0.5, 0.25),
    "over the edge": (0.1, 0.05, 0.3),
    "centre outside": (1.52, 0.2, 0.6),
    "within a pixel": (0.543, 0.459, 0.01),
    "around the middle of a pixel": (0.54, 0.46, 0.06),
    "larger than the canvas": (0.2, 0.3, 3.0),
    "with an arc that is nearly straight": (-300.0, 0.4, 300.7),
    "elsewhere": (3.0, 3.0, 0.5),
    "of no size": (0.51, 0.52, 0.0),
}


def polygon(center: Tensor, radius: Tensor, sides: int = 4096) -> Boundary:
    """Of the disc's area."""
    turn = torch.arange(sides, dtype=center.dtype) * (2 * math.pi / sides)
    grown = math.sqrt(2 * math.pi / (sides * math.sin(2 * math.pi / sides)))
    points = torch.stack([turn.cos(), -turn.sin()], dim=-1) * (radius * grown) + center
    segments = torch.stack([points, points.roll(-1, 0)], dim=-2)
    return Boundary(segments, torch.ones(sides, dtype=torch.bool))


def numbers(name: str) -> tuple[Tensor, Tensor]:
    x, y, radius = DISCS[name]
    return torch.tensor([x, y], dtype=torch.float64), torch.tensor(radius, dtype=torch.float64)


@pytest.mark.parametrize("name", DISCS)
def test_it_is_the_area_of_a_polygon(name: str) -> None:
    center, radius = numbers(name)
    found = disc_area(center, radius, *SIZE, PIXEL)
    # Of an arc of 300 canvases the polygon has a side every half canvas.
    error = float(radius) * (math.pi / 4096) ** 2 / PIXEL
    torch.testing.assert_close(found, covered_area(polygon(center, radius), *SIZE, PIXEL), atol=1e-8 + error, rtol=0)
    single = disc_area(center.float(), radius.float(), *SIZE, PIXEL)
    torch.testing.assert_close(single, found.float(), atol=1e-5 if float(radius) < 100 else 5e-3, rtol=0)


@pytest.mark.parametrize("name", ["inside", "around the middle of a pixel", "within a pixel"])
def test_all_of_it_is_there(name: str) -> None:
    center, radius = numbers(name)
    expected = math.pi * (float(radius) / PIXEL) ** 2
    assert float(disc_area(center, radius, *SIZE, PIXEL).sum()) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", ["inside", "over the edge", "centre outside", "within a pixel", "elsewhere"])
def test_gradients_are_exact(name: str) -> None:
    weight = torch.rand(SIZE, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def weighted(center: Tensor, radius: Tensor) -> Tensor:
        return (disc_area(center, radius, *SIZE, PIXEL) * weight).sum()

    leaves = tuple(one.requires_grad_() for one in numbers(name))
    assert torch.autograd.gradcheck(weighted, leaves, eps=1e-7, atol=1e-5, rtol=1e-5)


def test_many_at_once() -> None:
    discs = [numbers(name) for name in DISCS]
    center, radius = (torch.stack(values).view(2, 5, *values[0].shape) for values in zip(*discs, strict=True))
    together = disc_area(center, radius, *SIZE, PIXEL)
    alone = torch.stack([disc_area(*one, *SIZE, PIXEL) for one in discs]).view(2, 5, *SIZE)
    torch.testing.assert_close(together, alone, atol=1e-14, rtol=0)
