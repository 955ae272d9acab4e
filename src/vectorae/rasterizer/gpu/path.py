"""Stroked polylines and enclosed regions: alpha and its derivatives.

Shared arguments:
    x, y: ``[PARTS, PIXELS]`` positions on the canvas.
    vertices: pointer to the image's vertices ``[V, 2]``, of which the shape has ``size`` from ``first`` on; consecutive
        ones for a polyline, else two per segment.
    segment_bounds: pointer to the bounds of the image's segments (see tiles.py).
    column, row: of the tile.
"""

# Compiled by Triton, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import triton
import triton.language as tl

from vectorae.rasterizer.gpu.constants import (
    GAUSSIAN,
    LANES,
    REGION,
    REGIONS,
    ROUNDED,
    SOFTNESS,
    STROKE_WIDTH,
    STROKED_PATHS,
)
from vectorae.rasterizer.gpu.profiles import reach_beyond, slab
from vectorae.rasterizer.gpu.tiles import bits, entry_of, lowest, put, touching, without


@triton.jit
def path(
    x, y, numbers, kind, vertices, segment_bounds, first, size, column, row, pixel, TINY: tl.constexpr,
    PROFILE: tl.constexpr, PRESENT: tl.constexpr,
):  # fmt: skip
    """Alpha and its derivatives, except for regions by covered area.

    Args:
        numbers: pointer to the numbers of the shape (see packing.py).
        kind: ``POLYLINE``, ``REGION`` or ``SEGMENTS``.
        pixel: size of a (sub-)pixel in canvas units.
        TINY: the smallest normal number.

    Returns:
        alpha, by_stroke_width, by_softness, by_rounded; the derivatives by the closest point of the outline, by_near_x
        and by_near_y; the index of that point's segment (−1: none within reach) and its position along it, 0 to 1.
    """
    s, width, rounded = tl.load(numbers + SOFTNESS), tl.load(numbers + STROKE_WIDTH), tl.load(numbers + ROUNDED)
    reach = reach_beyond(s, pixel, PROFILE) + 0.5 * width
    to_x, to_y, segment, part = _nearest(x, y, vertices, segment_bounds, first, size, reach, column, row, TINY)
    d = tl.sqrt(to_x * to_x + to_y * to_y)
    inverse = 1 / tl.maximum(d, TINY)
    by_width = d * 0
    covered, by_d, by_s = by_width, by_width, by_width
    if STROKED_PATHS & PRESENT:
        if kind != REGION:
            covered, by_d, by_t, by_s = slab(d - 0.5 * width, d * 0 + width, s, pixel, PROFILE, PROFILE != GAUSSIAN)
            by_width = by_t - 0.5 * by_d
    if REGIONS & PRESENT:
        if kind == REGION:
            inside = _winding(x, y, vertices, first, size) > 0.5
            covered, by_d, by_t, by_s = slab(tl.where(inside, -d, d), d, s, pixel, PROFILE, False)
            by_d = tl.where(inside, -by_d, by_d)
    by_near = -rounded * by_d * inverse
    return (
        rounded * covered, rounded * by_width, rounded * by_s, covered, by_near * to_x, by_near * to_y, segment, part,
    )  # fmt: skip


@triton.jit
def _nearest(x, y, vertices, segment_bounds, first, size, reach, column, row, TINY: tl.constexpr):
    """The vector from the closest point of the nearest segment to each pixel; the segment and the point's position.

    The vector is twice the reach, and the segment −1, if none is within reach.
    """
    squared = x * 0 + reach * reach
    to_x, to_y, part = x * 0 + 2 * reach, y * 0, x * 0
    segment = part.to(tl.int32) - 1
    for number in range(0, size - 1, LANES):
        lane = number + tl.arange(0, LANES)
        hits = touching(segment_bounds, first + lane, lane < size - 1, column, row)
        while hits != 0:
            i = lowest(hits)
            hits = without(hits, i)
            x0, y0, along_x, along_y = _segment(vertices, first + number + i)
            inverse = 1 / tl.maximum(along_x * along_x + along_y * along_y, TINY)
            from_x, from_y = x - x0, y - y0
            closest = tl.minimum(tl.maximum((from_x * along_x + from_y * along_y) * inverse, 0), 1)
            from_x, from_y = from_x - closest * along_x, from_y - closest * along_y
            distance = from_x * from_x + from_y * from_y
            closer = distance < squared
            squared = tl.minimum(distance, squared)
            to_x, to_y = tl.where(closer, from_x, to_x), tl.where(closer, from_y, to_y)
            part, segment = tl.where(closer, closest, part), tl.where(closer, number + i, segment)
    return to_x, to_y, segment, part


