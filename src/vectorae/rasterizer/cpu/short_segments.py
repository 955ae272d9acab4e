"""Areas beside short segments, and their derivatives: eight segments at a time, by vectors.

A segment no longer than a pixel each way passes three pixels at most. Those that curves are cut into are as short.

Shared arguments:
    lanes: ``[16 · 64]``, scratch: rows of up to 64 segments, of which the first ``count`` are in use.
    top_row, bottom_row: the range of a tile's rows.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import compiled, inlined
from vectorae.rasterizer.cpu.scratch import PIXELS, ROW, TILE_WIDTH
from vectorae.rasterizer.cpu.vectors import cover_evenly

BLOCK = 64
"""How many segments ``lanes`` has room for."""

NEXT = np.uintp(BLOCK)
"""Step from a row of ``lanes`` to the next one."""

# Numbers of rows of ``lanes``, each as an index of its first number. The start of a segment in pixels from the tile's
# left top; the way to its end; where it enters another pixel, and a third one, as parts of that way; its first vertex.
X, Y, ALONG_X, ALONG_Y, SECOND, THIRD, VERTEX = (np.uintp(row * BLOCK) for row in range(7))

# Of the parts in the first, the second and the third pixel: where the middle lies, its row of pixels, the height; or
# the pixels, and then their weights.
MIDDLE, ROW_OF, HEIGHT = (np.uintp(row * BLOCK) for row in (7, 10, 13))
WEIGHT = MIDDLE

# The derivatives by the start, and by the end: along x, and in the next row along y.
BY_START, BY_END = (np.uintp(row * BLOCK) for row in (10, 12))

LANE_ROWS = 16

OUTSIDE = PIXELS
"""Index of a weight of 0, behind those of a tile's pixels."""

AT_ONCE = np.uintp(8)
"""How many segments a vector holds."""

FIRST = np.uintp(0)


@inlined
def is_short(dx, dy):
    """Whether a segment is short, given the way to its end in pixels."""
    return abs(dx) <= 1 and abs(dy) <= 1


@inlined
def keep_segment(x, y, dx, dy, v, count, lanes):
    """Write a segment behind ``count`` others."""
    lanes[X + count], lanes[Y + count], lanes[ALONG_X + count], lanes[ALONG_Y + count] = x, y, dx, dy
    lanes[VERTEX + count] = v


@compiled
def cover_short(count, top_row, bottom_row, covered, lanes):
    """Add the areas to the right of the segments to ``covered``."""
    for begin in range(FIRST, _fill_up(count, lanes), AT_ONCE):
        for i in range(begin, begin + AT_ONCE):
            second, third = _pixel_changes(i, lanes)
            _measure_part(0.0, second, MIDDLE + i, top_row, bottom_row, i, lanes)
            _measure_part(second, third, MIDDLE + NEXT + i, top_row, bottom_row, i, lanes)
            _measure_part(third, 1.0, MIDDLE + NEXT + NEXT + i, top_row, bottom_row, i, lanes)
    for i in range(count):
        for part in range(i, i + np.uintp(3) * NEXT, NEXT):
            at = np.uintp(lanes[ROW_OF + part]) * ROW
            cover_evenly(covered, (at,), lanes[MIDDLE + part], lanes[HEIGHT + part])


