"""Stroked polylines and enclosed regions, tile by tile: alpha and its derivatives.

Arguments as in box.py, and: ``vertices`` ``[V, 2]`` of the image, ``first`` and ``size`` those of the shape, ``step``
from one segment to the next (1 along a polyline, 2 on a boundary, where each has two vertices of its own).
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

import numpy as np

from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, inlined
from vectorae.rasterizer.cpu.profiles import GAUSSIAN, differentiate_slab, is_thin, reach_beyond, slab
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
    PLACE,
    ROW,
    SEGMENT,
    TILE,
    TO_X,
    TO_Y,
    D,
    T,
)
from vectorae.rasterizer.packing import POLYLINE, REGION, ROUNDED, SOFTNESS, STROKE_WIDTH

UPRIGHT = np.float32(1e-6)
"""The width in canvas units below which a segment is as high in each column as altogether."""

NONE = np.float32(-1)
"""The segment of a pixel that none is near to."""


@inlined
def rows_near_segment(x0, y0, x1, y1, reach, start, stop, work):
    """The pixels from, to in whose rows some lie within reach of a segment, or a few more: of its part in the tile."""
    left, right = work[CANVAS_X, 0] - reach, work[CANVAS_X, TILE - 1] + reach
    if min(x0, x1) > right or max(x0, x1) < left:
        return start, start
    low, high = min(y0, y1), max(y0, y1)
    if abs(x1 - x0) > UPRIGHT:
        slope = (y1 - y0) / (x1 - x0)
        begin = y0 + slope * (min(max(left, min(x0, x1)), max(x0, x1)) - x0)
        finish = y0 + slope * (min(max(right, min(x0, x1)), max(x0, x1)) - x0)
        low, high = max(low, min(begin, finish)), min(high, max(begin, finish))
    low, high = low - reach, high + reach
    while start < stop and work[CANVAS_Y, start] < low:
        start += ROW
    while stop > start and work[CANVAS_Y, stop - ROW] > high:
        stop -= ROW
    return start, stop


@inlined
def _to_segment(x0, y0, along_x, along_y, inverse, work, p):
    """Where on a segment its closest point lies, 0 to 1, and what leads to a pixel from there."""
    from_x, from_y = work[CANVAS_X, p] - x0, work[CANVAS_Y, p] - y0
    here = min(max((from_x * along_x + from_y * along_y) * inverse, ZERO), ONE)
    return here, from_x - here * along_x, from_y - here * along_y


@inlined
def _is_nothing(along_x, along_y, v, first, step):
    """Whether a segment has no length: a dot is such a polyline; others repeat a vertex, and a boundary has none."""
    return along_x == ZERO and along_y == ZERO and (v > first or step == 2)


@inlined
def find_distance(vertices, first, size, step, reach, start, stop, tiny, work):
    """Distance to the nearest segment into D; twice the reach where none lies within."""
    for p in range(start, stop):
        work[D, p] = reach * reach
    for v in range(first, first + size - 1, step):
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        along_x, along_y = x1 - x0, y1 - y0
        if _is_nothing(along_x, along_y, v, first, step):
            continue
        begin, finish = rows_near_segment(x0, y0, x1, y1, reach, start, stop, work)
        inverse = ONE / max(along_x * along_x + along_y * along_y, tiny)
        for p in range(begin, finish):
            _, to_x, to_y = _to_segment(x0, y0, along_x, along_y, inverse, work, p)
            work[D, p] = min(to_x * to_x + to_y * to_y, work[D, p])
    for p in range(start, stop):
        squared = work[D, p]
        work[D, p] = math.sqrt(squared) if squared < reach * reach else TWO * reach


@inlined
def find_nearest(vertices, first, size, step, reach, start, stop, tiny, work):
    """As ``find_distance``, and which SEGMENT is the nearest (−1: none), the PLACE on it, and what leads TO it."""
    for p in range(start, stop):
        work[D, p] = reach * reach
        work[TO_X, p], work[TO_Y, p] = TWO * reach, ZERO
        work[PLACE, p], work[SEGMENT, p] = ZERO, NONE
    for v in range(first, first + size - 1, step):
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        along_x, along_y = x1 - x0, y1 - y0
        if _is_nothing(along_x, along_y, v, first, step):
            continue
        begin, finish = rows_near_segment(x0, y0, x1, y1, reach, start, stop, work)
        inverse = ONE / max(along_x * along_x + along_y * along_y, tiny)
        number = np.float32(v)
        for p in range(begin, finish):
            here, to_x, to_y = _to_segment(x0, y0, along_x, along_y, inverse, work, p)
            squared = to_x * to_x + to_y * to_y
            # Mixed, not chosen: a store under a condition does not vectorise.
            closer = ONE if squared < work[D, p] else ZERO
            farther = ONE - closer
            work[D, p] = min(squared, work[D, p])
            work[TO_X, p] = closer * to_x + farther * work[TO_X, p]
            work[TO_Y, p] = closer * to_y + farther * work[TO_Y, p]
            work[PLACE, p] = closer * here + farther * work[PLACE, p]
            work[SEGMENT, p] = closer * number + farther * work[SEGMENT, p]
    for p in range(start, stop):
        to_x, to_y = work[TO_X, p], work[TO_Y, p]
        work[D, p] = math.sqrt(to_x * to_x + to_y * to_y)


@inlined
def cover_vertices(kind, numbers, k, vertices, first, size, profile, pixel, start, stop, tiny, work, share):
    """Add the alpha of a stroked polyline, or of an enclosed region, × share, to ALPHA."""
    s, width = numbers[k, SOFTNESS], numbers[k, STROKE_WIDTH]
    reach = reach_beyond(profile, s, pixel) + HALF * width
    find_distance(vertices, first, size, step_of(kind), reach, start, stop, tiny, work)
    _find_edge(kind, width, vertices, first, size, start, stop, work)
    slab(profile, _is_thin(kind, numbers, k, profile, pixel), s, pixel, start, stop, work, D_DOWN, T, ACROSS)
    weight = share * numbers[k, ROUNDED]
    for p in range(start, stop):
        work[ALPHA, p] += weight * work[ACROSS, p]


@inlined
def step_of(kind):
    """From one segment to the next: on a boundary each has two vertices of its own."""
    return 1 if kind == POLYLINE else 2


@inlined
def _is_thin(kind, numbers, k, profile, pixel):
    if kind == REGION or profile == GAUSSIAN:
        return False
    return is_thin(profile, numbers[k, SOFTNESS], pixel, HALF * numbers[k, STROKE_WIDTH])


@inlined
def _find_edge(kind, width, vertices, first, size, start, stop, work):
    """Distance to the edge into D_DOWN, given that to the nearest segment; into T the thickness, or of regions the
    winding."""
    if kind == POLYLINE:
        for p in range(start, stop):
            work[D_DOWN, p], work[T, p] = work[D, p] - HALF * width, width
    else:
        _winding(vertices, first, size, start, stop, work)
        for p in range(start, stop):
            work[D_DOWN, p] = -work[D, p] if work[T, p] > HALF else work[D, p]


@inlined
def _winding(vertices, first, size, start, stop, work):
    """How often the boundary winds around each pixel, into T: 1 inside, 0 outside."""
    for p in range(start, stop):
        work[T, p] = ZERO
    for v in range(first, first + size - 1, 2):
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        low, high, turn = (y0, y1, ONE) if y1 > y0 else (y1, y0, -ONE)
        right_of_it = min(x0, x1) > work[CANVAS_X, TILE - 1]
        if right_of_it or high <= work[CANVAS_Y, start] or low > work[CANVAS_Y, stop - ROW]:
            continue
        slope = (x1 - x0) / (y1 - y0)
        for p in range(start, stop):
            y = work[CANVAS_Y, p]
            beyond = low <= y and y < high and work[CANVAS_X, p] > x0 + (y - y0) * slope
            work[T, p] += turn if beyond else ZERO


@inlined
def differentiate_vertices(
    kind, numbers, k, vertices, first, size, profile, pixel, start, stop, tiny, work, share, by_numbers, by_vertices
):  # fmt: skip
    """Add the derivatives of Σ BY_ALPHA · alpha · share by softness, weight, the stroke's width and the vertices."""
    s, width = numbers[k, SOFTNESS], numbers[k, STROKE_WIDTH]
    reach = reach_beyond(profile, s, pixel) + HALF * width
    find_nearest(vertices, first, size, step_of(kind), reach, start, stop, tiny, work)
    _find_edge(kind, width, vertices, first, size, start, stop, work)
    thin = _is_thin(kind, numbers, k, profile, pixel)
    differentiate_slab(profile, thin, s, pixel, start, stop, work, D_DOWN, T, ACROSS)
    rounded = share * numbers[k, ROUNDED]
    by_s = by_rounded = by_width = ZERO * rounded
    region = kind == REGION
    for p in range(start, stop):
        weight = work[BY_ALPHA, p]
        by_d = weight * rounded * work[ACROSS + BY_D, p]
        by_s += weight * rounded * work[ACROSS + BY_S, p]
        by_rounded += weight * work[ACROSS + COVERED, p]
        by_width += weight * rounded * work[ACROSS + BY_T, p] - HALF * by_d
        by_d = -by_d if region and work[T, p] > HALF else by_d
        inverse = by_d / max(work[D, p], tiny)
        work[TO_X, p] *= inverse
        work[TO_Y, p] *= inverse
    by_numbers[k, SOFTNESS] += by_s
    by_numbers[k, ROUNDED] += share * by_rounded
    by_numbers[k, STROKE_WIDTH] += by_width
    _add_by_vertices(vertices, first, size, step_of(kind), reach, start, stop, work, by_vertices)


@inlined
def _add_by_vertices(vertices, first, size, step, reach, start, stop, work, by_vertices):
    """Add the derivatives by the vertices, given those by each pixel's place in TO_X and TO_Y."""
    for v in range(first, first + size - 1, step):
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        begin, finish = rows_near_segment(x0, y0, x1, y1, reach, start, stop, work)
        number = np.float32(v)
        all_x = all_y = end_x = end_y = ZERO * reach
        for p in range(begin, finish):
            mine = work[SEGMENT, p] == number
            by_x, by_y = (work[TO_X, p] if mine else ZERO), (work[TO_Y, p] if mine else ZERO)
            all_x += by_x
            all_y += by_y
            end_x += by_x * work[PLACE, p]
            end_y += by_y * work[PLACE, p]
        by_vertices[v, 0] -= all_x - end_x
        by_vertices[v, 1] -= all_y - end_y
        by_vertices[v + 1, 0] -= end_x
        by_vertices[v + 1, 1] -= end_y