@triton.jit
def _segment(vertices, v):
    """Start of the segment from vertex v on, and the vector to its end."""
    at = vertices + 2 * v
    x0, y0 = tl.load(at), tl.load(at + 1)
    return x0, y0, tl.load(at + 2) - x0, tl.load(at + 3) - y0


@triton.jit
def _in_rows(vertices, first, size, number, right, top, bottom):
    """The set of those, out of LANES segments of a boundary, that lie between top and bottom and not right of right."""
    lane = number + tl.arange(0, LANES)
    mask = 2 * lane + 1 < size
    at = vertices + 2 * (first + 2 * lane)
    x0, y0 = tl.load(at, mask=mask, other=0), tl.load(at + 1, mask=mask, other=0)
    x1, y1 = tl.load(at + 2, mask=mask, other=0), tl.load(at + 3, mask=mask, other=0)
    return bits(mask & (tl.maximum(y0, y1) > top) & (tl.minimum(y0, y1) <= bottom) & (tl.minimum(x0, x1) <= right))


@triton.jit
def _winding(x, y, vertices, first, size):
    """Winding number of a boundary around each pixel: 1 inside, 0 outside."""
    winding = x * 0
    right, top, bottom = tl.max(x), tl.min(y), tl.max(y)
    for number in range(0, size // 2, LANES):
        hits = _in_rows(vertices, first, size, number, right, top, bottom)
        while hits != 0:
            i = lowest(hits)
            hits = without(hits, i)
            x0, y0, along_x, along_y = _segment(vertices, first + 2 * (number + i))
            slope = along_x / tl.where(along_y == 0, 1, along_y)
            crossed = (y >= tl.minimum(y0, y0 + along_y)) & (y < tl.maximum(y0, y0 + along_y))
            crossed &= x > x0 + (y - y0) * slope
            winding += tl.where(crossed, tl.where(along_y > 0, 1.0, -1.0), 0.0)
    return winding


@triton.jit
def add_by_segments(
    by_near_x, by_near_y, segment, part, segment_bounds, begins, rows, totals, room, first, size, column, row,
):  # fmt: skip
    """Write the sums over the tile of the derivatives by each segment that touches it, given those by closest points.

    Args:
        by_near_x, by_near_y, segment, part: see ``path``.
        rows: pointer to the scratch ``[room, 4]``: derivatives by x and y of the start and of the end.
        totals: pointer to their sums ``[V, 4]``, to which those are added that there is no room for.
        begins: pointer to the index of each segment's first row.
    """
    for number in range(0, size - 1, LANES):
        lane = number + tl.arange(0, LANES)
        hits = touching(segment_bounds, first + lane, lane < size - 1, column, row)
        while hits != 0:
            i = lowest(hits)
            hits = without(hits, i)
            mine = segment == number + i
            by_x, by_y = tl.where(mine, by_near_x, 0), tl.where(mine, by_near_y, 0)
            entry = entry_of(segment_bounds, begins, first + number + i, column, row)
            _write(rows, totals, room, entry, first + number + i, by_x, by_y, part)


@triton.jit
def _write(rows, totals, room, entry, segment, by_x, by_y, part):
    """Write the derivatives by a segment's start and end, given those by points at ``part`` of it."""
    all_x, all_y, end_x, end_y = tl.sum(by_x), tl.sum(by_y), tl.sum(by_x * part), tl.sum(by_y * part)
    fits = entry < room
    at = rows + 4 * entry if fits else totals + 4 * segment
    put(at, all_x - end_x, fits)
    put(at + 1, all_y - end_y, fits)
    put(at + 2, end_x, fits)
    put(at + 3, end_y, fits)


@triton.jit
def covered_area(x, y, vertices, first, size, pixel):
    """The part of each pixel that lies in a region (geometry.covered_area); x, y: centres of pixels."""
    covered = x * 0
    left, top = x / pixel - 0.5, y / pixel - 0.5
    right_edge, half = tl.max(x) + pixel, 0.5 * pixel
    for number in range(0, size // 2, LANES):
        hits = _in_rows(vertices, first, size, number, right_edge, tl.min(y) - half, tl.max(y) + half)
        while hits != 0:
            i = lowest(hits)
            hits = without(hits, i)
            x0, y0, along_x, along_y = _segment(vertices, first + 2 * (number + i))
            x0, y0, along_x, along_y = x0 / pixel, y0 / pixel, along_x / pixel, along_y / pixel
            start, stop, row_start, row_stop = _inside_pixels(x0, y0, along_x, along_y, left, top)
            left_of_pixel = tl.where(along_x > 0, start - row_start, row_stop - stop)
            upright = tl.where(x0 < left, row_stop - row_start, 0)
            left_of_pixel = tl.where(along_x == 0, upright, left_of_pixel)
            partly = (stop - start) * (left + 1 - x0 - along_x * (start + stop) * 0.5)
            covered += along_y * (partly + left_of_pixel)
    return tl.minimum(tl.maximum(covered, 0), 1)


@triton.jit
def add_by_area(
    weight, x, y, vertices, segment_bounds, begins, rows, totals, room, first, size, column, row, pixel,
):  # fmt: skip
    """Write the derivatives of Σ weight · covered area by each segment that touches the tile, as above."""
    left, top = x / pixel - 0.5, y / pixel - 0.5
    for number in range(0, size - 1, LANES):
        lane = number + tl.arange(0, LANES)
        hits = touching(segment_bounds, first + lane, lane < size - 1, column, row)
        while hits != 0:
            i = lowest(hits)
            hits = without(hits, i)
            x0, y0, along_x, along_y = _segment(vertices, first + number + i)
            x0, y0, along_x, along_y = x0 / pixel, y0 / pixel, along_x / pixel, along_y / pixel
            start, stop, _, _ = _inside_pixels(x0, y0, along_x, along_y, left, top)
            inside = weight * (stop - start) / pixel
            entry = entry_of(segment_bounds, begins, first + number + i, column, row)
            by_x, by_y = -along_y * inside, along_x * inside
            _write(rows, totals, room, entry, first + number + i, by_x, by_y, 0.5 * (start + stop))


@triton.jit
def _inside_pixels(x0, y0, along_x, along_y, left, top):
    """The intervals of a segment inside each pixel and inside each pixel's row; arguments in units of a pixel."""
    row_start, row_stop = _between(y0, along_y, top, x0 * 0, x0 * 0 + 1)
    start, stop = _between(x0, along_x, left, row_start, row_stop)
    return start, stop, row_start, row_stop


@triton.jit
def _between(a, along, low, start, stop):
    """The sub-interval of [start, stop] where a + t · along lies between low and low + 1."""
    inverse = 1 / tl.where(along == 0, 1, along)
    one, other = (low - a) * inverse, (low + 1 - a) * inverse
    within = (low <= a) & (a < low + 1)
    enter = tl.where(along == 0, tl.where(within, start, stop), tl.minimum(one, other))
    leave = tl.where(along == 0, stop, tl.maximum(one, other))
    return tl.minimum(tl.maximum(enter, start), stop), tl.minimum(tl.maximum(leave, start), stop)
