"""Which tiles of an image each shape may cover, how many of a tile's rows, and the pixels of a tile."""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

import numpy as np

from vectorae.rasterizer.cpu.compiled import HALF, ZERO, allocating, compiled, inlined
from vectorae.rasterizer.cpu.path import rows_near_segment
from vectorae.rasterizer.cpu.profiles import reach_beyond
from vectorae.rasterizer.cpu.scratch import CANVAS_X, CANVAS_Y, PIXELS, TILE
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    HALF_HEIGHT,
    HALF_WIDTH,
    POLYLINE,
    REGION,
    SIN,
    SOFTNESS,
    STROKE_WIDTH,
    STROKED_BOX,
)


@compiled
def _bounds(b, k, shapes, reach):
    """Left, top, right, bottom of all that a shape may cover, canvas units."""
    kind, numbers = shapes.kinds[k], shapes.numbers[b, k]
    if kind in (STROKED_BOX, POLYLINE):
        reach += HALF * numbers[STROKE_WIDTH]
    if kind in (POLYLINE, REGION):
        left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
        for v in range(shapes.first[k], shapes.first[k] + shapes.size[b, k]):
            x, y = shapes.vertices[b, v, 0], shapes.vertices[b, v, 1]
            left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
    else:
        x, y, cos, sin = numbers[CENTER_X], numbers[CENTER_Y], abs(numbers[COS]), abs(numbers[SIN])
        across = cos * numbers[HALF_WIDTH] + sin * numbers[HALF_HEIGHT]
        down = sin * numbers[HALF_WIDTH] + cos * numbers[HALF_HEIGHT]
        left, top, right, bottom = x - across, y - down, x + across, y + down
    return left - reach, top - reach, right + reach, bottom + reach


@compiled
def place_shapes(b, shapes, canvas, places):
    """Columns and rows that each shape of an image may cover, into ``places`` ``[N, 4]``: start, stop, top, bottom."""
    height, width, pixel = canvas.height, canvas.width, 1 / min(canvas.height, canvas.width)
    for k in range(len(places)):
        reach = reach_beyond(canvas.profile, shapes.numbers[b, k, SOFTNESS], shapes.numbers.dtype.type(pixel))
        left, top, right, bottom = _bounds(b, k, shapes, reach)
        if left <= right and top <= bottom:  # false for NaN too
            places[k, 0] = int(min(max(math.floor(left / pixel - 0.5), 0), width))
            places[k, 1] = int(min(max(math.ceil(right / pixel + 0.5), 0), width))
            places[k, 2] = int(min(max(math.floor(top / pixel - 0.5), 0), height))
            places[k, 3] = int(min(max(math.ceil(bottom / pixel + 0.5), 0), height))
        elif shapes.kinds[k] == REGION and shapes.size[b, k] == 0:
            places[k] = 0
        else:
            places[k] = (0, width, 0, height)


@allocating
def sort_into_tiles(order, places, columns, first_row, last_row):
    """The shapes that each tile of some rows of tiles has, from the bottom to the top.

    Args:
        order: ``[N]`` the slots from the bottom to the top.
        places: ``[N, 4]``, see ``place_shapes``.
        columns: tiles in a row; first_row, last_row: rows of tiles, from and to.

    Returns:
        ``[T + 1]`` where each tile's shapes begin, and the shapes.
    """
    begin = np.zeros((last_row - first_row) * columns + 2, dtype=np.int64)
    shapes = np.empty(0, dtype=np.int64)
    for filling in range(2):
        for k in order:
            if places[k, 0] >= places[k, 1]:
                continue
            top, bottom = max(places[k, 2] // TILE, first_row), min((places[k, 3] - 1) // TILE + 1, last_row)
            for row in range(top, bottom):
                for column in range(places[k, 0] // TILE, (places[k, 1] - 1) // TILE + 1):
                    tile = (row - first_row) * columns + column
                    if filling:
                        shapes[begin[tile + 1]] = k
                        begin[tile + 1] += 1
                    else:
                        begin[tile + 2] += 1
        if not filling:
            # begin[tile + 1] is where the next shape of the tile goes, and, in the end, where the next tile begins.
            begin = np.cumsum(begin)
            shapes = np.empty(begin[-1], dtype=np.int64)
    return begin[:-1], shapes


@inlined
def tiles_of_shape(places, k, first_row, last_row):
    """How many tiles, of some rows of tiles, a shape may cover."""
    if places[k, 0] >= places[k, 1]:
        return 0
    top, bottom = max(places[k, 2] // TILE, first_row), min((places[k, 3] - 1) // TILE + 1, last_row)
    return max(bottom - top, 0) * ((places[k, 1] - 1) // TILE + 1 - places[k, 0] // TILE)


@compiled
def most_in_a_tile(begin):
    """How many shapes the tile has that has most of them."""
    most = 0
    for tile in range(len(begin) - 1):
        most = max(most, begin[tile + 1] - begin[tile])
    return most


@inlined
def rows_of_shape(kind, numbers, k, vertices, first, size, profile, pixel, places, tile_top, work):
    """The pixels from, to of the rows of a tile that a shape may cover."""
    start = np.uintp(max(places[k, 2] - tile_top, 0) * TILE)
    stop = np.uintp(min(places[k, 3] - tile_top, TILE) * TILE)
    if kind != POLYLINE:
        return start, stop
    # Of a ramp's sub-pixels some are half a pixel away from the centre.
    reach = reach_beyond(profile, numbers[k, SOFTNESS], pixel) + HALF * (numbers[k, STROKE_WIDTH] + pixel)
    begin, finish = stop, start
    for v in range(first, first + size - 1):
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        here, there = rows_near_segment(x0, y0, x1, y1, reach, start, stop, work)
        if here < there:
            begin, finish = min(begin, here), max(finish, there)
    return begin, finish


@inlined
def place_pixels(work, left, top, whole, across, down):
    """Where on the canvas a tile's pixels are: the points at these parts of each.

    Args:
        left, top: the tile's first column and row; whole: the size of a pixel in canvas units.
    """
    for p in range(PIXELS):
        work[CANVAS_X, p], work[CANVAS_Y, p] = (left + p % TILE + across) * whole, (top + p // TILE + down) * whole


@compiled
def read_tile(images, b, left, top, work, first):
    """Copy a tile of ``images`` ``[B, C, H, W]`` into the rows from ``first`` on, with 0 beyond the image."""
    height, width = min(TILE, images.shape[2] - top), min(TILE, images.shape[3] - left)
    for channel in range(images.shape[1]):
        if height < TILE or width < TILE:
            for p in range(PIXELS):
                work[first + channel, p] = ZERO
        for r in range(height):
            row = images[b, channel, top + r, left:]
            for i in range(width):
                work[first + channel, r * TILE + i] = row[i]


@compiled
def write_tile(images, b, left, top, work, first):
    """Copy the rows from ``first`` on to a tile of ``images`` ``[B, C, H, W]``."""
    height, width = min(TILE, images.shape[2] - top), min(TILE, images.shape[3] - left)
    for channel in range(images.shape[1]):
        for r in range(height):
            row = images[b, channel, top + r, left:]
            for i in range(width):
                row[i] = work[first + channel, r * TILE + i]
