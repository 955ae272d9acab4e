"""Areas that the CPU's kernels measure beside segments of any length and slope, against those of the reference."""

import math

import pytest
import torch
from torch import Tensor

from vectorae import Path, Scene, rasterize
from vectorae.rasterizer.cpu.areas import UPRIGHT
from vectorae.rasterizer.cpu.scratch import TILE_HEIGHT, TILE_WIDTH
from vectorae.rasterizer.cpu.short_segments import BLOCK
from vectorae.scene import Group

SIDE = 2 * TILE_HEIGHT
"""Of the canvas in pixels."""

DISTINCT = 1e-9
"""Largest relative error of a drawing whose sides lie at no edge of a pixel, in float64."""


def polygon(*corners: tuple[float, float]) -> Tensor:
    """Corners in pixels, ``[1, 1, P, 2]`` canvas units, float64."""
    return torch.tensor(corners, dtype=torch.float64)[None, None] / SIDE


def gear(corners: int, radius: float, depth: float) -> Tensor:
    """A polygon around (28, 40) whose corners lie by turns at the radius and ``depth`` nearer, in pixels."""
    turn = [math.tau * (corner + 0.3) / corners for corner in range(corners)]
    reach = [radius - depth * (corner % 2) for corner in range(corners)]
    return polygon(*((28 + r * math.cos(t), 40 + r * math.sin(t)) for r, t in zip(reach, turn, strict=True)))


POLYGONS = {
    "more short sides in a tile than are computed at once": gear(6 * BLOCK, TILE_WIDTH / 2 - 0.5, 0.2),
    "short sides, some across tiles": gear(4 * BLOCK + 3, 18.0, 0.3),
    "long sides and short ones": gear(41, 20.0, 1.3),
    "sides beyond the canvas": polygon((-500, -30), (90.5, 20.2), (30.1, 700), (20, 20)),
}

AT_EDGES = {
    "a square of whole pixels": polygon((8, 8), (40, 8), (40, 40), (8, 40)),
    "a square of pixels, turned": polygon((24, 8), (40, 24), (24, 40), (8, 24)),
    "sides that are nearly upright or level": polygon((9, 9.3), (39.7, 9.3 + 1e-6), (39.7 + 1e-6, 50), (9 - 1e-9, 50)),
    "a sliver": polygon((3.2, 60.1), (60.4, 3.7), (60.4, 3.70001)),
    "sides of one pixel": polygon((10, 10), (11, 10), (11, 11), (12, 11), (12, 12), (10, 12)),
}
"""Polygons of which rounding decides in which pixels they lie, and that in float64 alone as the reference has it."""


def drawing(points: Tensor, backend: str, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """The image, and the gradients of a weighted sum of it by points and opacity."""
    points, opacity = points.to(dtype).requires_grad_(), torch.full((1, 1), 0.7, dtype=dtype, requires_grad=True)
    none = torch.zeros(1, 1, dtype=dtype)
    scene = Scene((Group(Path(points, closed=True), (0,)),), torch.ones(1, 1, 1, dtype=dtype), opacity, none, none)
    image = rasterize(scene, SIDE, SIDE, coverage="ramp", backend=backend)
    weights = torch.rand(image.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)
    by_points, by_opacity = torch.autograd.grad((image * weights).sum(), (points, opacity))
    return image, by_points, by_opacity


def assert_close(found: tuple[Tensor, ...], expected: tuple[Tensor, ...], tolerance: float) -> None:
    """Relative to the largest number of each tensor."""
    for one, same in zip(found, expected, strict=True):
        assert float((one - same).detach().abs().max()) <= tolerance * float(same.detach().abs().max())


@pytest.mark.parametrize("kind", POLYGONS)
def test_areas_and_their_gradients_are_those_of_the_reference(kind: str) -> None:
    exact = drawing(POLYGONS[kind], "reference", torch.float64)
    assert_close(drawing(POLYGONS[kind], "cpu", torch.float64), exact, DISTINCT)
    assert_close(drawing(POLYGONS[kind], "cpu", torch.float32), exact, 1e-4)


@pytest.mark.parametrize("kind", AT_EDGES)
def test_sides_may_lie_at_edges_of_pixels(kind: str) -> None:
    found, exact = (drawing(AT_EDGES[kind], backend, torch.float64) for backend in ("cpu", "reference"))
    assert_close(found, exact, UPRIGHT / 4)


def test_the_area_is_exact() -> None:
    """Of a triangle whose sides pass pixels at any slope: its shoelace area, and whole pixels inside."""
    corners = polygon((5.3, 4.1), (58.2, 21.7), (17.9, 57.4))
    image, _, _ = drawing(corners, "cpu", torch.float64)
    (x0, y0), (x1, y1), (x2, y2) = (SIDE * corners[0, 0]).tolist()
    area = abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) / 2
    assert float(image.detach().sum()) / 0.7 == pytest.approx(area, rel=1e-6)  # corners are moved by 1e-7 at most
    assert float(image.detach().max()) == pytest.approx(0.7, abs=1e-12)
