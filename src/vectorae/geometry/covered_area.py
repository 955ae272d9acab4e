"""The part of each pixel that a region covers, exactly."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vectorae.geometry.region import Boundary


def covered_area(region: Boundary, height: int, width: int, pixel: float) -> Tensor:
    """The part of each pixel that lies in the region, exactly; differentiable.

    By Green's theorem it is the sum, over the boundary's segments, of the signed area to the right of each. Its
    derivative is the normal displacement of the boundary, integrated over the part that lies in the pixel.

    Args:
        region: boundaries ``[..., S, 2]``.
        height, width: size of the image in pixels.
        pixel: size of a pixel in canvas units.

    Returns:
        ``[..., height, width]`` in [0, 1].
    """
    covered: Tensor = _CoveredArea.apply(region.starts / pixel, region.ends / pixel, region.present, height, width)
    return covered.clamp(0, 1)


class _CoveredArea(torch.autograd.Function):
    """Segments ``[..., S, 2]`` in pixels → signed area to their right in each pixel."""

    @staticmethod
    def forward(ctx: Any, starts: Tensor, ends: Tensor, present: Tensor, height: int, width: int) -> Tensor:
        ctx.save_for_backward(starts, ends, present)
        ctx.size = height, width
        covered = starts.new_zeros(*present.shape[:-1], height, width)
        for index in range(starts.shape[-2]):
            start, end = starts[..., index, :], ends[..., index, :]
            first, last, passed = _inside_pixels(start, end, height, width)
            x0, dx, dy = (v[..., None, None] for v in (start[..., 0], *(end - start).unbind(-1)))
            right_edge = torch.arange(1, width + 1, dtype=starts.dtype, device=starts.device)
            partly = (last - first) * (right_edge - x0 - dx * (first + last) / 2)
            covered += torch.where(present[..., index, None, None], dy * (partly + passed), 0)
        return covered

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        starts, ends, present = ctx.saved_tensors
        by_start, by_end = torch.zeros_like(starts), torch.zeros_like(ends)
        for index in range(starts.shape[-2]):
            start, end = starts[..., index, :], ends[..., index, :]
            first, last, _ = _inside_pixels(start, end, *ctx.size)
            weight = torch.where(present[..., index, None, None], gradient, 0)
            total = (weight * (last - first)).sum((-2, -1))
            at_end = (weight * (last.square() - first.square()) / 2).sum((-2, -1))
            dx, dy = (end - start).unbind(-1)
            outwards = torch.stack([-dy, dx], dim=-1)
            by_start[..., index, :] = outwards * (total - at_end)[..., None]
            by_end[..., index, :] = outwards * at_end[..., None]
        return by_start, by_end, None, None, None


def _inside_pixels(start: Tensor, end: Tensor, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """The interval of each segment ``[..., 2]`` inside each pixel, and the length of its part left of the pixel.

    All are positions along the segment in [0, 1], ``[..., H, W]``: (first, last, length). The length counts only the
    part in the pixel's row.
    """
    (x0, y0), (x1, y1) = (points[..., None, None].unbind(-3) for points in (start, end))
    row = torch.arange(height, dtype=start.dtype, device=start.device)[:, None]
    column = torch.arange(width, dtype=start.dtype, device=start.device)
    row_first, row_last = _between(y0, y1, row, torch.zeros_like(row), torch.ones_like(row))
    first, last = _between(x0, x1, column, row_first, row_last)
    left_of_it = torch.where(x1 > x0, first - row_first, row_last - last)
    left_of_it = torch.where(x1 == x0, torch.where(x0 < column, row_last - row_first, 0), left_of_it)
    return first, last, left_of_it


def _between(a: Tensor, b: Tensor, low: Tensor, first: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
    """The sub-interval of [first, last] where a + t (b − a) lies between low and low + 1."""
    along = b - a
    enter, leave = (low - a) / along, (low + 1 - a) / along
    enter, leave = torch.minimum(enter, leave), torch.maximum(enter, leave)
    level, within = along == 0, (low <= a) & (a < low + 1)
    enter = torch.where(level, torch.where(within, first, last), enter)
    leave = torch.where(level, last, leave)
    return torch.minimum(torch.maximum(enter, first), last), torch.minimum(torch.maximum(leave, first), last)
