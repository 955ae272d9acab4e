"""The plan of a drawing: which shapes each tile has, from bottom to top, and what has to be drawn of them.

An entry is a shape in rows of a tile. Rows that the shape covers wholly need no more than its opacity, and where it has
no ink there is no entry.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.arguments import BY_DEPTH
from vectorae.rasterizer.cpu.box import is_circular
from vectorae.rasterizer.cpu.box_tiles import find_inner_rows, find_rows
from vectorae.rasterizer.cpu.compiled import ONE, allocating, allocating_kernel, compiled, inlined
from vectorae.rasterizer.cpu.near import INSIDE, NEAR, NEAR_END
from vectorae.rasterizer.cpu.scratch import PIXELS, TILE_HEIGHT, TILE_WIDTH
from vectorae.rasterizer.cpu.tiles import columns_and_rows, columns_of_tiles, locate_pixels, tiles_of_shape
from vectorae.rasterizer.packing import FILLED_BOX, POLYLINE, STROKED_BOX

SLOT, IMAGE, LEFT, TOP, START, STOP, PLACE, ARCS, CELL = range(9)
"""Columns of entries: the shape and its image; the tile's first column and row; the range of the tile's pixels that may
have ink, whole pairs of rows; the place of its alpha (see ``at_place``), −1 if it covers the tile; of filled boxes with
elliptical corners the place of their closest points, of all others −1; of paths, their cell (see near.py)."""

FIRST_TILE, FIRST_ENTRY, FIRST_ALPHA = range(3)
"""Columns of chunks: groups of consecutive tiles of which all kernels draw one after the other."""

CHUNK_BYTES = 5 * 2**17
"""Largest size, about, of the alpha of a chunk, so that it stays in the cache from one kernel to the next."""

LEAST_ROWS = 4
"""Fewer rows that a shape covers wholly are drawn with those around them, as an entry has its price."""


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
        entries ``[E, 9]``; the chunks and, in the last row, the numbers of all tiles, entries and alphas,
        ``[chunks + 1, 3]``; the length of the array of closest points, 0 if there are none; the number of entries
        of other filled boxes that have a place; the most entries of a tile; the most alphas of a chunk.
    """
    columns = columns_of_tiles(canvas)
    tiles = (band[1] - band[0]) * columns
    count = images[1] - images[0]
    begin = np.zeros(count * tiles + 2, dtype=np.int64)
    total = 0
    for i in range(count):
        for k in range(len(shapes.kinds)):
            total += tiles_of_shape(bounds[i, k], band[0], band[1])
    found = np.empty((total, 4), dtype=np.int8)
    entries = np.empty((0, 9), dtype=np.int64)
    rows = np.empty((columns, 4), dtype=np.int64)
    alphas = np.int64(0)
    for filling in range(2):
        at = 0
        for i in range(count):
            b = images[0] + i
            for k in shapes.order[b]:
                if bounds[i, k, 0] >= bounds[i, k, 1]:
                    continue
                left, right, top, bottom = columns_and_rows(bounds[i, k], band)
                cell = first[i, k] if shapes.kinds[k] >= POLYLINE else 0
                if not filling:
                    _find_ranges(b, k, bounds[i, k], band, shapes, canvas, cells, cell, rows, found[at:])
                for row in range(top, bottom):
                    for column in range(left, right):
                        for part in range(3):
                            start, stop = found[at, part], found[at, part + 1]
                            is_inner = part == 1
                            if start >= stop or is_inner and shapes.kinds[k] == STROKED_BOX:
                                continue
                            tile = i * tiles + (row - band[0]) * columns + column
                            if filling:
                                one = entries[begin[tile + 1]]
                                one[SLOT], one[IMAGE] = k, b
                                one[LEFT], one[TOP] = column * TILE_WIDTH, row * TILE_HEIGHT
                                one[START], one[STOP] = start * TILE_WIDTH, stop * TILE_WIDTH
                                one[PLACE] = -1 if is_inner else 0
                                one[CELL] = cell
                                begin[tile + 1] += 1
                            else:
                                begin[tile + 2] += 1
                                if canvas.compositing == BY_DEPTH:
                                    alphas += PIXELS
                                elif not is_inner:
                                    alphas += np.int64(stop - start) * TILE_WIDTH
                        at += 1
                        cell += 1
        if not filling:
            # begin[tile + 1] is the index for the tile's next entry and, when all are in, the next tile's first one.
            for tile in range(1, len(begin)):
                begin[tile] += begin[tile - 1]
            entries = np.empty((begin[-1], 9), dtype=np.int64)
    begin = begin[:-1]
    # As many chunks as it takes, of about the same size: each has its price.
    most = max(1, CHUNK_BYTES // shapes.numbers.itemsize)
    size = max(1, alphas // max(1, (alphas + most - 1) // most))
    chunks, arcs, others, deepest, largest = _place_entries(begin, entries, size, shapes, canvas, keep)
    return begin, entries, chunks, arcs, others, deepest, largest


@inlined
def at_place(place):
    """Where in an array a tile's pixels are, of which only an entry's range is its own.

    Ranges lie one after the other; a place is where the tile's first pixel would be. That is why the array begins and
    ends with 256 numbers that nobody has.
    """
    return slice(place, place + PIXELS)


@allocating
def _place_entries(begin, entries, size, shapes, canvas, keep):
    """Cut the plan into chunks of about ``size`` alphas; give entries their places. See ``plan``."""
    chunks, count = np.zeros((len(begin) + 1, 3), dtype=np.int64), 0
    alphas = arcs = others = deepest = largest = 0
    for tile in range(len(begin) - 1):
        deepest = max(deepest, begin[tile + 1] - begin[tile])
        if alphas - chunks[count, FIRST_ALPHA] >= size:
            count += 1
            _begin_chunk(chunks[count], tile, begin[tile], alphas)
        for e in range(begin[tile], begin[tile + 1]):
            one = entries[e]
            b, k, first, length = one[IMAGE], one[SLOT], one[START], one[STOP] - one[START]
            one[ARCS] = -1
            if one[PLACE] < 0:
                continue
            if shapes.kinds[k] == FILLED_BOX:
                if shapes.blend[b, k] < ONE and not is_circular(shapes.numbers[b], k):
                    one[ARCS] = (arcs if keep else 0) + PIXELS - first
                    arcs = arcs + length if keep else PIXELS
                else:
                    others += 1
            if canvas.compositing == BY_DEPTH:  # all pixels of the tile
                first, length = 0 * first, PIXELS
            one[PLACE] = alphas - chunks[count, FIRST_ALPHA] + PIXELS - first
            alphas += length
        largest = max(largest, alphas - chunks[count, FIRST_ALPHA])
    _begin_chunk(chunks[count + 1], len(begin) - 1, len(entries), alphas)
    return chunks[: count + 2], (arcs + 2 * PIXELS if arcs else 0), others, deepest, largest


@inlined
def _begin_chunk(chunk, tile, entry, alpha):
    chunk[FIRST_TILE], chunk[FIRST_ENTRY], chunk[FIRST_ALPHA] = tile, entry, alpha


@inlined
def locate_entry(entry, before, pixel, work):
    """Write the positions of the pixels of an entry's tile, if they are not there.

    Args:
        before: first column and row of the tile whose positions are there; (−1, −1) for none.

    Returns:
        Those of the entry's tile.
    """
    if before[0] != entry[LEFT] or before[1] != entry[TOP]:
        locate_pixels(work, entry[LEFT], entry[TOP], pixel)
    return entry[LEFT], entry[TOP]


@inlined
def range_of(entry):
    """The range of an entry's pixels, unsigned (see scratch.py)."""
    return np.uintp(entry[START]), np.uintp(entry[STOP])


@compiled
def _find_ranges(b, k, bounds, band, shapes, canvas, cells, cell, rows, found):
    """Write how a shape covers each of its tiles.

    Args:
        rows: scratch, ``[columns, 4]``.
        found: ``[tiles, 4]``: from the first row to the second one the tile may have ink, from there to the third one
            all of it or, of a stroke, none, and then to the last one it may have ink again. See PAIR.
    """
    kind, numbers = shapes.kinds[k], shapes.numbers[b]
    left, right, top, bottom = columns_and_rows(bounds, band)
    if kind < POLYLINE:
        find_rows(kind, numbers, k, shapes.blend[b, k], canvas, bounds, left, right, rows)
        find_inner_rows(kind, numbers, k, shapes.blend[b, k], canvas, left, right, rows[:, 2:])
    at = 0
    for row in range(top, bottom):
        above = row * TILE_HEIGHT
        for column in range(left, right):
            first, end, inner, inner_end = bounds[2], bounds[3], 0, 0
            if kind < POLYLINE:
                first, end = rows[column - left, 0], rows[column - left, 1]
                inner, inner_end = rows[column - left, 2], rows[column - left, 3]
            elif cells[cell + at, NEAR] == cells[cell + at, NEAR_END]:
                if cells[cell + at, INSIDE]:
                    first, end, inner, inner_end = above, above + TILE_HEIGHT, above, above + TILE_HEIGHT
                else:
                    end = first
            one = found[at]
            _write_ranges(first - above, inner - above, inner_end - above, end - above, one)
            surrounded = kind == STROKED_BOX and one[0] == one[1] and one[2] == one[3]
            if canvas.compositing == BY_DEPTH and not surrounded:  # a shape is one entry
                one[1] = one[2] = one[3]
            at += 1


@inlined
def _write_ranges(first, inner, inner_end, end, found):
    """Write ranges of rows of a tile, in whole pairs; see ``_find_ranges``."""
    first = min(max(first, 0), TILE_HEIGHT) // 2 * 2
    end = max((min(end, TILE_HEIGHT) + 1) // 2 * 2, first)
    inner, inner_end = (max(inner, first) + 1) // 2 * 2, min(inner_end, end) // 2 * 2
    if inner_end - inner < min(LEAST_ROWS, end - first):
        inner = inner_end = end
    found[0], found[1], found[2], found[3] = first, inner, inner_end, end
