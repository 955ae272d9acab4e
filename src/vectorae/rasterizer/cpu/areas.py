"""The kernels for regions that are drawn exactly: the covered area of each pixel (see geometry.covered_area).

Shared arguments: ``entries`` of the plan; ``cells``, ``near``, ``carried`` (see near.py); ``shapes``, ``canvas`` (see
arguments.py); ``alpha`` ``[places, 256]``.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

from vectorae.rasterizer.cpu.compiled import compiled, inlined, kernel
from vectorae.rasterizer.cpu.near import NEAR, NEAR_END
from vectorae.rasterizer.cpu.plan import CELL, IMAGE, LEFT, PLACE, SLOT, START, STOP, TOP
from vectorae.rasterizer.cpu.scratch import PIXELS, TILE
from vectorae.rasterizer.packing import REGION, ROUNDED


@kernel
def cover_areas(entries, cells, near, carried, shapes, canvas, alpha, covered, change):
    """Write the alpha of regions."""
    pixel = 1 / min(canvas.height, canvas.width)
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        if shapes.kinds[k] != REGION or place < 0:
            continue
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        _cover_tile(
            shapes.vertices[b], segments, carried[cell], pixel, entries[e, LEFT], entries[e, TOP], covered, change
        )
        weight = shapes.numbers[b, k, ROUNDED]
        for p in range(entries[e, START], entries[e, STOP]):
            alpha[place, p] = weight * covered[p // TILE, p % TILE]


@kernel
def differentiate_areas(
    entries, cells, near, carried, shapes, canvas, alpha, by_alpha, by_numbers, by_vertices, weights, covered, change
):
    """Add the derivatives by the weights and vertices of regions."""
    pixel = 1 / min(canvas.height, canvas.width)
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        if shapes.kinds[k] != REGION or place < 0:
            continue
        segments, vertices = near[cells[cell, NEAR] : cells[cell, NEAR_END]], shapes.vertices[b]
        left, top, weight = entries[e, LEFT], entries[e, TOP], shapes.numbers[b, k, ROUNDED]
        total = 0.0
        for p in range(PIXELS):
            weights[p // TILE, p % TILE] = 0
        for p in range(entries[e, START], entries[e, STOP]):
            total += by_alpha[place, p] * alpha[place, p]
            weights[p // TILE, p % TILE] = by_alpha[place, p] * weight
        if weight > 1e-6:
            total /= weight
        else:  # what is covered cannot be told from alpha
            _cover_tile(vertices, segments, carried[cell], pixel, left, top, covered, change)
            total = 0.0
            for p in range(entries[e, START], entries[e, STOP]):
                total += by_alpha[place, p] * covered[p // TILE, p % TILE]
        by_numbers[b, k, ROUNDED] += total
        for i in range(len(segments)):
            _add_segment(vertices, segments[i], pixel, left, top, weights, by_vertices[b])


@inlined
def _between(a, b, low, first, last):
    """The sub-interval of [first, last] where a + t (b − a) lies between low and low + 1."""
    if a == b:
        return (first, last) if low <= a < low + 1 else (first, first)
    enter, leave = (low - a) / (b - a), (low + 1 - a) / (b - a)
    enter, leave = min(enter, leave), max(enter, leave)
    return min(max(enter, first), last), min(max(leave, first), last)


@inlined
def _segment(vertices, v, pixel, left, top):
    """The ends of a segment in pixels, relative to a tile, and the rows of the tile that it touches (end exclusive)."""
    x0, y0 = float(vertices[v, 0]) / pixel - left, float(vertices[v, 1]) / pixel - top
    x1, y1 = float(vertices[v + 1, 0]) / pixel - left, float(vertices[v + 1, 1]) / pixel - top
    first = int(min(max(math.floor(min(y0, y1)), 0.0), float(TILE)))
    return x0, y0, x1, y1, first, int(min(max(math.floor(max(y0, y1)) + 1, 0.0), float(TILE)))


@inlined
def _columns(x0, x1, begin, finish):
    """The columns of a tile that the interval of a segment touches (end exclusive); both 16 if it lies beyond them."""
    a, b = x0 + begin * (x1 - x0), x0 + finish * (x1 - x0)
    first = int(min(max(math.floor(min(a, b)), 0.0), float(TILE)))
    return first, int(min(max(math.floor(max(a, b)) + 1, 0.0), float(TILE)))


@compiled
def _cover_tile(vertices, segments, carried, pixel, left, top, covered, change):
    """Write the covered part of each pixel of a tile.

    ``change`` is scratch: in each row, the area that is added to every pixel from that one on.
    """
    for r in range(TILE):
        covered[r, :] = 0
        change[r, :] = 0
        change[r, 0] = carried[r]
    for index in range(len(segments)):
        x0, y0, x1, y1, first_row, end_row = _segment(vertices, segments[index], pixel, left, top)
        for r in range(first_row, end_row):
            begin, finish = _between(y0, y1, float(r), 0.0, 1.0)
            first, end = _columns(x0, x1, begin, finish)
            if finish <= begin or first >= TILE:
                continue
            inside = 0.0
            for i in range(first, end):
                enter, leave = _between(x0, x1, float(i), begin, finish)
                covered[r, i] += (y1 - y0) * (leave - enter) * (i + 1 - x0 - (x1 - x0) * (enter + leave) / 2)
                change[r, i + 1] += (y1 - y0) * (leave - enter)
                inside += leave - enter
            # The part of the segment left of the tile covers it; the part to its right does not.
            if first == 0:
                change[r, 0] += (y1 - y0) * (finish - begin - inside - _beyond(x0, x1, float(TILE), begin, finish))
    for r in range(TILE):
        total = 0.0
        for i in range(TILE):
            total += change[r, i]
            covered[r, i] = min(max(covered[r, i] + total, 0.0), 1.0)


@inlined
def _beyond(x0, x1, edge, first, last):
    """Length of the part of the segment's interval [first, last] with x ≥ edge."""
    if x0 == x1:
        return last - first if x0 >= edge else 0.0
    at = min(max((edge - x0) / (x1 - x0), first), last)
    return last - at if x1 > x0 else at - first


@inlined
def _add_segment(vertices, v, pixel, left, top, weights, by_vertices):
    """Add the derivatives of Σ weight · covered by the ends of a segment."""
    x0, y0, x1, y1, first_row, end_row = _segment(vertices, v, pixel, left, top)
    total = at_end = 0.0
    for r in range(first_row, end_row):
        begin, finish = _between(y0, y1, float(r), 0.0, 1.0)
        first, end = _columns(x0, x1, begin, finish)
        if finish <= begin:
            continue
        for i in range(first, end):
            enter, leave = _between(x0, x1, float(i), begin, finish)
            total += weights[r, i] * (leave - enter)
            at_end += weights[r, i] * (leave * leave - enter * enter) / 2
    out_x, out_y = (y0 - y1) / pixel, (x1 - x0) / pixel
    by_vertices[v, 0] += out_x * (total - at_end)
    by_vertices[v, 1] += out_y * (total - at_end)
    by_vertices[v + 1, 0] += out_x * at_end
    by_vertices[v + 1, 1] += out_y * at_end
