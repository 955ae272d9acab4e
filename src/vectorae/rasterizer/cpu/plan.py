"""The plan of a drawing: which shapes each tile has, from bottom to top, and what has to be drawn of them.

An entry is a shape in a tile. Tiles that a shape covers wholly need no more than its opacity, and where it has no ink
there is no entry.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.constants import GAUSSIAN
from vectorae.rasterizer.cpu.arguments import BY_DEPTH
from vectorae.rasterizer.cpu.box import is_circular
from vectorae.rasterizer.cpu.compiled import ONE, allocating, allocating_kernel, inlined
from vectorae.rasterizer.cpu.near import INSIDE, NEAR, NEAR_END
from vectorae.rasterizer.cpu.profiles import is_thin, reach_beyond
from vectorae.rasterizer.cpu.scratch import PIXELS, TILE
from vectorae.rasterizer.cpu.tiles import locate_pixels, tiles_of_shape
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    FILLED_BOX,
    HALF_HEIGHT,
    HALF_WIDTH,
    POLYLINE,
    ROUNDNESS,
    SIN,
    SOFTNESS,
    STROKE_WIDTH,
    STROKED_BOX,
)

SLOT, IMAGE, LEFT, TOP, START, STOP, PLACE, ARCS, CELL = range(9)
"""Columns of entries: the shape and its image; the tile's first column and row; the range of the tile's pixels that may
have ink, whole rows; the index of its alpha among those of its chunk, −1 if it covers the tile; of filled boxes with
elliptical corners the index of their closest points, of all others −1; of paths, their cell (see near.py)."""

FIRST_TILE, FIRST_ENTRY, FIRST_PLACE = range(3)
"""Columns of chunks: groups of consecutive tiles of which all kernels draw one after the other."""

CHUNK_BYTES = 2**20
"""About the size of the alpha of a chunk, so that it stays in the cache from one kernel to the next."""

OUTSIDE, PARTLY, WHOLLY = range(3)


@allocating_kernel
def plan(images, band, shapes, canvas, bounds, first, cells, keep):
    """Entries in the order in which they are composited.

    Args:
        images, band: the range of images and of rows of tiles, (from, to) each.
        bounds: ``[images, N, 4]``, see ``find_bounds``.
        first, cells: see ``find_near``; without paths, empty.
        keep: whether closest points are kept for the backward pass; if not, they share one array.

    Returns:
        Index of the first entry of each tile of each image, and the number of all, ``[images · tiles + 1]``; the
        entries ``[E, 9]``; the chunks and, in the last row, the numbers of all tiles, entries and places,
        ``[chunks + 1, 3]``; the number of arrays of closest points, and of places of other filled boxes.
    """
    columns = (canvas.width + TILE - 1) // TILE
    tiles = (band[1] - band[0]) * columns
    count = images[1] - images[0]
    begin = np.zeros(count * tiles + 2, dtype=np.int64)
    total = 0
    for i in range(count):
        for k in range(len(shapes.kinds)):
            total += tiles_of_shape(bounds[i, k], band[0], band[1])
    states = np.empty(total, dtype=np.int8)
    entries = np.empty((0, 9), dtype=np.int64)
    for filling in range(2):
        at = 0
        for i in range(count):
            b = images[0] + i
            for k in shapes.order[b]:
                if bounds[i, k, 0] >= bounds[i, k, 1]:
                    continue
                top, bottom = max(bounds[i, k, 2] // TILE, band[0]), min((bounds[i, k, 3] - 1) // TILE + 1, band[1])
                left, right = bounds[i, k, 0] // TILE, (bounds[i, k, 1] - 1) // TILE + 1
                cell = first[i, k] if shapes.kinds[k] >= POLYLINE else 0
                for row in range(top, bottom):
                    for column in range(left, right):
                        if filling == 0:
                            states[at] = _state(b, k, column * TILE, row * TILE, shapes, canvas, cells, cell)
                        if states[at] != OUTSIDE:
                            tile = i * tiles + (row - band[0]) * columns + column
                            if filling:
                                one = entries[begin[tile + 1]]
                                one[SLOT], one[IMAGE], one[LEFT], one[TOP] = k, b, column * TILE, row * TILE
                                one[START], one[STOP] = 0, PIXELS
                                if states[at] == PARTLY:
                                    one[START] = max(bounds[i, k, 2] - row * TILE, 0) * TILE
                                    one[STOP] = min(bounds[i, k, 3] - row * TILE, TILE) * TILE
                                one[PLACE] = 0 if states[at] == PARTLY or canvas.compositing == BY_DEPTH else -1
                                one[CELL] = cell
                                begin[tile + 1] += 1
                            else:
                                begin[tile + 2] += 1
                        at += 1
                        cell += 1
        if not filling:
            # begin[tile + 1] is the index for the tile's next entry and, when all are in, the next tile's first one.
            for tile in range(1, len(begin)):
                begin[tile] += begin[tile - 1]
            entries = np.empty((begin[-1], 9), dtype=np.int64)
    begin = begin[:-1]
    chunks, arcs, others = _place_entries(begin, entries, shapes, keep)
    return begin, entries, chunks, arcs, others


@allocating
def _place_entries(begin, entries, shapes, keep):
    """Cut the plan into chunks; number the places in each, and the arrays of closest points. See ``plan``."""
    most = CHUNK_BYTES // (PIXELS * shapes.numbers.itemsize)
    chunks, count = np.zeros((len(begin) + 1, 3), dtype=np.int64), 0
    places = arcs = others = 0
    for tile in range(len(begin) - 1):
        if places - chunks[count, FIRST_PLACE] >= most:
            count += 1
            _begin_chunk(chunks[count], tile, begin[tile], places)
        for e in range(begin[tile], begin[tile + 1]):
            b, k = entries[e, IMAGE], entries[e, SLOT]
            entries[e, ARCS] = -1
            if entries[e, PLACE] < 0:
                continue
            if shapes.kinds[k] == FILLED_BOX:
                if shapes.blend[b, k] < ONE and not is_circular(shapes.numbers[b], k):
                    entries[e, ARCS] = arcs if keep else 0
                    arcs = arcs + 1 if keep else 1
                else:
                    others += 1
            entries[e, PLACE] = places - chunks[count, FIRST_PLACE]
            places += 1
    _begin_chunk(chunks[count + 1], len(begin) - 1, len(entries), places)
    return chunks[: count + 2], arcs, others


@inlined
def _begin_chunk(chunk, tile, entry, place):
    chunk[FIRST_TILE], chunk[FIRST_ENTRY], chunk[FIRST_PLACE] = tile, entry, place


@inlined
def locate_entry(entry, before, pixel, work):
    """Write the positions of the pixels of an entry's tile, if they are not there.

    Args:
        before: first column and row of the tile whose positions are there; (−1, −1) for none.

    Returns:
        Those of the entry's tile.
    """
    if before[0] != entry[LEFT] or before[1] != entry[TOP]:
        locate_pixels(work, entry[LEFT], entry[TOP], pixel, 0.5, 0.5)
    return entry[LEFT], entry[TOP]


@inlined
def range_of(entry):
    """The range of an entry's pixels, unsigned (see scratch.py)."""
    return np.uintp(entry[START]), np.uintp(entry[STOP])


