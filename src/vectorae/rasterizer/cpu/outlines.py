"""The outlines of boxes and of straight strokes: the CPU implementation of geometry.rounded_box.place_corners.

Shared arguments of the kernels:
    first, last: the range of shapes, of M.
    center, turn, inner, radii: ``[M, 2]``, see ``Corners``.
    chords: of each corner of each shape, ``[M]``.
    levels: ``[M]``, signs, tables: see ``corner_tables``.
    size: of each shape's outline, ``[M]``; sides of no length have no segment.
    segments: start and end of each, ``[M, S, 2, 2]``.
    by_x: the derivative by x.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vectorae.geometry.region import Boundary
from vectorae.geometry.rounded_box import CHORDS, Corners, chord_levels, corner_tables
from vectorae.rasterizer.cpu.compiled import inlined, kernel
from vectorae.rasterizer.cpu.threads import run_parallel, split_work

CORNERS = 4


def place_corners(corners: Corners, pixel: float) -> Boundary:
    """The outline that goes around corners on the CPU; see ``geometry.rounded_box.place_corners``."""
    segments, size = _Place.apply(corners.center, corners.turn, corners.inner, corners.radii, pixel)
    return Boundary(segments, torch.arange(segments.shape[-3]) < size[..., None])


class _Place(torch.autograd.Function):
    """The fields of ``Corners`` → segments ``[..., S, 2, 2]``; how many each shape has."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
        *tensors, pixel = arguments
        center, turn, inner, radii = (one.detach().reshape(-1, 2).contiguous() for one in tensors)
        levels, most = chord_levels(radii, pixel)
        tables = corner_tables(most, radii.device, radii.dtype)
        given = [one.numpy() for one in (center, turn, inner, radii, levels, *tables)]
        chords = np.array(CHORDS)[given[4]]
        size = CORNERS * chords + 2 * np.count_nonzero(given[2], axis=1)
        segments = radii.new_zeros(len(size), max(1, int(size.max(initial=0))), 2, 2)
        made = segments.numpy()
        run_parallel(lambda _, part: _place(*part.images, *given, chords, made), split_work(len(size), 1))
        shape = tensors[0].shape[:-1]
        of_shape = torch.from_numpy(size).view(shape)
        ctx.mark_non_differentiable(of_shape)
        ctx.given, ctx.chords, ctx.shape = given, chords, shape
        return segments.view(*shape, *segments.shape[1:]), of_shape

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_segments: Tensor, _: Any) -> tuple[Any, ...]:
        by = by_segments.contiguous().view(-1, *by_segments.shape[-3:]).numpy()
        into = np.zeros((len(by), 4, 2), by.dtype)
        run_parallel(
            lambda _, part: _differentiate(*part.images, *ctx.given, ctx.chords, by, into), split_work(len(by), 1)
        )
        return (*(torch.from_numpy(into[:, i]).view(*ctx.shape, 2) for i in range(4)), None)


@kernel
def _place(first, last, center, turn, inner, radii, levels, signs, tables, chords, segments):
    """Write the segments."""
    for m in range(first, last):
        written, table, side = 0, tables[levels[m]], False
        for corner in range(CORNERS):
            begin = written
            for i in range(chords[m] + 1):
                x, y, _ = _local(inner[m], radii[m], signs, table, corner, i)
                at_x = center[m, 0] + turn[m, 0] * x - turn[m, 1] * y
                at_y = center[m, 1] + turn[m, 1] * x + turn[m, 0] * y
                if i > 0 or side:
                    end = segments[m, begin + i - 1, 1]
                    end[0], end[1] = at_x, at_y
                if i < _segments_from(corner, inner[m], chords[m]):
                    start = segments[m, begin + i, 0]
                    start[0], start[1] = at_x, at_y
            side = inner[m, corner % 2] != 0
            written = begin + _segments_from(corner, inner[m], chords[m])
        if side:
            segments[m, written - 1, 1, 0], segments[m, written - 1, 1, 1] = segments[m, 0, 0, 0], segments[m, 0, 0, 1]


@kernel
def _differentiate(first, last, center, turn, inner, radii, levels, signs, tables, chords, by_segments, by):
    """Add the derivatives by the fields of ``Corners`` to ``by`` ``[M, 4, 2]``."""
    for m in range(first, last):
        begin, table, side = 0, tables[levels[m]], inner[m, 1] != 0
        before = CORNERS * chords[m] + 2 * (inner[m, 0] != 0) + 2 * (inner[m, 1] != 0) - 1
        for corner in range(CORNERS):
            count = _segments_from(corner, inner[m], chords[m])
            for i in range(chords[m] + 1):
                # A point ends one segment and starts the next one, where sides of no length have none.
                by_x = by_y = 0 * by_segments[m, 0, 0, 0]
                if i > 0 or side:
                    end = by_segments[m, begin + i - 1 if begin + i > 0 else before, 1]
                    by_x, by_y = by_x + end[0], by_y + end[1]
                if i < count:
                    start = by_segments[m, begin + i, 0]
                    by_x, by_y = by_x + start[0], by_y + start[1]
                x, y, at = _local(inner[m], radii[m], signs, table, corner, i)
                by[m, 0, 0] += by_x
                by[m, 0, 1] += by_y
                by[m, 1, 0] += by_x * x + by_y * y
                by[m, 1, 1] += by_y * x - by_x * y
                across = signs[at, 0] * (turn[m, 0] * by_x + turn[m, 1] * by_y)
                down = signs[at, 1] * (turn[m, 0] * by_y - turn[m, 1] * by_x)
                by[m, 2, 0] += across
                by[m, 2, 1] += down
                by[m, 3, 0] += across * table[at, 0]
                by[m, 3, 1] += down * table[at, 1]
            begin, side = begin + count, inner[m, corner % 2] != 0


@inlined
def _segments_from(corner, inner, chords):
    """Number of segments that begin at a corner's points: its chords, and the side to the next corner if it is long."""
    return chords + (1 if inner[corner % 2] != 0 else 0)


@inlined
def _local(inner, radii, signs, table, corner, i):
    """Position of a corner's point i from the shape's centre; its row in the table."""
    at = corner * (len(signs) // CORNERS) + i
    x, y = inner[0] + table[at, 0] * radii[0], inner[1] + table[at, 1] * radii[1]
    return signs[at, 0] * x, signs[at, 1] * y, at
