"""Which segments are near each tile of each path: all that drawing it there needs."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.constants import RAMP
from vectorae.rasterizer.cpu.bounds import reach_of
from vectorae.rasterizer.cpu.compiled import allocating, allocating_kernel, inlined
from vectorae.rasterizer.cpu.scratch import TILE_HEIGHT, TILE_WIDTH
from vectorae.rasterizer.cpu.tiles import centre_of, columns_and_rows, tiles_of_shape
from vectorae.rasterizer.packing import POLYLINE, REGION

NEAR, NEAR_END, INSIDE = range(3)
"""Columns of ``cells``: the range of a tile's segments in ``near``, and whether the tile lies inside of a region whose
boundary is far."""


@allocating_kernel
def find_near(images, band, shapes, canvas, bounds):
    """The segments near each tile that a path may cover, and what those to the left of it leave to it.

    A cell is a tile of a path; those of one path lie row by row.

    Args:
        images, band: the range of images and of rows of tiles, (from, to) each.
        bounds: ``[images, N, 4]``, see ``find_bounds``.

    Returns:
        Index of the first cell of each shape, ``[images, N]``; ``[cells, 3]``, see above; the segments, by their first
        vertices; ``[cells, 32]``: for each row of pixels of a region what boundaries left of the tile make of it: the
        winding number of the pixels' centres or, drawn exactly, the covered part of the pixels. Of others, anything.
    """
    first = np.zeros((images[1] - images[0], len(shapes.kinds)), dtype=np.int64)
    total = segments = 0
    for i in range(len(first)):
        for k in range(len(shapes.kinds)):
            first[i, k] = total
            if shapes.kinds[k] >= POLYLINE:
                total += tiles_of_shape(bounds[i, k], band[0], band[1])
                segments += shapes.size[images[0] + i, k]
    cells = np.zeros((total, 3), dtype=np.int64)
    carried = np.empty((total, TILE_HEIGHT), dtype=shapes.numbers.dtype)  # written for regions alone
    # Not a plain 0, for which numba would compile _find_of_shape once more.
    found, used = np.empty((4 * total + segments + 64, 2), dtype=np.int64), np.int64(0)
    for i in range(len(first)):
        for k in range(len(shapes.kinds)):
            if shapes.kinds[k] >= POLYLINE and bounds[i, k, 0] < bounds[i, k, 1]:
                found, used = _find_of_shape(
                    images[0] + i, k, band, shapes, canvas, bounds[i, k], first[i, k], cells, carried, found, used
                )
    near, at = np.empty(used, dtype=np.int64), 0
    for cell in range(total):
        count = cells[cell, NEAR_END]
        cells[cell, NEAR] = cells[cell, NEAR_END] = at
        at += count
    for index in range(used):
        cell = found[index, 0]
        near[cells[cell, NEAR_END]] = found[index, 1]
        cells[cell, NEAR_END] += 1
    return first, cells, near, carried


@allocating
def _find_of_shape(b, k, band, shapes, canvas, bounds, first, cells, carried, found, used):
    """Add (cell, segment) for each segment near a cell of a path to ``found``; count them in NEAR_END.

    Returns:
        ``found``, or a longer array with the same beginning; how many there are.
    """
    kind, step = shapes.kinds[k], 1 if shapes.kinds[k] == POLYLINE else 2
    exact = kind == REGION and canvas.profile == RAMP
    side = min(canvas.height, canvas.width)
    real = shapes.numbers.dtype.type
    pixel = real(1 / side)
    reach = 0.0 if exact else float(reach_of(kind, shapes.numbers[b], k, canvas.profile, pixel)) / pixel
    left, right, top, bottom = columns_and_rows(bounds, band)
    columns, scale = right - left, float(side)
    of_row, of_column = top, left  # the tile of the segment before
    if kind == REGION:
        for cell in range(first, first + (bottom - top) * columns):
            for r in range(TILE_HEIGHT):
                carried[cell, r] = 0
    start, stop = shapes.first[k], shapes.first[k] + shapes.size[b, k] - 1
    for v in range(start, stop, step):
        x0, y0 = float(shapes.vertices[b, v, 0]) * scale, float(shapes.vertices[b, v, 1]) * scale
        x1, y1 = float(shapes.vertices[b, v + 1, 0]) * scale, float(shapes.vertices[b, v + 1, 1]) * scale
        if x0 == x1 and y0 == y1 and (kind == REGION or kind == POLYLINE and v > start):
            continue
        if exact and used < len(found):
            # As most segments of an outline, within one tile, and often in that of the segment before.
            if not _is_within(x0, y0, of_row, of_column):
                of_row, of_column = math.floor(y0 / TILE_HEIGHT), math.floor(x0 / TILE_WIDTH)
            is_own = top <= of_row and of_row < bottom and left <= of_column and of_column < right
            if is_own and _is_within(x1, y1, of_row, of_column):
                cell = first + (of_row - top) * columns + of_column - left
                found[used, 0], found[used, 1] = cell, v
                used += 1
                cells[cell, NEAR_END] += 1
                if of_column + 1 < right:
                    _carry_area(y0, y1, of_row, carried[cell + 1])
                continue
        high, low = min(y0, y1), max(y0, y1)
        first_row = _tile((high - reach) / TILE_HEIGHT, top, bottom)
        end_row = _tile((low + reach) / TILE_HEIGHT, top - 1, bottom - 1) + 1
        for row in range(first_row, end_row):
            # The part of the segment within reach of the row of tiles.
            begin, finish = 0.0, 1.0
            if first_row + 1 < end_row:
                enter = (row * TILE_HEIGHT - reach - y0) / (y1 - y0)
                leave = ((row + 1) * TILE_HEIGHT + reach - y0) / (y1 - y0)
                begin, finish = max(min(enter, leave), 0.0), min(max(enter, leave), 1.0)
            a, c = x0 + begin * (x1 - x0), x0 + finish * (x1 - x0)
            first_column = _tile((min(a, c) - reach) / TILE_WIDTH, left, right)
            end_column = _tile((max(a, c) + reach) / TILE_WIDTH, left - 1, right - 1) + 1
            cell = first + (row - top) * columns - left
            if used + end_column - first_column > len(found):
                found = _lengthened(found, used, columns)
            for column in range(first_column, end_column):
                found[used, 0], found[used, 1] = cell + column, v
                used += 1
                cells[cell + column, NEAR_END] += 1
            if kind == REGION and end_column < right:
                if exact:
                    _carry_area(y0, y1, row, carried[cell + end_column])
                else:
                    _carry_winding(
                        shapes.vertices[b, v, 1],
                        shapes.vertices[b, v + 1, 1],
                        row * TILE_HEIGHT,
                        pixel,
                        carried[cell + end_column],
                    )
    if kind == REGION:
        _carry_on(first, bottom - top, columns, cells, carried)
    return found, used


@allocating
def _lengthened(found, used, columns):
    """A longer array that begins with the ``used`` rows of ``found``, with room for a row of tiles."""
    longer = np.empty((2 * len(found) + columns, 2), dtype=np.int64)
    for index in range(used):
        longer[index, 0], longer[index, 1] = found[index, 0], found[index, 1]
    return longer


@inlined
def _carry_on(first, rows, columns, cells, carried):
    """Add to what each tile of a region carries that of the tiles left of it; mark those that lie inside."""
    for cell in range(first, first + rows * columns):
        if (cell - first) % columns > 0:
            for r in range(TILE_HEIGHT):
                carried[cell, r] += carried[cell - 1, r]
        if cells[cell, NEAR_END] == 0 and carried[cell, 0] > 0.5:
            cells[cell, INSIDE] = 1


@inlined
def _is_within(x, y, row, column):
    """Whether a position in pixels lies within a tile."""
    from_left, from_top = x - column * TILE_WIDTH, y - row * TILE_HEIGHT
    return from_left >= 0 and from_left < TILE_WIDTH and from_top >= 0 and from_top < TILE_HEIGHT


@inlined
def _tile(at, low, high):
    """The row or column of tiles that holds a position, given in their sizes, clamped; NaN is ``low``."""
    if not at > low:
        return low
    return high if at >= high else math.floor(at)


@inlined
def _carry_winding(y0, y1, top, pixel, carried):
    """Add the turn of a segment to the rows of pixels whose centres it passes."""
    low, high, turn = (y0, y1, 1) if y1 > y0 else (y1, y0, -1)
    for r in range(max(int(low / pixel) - top - 1, 0), min(int(high / pixel) - top + 2, TILE_HEIGHT)):
        y = centre_of(top + r, pixel)
        if low <= y and y < high:
            carried[r] += turn


@inlined
def _carry_area(y0, y1, of_tile, carried):
    """Add the height of a segment in each row of pixels of a tile, signed: to the right of it that part is covered."""
    top = float(of_tile * TILE_HEIGHT)
    begin, finish = y0 - top, y1 - top
    row = max(math.floor(min(begin, finish)), 0.0)
    end = min(max(begin, finish), float(TILE_HEIGHT))
    while row < end:
        carried[np.uintp(row)] += min(max(finish - row, 0.0), 1.0) - min(max(begin - row, 0.0), 1.0)
        row += 1.0
