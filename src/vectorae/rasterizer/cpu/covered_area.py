"""Enclosed regions in a tile, by the exact area of each pixel that they cover (see geometry.region.covered_area).

Shared arguments: ``vertices`` ``[V, 2]`` of the image, of which the boundary has ``size`` from ``first`` on, two per
segment; ``pixel``, the size of a pixel in canvas units; ``left``, ``top``, the tile's first column and row; ``start``,
``stop``, a range of pixels of the tile; ``work``, the scratch array.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

from vectorae.rasterizer.cpu.compiled import ZERO, inlined
from vectorae.rasterizer.cpu.scratch import ALPHA, BY_ALPHA, TILE, D, T


@inlined
def _between(a, b, low, first, last):
    """The sub-interval of [first, last] where a + t (b − a) lies between low and low + 1."""
    if a == b:
        return (first, last) if low <= a < low + 1 else (first, first)
    enter, leave = (low - a) / (b - a), (low + 1 - a) / (b - a)
    enter, leave = min(enter, leave), max(enter, leave)
    return min(max(enter, first), last), min(max(leave, first), last)


@inlined
def _clip(vertices, v, pixel, row, start, n):
    """Clip segment v to a row of n pixels that begins at column ``start``.

    Returns:
        (x0, y0, x1, y1, begin, finish, left, right): the segment's ends in pixels, relative to the row's first pixel;
        the interval of the segment in the row; the columns that it crosses (right is exclusive), both n if none.
    """
    x0, y0 = vertices[v, 0] / pixel - start, vertices[v, 1] / pixel - row
    x1, y1 = vertices[v + 1, 0] / pixel - start, vertices[v + 1, 1] / pixel - row
    begin, finish = _between(y0, y1, 0.0, 0.0, 1.0)
    if finish <= begin:
        return x0, y0, x1, y1, begin, finish, n, n
    a, b = x0 + begin * (x1 - x0), x0 + finish * (x1 - x0)
    left = int(min(max(math.floor(min(a, b)), 0.0), float(n)))
    right = int(min(max(math.floor(max(a, b)) + 1, 0.0), float(n)))
    return x0, y0, x1, y1, begin, finish, left, right


@inlined
def cover_area(weight, vertices, first, size, pixel, left, top, start, stop, work):
    """Write weight × the covered part of each pixel to ALPHA."""
    for r in range(int(start) // TILE, int(stop) // TILE):
        area_row(vertices, first, size, pixel, top + r, left, TILE, work[T], work[D])
        for i in range(TILE):
            work[ALPHA, r * TILE + i] = weight * work[D, i]


@inlined
def differentiate_area(weight, vertices, first, size, pixel, left, top, start, stop, work, by_vertices):
    """Add the derivatives of Σ BY_ALPHA · alpha by the vertices; return the one by the weight."""
    by_weight = ZERO * weight
    for r in range(int(start) // TILE, int(stop) // TILE):
        area_row(vertices, first, size, pixel, top + r, left, TILE, work[T], work[D])
        for i in range(TILE):
            by_weight += work[BY_ALPHA, r * TILE + i] * work[D, i]
            work[D, i] = work[BY_ALPHA, r * TILE + i] * weight
        add_area(vertices, first, size, pixel, top + r, left, TILE, work[D], by_vertices)
    return by_weight


@inlined
def area_row(vertices, first, size, pixel, row, start, n, carried, covered):
    """Write the covered part of each of n pixels, from column ``start`` on in a row, to ``covered``.

    ``carried`` is scratch for n + 1 numbers: the area that a segment adds to every pixel from that one on.
    """
    covered[:n] = 0
    carried[: n + 1] = 0
    for v in range(first, first + size - 1, 2):
        x0, y0, x1, y1, begin, finish, left, right = _clip(vertices, v, pixel, row, start, n)
        if left >= n:
            continue
        inside = 0.0
        for i in range(left, right):
            enter, leave = _between(x0, x1, float(i), begin, finish)
            covered[i] += (y1 - y0) * (leave - enter) * (i + 1 - x0 - (x1 - x0) * (enter + leave) / 2)
            carried[i + 1] += (y1 - y0) * (leave - enter)
            inside += leave - enter
        # The part of the segment left of all n pixels covers them; the part to their right does not.
        if left == 0:
            beyond = _beyond(x0, x1, float(n), begin, finish)
            carried[0] += (y1 - y0) * (finish - begin - inside - beyond)
    total = 0.0
    for i in range(n):
        total += carried[i]
        covered[i] = min(max(covered[i] + total, 0.0), 1.0)


@inlined
def _beyond(x0, x1, edge, first, last):
    """Length of the part of the segment's interval [first, last] with x ≥ edge."""
    if x0 == x1:
        return last - first if x0 >= edge else 0.0
    at = min(max((edge - x0) / (x1 - x0), first), last)
    return last - at if x1 > x0 else at - first


@inlined
def add_area(vertices, first, size, pixel, row, start, n, weight, by_vertices):
    """Add the derivatives of Σ weight · covered by the vertices."""
    for v in range(first, first + size - 1, 2):
        x0, y0, x1, y1, begin, finish, left, right = _clip(vertices, v, pixel, row, start, n)
        total = at_end = 0.0
        for i in range(left, right):
            enter, leave = _between(x0, x1, float(i), begin, finish)
            total += weight[i] * (leave - enter)
            at_end += weight[i] * (leave * leave - enter * enter) / 2
        out_x, out_y = (y0 - y1) / pixel, (x1 - x0) / pixel
        by_vertices[v, 0] += out_x * (total - at_end)
        by_vertices[v, 1] += out_y * (total - at_end)
        by_vertices[v + 1, 0] += out_x * at_end
        by_vertices[v + 1, 1] += out_y * at_end
