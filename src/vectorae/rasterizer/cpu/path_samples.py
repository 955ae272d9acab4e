"""The kernels for stroked polylines that are drawn exactly by sub-pixels: see samples.py.

Shared arguments: as in paths.py; ``edge`` ``[256]``, scratch for the pixels at an edge.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, inlined, kernel
from vectorae.rasterizer.cpu.near import NEAR, NEAR_END
from vectorae.rasterizer.cpu.path import (
    BEGIN,
    FINISH,
    FIRST_VERTEX,
    NO_SEGMENT,
    add_to_ends,
    find_distance,
    find_spans,
    line_of,
    to_segment,
)
from vectorae.rasterizer.cpu.plan import CELL, IMAGE, PLACE, SLOT, START, STOP, at_place, locate_entry, range_of
from vectorae.rasterizer.cpu.profiles import reciprocal, rising
from vectorae.rasterizer.cpu.samples import (
    DOWN,
    ROW,
    TO_EDGE,
    list_partly_covered,
    place_subpixels,
    write_unsampled,
)
from vectorae.rasterizer.cpu.scratch import (
    CANVAS_X,
    CANVAS_Y,
    CENTRES,
    D_DOWN,
    PULL,
    SAMPLES,
    SEGMENT,
    SUBPIXELS,
    T_DOWN,
    TILE_WIDTH,
    D,
    T,
    is_scratch,
)
from vectorae.rasterizer.cpu.tiles import pixel_of
from vectorae.rasterizer.cpu.vectors import shift_samples
from vectorae.rasterizer.packing import POLYLINE, REGION, ROUNDED, STROKE_WIDTH

SPREAD = np.float32(0.54)
"""Distance of the farthest centre of a sub-pixel from that of its pixel, ⅜ √2, in pixels, rounded up."""

BELOW = np.uintp(DOWN)
"""``DOWN``, to be added to unsigned numbers."""

SAMPLE_X, SAMPLE_Y = D_DOWN, T_DOWN
"""The rows of the samples' positions."""

FROM_CENTRE = T
"""The row that keeps the distances of the pixels at an edge, one after the other."""

NEAREST = 2 * SAMPLES
"""Where in the row CENTRES distances are, behind the positions."""


@kernel
def sample_paths(entries, cells, near, carried, shapes, canvas, alpha, edge, spans, work):
    """Write the alpha of stroked polylines, and narrow their ranges of pixels."""
    if not is_scratch(work):
        return
    pixel = pixel_of(canvas, work)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    tiny = np.finfo(work.dtype).tiny
    spread = SPREAD * pixel
    place_subpixels(canvas.fine, pixel, work)
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, CELL]
        kind, numbers, vertices = shapes.kinds[k], shapes.numbers[b], shapes.vertices[b]
        if kind < POLYLINE or kind == REGION or entries[e, PLACE] < 0:
            continue
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        tile = locate_entry(entries[e], tile, pixel, work)
        (start, stop), half = range_of(entries[e]), HALF * numbers[k, STROKE_WIDTH]
        around = half + TO_EDGE * pixel
        found, start, stop = find_spans(vertices, segments, around, start, stop, work, spans)
        entries[e, START], entries[e, STOP] = start, stop
        find_distance(vertices, spans[:found], around, start, stop, tiny, work)
        own = alpha[at_place(entries[e, PLACE])]
        count = write_unsampled(numbers[k, ROUNDED], half, start, stop, pixel, work, own, edge)
        for index in range(count):
            work[FROM_CENTRE, index] = work[D, edge[index]]
        reach = half + HALF * fine + spread
        for first in range(0, count, SAMPLES):
            pixels = _locate_centres(edge, first, count, work)
            for i in range(SAMPLES):
                work[CENTRES, NEAREST + i] = work[FROM_CENTRE, min(first + i, count - 1)]
            number = _choose_segments(vertices, segments, reach, work, spans)
            chosen = spans[: _narrow_spans(vertices, number, spread, pixels, tiny, work, spans)]
            _cover_samples(numbers, k, vertices, chosen, edge, first, fine, share, pixels, tiny, work, own)


