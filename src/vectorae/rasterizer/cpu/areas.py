"""The kernels for regions that are drawn exactly: the covered area of each pixel (see geometry.covered_area).

Shared arguments: ``entries`` of the plan; ``cells``, ``near``, ``carried`` (see near.py); ``shapes``, ``canvas`` (see
arguments.py); ``alpha`` of the chunk's entries (see ``at_place``); ``covered`` and ``weights`` ``[256]``, scratch.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.cpu.compiled import compiled, inlined, kernel
from vectorae.rasterizer.cpu.near import NEAR, NEAR_END
from vectorae.rasterizer.cpu.plan import CELL, IMAGE, LEFT, PLACE, SLOT, TOP, at_place, range_of
from vectorae.rasterizer.cpu.scratch import ROW, TILE_HEIGHT, TILE_WIDTH
from vectorae.rasterizer.packing import REGION, ROUNDED

UPRIGHT = 1e-6
"""Pixels: a segment that is no wider lies at one place in a row."""

RIGHT = np.arange(1.0, ROW + 1.0)
"""Right sides of the pixels of a tile's row."""


@kernel
def cover_areas(entries, cells, near, carried, shapes, canvas, alpha, covered):
    """Write the alpha of regions."""
    pixel = 1 / min(canvas.height, canvas.width)
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        if shapes.kinds[k] != REGION or place < 0:
            continue
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        left, top, weight = entries[e, LEFT], entries[e, TOP], shapes.numbers[b, k, ROUNDED]
        start, stop = range_of(entries[e])
        _cover_tile(shapes.vertices[b], segments, carried[cell], pixel, left, top, start, stop, covered)
        own = alpha[at_place(place)]
        for p in range(start, stop):
            own[p] = weight * covered[p]


@kernel
def differentiate_areas(
    entries, cells, near, carried, shapes, canvas, alpha, by_alpha, by_numbers, by_vertices, weights, covered
):
    """Add the derivatives by the weights and vertices of regions."""
    pixel = 1 / min(canvas.height, canvas.width)
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        if shapes.kinds[k] != REGION or place < 0:
            continue
        segments, vertices = near[cells[cell, NEAR] : cells[cell, NEAR_END]], shapes.vertices[b]
        left, top, weight = entries[e, LEFT], entries[e, TOP], shapes.numbers[b, k, ROUNDED]
        (start, stop), total = range_of(entries[e]), 0.0
        own, by_own = alpha[at_place(place)], by_alpha[at_place(place)]
        for p in range(start, stop):
            total += by_own[p] * own[p]
            weights[p] = by_own[p] * weight
        if weight > 1e-6:
            total /= weight
        else:  # what is covered cannot be told from alpha
            _cover_tile(vertices, segments, carried[cell], pixel, left, top, start, stop, covered)
            total = 0.0
            for p in range(start, stop):
                total += by_own[p] * covered[p]
        by_numbers[b, k, ROUNDED] += total
        for i in range(len(segments)):
            _add_segment(vertices, segments[i], pixel, left, top, start, stop, weights, by_vertices[b])


@inlined
def _inverse(difference):
    """1 over the difference between the ends of a segment along an axis; 0 if there is none."""
    return 1 / difference if difference != 0 else 0.0


@inlined
def _between(a, inverse, low, first, last):
    """The sub-interval of [first, last] where a + t / inverse lies between low and low + 1 (see ``_inverse``)."""
    if inverse == 0:
        return (first, last) if low <= a < low + 1 else (first, first)
    enter, leave = (low - a) * inverse, (low + 1 - a) * inverse
    enter, leave = min(enter, leave), max(enter, leave)
    return min(max(enter, first), last), min(max(leave, first), last)


@inlined
def _segment(vertices, v, pixel, left, top):
    """The start of a segment in pixels, relative to a tile, and the way to its end."""
    x0, y0 = float(vertices[v, 0]) / pixel - left, float(vertices[v, 1]) / pixel - top
    x1, y1 = float(vertices[v + 1, 0]) / pixel - left, float(vertices[v + 1, 1]) / pixel - top
    return x0, y0, x1 - x0, y1 - y0


@inlined
def _touched(a, b, count):
    """The range of the ``count`` rows, or columns, of a tile between two positions; both ends ``count`` beyond them.

    Unsigned, so that the compiler knows that no index is negative.
    """
    first = np.uintp(min(max(math.floor(min(a, b)), 0.0), float(count)))
    return first, np.uintp(min(max(math.floor(max(a, b)) + 1, 0.0), float(count)))


@inlined
def _is_short(dx, dy):
    """Whether a segment enters at most one other row and one other column of pixels: three pieces, and no loops."""
    return abs(dx) <= 1 and abs(dy) <= 1


@inlined
def _cuts(x0, y0, dx, dy, inverse_x, inverse_y):
    """Where a short segment enters another column and another row, in order, as parts of the way to its end."""
    one, other = _cut(x0, dx, inverse_x), _cut(y0, dy, inverse_y)
    return min(one, other), max(one, other)


@inlined
def _cut(a, difference, inverse):
    """Where a + t · difference passes a whole number, for t from 0 to 1; 1 if it does not."""
    before, after = np.floor(a), np.floor(a + difference)
    return min(max((max(before, after) - a) * inverse, 0.0), 1.0) if before != after else 1.0