@inlined
def _state(b, k, left, top, shapes, canvas, cells, cell):
    """Whether a tile is covered by a shape."""
    if shapes.kinds[k] >= POLYLINE:
        if cells[cell, NEAR] < cells[cell, NEAR_END]:
            return PARTLY
        return WHOLLY if cells[cell, INSIDE] else OUTSIDE
    return _state_of_box(shapes.kinds[k], shapes.numbers[b, k], left, top, canvas)


@inlined
def _state_of_box(kind, numbers, left, top, canvas):
    """As ``_state``, by bounds of the distance: ``PARTLY`` if in doubt."""
    pixel = 1 / min(canvas.height, canvas.width)
    half = 0.5 * TILE * pixel
    x, y = left * pixel + half - numbers[CENTER_X], top * pixel + half - numbers[CENTER_Y]
    cos, sin, roundness = numbers[COS], numbers[SIN], numbers[ROUNDNESS]
    width, height = numbers[HALF_WIDTH], numbers[HALF_HEIGHT]
    reach = reach_beyond(canvas.profile, numbers[SOFTNESS], pixel)
    outer = reach + (0.5 * numbers[STROKE_WIDTH] + 0.5 * pixel if kind == STROKED_BOX else 0.0)
    # Apart along the line between the centres, by how far both reach in that direction.
    length = math.sqrt(x * x + y * y)
    if length > 0:
        along_x, along_y = abs(cos * x + sin * y) / length, abs(cos * y - sin * x) / length
        straight = (1 - roundness) * (along_x * width + along_y * height)
        of_box = straight + roundness * math.sqrt((along_x * width) ** 2 + (along_y * height) ** 2)
        of_tile = half * (abs(x) + abs(y)) / length
        if length > of_box + of_tile + outer:
            return OUTSIDE
    # The box scaled about its centre is as far from its outline, at least, as that moves the nearer sides.
    shorter = min(width, height)
    if kind == STROKED_BOX:
        inner = outer
    elif canvas.profile == GAUSSIAN:
        if is_thin(canvas.profile, numbers[SOFTNESS], pixel, 0.5 * shorter * shorter / max(max(width, height), 1e-30)):
            return PARTLY
        inner = 0.0 * outer
    else:
        inner = reach
    if shorter <= inner:
        return PARTLY
    scale = 1 - inner / shorter
    width, height = scale * width, scale * height
    for corner in range(4):
        corner_x = x + (half if corner % 2 else -half)
        corner_y = y + (half if corner // 2 else -half)
        local_x, local_y = abs(cos * corner_x + sin * corner_y), abs(cos * corner_y - sin * corner_x)
        if local_x > width or local_y > height:
            return PARTLY
        beyond_x, beyond_y = local_x - width * (1 - roundness), local_y - height * (1 - roundness)
        unit_x, unit_y = beyond_x / max(width * roundness, 1e-30), beyond_y / max(height * roundness, 1e-30)
        if beyond_x > 0 and beyond_y > 0 and unit_x * unit_x + unit_y * unit_y > 1:
            return PARTLY
    return OUTSIDE if kind == STROKED_BOX else WHOLLY
