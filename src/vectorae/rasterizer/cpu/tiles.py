"""Bounds of shapes in pixels and tiles, and copies of tiles from and to images."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

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
def _canvas_bounds(b, k, shapes, reach):
    """Left, top, right, bottom of the area that shape k may cover, canvas units; ``reach``: of its soft edge."""
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
def find_bounds(b, shapes, canvas, bounds):
    """Write the columns and rows that each shape of image b may cover.

    Args:
        bounds: ``[N, 4]`` in pixels: first column, end column, first row, end row (ends exclusive).
    """
    height, width, pixel = canvas.height, canvas.width, 1 / min(canvas.height, canvas.width)
    for k in range(len(bounds)):
        reach = reach_beyond(canvas.profile, shapes.numbers[b, k, SOFTNESS], shapes.numbers.dtype.type(pixel))
        left, top, right, bottom = _canvas_bounds(b, k, shapes, reach)
        if left <= right and top <= bottom:  # false for NaN too
            bounds[k, 0] = int(min(max(math.floor(left / pixel - 0.5), 0), width))
            bounds[k, 1] = int(min(max(math.ceil(right / pixel + 0.5), 0), width))
            bounds[k, 2] = int(min(max(math.floor(top / pixel - 0.5), 0), height))
            bounds[k, 3] = int(min(max(math.ceil(bottom / pixel + 0.5), 0), height))
        elif shapes.kinds[k] == REGION and shapes.size[b, k] == 0:
            bounds[k] = 0
        else:
            bounds[k] = (0, width, 0, height)


@allocating
def sort_into_tiles(order, bounds, columns, first_row, last_row):
    """The shapes of each of T tiles, from bottom to top.

    Args:
        order: ``[N]`` the slots from bottom to top.
        bounds: ``[N, 4]``, see ``find_bounds``.
        columns: tiles in a row.
        first_row, last_row: range of rows of tiles.

    Returns:
        ``[T + 1]`` index of each tile's first entry; the entries, which are slots.
    """
    begin = np.zeros((last_row - first_row) * columns + 2, dtype=np.int64)
    shapes = np.empty(0, dtype=np.int64)
    for filling in range(2):
        for k in order:
            if bounds[k, 0] >= bounds[k, 1]:
                continue
            top, bottom = max(bounds[k, 2] // TILE, first_row), min((bounds[k, 3] - 1) // TILE + 1, last_row)
            for row in range(top, bottom):
                for column in range(bounds[k, 0] // TILE, (bounds[k, 1] - 1) // TILE + 1):
                    tile = (row - first_row) * columns + column
                    if filling:
                        shapes[begin[tile + 1]] = k
                        begin[tile + 1] += 1
                    else:
                        begin[tile + 2] += 1
        if not filling:
            # begin[tile + 1] is the index for the tile's next shape and, when all are in, the next tile's first entry.
            begin = np.cumsum(begin)
            shapes = np.empty(begin[-1], dtype=np.int64)
    return begin[:-1], shapes


@inlined
def tiles_of_shape(bounds, k, first_row, last_row):
    """Number of tiles that shape k may cover, in a range of rows of tiles."""
    if bounds[k, 0] >= bounds[k, 1]:
        return 0
    top, bottom = max(bounds[k, 2] // TILE, first_row), min((bounds[k, 3] - 1) // TILE + 1, last_row)
    return max(bottom - top, 0) * ((bounds[k, 1] - 1) // TILE + 1 - bounds[k, 0] // TILE)


@compiled
def most_in_a_tile(begin):
    """Largest number of shapes in a tile."""
    most = 0
    for tile in range(len(begin) - 1):
        most = max(most, begin[tile + 1] - begin[tile])
    return most


@inlined
def rows_of_shape(kind, numbers, k, vertices, first, size, profile, pixel, bounds, tile_top, work):
    """The range of a tile's pixels that a shape may cover: whole rows. ``tile_top`` is the tile's first row."""
    start = np.uintp(max(bounds[k, 2] - tile_top, 0) * TILE)
    stop = np.uintp(min(bounds[k, 3] - tile_top, TILE) * TILE)
    if kind != POLYLINE:
        return start, stop
    # Some of a ramp's sub-pixels are half a pixel away from the centre.
    reach = reach_beyond(profile, numbers[k, SOFTNESS], pixel) + HALF * (numbers[k, STROKE_WIDTH] + pixel)
    begin, finish = stop, start
    for v in range(first, first + size - 1):
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        segment_start, segment_stop = rows_near_segment(x0, y0, x1, y1, reach, start, stop, work)
        if segment_start < segment_stop:
            begin, finish = min(begin, segment_start), max(finish, segment_stop)
    return begin, finish


@inlined
def locate_pixels(work, left, top, whole, across, down):
    """Write the positions of a tile's pixels on the canvas.

    Args:
        left, top: the tile's first column and row.
        whole: size of a pixel in canvas units.
        across, down: position within each pixel, 0 to 1.
    """
    for p in range(PIXELS):
        work[CANVAS_X, p], work[CANVAS_Y, p] = (left + p % TILE + across) * whole, (top + p // TILE + down) * whole


@compiled
def read_tile(images, b, left, top, work, first):
    """Copy a tile of ``images`` ``[B, C, H, W]`` to the rows from ``first`` on, 0 beyond the image."""
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