@inlined
def _cover_piece(x0, y0, dx, dy, enter, leave, top_row, bottom_row, covered):
    """Add what a segment's part from ``enter`` to ``leave``, within one pixel, covers."""
    y = y0 + dy * (enter + leave) / 2
    if top_row <= y and y < bottom_row:
        _cover_evenly(x0 + dx * (enter + leave) / 2, dy * (leave - enter), np.uintp(y) * ROW, covered)


@inlined
def _weight_of(x0, y0, dx, dy, enter, leave, top_row, bottom_row, weights):
    """The weight of the pixel that a segment's part from ``enter`` to ``leave`` lies in; 0 outside of the tile."""
    x, y = x0 + dx * (enter + leave) / 2, y0 + dy * (enter + leave) / 2
    if top_row <= y and y < bottom_row and x >= 0 and x < TILE_WIDTH:
        return float(weights[np.uintp(y) * ROW + np.uintp(x)])
    return 0.0


@compiled
def _cover_tile(vertices, segments, carried, pixel, left, top, start, stop, covered):
    """Write the covered part of each pixel of a range."""
    top_row, bottom_row = start // ROW, stop // ROW
    for r in range(top_row, bottom_row):
        for i in range(ROW):
            covered[r * ROW + i] = carried[r]
    for index in range(len(segments)):
        x0, y0, dx, dy = _segment(vertices, segments[index], pixel, left, top)
        inverse_x, inverse_y = _inverse(dx), _inverse(dy)
        if _is_short(dx, dy):
            at, then = _cuts(x0, y0, dx, dy, inverse_x, inverse_y)
            _cover_piece(x0, y0, dx, dy, 0.0, at, top_row, bottom_row, covered)
            _cover_piece(x0, y0, dx, dy, at, then, top_row, bottom_row, covered)
            _cover_piece(x0, y0, dx, dy, then, 1.0, top_row, bottom_row, covered)
            continue
        slope = dy * abs(inverse_x)
        first_row, end_row = _touched(y0, y0 + dy, TILE_HEIGHT)
        for r in range(max(first_row, top_row), min(end_row, bottom_row)):
            begin, finish = _between(y0, inverse_y, float(r), 0.0, 1.0)
            at_begin, at_finish = x0 + begin * dx, x0 + finish * dx
            low, across = min(at_begin, at_finish), abs(at_finish - at_begin)
            if across < UPRIGHT:
                _cover_evenly(low, dy * (finish - begin), r * ROW, covered)
            else:
                _cover_row(low, across, slope, r * ROW, covered)
    for p in range(start, stop):
        covered[p] = min(max(covered[p], 0.0), 1.0)


@inlined
def _cover_evenly(x, high, at, covered):
    """Add the area to the right of an upright segment to the row of pixels that begins ``at``."""
    for i in range(ROW):
        covered[at + i] += high * min(max(RIGHT[i] - x, 0.0), 1.0)


@inlined
def _cover_row(low, across, slope, at, covered):
    """Add the area to the right of a segment to the row of pixels that begins ``at``.

    That is its height times the mean of u, the way from it to a pixel's right side, clamped to [0, 1]. The integral of
    u by x is u² / 2 there, and u − ½ above. All pixels of a row are computed at once, by vectors.
    """
    for i in range(ROW):
        far = RIGHT[i] - low
        near = far - across
        within, within_near = min(max(far, 0.0), 1.0), min(max(near, 0.0), 1.0)
        beyond = max(far, 1.0) - max(near, 1.0)
        covered[at + i] += slope * ((within - within_near) * (within + within_near) / 2 + beyond)


@inlined
def _add_segment(vertices, v, pixel, left, top, start, stop, weights, by_vertices):
    """Add the derivatives of Σ weight · covered by the ends of a segment."""
    x0, y0, dx, dy = _segment(vertices, v, pixel, left, top)
    top_row, bottom_row = start // ROW, stop // ROW
    inverse_x, inverse_y = _inverse(dx), _inverse(dy)
    total = at_end = 0.0
    if _is_short(dx, dy):
        at, then = _cuts(x0, y0, dx, dy, inverse_x, inverse_y)
        one = _weight_of(x0, y0, dx, dy, 0.0, at, top_row, bottom_row, weights)
        two = _weight_of(x0, y0, dx, dy, at, then, top_row, bottom_row, weights)
        three = _weight_of(x0, y0, dx, dy, then, 1.0, top_row, bottom_row, weights)
        total = one * at + two * (then - at) + three * (1 - then)
        at_end = (one * at * at + two * (then * then - at * at) + three * (1 - then * then)) / 2
    else:
        first_row, end_row = _touched(y0, y0 + dy, TILE_HEIGHT)
        for r in range(max(first_row, top_row), min(end_row, bottom_row)):
            begin, finish = _between(y0, inverse_y, float(r), 0.0, 1.0)
            if finish <= begin:
                continue
            first, end = _touched(x0 + begin * dx, x0 + finish * dx, TILE_WIDTH)
            for i in range(first, end):
                enter, leave = _between(x0, inverse_x, float(i), begin, finish)
                total += weights[r * ROW + i] * (leave - enter)
                at_end += weights[r * ROW + i] * (leave * leave - enter * enter) / 2
    out_x, out_y = -dy / pixel, dx / pixel
    by_vertices[v, 0] += out_x * (total - at_end)
    by_vertices[v, 1] += out_y * (total - at_end)
    by_vertices[v + 1, 0] += out_x * at_end
    by_vertices[v + 1, 1] += out_y * at_end
