"""Rows of stroked polylines: alpha and its derivatives."""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

import numpy as np

from vectorae.rasterizer.cpu.profiles import compiled
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
    ROUNDED,
    SEGMENT,
    SHARP,
    D,
    cover_row,
)


@compiled
def polyline_row(vertices, first, size, width, s, weight, profile, pixel, y, start, n, tiny, work, rows):
    """As for a box; the derivative by the nearest point's place, that point's segment and where on it it lies."""
    for i in range(n):
        x = (start + i + 0.5) * pixel
        best, place, segment = np.inf, 0.0, 0
        offset_x = offset_y = 0.0
        for v in range(first, first + size - 1):
            along_x, along_y = vertices[v + 1, 0] - vertices[v, 0], vertices[v + 1, 1] - vertices[v, 1]
            from_x, from_y = x - vertices[v, 0], y - vertices[v, 1]
            squared_length = max(along_x * along_x + along_y * along_y, tiny)
            here = min(max((from_x * along_x + from_y * along_y) / squared_length, 0.0), 1.0)
            to_x, to_y = from_x - here * along_x, from_y - here * along_y
            squared = to_x * to_x + to_y * to_y
            if squared < best:
                best, place, segment, offset_x, offset_y = squared, here, v, to_x, to_y
        length = math.sqrt(best)
        work[D, i] = length - width / 2
        work[NORMAL_X, i], work[NORMAL_Y, i] = offset_x / max(length, tiny), offset_y / max(length, tiny)
        rows[PLACE, i], rows[SEGMENT, i] = place, segment
    cover_row(profile, True, s, pixel, width, n, work)
    for i in range(n):
        by_d = weight * work[ACROSS + 1, i]
        rows[ALPHA, i], rows[ROUNDED, i], rows[SHARP, i] = weight * work[ACROSS, i], work[ACROSS, i], 0
        rows[BY_SOFTNESS, i] = weight * work[ACROSS + 3, i]
        rows[BY_WIDTH, i] = weight * work[ACROSS + 2, i] - by_d / 2
        rows[BY_X, i], rows[BY_Y, i] = by_d * work[NORMAL_X, i], by_d * work[NORMAL_Y, i]