@kernel
def differentiate_path_samples(
    entries, cells, near, carried, shapes, canvas, alpha, by_alpha, by_numbers, by_vertices, edge, spans, work
):
    """Add the derivatives by the numbers and vertices of stroked polylines."""
    if not is_scratch(work):
        return
    pixel = pixel_of(canvas, work)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    tiny = np.finfo(work.dtype).tiny
    spread = SPREAD * pixel
    place_subpixels(canvas.fine, pixel, work)
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, CELL]
        kind, numbers, vertices = shapes.kinds[k], shapes.numbers[b], shapes.vertices[b]
        if kind < POLYLINE or kind == REGION or entries[e, PLACE] < 0:
            continue
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        own, by_own = alpha[at_place(entries[e, PLACE])], by_alpha[at_place(entries[e, PLACE])]
        count, total = list_partly_covered(entries[e], numbers[k, ROUNDED], own, by_own, work, edge)
        by_numbers[b, k, ROUNDED] += total
        tile = locate_entry(entries[e], tile, pixel, work)
        reach = HALF * (numbers[k, STROKE_WIDTH] + fine) + spread
        for first in range(0, count, SAMPLES):
            pixels = _locate_centres(edge, first, count, work)
            number = _choose_segments(vertices, segments, reach, work, spans)
            if number > 1:
                _find_centres_distance(vertices, number, reach, tiny, work, spans)
            chosen = spans[: _narrow_spans(vertices, number, spread, pixels, tiny, work, spans)]
            _differentiate_samples(
                numbers, k, vertices, chosen, edge, first, fine, share, pixels, tiny, by_own, work,
                by_numbers[b], by_vertices[b],
            )  # fmt: skip


@inlined
def _locate_centres(edge, first, count, work):
    """Write the centres of up to sixteen pixels; returns their number."""
    for i in range(SAMPLES):
        p = edge[min(first + i, count - 1)]
        work[CENTRES, i], work[CENTRES, DOWN + i] = work[CANVAS_X, p], work[CANVAS_Y, p]
    return min(SAMPLES, count - first)


