"""Stroked polylines and enclosed regions in a tile: alpha and its derivatives.

Shared arguments, beside those of box.py:
    vertices: ``[V, 2]`` of the image, canvas units.
    segments: those near the tile, each by the index of its first vertex; none of zero length, except a dot's.
    spans: the pixels, or samples of pixels, that each segment may be the nearest of, see ``FIRST_VERTEX``.
    carried: of a region, ``[32]``, see near.py.
    rows: see ``_rows_of``.
    reach: see ``reach_of_path``.
    tiny: the smallest normal number.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.constants import GAUSSIAN
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, inlined
from vectorae.rasterizer.cpu.profiles import differentiate_even_slab, even_slab, is_thin, reach_beyond, reciprocal
from vectorae.rasterizer.cpu.scratch import (
    ACROSS,
    ALPHA,
    BY_ALPHA,
    BY_D,
    BY_S,
    BY_T,
    CANVAS_X,
    CANVAS_Y,
    COVERED,
    D_DOWN,
    PAIR,
    PULL,
    ROW,
    SEGMENT,
    TILE_HEIGHT,
    TILE_WIDTH,
    D,
    T,
)
from vectorae.rasterizer.packing import REGION, ROUNDED, SOFTNESS, STROKE_WIDTH

UPRIGHT = np.float32(1e-6)
"""Width in canvas units below which a segment is treated as vertical: its slope is not used."""

SLACK, BEYOND = np.float32(0.01), np.float32(TILE_HEIGHT)
"""Rows by which rounding may move a position within a tile, generously; a position beyond its last row."""

LOWEST = np.float32(-1e9)
"""Below any winding number. A maximum with it, as with 0 or ``NO_SEGMENT``, makes LLVM store all pixels: else it stores
only those that change, with a mask, which takes some processors ten times as long."""

NO_SEGMENT = np.float32(-1)
"""Index of the segment where none is within reach."""

FIRST_VERTEX, BEGIN, FINISH = range(3)
"""Columns of spans ``[n, 3]``, unsigned: a segment, and the range of pixels that it may be the nearest of."""


@inlined
def _rows_of(work):
    """Rows of a tile's pixels in a canvas unit."""
    return ONE / (work[CANVAS_Y, ROW] - work[CANVAS_Y, 0])


