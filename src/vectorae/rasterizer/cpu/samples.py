"""The kernels for strokes that are drawn exactly by sub-pixels: polylines and the strokes of boxes.

Only pixels at an edge are sampled. Sixteen of them at a time take the place of a tile: each row has the sub-pixels of
one.

Shared arguments: as in paths.py; ``edge`` ``[256]``, scratch for the pixels at an edge.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.cpu.box_stroke import cover_box_stroke, differentiate_box_stroke, find_depth
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, inlined, kernel
from vectorae.rasterizer.cpu.near import NEAR, NEAR_END
from vectorae.rasterizer.cpu.path import (
    BEGIN,
    FINISH,
    FIRST_VERTEX,
    cover_path,
    differentiate_path,
    find_distance,
    find_spans,
    line_of,
    reach_of_path,
    to_segment,
)
from vectorae.rasterizer.cpu.plan import CELL, IMAGE, LEFT, PLACE, SLOT, START, STOP, TOP, at_place, range_of
from vectorae.rasterizer.cpu.scratch import (
    ALPHA,
    BY_ALPHA,
    CANVAS_X,
    CANVAS_Y,
    CENTRES,
    PAIR,
    SAMPLES,
    SUBPIXELS,
    TILE_WIDTH,
    D,
    is_scratch,
)
from vectorae.rasterizer.cpu.tiles import centre_of, locate_pixels, pixel_of
from vectorae.rasterizer.packing import POLYLINE, REGION, ROUNDED, STROKE_WIDTH

SPREAD = np.float32(0.54)
"""Distance of the farthest centre of a sub-pixel from that of its pixel, ⅜ √2, in pixels, rounded up."""

TO_EDGE = np.float32(0.66)
"""Distance from a pixel's centre in pixels beyond which an edge touches none of its sub-pixels: that, and half a
sub-pixel."""

FAINT = np.float32(1e-6)
"""Opacity below which nothing can be told from alpha, and the part of a pixel that rounding may hide."""

DOWN, NEAREST = SAMPLES, 2 * SAMPLES
"""Where in the rows CENTRES and SUBPIXELS the positions along y are, and in CENTRES distances; those along x are
first."""

ROW = np.uintp(SAMPLES)
"""Step from the samples of a pixel to those of the next one."""

IS_AT_EDGE = BY_ALPHA
"""The row in which pixels are marked, before they are sampled."""


@kernel
def sample_strokes(entries, cells, near, carried, shapes, canvas, alpha, edge, spans, work):
    """Write the alpha of strokes, and narrow their ranges of pixels."""
    if not is_scratch(work):
        return
    pixel = pixel_of(canvas, work)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    epsilon, tiny, none = np.finfo(work.dtype).eps, np.finfo(work.dtype).tiny, np.uintp(0)
    _place_subpixels(canvas.fine, pixel, work)
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        kind, numbers, vertices = shapes.kinds[k], shapes.numbers[b], shapes.vertices[b]
        if kind == REGION or place < 0:
            continue
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]] if kind >= POLYLINE else near[:0]
        count = _find_edge_pixels(entries[e], kind, numbers, k, vertices, segments, pixel, work, edge, spans)
        own = alpha[at_place(place)]
        for p in range(entries[e, START], entries[e, STOP]):
            own[p] = numbers[k, ROUNDED] * work[ALPHA, p]
        for first in range(0, count, SAMPLES):
            stop = _locate_samples(entries[e], edge, first, count, pixel, work)
            if kind >= POLYLINE:
                reach = reach_of_path(numbers, k, canvas.profile, fine)
                chosen = spans[: _find_spans_of_samples(vertices, segments, reach, pixel, stop, tiny, work, spans)]
                cover_path(
                    kind, numbers, k, vertices, segments, chosen, carried[cell], canvas.profile, fine, none, stop, tiny,
                    work,
                )  # fmt: skip
            else:
                cover_box_stroke(numbers, k, canvas.profile, fine, none, stop, epsilon, work)
            for row in range(none, stop, ROW):
                total = ZERO * pixel
                for sample in range(row, row + ROW):
                    total += work[ALPHA, sample]
                own[edge[np.uintp(first) + row // ROW]] = total * share


@kernel
def differentiate_samples(
    entries, cells, near, carried, shapes, canvas, alpha, by_alpha, by_numbers, by_vertices, edge, spans, work
):
    """Add the derivatives by the numbers and vertices of strokes."""
    if not is_scratch(work):
        return
    pixel = pixel_of(canvas, work)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    epsilon, tiny, none = np.finfo(work.dtype).eps, np.finfo(work.dtype).tiny, np.uintp(0)
    _place_subpixels(canvas.fine, pixel, work)
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        kind, numbers, vertices = shapes.kinds[k], shapes.numbers[b], shapes.vertices[b]
        if kind == REGION or place < 0:
            continue
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]] if kind >= POLYLINE else near[:0]
        own, by_own = alpha[at_place(place)], by_alpha[at_place(place)]
        count, total = _list_partly_covered(entries[e], numbers[k, ROUNDED], own, by_own, work, edge)
        by_numbers[b, k, ROUNDED] += total
        for first in range(0, count, SAMPLES):
            stop = _locate_samples(entries[e], edge, first, count, pixel, work)
            for row in range(none, stop, ROW):
                weight = by_own[edge[np.uintp(first) + row // ROW]]
                for sample in range(row, row + ROW):
                    work[BY_ALPHA, sample] = weight
            if kind >= POLYLINE:
                reach = reach_of_path(numbers, k, canvas.profile, fine)
                chosen = spans[: _find_spans_of_samples(vertices, segments, reach, pixel, stop, tiny, work, spans)]
                differentiate_path(
                    kind, numbers, k, vertices, segments, chosen, carried[cell], canvas.profile, fine, none, stop, tiny,
                    work, share, by_numbers[b], by_vertices[b],
                )  # fmt: skip
            else:
                differentiate_box_stroke(
                    numbers, k, canvas.profile, fine, none, stop, epsilon, work, share, by_numbers[b]
                )


@inlined
def _find_edge_pixels(entry, kind, numbers, k, vertices, segments, pixel, work, edge, spans):
    """List the pixels at an edge; write the coverage of all others, 0 or 1, to ALPHA. Returns their number."""
    locate_pixels(work, entry[LEFT], entry[TOP], pixel)
    start, stop = range_of(entry)
    half, around = HALF * numbers[k, STROKE_WIDTH], TO_EDGE * pixel
    if kind >= POLYLINE:
        count, start, stop = find_spans(vertices, segments, half + around, start, stop, work, spans)
        entry[START], entry[STOP] = start, stop
        find_distance(vertices, spans[:count], half + around, start, stop, np.finfo(work.dtype).tiny, work)
    else:
        find_depth(numbers, k, start, stop, np.finfo(work.dtype).eps, work)
    for p in range(start, stop):
        beyond = abs(work[D, p]) - half
        work[ALPHA, p] = ONE if beyond <= -around else ZERO
        work[IS_AT_EDGE, p] = ONE if abs(beyond) < around else ZERO
    return _list_marked(start, stop, work, edge)


@inlined
def _list_marked(start, stop, work, edge):
    """List the pixels of a range that are marked in IS_AT_EDGE; returns their number.

    As a tile is narrow, few segments are near those that are sampled together.
    """
    count = 0
    for pair in range(start, stop, PAIR):
        marked = ZERO * work[IS_AT_EDGE, 0]
        for p in range(pair, pair + PAIR):
            marked += work[IS_AT_EDGE, p]
        if marked == ZERO:
            continue
        for p in range(pair, pair + PAIR):
            # Without a branch, which the processor could not foresee.
            edge[count] = p
            count += work[IS_AT_EDGE, p] > ZERO
    return count


@inlined
def _list_partly_covered(entry, rounded, own, by_own, work, edge):
    """List the pixels that are covered partly, which alone move with the edge.

    Returns:
        Their number, and Σ by_alpha of those that are covered wholly: the derivative by ``ROUNDED``.
    """
    (start, stop), total = range_of(entry), ZERO * rounded
    # What is covered cannot be told from the alpha of a shape that is as good as transparent.
    is_unknown, most = rounded <= FAINT, (ONE - FAINT) * rounded
    for p in range(start, stop):
        is_partly = is_unknown | ((own[p] > ZERO) & (own[p] < most))
        work[IS_AT_EDGE, p] = ONE if is_partly else ZERO
        total += ZERO if is_partly | (own[p] == ZERO) else by_own[p]
    return _list_marked(start, stop, work, edge), total


@inlined
def _place_subpixels(fine, pixel, work):
    """Write where the centres of a pixel's sub-pixels lie from its own."""
    for sample in range(SAMPLES):
        work[SUBPIXELS, sample] = work.dtype.type((sample % fine + 0.5) / fine - 0.5) * pixel
        work[SUBPIXELS, DOWN + sample] = work.dtype.type((sample // fine + 0.5) / fine - 0.5) * pixel


@inlined
def _locate_samples(entry, edge, first, count, pixel, work):
    """Write the centres of up to 16 pixels, and the positions of their sub-pixels: a row of the tile for each pixel.

    Returns:
        The end of the range of samples.
    """
    for i in range(SAMPLES):
        p = edge[min(first + i, count - 1)]
        x, y = centre_of(entry[LEFT] + p % TILE_WIDTH, pixel), centre_of(entry[TOP] + p // TILE_WIDTH, pixel)
        work[CENTRES, i], work[CENTRES, DOWN + i] = x, y
        for sample in range(SAMPLES):
            work[CANVAS_X, i * SAMPLES + sample] = x + work[SUBPIXELS, sample]
            work[CANVAS_Y, i * SAMPLES + sample] = y + work[SUBPIXELS, DOWN + sample]
    return np.uintp(min(SAMPLES, count - first) * SAMPLES)


@inlined
def _find_spans_of_samples(vertices, segments, reach, pixel, stop, tiny, work, spans):
    """Write the spans of sixteen pixels' samples; returns their number.

    A segment may be the nearest of a sample only if it is no more than twice the spread of the samples farther from
    the pixel's centre than the segment that is nearest to that.
    """
    spread = SPREAD * pixel
    count = _choose_segments(vertices, segments, reach + spread, work, spans)
    for i in range(SAMPLES):
        work[CENTRES, NEAREST + i] = reach * reach
    for j in range(count):
        line = line_of(vertices, np.intp(spans[j, FIRST_VERTEX]), tiny)
        for i in range(SAMPLES):
            _, x, y = to_segment(line, work[CENTRES, i], work[CENTRES, DOWN + i])
            work[CENTRES, NEAREST + i] = max(min(x * x + y * y, work[CENTRES, NEAREST + i]), ZERO)
    for i in range(SAMPLES):
        most = math.sqrt(work[CENTRES, NEAREST + i]) + TWO * spread
        work[CENTRES, NEAREST + i] = most * most
    kept = 0
    for j in range(count):
        line = line_of(vertices, np.intp(spans[j, FIRST_VERTEX]), tiny)
        begin, end = SAMPLES, 0
        for i in range(SAMPLES):
            _, x, y = to_segment(line, work[CENTRES, i], work[CENTRES, DOWN + i])
            is_near = x * x + y * y <= work[CENTRES, NEAREST + i]
            begin, end = min(begin, i if is_near else SAMPLES), max(end, i + 1 if is_near else 0)
        if begin < end:
            spans[kept, FIRST_VERTEX] = spans[j, FIRST_VERTEX]
            spans[kept, BEGIN], spans[kept, FINISH] = np.uintp(begin) * ROW, min(np.uintp(end) * ROW, stop)
            kept += 1
    return kept


@inlined
def _choose_segments(vertices, segments, reach, work, spans):
    """Write those segments to spans whose bounds are within reach of the centres of pixels; returns their number."""
    left = right = work[CENTRES, 0]
    top = bottom = work[CENTRES, DOWN]
    for i in range(SAMPLES):
        left, right = min(left, work[CENTRES, i]), max(right, work[CENTRES, i])
        top, bottom = min(top, work[CENTRES, DOWN + i]), max(bottom, work[CENTRES, DOWN + i])
    count = 0
    for i in range(len(segments)):
        v = segments[i]
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        across = min(x0, x1) <= right + reach and max(x0, x1) >= left - reach
        if across and min(y0, y1) <= bottom + reach and max(y0, y1) >= top - reach:
            spans[count, FIRST_VERTEX] = v
            count += 1
    return count