@inlined
def _cover_samples(numbers, k, vertices, spans, edge, first, fine, share, pixels, tiny, work, own):
    """Write the alpha of up to sixteen pixels to ``own``, given their centres and spans.

    A sample is a ramp as wide as a sub-pixel, see ``coverage.slab_coverage``.
    """
    half, inverse, rounded = HALF * numbers[k, STROKE_WIDTH], reciprocal(fine), share * numbers[k, ROUNDED]
    none, stop = _beyond(half, fine), np.uintp(pixels) * ROW
    for sample in range(np.uintp(0), stop):
        work[D, sample] = none
    for j in range(len(spans)):
        line = line_of(vertices, np.intp(spans[j, FIRST_VERTEX]), tiny)
        for i in range(spans[j, BEGIN], spans[j, FINISH]):
            x, y, at = work[CENTRES, i], work[CENTRES, BELOW + i], i * ROW
            for sample in range(ROW):
                _, to_x, to_y = to_segment(line, x + work[SUBPIXELS, sample], y + work[SUBPIXELS, BELOW + sample])
                work[D, at + sample] = max(min(to_x * to_x + to_y * to_y, work[D, at + sample]), ZERO)
    for row in range(np.uintp(0), stop, ROW):
        total = ZERO * share
        for sample in range(row, row + ROW):
            d = math.sqrt(work[D, sample])
            total += rising(d - half, inverse) - rising(d + half, inverse)
        own[edge[np.uintp(first) + row // ROW]] = total * rounded


@inlined
def _differentiate_samples(
    numbers, k, vertices, spans, edge, first, fine, share, pixels, tiny, by_own, work, by_numbers, by_vertices
):
    """Add the derivatives of Σ by_own · alpha of up to sixteen pixels, as ``_cover_samples`` draws them."""
    half, inverse, smallest = HALF * numbers[k, STROKE_WIDTH], reciprocal(fine), math.sqrt(tiny)
    _find_nearest(vertices, spans, _beyond(half, fine), pixels, tiny, work)
    steep = share * numbers[k, ROUNDED] * inverse
    by_rounded = by_width = ZERO * share
    for row in range(np.uintp(0), np.uintp(pixels) * ROW, ROW):
        weight = by_own[edge[np.uintp(first) + row // ROW]]
        pull = weight * steep
        covered = slopes = ZERO * share
        for sample in range(row, row + ROW):
            d = math.sqrt(work[D, sample])
            near, far = rising(d - half, inverse), rising(d + half, inverse)
            of_near = ONE if near > ZERO and near < ONE else ZERO
            of_far = ONE if far > ZERO and far < ONE else ZERO
            covered += near - far
            slopes += of_near + of_far
            work[PULL, sample] = pull * (of_far - of_near) / max(d, smallest)
        by_rounded += weight * covered
        by_width += weight * slopes
    by_numbers[k, ROUNDED] += share * by_rounded
    by_numbers[k, STROKE_WIDTH] += HALF * steep * by_width
    _add_by_vertices(vertices, spans, tiny, work, by_vertices)


@inlined
def _beyond(half, fine):
    """The square of a distance at which a sample has no slope: at the very end of its ramp, rounding would decide."""
    far = TWO * half + fine
    return far * far


@inlined
def _find_nearest(vertices, spans, none, pixels, tiny, work):
    """Write the positions of samples, the squared distance of each to the nearest segment, and that one's span.

    Where no segment is nearer, ``none`` to D and −1 to SEGMENT.
    """
    for row in range(np.uintp(0), np.uintp(pixels) * ROW, ROW):
        x, y = work[CENTRES, row // ROW], work[CENTRES, BELOW + row // ROW]
        shift_samples(work, (np.uintp(SUBPIXELS), np.uintp(0)), x, work, (np.uintp(SAMPLE_X), row))
        shift_samples(work, (np.uintp(SUBPIXELS), BELOW), y, work, (np.uintp(SAMPLE_Y), row))
    for sample in range(np.uintp(0), np.uintp(pixels) * ROW):
        work[D, sample], work[SEGMENT, sample] = none, NO_SEGMENT
    for j in range(len(spans)):
        line, number = line_of(vertices, np.intp(spans[j, FIRST_VERTEX]), tiny), np.float32(j)
        for row in range(spans[j, BEGIN] * ROW, spans[j, FINISH] * ROW, ROW):
            for p in range(row, row + ROW):
                _, to_x, to_y = to_segment(line, work[SAMPLE_X, p], work[SAMPLE_Y, p])
                squared = to_x * to_x + to_y * to_y
                change = (ONE if squared < work[D, p] else ZERO) * (number - work[SEGMENT, p])
                work[D, p] = max(min(squared, work[D, p]), ZERO)
                work[SEGMENT, p] = max(work[SEGMENT, p] + change, NO_SEGMENT)


@inlined
def _add_by_vertices(vertices, spans, tiny, work, by_vertices):
    """Add the derivatives by the vertices, given those by each sample's distance, divided by it, in PULL."""
    for j in range(len(spans)):
        v = np.intp(spans[j, FIRST_VERTEX])
        line, number = line_of(vertices, v, tiny), np.float32(j)
        all_x = all_y = end_x = end_y = ZERO * tiny
        for p in range(spans[j, BEGIN] * ROW, spans[j, FINISH] * ROW):
            part, to_x, to_y = to_segment(line, work[SAMPLE_X, p], work[SAMPLE_Y, p])
            pull = work[PULL, p] if work[SEGMENT, p] == number else ZERO
            all_x += pull * to_x
            all_y += pull * to_y
            end_x += pull * to_x * part
            end_y += pull * to_y * part
        add_to_ends(by_vertices, v, all_x, all_y, end_x, end_y)


@inlined
def _find_centres_distance(vertices, count, reach, tiny, work, spans):
    """Write the distance of sixteen pixels' centres to the nearest segment in spans, the reach at most."""
    for i in range(SAMPLES):
        work[CENTRES, NEAREST + i] = reach * reach
    for j in range(count):
        line = line_of(vertices, np.intp(spans[j, FIRST_VERTEX]), tiny)
        for i in range(SAMPLES):
            _, x, y = to_segment(line, work[CENTRES, i], work[CENTRES, DOWN + i])
            work[CENTRES, NEAREST + i] = max(min(x * x + y * y, work[CENTRES, NEAREST + i]), ZERO)
    for i in range(SAMPLES):
        work[CENTRES, NEAREST + i] = math.sqrt(work[CENTRES, NEAREST + i])


@inlined
def _narrow_spans(vertices, count, spread, pixels, tiny, work, spans):
    """Write the spans of sixteen pixels' samples, given their segments and the distances of their centres.

    A segment may be the nearest of a sample only if it is no more than twice the spread of the samples farther from
    the pixel's centre than the segment that is nearest to that.

    Returns:
        The number of spans.
    """
    if count == 1:
        spans[0, BEGIN], spans[0, FINISH] = np.uintp(0), np.uintp(pixels)
        return 1
    for i in range(SAMPLES):
        most = work[CENTRES, NEAREST + i] + TWO * spread
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
            spans[kept, BEGIN], spans[kept, FINISH] = np.uintp(begin), np.uintp(min(end, pixels))
            kept += 1
    return kept


@inlined
def _choose_segments(vertices, segments, reach, work, spans):
    """Write those segments to spans whose bounds are within reach of the centres of pixels; returns their number."""
    # They lie row by row in a tile.
    left, right = work[CANVAS_X, 0] - reach, work[CANVAS_X, TILE_WIDTH - 1] + reach
    top, bottom = work[CENTRES, DOWN] - reach, work[CENTRES, DOWN + SAMPLES - 1] + reach
    count = 0
    for i in range(len(segments)):
        v = segments[i]
        x0, y0, x1, y1 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
        if min(y0, y1) <= bottom and max(y0, y1) >= top and min(x0, x1) <= right and max(x0, x1) >= left:
            spans[count, FIRST_VERTEX] = v
            count += 1
    return count