@inlined
def _rows_between(low, high, rows, start, stop, work):
    """Narrow a range of pixels to the pairs of rows whose centres lie between two heights, or as good as."""
    top = work[CANVAS_Y, 0]
    first = math.ceil(min(max((low - top) * rows - SLACK, -ONE), BEYOND))
    last = math.floor(min(max((high - top) * rows + SLACK, -ONE), BEYOND))
    # Once more as integers: NaN may have become any.
    begin, finish = min(max(first, 0), TILE_HEIGHT), min(max(last + 1, 0), TILE_HEIGHT)
    return max(start, np.uintp(begin // 2) * PAIR), min(stop, np.uintp((finish + 1) // 2) * PAIR)


@inlined
def _rows_near_segment(x0, y0, x1, y1, reach, rows, start, stop, work):
    """Narrow a range of pixels to the rows that the part of a segment within the tile may reach."""
    left, right = work[CANVAS_X, 0] - reach, work[CANVAS_X, TILE_WIDTH - 1] + reach
    if min(x0, x1) > right or max(x0, x1) < left:
        return start, start
    low, high = min(y0, y1), max(y0, y1)
    if abs(x1 - x0) > UPRIGHT:
        slope = (y1 - y0) / (x1 - x0)
        begin = y0 + slope * (min(max(left, min(x0, x1)), max(x0, x1)) - x0)
        finish = y0 + slope * (min(max(right, min(x0, x1)), max(x0, x1)) - x0)
        low, high = max(low, min(begin, finish)), min(high, max(begin, finish))
    return _rows_between(low - reach, high + reach, rows, start, stop, work)


@inlined
def reach_of_path(numbers, k, profile, pixel):
    """Distance from the centre line or boundary within which coverage matters, canvas units."""
    return reach_beyond(profile, numbers[k, SOFTNESS], pixel) + HALF * numbers[k, STROKE_WIDTH]


@inlined
def find_spans(vertices, segments, reach, start, stop, work, spans):
    """Write the spans of a tile's segments.

    Returns:
        Their number; the range of pixels that any of them is within reach of.
    """
    count, first, last, rows = 0, stop, start, _rows_of(work)
    for i in range(len(segments)):
        v = segments[i]
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        begin, finish = _rows_near_segment(x0, y0, x1, y1, reach, rows, start, stop, work)
        if begin < finish:
            spans[count, FIRST_VERTEX], spans[count, BEGIN], spans[count, FINISH] = v, begin, finish
            first, last = min(first, begin), max(last, finish)
            count += 1
    return count, min(first, last), last


@inlined
def line_of(vertices, v, tiny):
    """Of a segment its start, the vector to its end, and one over the square of its length."""
    x0, y0 = vertices[v, 0], vertices[v, 1]
    along_x, along_y = vertices[v + 1, 0] - x0, vertices[v + 1, 1] - y0
    return x0, y0, along_x, along_y, reciprocal(max(along_x * along_x + along_y * along_y, tiny))


@inlined
def to_segment(line, x, y):
    """The closest point's position along a segment, 0 to 1, and the vector from there to a point."""
    x0, y0, along_x, along_y, inverse = line
    from_x, from_y = x - x0, y - y0
    part = min(max((from_x * along_x + from_y * along_y) * inverse, ZERO), ONE)
    return part, from_x - part * along_x, from_y - part * along_y


@inlined
def find_distance(vertices, spans, reach, start, stop, tiny, work):
    """Write the distance to the nearest segment to D; twice the reach if none is within reach."""
    for p in range(start, stop):
        work[D, p] = reach * reach
    for i in range(len(spans)):
        line = line_of(vertices, np.intp(spans[i, FIRST_VERTEX]), tiny)
        for pair in range(spans[i, BEGIN], spans[i, FINISH], PAIR):
            for p in range(pair, pair + PAIR):
                _, to_x, to_y = to_segment(line, work[CANVAS_X, p], work[CANVAS_Y, p])
                work[D, p] = max(min(to_x * to_x + to_y * to_y, work[D, p]), ZERO)
    for p in range(start, stop):
        squared = work[D, p]
        work[D, p] = math.sqrt(squared) if squared < reach * reach else TWO * reach


@inlined
def _find_nearest(vertices, spans, reach, start, stop, tiny, work):
    """As ``find_distance``, and write the index of the nearest segment to SEGMENT, −1 if none is within reach."""
    for p in range(start, stop):
        work[D, p], work[SEGMENT, p] = reach * reach, NO_SEGMENT
    for i in range(len(spans)):
        v = np.intp(spans[i, FIRST_VERTEX])
        line = line_of(vertices, v, tiny)
        number = np.float32(v)
        for pair in range(spans[i, BEGIN], spans[i, FINISH], PAIR):
            for p in range(pair, pair + PAIR):
                _, to_x, to_y = to_segment(line, work[CANVAS_X, p], work[CANVAS_Y, p])
                squared = to_x * to_x + to_y * to_y
                change = (ONE if squared < work[D, p] else ZERO) * (number - work[SEGMENT, p])
                work[D, p] = max(min(squared, work[D, p]), ZERO)
                work[SEGMENT, p] = max(work[SEGMENT, p] + change, NO_SEGMENT)
    for p in range(start, stop):
        squared = work[D, p]
        work[D, p] = math.sqrt(squared) if squared < reach * reach else TWO * reach


@inlined
def cover_path(kind, numbers, k, vertices, spans, profile, pixel, start, stop, tiny, work):
    """Write the alpha of a stroked polyline or an enclosed region to ALPHA; of a region, given its winding in T."""
    s, width = numbers[k, SOFTNESS], numbers[k, STROKE_WIDTH]
    find_distance(vertices, spans, reach_of_path(numbers, k, profile, pixel), start, stop, tiny, work)
    _find_edge(kind, width, start, stop, work)
    thin = _is_thin(kind, numbers, k, profile, pixel)
    even_slab(profile, thin, s, pixel, width, start, stop, work, D_DOWN, ACROSS)
    rounded = numbers[k, ROUNDED]
    for p in range(start, stop):
        work[ALPHA, p] = rounded * work[ACROSS, p]


@inlined
def _is_thin(kind, numbers, k, profile, pixel):
    """Whether the far side of the stroke counts (see ``is_thin``)."""
    if kind == REGION or profile == GAUSSIAN:
        return False
    return is_thin(profile, numbers[k, SOFTNESS], pixel, HALF * numbers[k, STROKE_WIDTH])


@inlined
def _find_edge(kind, width, start, stop, work):
    """Write the distance to the edge to D_DOWN, given that to the nearest segment in D and the winding of a region."""
    if kind != REGION:
        for p in range(start, stop):
            work[D_DOWN, p] = work[D, p] - HALF * width
    else:
        for p in range(start, stop):
            work[D_DOWN, p] = -work[D, p] if work[T, p] > HALF else work[D, p]


@inlined
def find_winding(vertices, segments, carried, start, stop, work):
    """Write the winding number of a region's boundary around each pixel to T: 1 inside, 0 outside."""
    rows = _rows_of(work)
    for p in range(start, stop):
        work[T, p] = carried[p // TILE_WIDTH]
    for i in range(len(segments)):
        v = segments[i]
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        low, high, turn = (y0, y1, ONE) if y1 > y0 else (y1, y0, -ONE)
        if low == high:
            continue
        slope = (x1 - x0) / (y1 - y0)
        begin, finish = _rows_between(low, high, rows, start, stop, work)
        for pair in range(begin, finish, PAIR):
            for p in range(pair, pair + PAIR):
                x, y = work[CANVAS_X, p], work[CANVAS_Y, p]
                is_right = (low <= y) & (y < high) & (x > x0 + (y - y0) * slope)
                work[T, p] = max(work[T, p] + (turn if is_right else ZERO), LOWEST)


@inlined
def fill_far(rounded, start, stop, work, own):
    """Write the alpha of a region where its boundary is out of reach, given its winding in T."""
    for p in range(start, stop):
        own[p] = rounded if work[T, p] > HALF else ZERO


@inlined
def add_far(start, stop, work, by_own):
    """The derivative by ROUNDED from where a region's boundary is out of reach, given its winding in T."""
    total = ZERO * by_own[0]
    for p in range(start, stop):
        total += by_own[p] if work[T, p] > HALF else ZERO
    return total


@inlined
def differentiate_path(
    kind, numbers, k, vertices, spans, profile, pixel, start, stop, tiny, work, by_numbers, by_vertices
):
    """Add the derivatives of Σ BY_ALPHA · alpha by softness, ROUNDED, stroke width and vertices.

    Of a region, given its winding in T.
    """
    s, width = numbers[k, SOFTNESS], numbers[k, STROKE_WIDTH]
    _find_nearest(vertices, spans, reach_of_path(numbers, k, profile, pixel), start, stop, tiny, work)
    _find_edge(kind, width, start, stop, work)
    thin = _is_thin(kind, numbers, k, profile, pixel)
    differentiate_even_slab(profile, thin, s, pixel, width, start, stop, work, D_DOWN, ACROSS)
    rounded = numbers[k, ROUNDED]
    by_s = by_rounded = by_width = ZERO * rounded
    region, smallest = kind == REGION, math.sqrt(tiny)
    for p in range(start, stop):
        weight = work[BY_ALPHA, p]
        by_d = weight * rounded * work[ACROSS + BY_D, p]
        by_s += weight * rounded * work[ACROSS + BY_S, p]
        by_rounded += weight * work[ACROSS + COVERED, p]
        by_width += weight * rounded * work[ACROSS + BY_T, p] - HALF * by_d
        by_d = -by_d if region and work[T, p] > HALF else by_d
        work[PULL, p] = by_d / max(work[D, p], smallest)
    by_numbers[k, SOFTNESS] += by_s
    by_numbers[k, ROUNDED] += by_rounded
    by_numbers[k, STROKE_WIDTH] += by_width
    _add_by_vertices(vertices, spans, tiny, work, by_vertices)


@inlined
def _add_by_vertices(vertices, spans, tiny, work, by_vertices):
    """Add the derivatives by the vertices, given those by each pixel's distance, divided by it, in PULL."""
    for i in range(len(spans)):
        v = np.intp(spans[i, FIRST_VERTEX])
        line = line_of(vertices, v, tiny)
        number = np.float32(v)
        all_x = all_y = end_x = end_y = ZERO * tiny
        for p in range(spans[i, BEGIN], spans[i, FINISH]):
            part, to_x, to_y = to_segment(line, work[CANVAS_X, p], work[CANVAS_Y, p])
            pull = work[PULL, p] if work[SEGMENT, p] == number else ZERO
            all_x += pull * to_x
            all_y += pull * to_y
            end_x += pull * to_x * part
            end_y += pull * to_y * part
        add_to_ends(by_vertices, v, all_x, all_y, end_x, end_y)


@inlined
def add_to_ends(by_vertices, v, all_x, all_y, end_x, end_y):
    """Add the derivatives by a segment's ends, given the sums of all that pulls at it, and of its part for the end."""
    by_vertices[v, 0] -= all_x - end_x
    by_vertices[v, 1] -= all_y - end_y
    by_vertices[v + 1, 0] -= end_x
    by_vertices[v + 1, 1] -= end_y
