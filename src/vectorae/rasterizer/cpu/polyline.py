"""Rows of stroked polylines and of enclosed regions: alpha and its derivatives."""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

from vectorae.rasterizer.cpu.compiled import compiled
from vectorae.rasterizer.cpu.profiles import GAUSSIAN, profile_row, reach_beyond
from vectorae.rasterizer.cpu.rows import (
    ACROSS,
    ALPHA,
    BY_SOFTNESS,
    BY_WIDTH,
    BY_X,
    BY_Y,
    NORMAL_X,
    NORMAL_Y,
    PLACE,
    PROFILES,
    ROUNDED,
    SEGMENT,
    SHARP,
    D,
    T,
    cover_row,
)


@compiled
def column_of(x, pixel, start, n):
    """The column that a place x lies in, from 0 to n, counted from ``start``."""
    return int(min(max(math.floor(x / pixel) - start, 0.0), float(n)))


@compiled
def _nearest_row(vertices, first, size, step, reach, pixel, y, start, n, tiny, work, rows):
    """Distance to the nearest segment into D, with its normal; PLACE on the segment and SEGMENT, its first vertex.

    Where none lies within reach the distance is twice that, and SEGMENT −1.
    """
    best, place, segment = work[D], rows[PLACE], rows[SEGMENT]
    for i in range(n):
        best[i] = reach * reach
        place[i] = 0
        segment[i] = -1
    for v in range(first, first + size - 1, step):
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        if y < min(y0, y1) - reach or y > max(y0, y1) + reach:
            continue
        along_x, along_y = x1 - x0, y1 - y0
        # A dot is a polyline of no length; a boundary has none such.
        if along_x == 0 and along_y == 0 and (v > first or step == 2):
            continue
        inverse = 1 / max(along_x * along_x + along_y * along_y, tiny)
        from_y = y - y0
        left = column_of(min(x0, x1) - reach, pixel, start, n)
        right = min(column_of(max(x0, x1) + reach, pixel, start, n) + 1, n)
        for i in range(left, right):
            from_x = (start + i + 0.5) * pixel - x0
            here = min(max((from_x * along_x + from_y * along_y) * inverse, 0.0), 1.0)
            to_x, to_y = from_x - here * along_x, from_y - here * along_y
            squared = to_x * to_x + to_y * to_y
            closer = squared < best[i]
            best[i] = squared if closer else best[i]
            place[i] = here if closer else place[i]
            segment[i] = v if closer else segment[i]
    for i in range(n):
        v = int(segment[i])
        if v < 0:
            work[D, i], work[NORMAL_X, i], work[NORMAL_Y, i] = 2 * reach, 0, 0
            continue
        to_x = (start + i + 0.5) * pixel - vertices[v, 0] - place[i] * (vertices[v + 1, 0] - vertices[v, 0])
        to_y = y - vertices[v, 1] - place[i] * (vertices[v + 1, 1] - vertices[v, 1])
        length = math.sqrt(to_x * to_x + to_y * to_y)
        work[D, i] = length
        work[NORMAL_X, i], work[NORMAL_Y, i] = to_x / max(length, tiny), to_y / max(length, tiny)


@compiled
def polyline_row(vertices, first, size, width, s, weight, profile, pixel, y, start, n, tiny, work, rows):
    """As for a box; the derivative by the nearest point's place, that point's segment and where on it it lies."""
    reach = reach_beyond(profile, s, pixel) + width / 2
    _nearest_row(vertices, first, size, 1, reach, pixel, y, start, n, tiny, work, rows)
    for i in range(n):
        work[D, i] -= width / 2
        work[T, i] = width
    cover_row(profile, profile == GAUSSIAN, s, pixel, n, work, work[ACROSS : ACROSS + 4])
    for i in range(n):
        by_d = weight * work[ACROSS + 1, i]
        rows[ALPHA, i], rows[ROUNDED, i], rows[SHARP, i] = weight * work[ACROSS, i], work[ACROSS, i], 0
        rows[BY_SOFTNESS, i] = weight * work[ACROSS + 3, i]
        rows[BY_WIDTH, i] = weight * work[ACROSS + 2, i] - by_d / 2
        rows[BY_X, i], rows[BY_Y, i] = by_d * work[NORMAL_X, i], by_d * work[NORMAL_Y, i]


@compiled
def region_row(vertices, first, size, s, weight, profile, pixel, y, start, n, tiny, work, rows):
    """As for a polyline, given the boundary of a region."""
    reach = reach_beyond(profile, s, pixel)
    _nearest_row(vertices, first, size, 2, reach, pixel, y, start, n, tiny, work, rows)
    _winding_row(vertices, first, size, pixel, y, start, n, work[T])
    depth, c, slope, by_s = work[PROFILES], work[PROFILES + 1], work[PROFILES + 2], work[PROFILES + 3]
    for i in range(n):
        depth[i] = work[D, i] if work[T, i] > 0 else -work[D, i]
    profile_row(profile, s, pixel, n, depth, c, slope, by_s)
    for i in range(n):
        by_point = weight * slope[i] * (1.0 if work[T, i] > 0 else -1.0)
        rows[ALPHA, i], rows[ROUNDED, i], rows[SHARP, i] = weight * c[i], c[i], 0
        rows[BY_SOFTNESS, i], rows[BY_WIDTH, i] = weight * by_s[i], 0
        rows[BY_X, i], rows[BY_Y, i] = by_point * work[NORMAL_X, i], by_point * work[NORMAL_Y, i]


@compiled
def _winding_row(vertices, first, size, pixel, y, start, n, winding):
    """How often the boundary winds around each pixel of a row: 1 inside, 0 outside."""
    winding[:n] = 0
    for v in range(first, first + size - 1, 2):
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        if min(y0, y1) <= y < max(y0, y1):
            x = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
            i = column_of(x + pixel / 2, pixel, start, n)  # the first pixel whose centre lies beyond x
            if i < n:
                winding[i] += 1.0 if y1 > y0 else -1.0
    total = 0.0
    for i in range(n):
        total += winding[i]
        winding[i] = total
