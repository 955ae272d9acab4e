"""The part of each pixel that a region covers, exactly, by ordinary operators that other programs have too.

``covered_area`` compares every segment with every pixel. Here segments are cut at the grid's lines, and each piece is
added to the one pixel that it passes: a hundredth of the work, and nothing that depends on the numbers but where they
are added. So it can be traced, its gradient included.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def sparse_area(
    starts: Tensor, ends: Tensor, height: int, width: int, pixel: float, reach: int | None = None
) -> Tensor:
    """What segments add to the part of each pixel that lies in a region; differentiable.

    The sum over all segments of a boundary, clamped to [0, 1], is that of ``covered_area``.

    Args:
        starts, ends: of directed segments, ``[..., S, 2]``, canvas units; those of no length add nothing.
        height, width: size of the image in pixels.
        pixel: size of a pixel in canvas units.
        reach: how many lines of the grid a segment crosses at most, each way; None is all.

    Returns:
        ``[..., height, width]``.

    Example:
        The upper half of the second pixel of three, from its left side and its right one.

        >>> starts, ends = torch.tensor([[1.0, 0.5], [2.0, 0.0]]), torch.tensor([[1.0, 0.0], [2.0, 0.5]])
        >>> sparse_area(ends, starts, 1, 3, pixel=1.0)
        tensor([[0.0000, 0.5000, 0.0000]])
    """
    area: Tensor = _SparseArea.apply(starts / pixel, ends / pixel, height, width, reach)
    return area


class _SparseArea(torch.autograd.Function):
    """Segments ``[..., S, 2]`` in pixels → signed area to their right in each pixel."""

    @staticmethod
    def forward(ctx: Any, starts: Tensor, ends: Tensor, height: int, width: int, reach: int | None) -> Tensor:
        (x0, y0), (x1, y1) = starts.unbind(-1), ends.unbind(-1)
        along_x, along_y = x1 - x0, y1 - y0
        first, last = _pieces(x0, y0, x1, y1, height, width, reach)
        middle = (first + last) / 2
        x, y = x0[..., None] + middle * along_x[..., None], y0[..., None] + middle * along_y[..., None]
        row, column = y.floor(), x.floor()
        length = torch.where((row >= 0) & (row < height), last - first, 0)
        drop = along_y[..., None] * length
        # What lies left of the image covers all of a row, what lies right of it nothing: two columns that are cut off.
        shown = column.clamp(0, width)
        part = (shown + 1 - x.clamp_min(0)) * drop
        place = (row.clamp(0, height - 1) * (width + 2) + shown).long()
        places = torch.cat([place, place + 1], dim=-1).flatten(-2)
        parts = torch.zeros(*x0.shape[:-1], height * (width + 2), dtype=x0.dtype, device=x0.device)
        parts = parts.scatter_add(-1, places, torch.cat([part, drop - part], dim=-1).flatten(-2))
        ctx.save_for_backward(along_x, along_y, middle, torch.where(column >= 0, length, 0), place)
        return parts.unflatten(-1, (height, width + 2)).cumsum(-1)[..., :width]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The normal displacement of each piece, by the gradient of its pixel."""
        along_x, along_y, middle, length, place = ctx.saved_tensors
        weight = F.pad(gradient, (0, 2)).flatten(-2).gather(-1, place.flatten(-2)).unflatten(-1, place.shape[-2:])
        weight = weight * length
        total, at_end = weight.sum(-1), (weight * middle).sum(-1)
        outwards = torch.stack([-along_y, along_x], dim=-1)
        return outwards * (total - at_end)[..., None], outwards * at_end[..., None], None, None, None


def _pieces(
    x0: Tensor, y0: Tensor, x1: Tensor, y1: Tensor, height: int, width: int, reach: int | None
) -> tuple[Tensor, Tensor]:
    """The pieces of segments ``[..., S]`` between the lines of the grid: where each begins and ends, in [0, 1]."""
    cuts = torch.cat([_crossings(x0, x1, width, reach), _crossings(y0, y1, height, reach)], dim=-1).sort(-1).values
    return F.pad(cuts, (1, 0)), F.pad(cuts, (0, 1), value=1.0)


def _crossings(a: Tensor, b: Tensor, size: int, reach: int | None) -> Tensor:
    """Where segments from a to b ``[..., S]`` cross the lines 0 … size, in [0, 1]; 0 or 1 where they do not."""
    lines = torch.arange(size + 1 if reach is None else reach, dtype=a.dtype, device=a.device)
    along, a = (b - a)[..., None], a[..., None]
    if reach is not None:
        lines = torch.minimum(a, b[..., None]).floor() + 1 + lines
    return torch.where(along == 0, 1, (lines - a) / torch.where(along == 0, 1, along)).clamp(0, 1)
