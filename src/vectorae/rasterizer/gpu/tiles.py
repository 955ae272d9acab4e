"""Which tiles each shape, and each segment of it, may cover; and of many at once, which ones touch a tile.

A place is four whole numbers: the first column and row of tiles, and how many columns and rows there are (0 columns:
nowhere).
"""

# The compiler reads these functions, not a type checker: their arguments are blocks and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator,unreachable"

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
    SIN,
    SOFTNESS,
    STROKE_WIDTH,
)
from vectorae.rasterizer.gpu.profiles import reach_beyond


@triton.jit
def _tiles(low, high, pixel, pixels, TILE: tl.constexpr):
    """The first tile, and how many, between two places on the canvas: all where these are not numbers."""
    start = tl.minimum(tl.maximum(tl.floor(low / pixel - 0.5), 0), pixels).to(tl.int32)
    stop = tl.minimum(tl.maximum(tl.ceil(high / pixel + 0.5), 0), pixels).to(tl.int32)
    known = low <= high
    start, stop = tl.where(known, start, 0), tl.where(known, stop, pixels)
    first = start // TILE
    return first, tl.where(start < stop, (stop + (TILE - 1)) // TILE - first, 0)


@triton.jit
def _place(left, top, right, bottom, pixel, height, width, TILE: tl.constexpr):
    column, columns = _tiles(left, right, pixel, width, TILE)
    row, rows = _tiles(top, bottom, pixel, height, TILE)
    return column, row, tl.where(rows > 0, columns, 0), rows


@triton.jit
def place_shapes(
    places, segments, numbers, vertices, kinds, first, size, count, vertex_count, height, width, pixel,
    PROFILE: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    """Write the places of all shapes, ``[B, N, 4]``, and of their segments, ``[B, V, 4]``, each at its first vertex.

    A program for each shape of each image.
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
        column, row, columns, rows = _place(
            x - across, y - down, x + across, y + down, pixel, height, width, TILE
        )  # fmt: skip
    else:
        start, length = b * vertex_count + tl.load(first + k), tl.load(size + shape)
        far_column, far_row, last_column, last_row = 1 << 30, 1 << 30, 0, 0
        for part in range(0, length - 1, LANES):
            number = part + tl.arange(0, LANES)
            # On a boundary each segment has two vertices of its own.
            there = (number < length - 1) & ((kind == POLYLINE) | (number % 2 == 0))
            at = vertices + 2 * (start + number)
            x0, y0 = tl.load(at, mask=there, other=0), tl.load(at + 1, mask=there, other=0)
            x1, y1 = tl.load(at + 2, mask=there, other=0), tl.load(at + 3, mask=there, other=0)
            column, row, columns, rows = _place(
                tl.minimum(x0, x1) - reach, tl.minimum(y0, y1) - reach, tl.maximum(x0, x1) + reach,
                tl.maximum(y0, y1) + reach, pixel, height, width, TILE,
            )  # fmt: skip
            # A dot is a polyline without length; other segments that have none repeat a vertex.
            there &= (x0 != x1) | (y0 != y1) | ((kind == POLYLINE) & (number == 0))
            columns = tl.where(there, columns, 0)
            at = segments + 4 * (start + number)
            tl.store(at, column, mask=there)
            tl.store(at + 1, row, mask=there)
            tl.store(at + 2, columns, mask=there)
            tl.store(at + 3, rows, mask=there)
            there = columns > 0
            far_column = tl.minimum(far_column, tl.min(tl.where(there, column, 1 << 30), 0))
            far_row = tl.minimum(far_row, tl.min(tl.where(there, row, 1 << 30), 0))
            last_column = tl.maximum(last_column, tl.max(tl.where(there, column + columns, 0), 0))
            last_row = tl.maximum(last_row, tl.max(tl.where(there, row + rows, 0), 0))
        column, row = far_column, far_row
        columns, rows = tl.maximum(last_column - far_column, 0), tl.maximum(last_row - far_row, 0)
    at = places + 4 * shape
    tl.store(at, column)
    tl.store(at + 1, row)
    tl.store(at + 2, columns)
    tl.store(at + 3, rows)


@triton.jit
def touching(places, index, among, column, row):
    """Which of many touch a tile: a bit for each.

    Args:
        places: where the places are; index: ``[LANES]`` which ones of them; among: whether they count.
        column, row: of the tile.
    """
    at = places + 4 * index
    first_column, first_row = tl.load(at, mask=among, other=0), tl.load(at + 1, mask=among, other=0)
    columns, rows = tl.load(at + 2, mask=among, other=0), tl.load(at + 3, mask=among, other=0)
    hit = (column >= first_column) & (column < first_column + columns)
    hit &= (row >= first_row) & (row < first_row + rows)
    return bits(hit)


@triton.jit
def bits(hit):
    """A bit for each of ``[LANES]``."""
    lane = tl.arange(0, LANES).to(tl.int64)
    return tl.sum(hit.to(tl.int64) << lane, 0)


@triton.jit
def lowest(hits):
    """The first of the bits that are set."""
    return highest(hits & -hits)


@triton.jit
def highest(hits):
    """The last of the bits that are set: the exponent of the number that they make, which float64 holds."""
    return ((hits.to(tl.float64).to(tl.int64, bitcast=True) >> 52) - 1023).to(tl.int32)


@triton.jit
def without(hits, i):
    """The bits without one of them."""
    return hits & ~(tl.full([], 1, tl.int64) << i)


@triton.jit
def entry_of(places, begins, index, column, row):
    """The row of the scratch that belongs to a shape, or segment, in a tile: those of one lie together."""
    at = places + 4 * index
    local = (row - tl.load(at + 1)) * tl.load(at + 2) + column - tl.load(at)
    return tl.load(begins + index) + local
