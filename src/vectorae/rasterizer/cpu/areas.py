"""The kernels for regions that are drawn exactly: the covered area of each pixel (see geometry.covered_area).

Shared arguments: ``entries`` of the plan; ``cells``, ``near``, ``carried`` (see near.py); ``shapes``, ``canvas`` (see
arguments.py); ``alpha`` of the chunk's entries (see ``at_place``); ``covered`` ``[256]``, ``weights`` ``[257]``
and ``lanes`` (see short_segments.py), scratch.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.cpu.arguments import Array
from vectorae.rasterizer.cpu.compiled import compiled, inlined, kernel
from vectorae.rasterizer.cpu.near import NEAR, NEAR_END
from vectorae.rasterizer.cpu.plan import CELL, IMAGE, LEFT, PLACE, SLOT, TOP, at_place, range_of
from vectorae.rasterizer.cpu.scratch import PIXELS, ROW, TILE_HEIGHT
from vectorae.rasterizer.cpu.short_segments import (
    BLOCK,
    LANE_ROWS,
    cover_short,
    differentiate_short,
    is_short,
    keep_segment,
)
from vectorae.rasterizer.cpu.vectors import cover_evenly, cover_slanted, sum_along
from vectorae.rasterizer.packing import REGION, ROUNDED

UPRIGHT = 1e-7
"""Pixels: a segment that is no wider in a row is taken as upright there. The area is wrong by an eighth of that at
most, and of a wider one by as much, from rounding."""

STEEPEST = 1e30
"""Stands for 1 / 0."""


def scratch_of_areas() -> tuple[Array, Array, Array]:
    """``covered``, ``weights`` and ``lanes``."""
    return np.empty(PIXELS), np.zeros(PIXELS + 1), np.empty(LANE_ROWS * BLOCK)


@kernel
def cover_areas(entries, cells, near, carried, shapes, canvas, alpha, covered, lanes):
    """Write the alpha of regions."""
    scale = float(min(canvas.height, canvas.width))
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        if shapes.kinds[k] != REGION or place < 0:
            continue
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        left, top, weight = float(entries[e, LEFT]), float(entries[e, TOP]), shapes.numbers[b, k, ROUNDED]
        start, stop = range_of(entries[e])
        _cover_tile(shapes.vertices[b], segments, carried[cell], scale, left, top, start, stop, covered, lanes)
        own = alpha[at_place(place)]
        for p in range(start, stop):
            own[p] = weight * covered[p]


@kernel
def differentiate_areas(
    entries, cells, near, carried, shapes, canvas, alpha, by_alpha, by_numbers, by_vertices, covered, weights, lanes
):
    """Add the derivatives by the weights and vertices of regions."""
    scale = float(min(canvas.height, canvas.width))
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        if shapes.kinds[k] != REGION or place < 0:
            continue
        segments, vertices = near[cells[cell, NEAR] : cells[cell, NEAR_END]], shapes.vertices[b]
        left, top, weight = float(entries[e, LEFT]), float(entries[e, TOP]), shapes.numbers[b, k, ROUNDED]
        (start, stop), total = range_of(entries[e]), 0.0
        own, by_own = alpha[at_place(place)], by_alpha[at_place(place)]
        for p in range(start, stop):
            total += by_own[p] * own[p]
            weights[p] = by_own[p] * weight
        if weight > 1e-6:
            total /= weight
        else:  # what is covered cannot be told from alpha
            _cover_tile(vertices, segments, carried[cell], scale, left, top, start, stop, covered, lanes)
            total = 0.0
            for p in range(start, stop):
                total += by_own[p] * covered[p]
        by_numbers[b, k, ROUNDED] += total
        _differentiate_tile(vertices, segments, scale, left, top, start, stop, weights, lanes, by_vertices[b])


@compiled
def _cover_tile(vertices, segments, carried, scale, left, top, start, stop, covered, lanes):
    """Write the covered part of each pixel of a range."""
    top_row, bottom_row = start // ROW, stop // ROW
    for r in range(top_row, bottom_row):
        for i in range(ROW):
            covered[r * ROW + i] = carried[r]
    for begin in range(0, len(segments), BLOCK):
        count = np.uintp(0)
        for index in range(begin, min(begin + BLOCK, len(segments))):
            x, y, dx, dy = _segment(vertices, segments[index], scale, left, top)
            if is_short(dx, dy):
                keep_segment(x, y, dx, dy, 0.0, count, lanes)
                count += np.uintp(1)
            else:
                _cover_long(x, y, dx, dy, top_row, bottom_row, covered)
        cover_short(count, float(top_row), float(bottom_row), covered, lanes)
    for p in range(start, stop):
        covered[p] = min(max(covered[p], 0.0), 1.0)


@inlined
def _cover_long(x, y, dx, dy, top_row, bottom_row, covered):
    """Add the area to the right of a segment, row by row."""
    inverse, slope = _inverse(dy), dy * abs(_inverse(dx))
    first_row, end_row = _touched_rows(y, y + dy)
    for r in range(max(first_row, top_row), min(end_row, bottom_row)):
        begin, finish = _within_row(y, inverse, float(r))
        at_begin, at_finish = x + begin * dx, x + finish * dx
        low, across = min(at_begin, at_finish), abs(at_finish - at_begin)
        if across < UPRIGHT:
            cover_evenly(covered, (r * ROW,), low + across / 2, dy * (finish - begin))
        else:
            cover_slanted(covered, (r * ROW,), low, across, slope)


@compiled
def _differentiate_tile(vertices, segments, scale, left, top, start, stop, weights, lanes, by_vertices):
    """Add the derivatives of Σ weight · covered by the ends of segments."""
    top_row, bottom_row = start // ROW, stop // ROW
    for begin in range(0, len(segments), BLOCK):
        count = np.uintp(0)
        for index in range(begin, min(begin + BLOCK, len(segments))):
            v = segments[index]
            x, y, dx, dy = _segment(vertices, v, scale, left, top)
            if is_short(dx, dy):
                keep_segment(x, y, dx, dy, v, count, lanes)
                count += np.uintp(1)
            else:
                total, at_end = _sum_along_rows(x, y, dx, dy, top_row, bottom_row, weights)
                out_x, out_y = -dy * scale, dx * scale
                by_vertices[v, 0] += out_x * (total - at_end)
                by_vertices[v, 1] += out_y * (total - at_end)
                by_vertices[v + 1, 0] += out_x * at_end
                by_vertices[v + 1, 1] += out_y * at_end
        differentiate_short(count, scale, float(top_row), float(bottom_row), weights, lanes, by_vertices)


@inlined
def _sum_along_rows(x, y, dx, dy, top_row, bottom_row, weights):
    """∫ w dt and ∫ w t dt along a segment: w is the weight of the pixel that it passes at t."""
    total = at_end = 0.0
    inverse_x, inverse_y = _inverse(dx), _inverse(dy)
    first_row, end_row = _touched_rows(y, y + dy)
    for r in range(max(first_row, top_row), min(end_row, bottom_row)):
        begin, finish = _within_row(y, inverse_y, float(r))
        in_row, at_end_in_row = sum_along(weights, (r * ROW,), x, inverse_x, begin, finish)
        total += in_row
        at_end += at_end_in_row
    return total, at_end


@inlined
def _segment(vertices, v, scale, left, top):
    """The start of a segment in pixels, relative to a tile, and the way to its end."""
    start, end = vertices[np.uintp(v)], vertices[np.uintp(v) + np.uintp(1)]
    x0, y0 = float(start[0]) * scale - left, float(start[1]) * scale - top
    x1, y1 = float(end[0]) * scale - left, float(end[1]) * scale - top
    return x0, y0, x1 - x0, y1 - y0


@inlined
def _inverse(difference):
    """1 over the way from a segment's start to its end along an axis."""
    return 1 / difference if abs(difference) * STEEPEST > 1 else STEEPEST


@inlined
def _within_row(y, inverse, row):
    """The part of a segment that lies within a row, as a sub-interval of [0, 1]; ``inverse``: of its way down."""
    one, other = (row - y) * inverse, (row + 1 - y) * inverse
    return min(max(min(one, other), 0.0), 1.0), min(max(max(one, other), 0.0), 1.0)


@inlined
def _touched_rows(a, b):
    """The range of a tile's rows between two positions; both ends ``TILE_HEIGHT`` beyond them.

    Unsigned, so that the compiler knows that no index is negative.
    """
    first = np.uintp(min(max(math.floor(min(a, b)), 0.0), float(TILE_HEIGHT)))
    return first, np.uintp(min(max(math.floor(max(a, b)) + 1, 0.0), float(TILE_HEIGHT)))
