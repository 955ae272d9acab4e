"""The kernels for stroked polylines that are drawn exactly by sub-pixels: see samples.py.

Shared arguments: as in paths.py; ``edge`` ``[256]``, scratch for the pixels at an edge.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.cpu.compiled import HALF, TWO, ZERO, inlined, kernel
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
from vectorae.rasterizer.cpu.samples import (
    DOWN,
    ROW,
    TO_EDGE,
    list_partly_covered,
    locate_samples,
    place_subpixels,
    read_by_samples,
    write_sampled,
    write_unsampled,
)
from vectorae.rasterizer.cpu.scratch import CENTRES, SAMPLES, is_scratch
from vectorae.rasterizer.cpu.tiles import locate_pixels, pixel_of
from vectorae.rasterizer.packing import POLYLINE, REGION, ROUNDED, STROKE_WIDTH

SPREAD = np.float32(0.54)
"""Distance of the farthest centre of a sub-pixel from that of its pixel, ⅜ √2, in pixels, rounded up."""

NEAREST = 2 * SAMPLES
"""Where in the row CENTRES distances are, behind the positions."""


@kernel
def sample_paths(entries, cells, near, carried, shapes, canvas, alpha, edge, spans, work):
    """Write the alpha of stroked polylines, and narrow their ranges of pixels."""
    if not is_scratch(work):
        return
    pixel = pixel_of(canvas, work)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    tiny, none = np.finfo(work.dtype).tiny, np.uintp(0)
    place_subpixels(canvas.fine, pixel, work)
    for e in range(len(entries)):
        b, k, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, CELL]
        kind, numbers, vertices = shapes.kinds[k], shapes.numbers[b], shapes.vertices[b]
        if kind < POLYLINE or kind == REGION or entries[e, PLACE] < 0:
            continue
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        locate_pixels(work, entries[e, LEFT], entries[e, TOP], pixel)
        (start, stop), half = range_of(entries[e]), HALF * numbers[k, STROKE_WIDTH]
        around = half + TO_EDGE * pixel
        found, start, stop = find_spans(vertices, segments, around, start, stop, work, spans)
        entries[e, START], entries[e, STOP] = start, stop
        find_distance(vertices, spans[:found], around, start, stop, tiny, work)
        own = alpha[at_place(entries[e, PLACE])]
        count = write_unsampled(numbers[k, ROUNDED], half, start, stop, pixel, work, own, edge)
        reach = reach_of_path(numbers, k, canvas.profile, fine)
        for first in range(0, count, SAMPLES):
            stop = locate_samples(entries[e], edge, first, count, pixel, work)
            chosen = spans[: _find_spans_of_samples(vertices, segments, reach, pixel, stop, tiny, work, spans)]
            cover_path(kind, numbers, k, vertices, chosen, canvas.profile, fine, none, stop, tiny, work)
            write_sampled(edge, first, stop, share, work, own)


@kernel
def differentiate_path_samples(
    entries, cells, near, carried, shapes, canvas, alpha, by_alpha, by_numbers, by_vertices, edge, spans, work
):
    """Add the derivatives by the numbers and vertices of stroked polylines."""
    if not is_scratch(work):
        return
    pixel = pixel_of(canvas, work)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    tiny, none = np.finfo(work.dtype).tiny, np.uintp(0)
    place_subpixels(canvas.fine, pixel, work)
    for e in range(len(entries)):
        b, k, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, CELL]
        kind, numbers, vertices = shapes.kinds[k], shapes.numbers[b], shapes.vertices[b]
        if kind < POLYLINE or kind == REGION or entries[e, PLACE] < 0:
            continue
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        own, by_own = alpha[at_place(entries[e, PLACE])], by_alpha[at_place(entries[e, PLACE])]
        count, total = list_partly_covered(entries[e], numbers[k, ROUNDED], own, by_own, work, edge)
        by_numbers[b, k, ROUNDED] += total
        reach = reach_of_path(numbers, k, canvas.profile, fine)
        for first in range(0, count, SAMPLES):
            stop = locate_samples(entries[e], edge, first, count, pixel, work)
            read_by_samples(edge, first, stop, by_own, work)
            chosen = spans[: _find_spans_of_samples(vertices, segments, reach, pixel, stop, tiny, work, spans)]
            differentiate_path(
                kind, numbers, k, vertices, chosen, canvas.profile, fine, none, stop, tiny, work, share,
                by_numbers[b], by_vertices[b],
            )  # fmt: skip


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
