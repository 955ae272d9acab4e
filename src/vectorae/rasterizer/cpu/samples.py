"""The kernels for strokes that are drawn exactly by sub-pixels: polylines and the strokes of boxes.

Only pixels at an edge are sampled. Sixteen of them at a time take the place of the first row of a tile, and their
sub-pixels that of all its rows.

Shared arguments: as in paths.py.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.box_stroke import cover_box_stroke, differentiate_box_stroke, find_depth
from vectorae.rasterizer.cpu.compiled import HALF, ONE, ZERO, inlined, kernel
from vectorae.rasterizer.cpu.near import NEAR, NEAR_END
from vectorae.rasterizer.cpu.path import cover_path, differentiate_path, find_distance, rows_near
from vectorae.rasterizer.cpu.plan import CELL, IMAGE, LEFT, PLACE, SLOT, START, STOP, TOP
from vectorae.rasterizer.cpu.scratch import ALPHA, BY_ALPHA, CANVAS_X, CANVAS_Y, PIXELS, TILE, D, is_scratch
from vectorae.rasterizer.cpu.tiles import centre_of, locate_pixels, pixel_of
from vectorae.rasterizer.packing import POLYLINE, REGION, ROUNDED, STROKE_WIDTH

TO_EDGE = np.float32(0.66)
"""Distance from a pixel's centre in pixels beyond which an edge touches none of its sub-pixels: ⅜ √2 to the farthest
centre of one, and half a sub-pixel."""


FAINT = np.float32(1e-6)
"""Opacity below which nothing can be told from alpha, and the part of a pixel that rounding may hide."""


@kernel
def sample_strokes(entries, cells, near, carried, shapes, canvas, alpha, edge, chosen, work):
    """Write the alpha of strokes, and narrow their ranges of pixels."""
    if not is_scratch(work):
        return
    pixel, whole = pixel_of(canvas, work), np.uintp(PIXELS)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    for e in range(len(entries)):
        b, k, place = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE]
        kind, numbers = shapes.kinds[k], shapes.numbers[b]
        if kind == REGION or place < 0:
            continue
        count = _find_edge_pixels(
            entries[e], kind, numbers, k, cells, near, shapes.vertices[b], canvas, pixel, work, edge
        )
        for p in range(entries[e, START], entries[e, STOP]):
            alpha[place, p] = numbers[k, ROUNDED] * work[ALPHA, p]
        for first in range(0, count, TILE):
            _locate_samples(entries[e], edge, first, count, canvas.fine, pixel, work)
            for p in range(whole):
                work[ALPHA, p] = ZERO
            _cover(entries[e], kind, numbers, k, cells, near, chosen, carried, shapes, canvas, fine, whole, work)
            for i in range(min(TILE, count - first)):
                total = ZERO * pixel
                for sample in range(i, PIXELS, TILE):
                    total += work[ALPHA, sample]
                alpha[place, edge[first + i]] = total * share


@kernel
def differentiate_samples(
    entries, cells, near, carried, shapes, canvas, alpha, by_alpha, by_numbers, by_vertices, edge, chosen, work
):
    """Add the derivatives by the numbers and vertices of strokes."""
    if not is_scratch(work):
        return
    pixel, whole = pixel_of(canvas, work), np.uintp(PIXELS)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    epsilon, tiny = np.finfo(work.dtype).eps, np.finfo(work.dtype).tiny
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        kind, numbers, vertices = shapes.kinds[k], shapes.numbers[b], shapes.vertices[b]
        if kind == REGION or place < 0:
            continue
        count, total = _list_partly_covered(entries[e], numbers[k, ROUNDED], alpha, by_alpha, edge)
        by_numbers[b, k, ROUNDED] += total
        for first in range(0, count, TILE):
            _locate_samples(entries[e], edge, first, count, canvas.fine, pixel, work)
            for i in range(TILE):
                weight = by_alpha[place, edge[first + i]] if first + i < count else ZERO
                for sample in range(i, PIXELS, TILE):
                    work[BY_ALPHA, sample] = weight
            if kind >= POLYLINE:
                segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
                segments = chosen[: _near_samples(numbers, k, vertices, segments, fine, chosen, work)]
                differentiate_path(
                    True, kind, numbers, k, vertices, segments, carried[cell], canvas.profile, fine, np.uintp(0), whole,
                    tiny, work, share, by_numbers[b], by_vertices[b],
                )  # fmt: skip
            else:
                differentiate_box_stroke(
                    numbers, k, canvas.profile, fine, np.uintp(0), whole, epsilon, work, share, by_numbers[b]
                )


@inlined
def _cover(entry, kind, numbers, k, cells, near, chosen, carried, shapes, canvas, fine, whole, work):
    """Add the alpha of samples to ALPHA."""
    if kind >= POLYLINE:
        cell, vertices, tiny = entry[CELL], shapes.vertices[entry[IMAGE]], np.finfo(work.dtype).tiny
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        segments = chosen[: _near_samples(numbers, k, vertices, segments, fine, chosen, work)]
        cover_path(
            True,
            kind,
            numbers,
            k,
            vertices,
            segments,
            carried[cell],
            canvas.profile,
            fine,
            np.uintp(0),
            whole,
            tiny,
            work,
            ONE,
        )
    else:
        cover_box_stroke(numbers, k, canvas.profile, fine, np.uintp(0), whole, np.finfo(work.dtype).eps, work)


@inlined
def _find_edge_pixels(entry, kind, numbers, k, cells, near, vertices, canvas, pixel, work, edge):
    """List the pixels at an edge; write the coverage of all others, 0 or 1, to ALPHA. Returns their number."""
    locate_pixels(work, entry[LEFT], entry[TOP], pixel, 0.5, 0.5)
    start, stop = np.uintp(entry[START]), np.uintp(entry[STOP])
    half, around = HALF * numbers[k, STROKE_WIDTH], TO_EDGE * pixel
    if kind >= POLYLINE:
        segments = near[cells[entry[CELL], NEAR] : cells[entry[CELL], NEAR_END]]
        start, stop = rows_near(numbers, k, vertices, segments, canvas.profile, pixel, start, stop, work)
        entry[START], entry[STOP] = start, stop
        find_distance(False, vertices, segments, half + around, start, stop, np.finfo(work.dtype).tiny, work)
    else:
        find_depth(numbers, k, start, stop, np.finfo(work.dtype).eps, work)
    for p in range(start, stop):
        work[ALPHA, p] = ONE if abs(work[D, p]) - half <= -around else ZERO
    count = 0
    for index in range(PIXELS):
        q = _by_squares(index)
        if start <= q and q < stop and abs(abs(work[D, q]) - half) < around:
            edge[count] = q
            count += 1
    return count


@inlined
def _by_squares(index):
    """The pixels of a tile by squares of 4×4, so that few segments are near those that are sampled together."""
    square, i = index // 16, index % 16
    return np.uintp((square // 4 * 4 + i // 4) * TILE + square % 4 * 4 + i % 4)


@inlined
def _list_partly_covered(entry, rounded, alpha, by_alpha, edge):
    """List the pixels that are covered partly, which alone move with the edge.

    Returns:
        Their number, and Σ by_alpha of those that are covered wholly: the derivative by ``ROUNDED``.
    """
    place, start, stop = entry[PLACE], np.uintp(entry[START]), np.uintp(entry[STOP])
    count, total = 0, ZERO * rounded
    # What is covered cannot be told from the alpha of a shape that is as good as transparent.
    is_unknown, most = rounded <= FAINT, (ONE - FAINT) * rounded
    for index in range(PIXELS):
        q = _by_squares(index)
        if start <= q and q < stop:
            if is_unknown or (alpha[place, q] > ZERO and alpha[place, q] < most):
                edge[count] = q
                count += 1
            elif alpha[place, q] > ZERO:
                total += by_alpha[place, q]
    return count, total


@inlined
def _locate_samples(entry, edge, first, count, fine, pixel, work):
    """Write the positions of the sub-pixels of up to 16 pixels: a row of the tile for each sub-pixel."""
    for sample in range(fine * fine):
        across = work.dtype.type((sample % fine + 0.5) / fine - 0.5) * pixel
        down = work.dtype.type((sample // fine + 0.5) / fine - 0.5) * pixel
        for i in range(TILE):
            p = edge[min(first + i, count - 1)]
            work[CANVAS_X, sample * TILE + i] = centre_of(entry[LEFT] + p % TILE, pixel) + across
            work[CANVAS_Y, sample * TILE + i] = centre_of(entry[TOP] + p // TILE, pixel) + down


@inlined
def _near_samples(numbers, k, vertices, segments, fine, chosen, work):
    """Write those segments that may be within reach of the samples to ``chosen``; return their number."""
    left = right = work[CANVAS_X, 0]
    top = bottom = work[CANVAS_Y, 0]
    for p in range(PIXELS):
        left, right = min(left, work[CANVAS_X, p]), max(right, work[CANVAS_X, p])
        top, bottom = min(top, work[CANVAS_Y, p]), max(bottom, work[CANVAS_Y, p])
    reach = HALF * numbers[k, STROKE_WIDTH] + fine
    count = 0
    for i in range(len(segments)):
        v = segments[i]
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        across = min(x0, x1) <= right + reach and max(x0, x1) >= left - reach
        if across and min(y0, y1) <= bottom + reach and max(y0, y1) >= top - reach:
            chosen[count] = v
            count += 1
    return count
