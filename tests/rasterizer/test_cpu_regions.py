"""Regions that the CPU's kernels find, compared with those of the reference: values and gradients."""

import math

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from vectorae.geometry.region import JITTER, Boundary, Contours, Region
from vectorae.geometry.region import enclosed_region as reference
from vectorae.rasterizer.cpu.regions import enclosed_region

PIXEL = 1 / 32
DTYPES = [torch.float32, torch.float64]


def random(*shape: int, seed: int = 0) -> Tensor:
    """Uniform in [0, 1], float64."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def blobs(count: int, corners: int, seed: int = 0) -> Tensor:
    """Smooth closed cubics around the middle, ``[1, count, 3 * corners, 2]``."""
    turn = torch.arange(3 * corners, dtype=torch.float64) * 2 * math.pi / (3 * corners)
    radius = 0.1 + 0.3 * random(1, count, 3 * corners, 1, seed=seed)
    return 0.5 + radius * torch.stack([turn.cos(), turn.sin()], dim=-1)


def cut(points: int, degree: int, contours: int) -> tuple[int, ...]:
    """Sizes of contours of one curve each, but for the last."""
    contours = min(contours, points // degree)
    return (*(degree,) * (contours - 1), points - degree * (contours - 1)) if contours > 1 else ()


def segments_of(region: Boundary, path: int) -> Tensor:
    """Those of a path that are longer than what jitter makes, ``[S, 4]``."""
    segments = region.segments.flatten(0, 1)[path][region.present.flatten(0, 1)[path]]
    return segments[(segments[:, 0] - segments[:, 1]).norm(dim=-1) > 10 * JITTER].flatten(1)


FILLINGS = pytest.mark.parametrize(("contours", "even_odd"), [(1, False), (1, True), (3, False), (2, True)])


@FILLINGS
@pytest.mark.parametrize("degree", [1, 3])
def test_boundaries_are_those_of_the_reference(degree: int, contours: int, even_odd: bool) -> None:
    """Random paths, and paths on a coarse grid, where crossings fall on corners and corners on each other."""
    for count in (1, 2, 3, 4, 6, 8, 11):
        points, sizes = random(2, 8, degree * count, 2, seed=count), cut(degree * count, degree, contours)
        for places in (points, (points * 4).round() / 4) if degree == 1 else (points,):
            control = Contours(places, degree, sizes, even_odd)
            expected, found = reference(control, PIXEL), enclosed_region(control, PIXEL)
            torch.testing.assert_close(found.area, expected.area, atol=1e-9, rtol=0)
            torch.testing.assert_close(found.perimeter, expected.perimeter, atol=1e-8, rtol=0)
            for path in range(16):
                one, same = segments_of(expected.boundary, path), segments_of(found.boundary, path)
                assert len(one) == len(same)
                if len(one):
                    apart = torch.cdist(one, same, compute_mode="donot_use_mm_for_euclid_dist")
                    assert max(apart.amin(0).max(), apart.amin(1).max()) < 1e-8


def test_a_path_is_the_same_in_any_batch() -> None:
    points = blobs(3, 4)
    points[:, 1:] *= torch.tensor([3.0, 0.0])[:, None, None]
    together, alone = (enclosed_region(Contours(some, 3), PIXEL) for some in (points, points[:, :1]))
    assert torch.equal(segments_of(together.boundary, 0), segments_of(alone.boundary, 0))
    assert torch.equal(together.perimeter[:, :1], alone.perimeter)


def measured(region: Region) -> Tensor:
    """A number that depends on all that a region is, but not on the order of its segments."""
    start, end = region.boundary.starts, region.boundary.ends
    of_segment = start[..., 0].sin() * end[..., 1].cos() + (3 * end[..., 0]).sin() * start[..., 1]
    of_path = (of_segment * region.boundary.present).sum(-1) + 2 * region.area + 3 * region.perimeter
    return (of_path * random(*of_path.shape).to(of_path.dtype)).sum()


def gradients(points: Tensor, degree: int, contours: int = 1, even_odd: bool = False) -> list[Tensor]:
    leaves, sizes = [points.clone().requires_grad_() for _ in range(2)], cut(points.shape[2], degree, contours)
    regions = [
        make(Contours(leaf, degree, sizes, even_odd), PIXEL)
        for make, leaf in zip((reference, enclosed_region), leaves, strict=True)
    ]
    return [torch.autograd.grad(measured(one), leaf)[0] for one, leaf in zip(regions, leaves, strict=True)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("degree", [1, 3])
@FILLINGS
def test_gradients_are_those_of_the_reference(contours: int, even_odd: bool, degree: int, dtype: torch.dtype) -> None:
    atol, rtol = (1e-9, 1e-9) if dtype == torch.float64 else (2e-3, 1e-4)
    for points in (random(2, 6, 4 * degree, 2), random(2, 6, 9, 2, seed=1), blobs(12, 3)):
        expected, found = gradients(points.to(dtype), degree, contours, even_odd)
        torch.testing.assert_close(found, expected, atol=atol, rtol=rtol)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("corners", [[0] * 6, [0], [0, 1], [0, 1, 1, 0], [0, 0, 1, 2, 2, 0], [0, 1, 2, 0, 1, 2]])
def test_corners_that_coincide_have_together_the_gradient_of_the_reference(
    corners: list[int], dtype: torch.dtype
) -> None:
    distinct = torch.tensor([[0.25, 0.125], [0.75, 0.25], [0.5, 0.75]], dtype=dtype)
    for degree in (1, 3)[: 1 + (len(corners) == 6)]:
        expected, found = gradients(distinct[corners][None, None], degree)
        assert found.isfinite().all()
        for corner in range(3):
            same = torch.tensor(corners) == corner
            torch.testing.assert_close(found[:, :, same].sum(2), expected[:, :, same].sum(2), atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_gradients_are_those_of_differences(seed: int) -> None:
    def all_of(points: Tensor) -> tuple[Tensor, ...]:
        degree, contours = points.shape[-2] % 2 * 2 + 1, 1 + seed
        control = Contours(points, degree, cut(points.shape[-2], degree, contours), even_odd=seed == 1)
        region = enclosed_region(control, PIXEL)
        return region.boundary.segments, region.area, region.perimeter

    assert gradcheck(all_of, random(1, 2, 8, 2, seed=seed).requires_grad_())
    assert gradcheck(all_of, random(1, 2, 9, 2, seed=seed).requires_grad_())
    assert gradcheck(all_of, blobs(2, 5, seed).requires_grad_())


def test_no_paths_are_no_regions() -> None:
    region = enclosed_region(Contours(torch.zeros(2, 0, 6, 2), 3), PIXEL)
    assert region.boundary.present.shape[:2] == region.area.shape == (2, 0)