@compiled
def differentiate_short(count, scale, top_row, bottom_row, weights, lanes, by_vertices):
    """Add the derivatives of Σ weight · covered by the ends of the segments.

    Args:
        scale: pixels in a canvas unit.
        weights: of the tile's pixels and, last, 0.
    """
    end = _fill_up(count, lanes)
    for begin in range(FIRST, end, AT_ONCE):
        for i in range(begin, begin + AT_ONCE):
            second, third = _pixel_changes(i, lanes)
            lanes[SECOND + i], lanes[THIRD + i] = second, third
            lanes[WEIGHT + i] = _pixel_of_part(0.0, second, top_row, bottom_row, i, lanes)
            lanes[WEIGHT + NEXT + i] = _pixel_of_part(second, third, top_row, bottom_row, i, lanes)
            lanes[WEIGHT + NEXT + NEXT + i] = _pixel_of_part(third, 1.0, top_row, bottom_row, i, lanes)
    for i in range(count):
        for at in range(WEIGHT + i, WEIGHT + i + np.uintp(3) * NEXT, NEXT):
            lanes[at] = weights[np.uintp(lanes[at])]
    for begin in range(FIRST, end, AT_ONCE):
        for i in range(begin, begin + AT_ONCE):
            second, third = lanes[SECOND + i], lanes[THIRD + i]
            one, two, three = lanes[WEIGHT + i], lanes[WEIGHT + NEXT + i], lanes[WEIGHT + NEXT + NEXT + i]
            # ∫ weight dt and ∫ weight t dt.
            total = one * second + two * (third - second) + three * (1 - third)
            at_end = one * second * second + two * (third * third - second * second) + three * (1 - third * third)
            at_end /= 2
            out_x, out_y = -lanes[ALONG_Y + i] * scale, lanes[ALONG_X + i] * scale
            lanes[BY_START + i], lanes[BY_START + NEXT + i] = out_x * (total - at_end), out_y * (total - at_end)
            lanes[BY_END + i], lanes[BY_END + NEXT + i] = out_x * at_end, out_y * at_end
    for i in range(count):
        v = np.uintp(lanes[VERTEX + i])
        by_start, by_end = by_vertices[v], by_vertices[v + np.uintp(1)]
        by_start[0] += lanes[BY_START + i]
        by_start[1] += lanes[BY_START + NEXT + i]
        by_end[0] += lanes[BY_END + i]
        by_end[1] += lanes[BY_END + NEXT + i]


@inlined
def _fill_up(count, lanes):
    """Follow the segments by some of no length, so that they are a multiple of eight; returns their number."""
    end = (count + AT_ONCE - np.uintp(1)) // AT_ONCE * AT_ONCE
    for i in range(count, end):
        keep_segment(0.0, 0.0, 0.0, 0.0, 0.0, i, lanes)
    return end


@inlined
def _pixel_changes(i, lanes):
    """Where a segment enters another column and another row of pixels, in order, as parts of its way; 1 for nowhere."""
    one, other = _change(lanes[X + i], lanes[ALONG_X + i]), _change(lanes[Y + i], lanes[ALONG_Y + i])
    return min(one, other), max(one, other)


@inlined
def _change(a, difference):
    """Where a + t · difference passes a whole number, for t from 0 to 1; 1 if it does not."""
    before, after = np.floor(a), np.floor(a + difference)
    return min(max((max(before, after) - a) / difference, 0.0), 1.0) if before != after else 1.0


@inlined
def _measure_part(enter, leave, at, top_row, bottom_row, i, lanes):
    """Write the middle of a segment's part from ``enter`` to ``leave``, its row and its height, 0 outside of the tile.

    Args:
        at: index of the middle in ``lanes``; row and height lie as far behind it as ROW_OF and HEIGHT behind MIDDLE.
    """
    middle = (enter + leave) / 2
    y = lanes[Y + i] + lanes[ALONG_Y + i] * middle
    is_within = top_row <= y and y < bottom_row
    lanes[at] = lanes[X + i] + lanes[ALONG_X + i] * middle
    lanes[at + (ROW_OF - MIDDLE)] = np.floor(y) if is_within else top_row
    lanes[at + (HEIGHT - MIDDLE)] = lanes[ALONG_Y + i] * (leave - enter) if is_within else 0.0


@inlined
def _pixel_of_part(enter, leave, top_row, bottom_row, i, lanes):
    """Index of the pixel that a segment's part from ``enter`` to ``leave`` lies in, or OUTSIDE."""
    middle = (enter + leave) / 2
    x, y = lanes[X + i] + lanes[ALONG_X + i] * middle, lanes[Y + i] + lanes[ALONG_Y + i] * middle
    is_within = top_row <= y and y < bottom_row and x >= 0 and x < TILE_WIDTH
    return np.floor(y) * TILE_WIDTH + np.floor(x) if is_within else float(OUTSIDE)
