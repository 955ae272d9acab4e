"""Bounds of shapes and segments in tiles, and tests of many shapes at once against a tile.

Bounds are four integers: first column and first row of tiles, number of columns and of rows (0 columns: empty). Sets of
``LANES`` shapes or segments are int64 with a bit for each.
"""

# Compiled by Triton, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import triton
import triton.language as tl

from vectorae.rasterizer.gpu.constants import (
    CENTER_X,
    CENTER_Y,
    COS,
    HALF_HEIGHT,
    HALF_WIDTH,
    LANES,
    NUMBERS,
    POLYLINE,
    SEGMENTS,
    SIN,
    SOFTNESS,
    STROKE_WIDTH,
)
from vectorae.rasterizer.gpu.profiles import reach_beyond


@triton.jit
def _tiles(low, high, pixel, pixels, TILE: tl.constexpr):
    """First tile and number of tiles between two positions on the canvas, along one axis; all tiles for NaN."""
    start = tl.minimum(tl.maximum(tl.floor(low / pixel - 0.5), 0), pixels).to(tl.int32)
    stop = tl.minimum(tl.maximum(tl.ceil(high / pixel + 0.5), 0), pixels).to(tl.int32)
    known = low <= high
    start, stop = tl.where(known, start, 0), tl.where(known, stop, pixels)
    first = start // TILE
    return first, tl.where(start < stop, (stop + (TILE - 1)) // TILE - first, 0)


@triton.jit
def _tile_bounds(left, top, right, bottom, pixel, height, width, TILE: tl.constexpr):
    """Bounds in tiles of a rectangle in canvas units."""
    column, columns = _tiles(left, right, pixel, width, TILE)
    row, rows = _tiles(top, bottom, pixel, height, TILE)
    return column, row, tl.where(rows > 0, columns, 0), rows


@triton.jit
def find_bounds(
    bounds, segment_bounds, numbers, vertices, kinds, first, size, count, vertex_count, height, width, pixel,
    PROFILE: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    """Write the bounds of shapes ``[B, N, 4]`` and of segments ``[B, V, 4]``, each at the index of its first vertex.

    Runs one program per shape of each image.
    """
    shape = tl.program_id(0).to(tl.int64)
    b, k = shape // count, shape % count
    numbers += shape * NUMBERS
    kind = tl.load(kinds + k)
    reach = reach_beyond(tl.load(numbers + SOFTNESS), pixel, PROFILE) + 0.5 * tl.load(numbers + STROKE_WIDTH)
    if kind < POLYLINE:
        x, y = tl.load(numbers + CENTER_X), tl.load(numbers + CENTER_Y)
        cos, sin = tl.abs(tl.load(numbers + COS)), tl.abs(tl.load(numbers + SIN))
        half_width, half_height = tl.load(numbers + HALF_WIDTH), tl.load(numbers + HALF_HEIGHT)
        across, down = cos * half_width + sin * half_height + reach, sin * half_width + cos * half_height + reach
        column, row, columns, rows = _tile_bounds(
            x - across, y - down, x + across, y + down, pixel, height, width, TILE
        )  # fmt: skip
    else:
        start, length = b * vertex_count + tl.load(first + k), tl.load(size + shape)
        far_column, far_row, last_column, last_row = 1 << 30, 1 << 30, 0, 0
        for part in range(0, length - 1, LANES):
            number = part + tl.arange(0, LANES)
            # Each segment of a region's boundary, and of a stroke that is not joined, has two vertices of its own.
            mask = (number < length - 1) & ((kind == POLYLINE) | (number % 2 == 0))
            at = vertices + 2 * (start + number)
            x0, y0 = tl.load(at, mask=mask, other=0), tl.load(at + 1, mask=mask, other=0)
            x1, y1 = tl.load(at + 2, mask=mask, other=0), tl.load(at + 3, mask=mask, other=0)
            column, row, columns, rows = _tile_bounds(
                tl.minimum(x0, x1) - reach, tl.minimum(y0, y1) - reach, tl.maximum(x0, x1) + reach,
                tl.maximum(y0, y1) + reach, pixel, height, width, TILE,
            )  # fmt: skip
            # A stroke of zero length is a dot; other segments of zero length are repeated vertices.
            mask &= (x0 != x1) | (y0 != y1) | ((kind == POLYLINE) & (number == 0)) | (kind == SEGMENTS)
            columns = tl.where(mask, columns, 0)
            at = segment_bounds + 4 * (start + number)
            tl.store(at, column, mask=mask)
            tl.store(at + 1, row, mask=mask)
            tl.store(at + 2, columns, mask=mask)
            tl.store(at + 3, rows, mask=mask)
            mask = columns > 0
            far_column = tl.minimum(far_column, tl.min(tl.where(mask, column, 1 << 30), 0))
            far_row = tl.minimum(far_row, tl.min(tl.where(mask, row, 1 << 30), 0))
            last_column = tl.maximum(last_column, tl.max(tl.where(mask, column + columns, 0), 0))
            last_row = tl.maximum(last_row, tl.max(tl.where(mask, row + rows, 0), 0))
        column, row = far_column, far_row
        columns, rows = tl.maximum(last_column - far_column, 0), tl.maximum(last_row - far_row, 0)
    at = bounds + 4 * shape
    tl.store(at, column)
    tl.store(at + 1, row)
    tl.store(at + 2, columns)
    tl.store(at + 3, rows)


@triton.jit
def touching(bounds, index, among, column, row):
    """The set of those, out of ``LANES`` shapes or segments, whose bounds contain a tile; arguments as below."""
    return bits(touches(bounds, index, among, column, row))


@triton.jit
def touches(bounds, index, among, column, row):
    """Which of ``LANES`` shapes or segments have bounds that contain a tile, ``[LANES]``.

    Args:
        bounds: pointer to the bounds ``[·, 4]``; index: ``[LANES]`` of those to test; among: ``[LANES]`` mask.
        column, row: of the tile.
    """
    at = bounds + 4 * index
    first_column, first_row = tl.load(at, mask=among, other=0), tl.load(at + 1, mask=among, other=0)
    columns, rows = tl.load(at + 2, mask=among, other=0), tl.load(at + 3, mask=among, other=0)
    hit = (column >= first_column) & (column < first_column + columns)
    hit &= (row >= first_row) & (row < first_row + rows)
    return hit


@triton.jit
def bits(hit):
    """The set given by a mask ``[LANES]``."""
    lane = tl.arange(0, LANES).to(tl.int64)
    return tl.sum(hit.to(tl.int64) << lane, 0)


@triton.jit
def lowest(hits):
    """Index of the lowest bit that is set."""
    return highest(hits & -hits)


@triton.jit
def highest(hits):
    """Index of the highest bit that is set: the exponent of the set as a float64."""
    return ((hits.to(tl.float64).to(tl.int64, bitcast=True) >> 52) - 1023).to(tl.int32)


@triton.jit
def without(hits, i):
    """The set without bit i."""
    return hits & ~(tl.full([], 1, tl.int64) << i)


@triton.jit
def entry_of(bounds, begins, index, column, row):
    """Index of the scratch row of a shape or segment in a tile; rows of one shape or segment are contiguous."""
    at = bounds + 4 * index
    local = (row - tl.load(at + 1)) * tl.load(at + 2) + column - tl.load(at)
    return tl.load(begins + index) + local


@triton.jit
def put(at, value, fits):
    """Store a number in a scratch row, or, unless it ``fits``, add it to a sum that several programs add to."""
    if fits:
        tl.store(at, value)
    else:
        tl.atomic_add(at, value)


@triton.jit
def put_some(at, values, mask, fits):
    """As ``put``, for a block of numbers: those of ``mask``."""
    if fits:
        tl.store(at, values, mask=mask)
    else:
        tl.atomic_add(at, values, mask=mask)
