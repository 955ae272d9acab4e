"""Scratch rows of derivatives, and their sums: each is added to in one place, so that sums are reproducible."""

# Compiled by Triton, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import triton
import triton.language as tl
from torch import Tensor

NUMEROUS = 2**9
"""Shapes, segments or gradients of which a program sums the rows of several."""


class Rows:
    """Scratch rows for the derivatives by shapes, segments or gradients: one for each tile within the bounds of each.

    Args:
        bounds: ``[B, N, 4]``.
        rank: numbers in a row.
        most: rows, at most.
        tiles: of an image.
        like: its dtype is that of the rows.

    Attributes:
        bounds: as given.
        rows: ``[·, rank]``; those of one shape or segment follow each other.
        begins: index of the first row of each, ``[B·N]``; it may lie beyond the end.
        totals: ``[B, N, rank]``, zeros: what there is no row for is added to them.
    """

    def __init__(self, bounds: Tensor, rank: int, most: int, tiles: int, like: Tensor) -> None:
        sizes = (bounds[..., 2] * bounds[..., 3]).flatten()
        self.bounds = bounds
        self.begins = sizes.cumsum(0) - sizes
        self.rows = like.new_empty(min(len(sizes) * tiles, most), rank)
        self.totals = like.new_zeros(*bounds.shape[:2], rank)

    def sum(self) -> Tensor:
        """The totals, the rows of each added to them, ``[B, N, rank]``."""
        (room, rank), count = self.rows.shape, len(self.begins)
        padded = triton.next_power_of_2(rank)
        # Of numerous things, such as segments, each has few rows.
        shapes, length = (16, 2) if count > NUMEROUS else (1, 8)
        sum_rows[triton.cdiv(count, shapes),](
            self.rows,
            self.begins,
            self.bounds,
            self.totals,
            count,
            room,
            RANK=rank,
            PADDED=padded,
            SHAPES=shapes,
            LENGTH=length,
            num_warps=1,
        )
        return self.totals


@triton.jit
def sum_rows(
    rows, begins, bounds, total, count, room, RANK: tl.constexpr, PADDED: tl.constexpr, SHAPES: tl.constexpr,
    LENGTH: tl.constexpr,
):  # fmt: skip
    """Add the rows ``[room, RANK]`` of each shape, segment or gradient to ``total`` ``[count, RANK]``.

    A program for ``SHAPES`` of them, and ``LENGTH`` rows of each at a time.
    """
    shape = tl.program_id(0).to(tl.int64) * SHAPES + tl.arange(0, SHAPES)
    there = shape < count
    begin = tl.load(begins + shape, mask=there, other=0)
    across = tl.load(bounds + 4 * shape + 2, mask=there, other=0)
    length = (across * tl.load(bounds + 4 * shape + 3, mask=there, other=0)).to(tl.int64)
    length = tl.minimum(length, tl.maximum(room - begin, 0)).to(tl.int32)
    lane, number = tl.arange(0, LENGTH)[None, :, None], tl.arange(0, PADDED)[None, None, :]
    total_here = tl.zeros([SHAPES, LENGTH, PADDED], total.dtype.element_ty)
    for part in range(0, tl.max(length, 0), LENGTH):
        mask = (part + lane < length[:, None, None]) & (number < RANK)
        total_here += tl.load(rows + (begin[:, None, None] + part + lane) * RANK + number, mask=mask, other=0)
    at = tl.arange(0, PADDED)[None, :]
    into, fits = total + shape[:, None] * RANK + at, there[:, None] & (at < RANK)
    tl.store(into, tl.load(into, mask=fits, other=0) + tl.sum(total_here, 1), mask=fits)
