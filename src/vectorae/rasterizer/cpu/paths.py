"""The kernels for stroked polylines and enclosed regions: alpha of all entries that are paths, and its derivatives.

Shared arguments: ``entries`` of the plan; ``cells``, ``near``, ``carried`` (see near.py); ``shapes``, ``canvas`` (see
arguments.py); ``alpha`` of the chunk's entries (see ``at_place``), or the derivative by it; ``spans``, scratch (see
path.py). Not for what is drawn exactly: see samples.py and areas.py.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import kernel
from vectorae.rasterizer.cpu.near import NEAR, NEAR_END
from vectorae.rasterizer.cpu.path import (
    add_far,
    cover_path,
    differentiate_path,
    fill_far,
    find_spans,
    find_winding,
    reach_of_path,
)
from vectorae.rasterizer.cpu.plan import CELL, IMAGE, PLACE, SLOT, START, STOP, at_place, locate_entry, range_of
from vectorae.rasterizer.cpu.scratch import ALPHA, BY_ALPHA, is_scratch
from vectorae.rasterizer.cpu.tiles import pixel_of
from vectorae.rasterizer.packing import POLYLINE, REGION, ROUNDED


@kernel
def cover_paths(entries, cells, near, carried, shapes, canvas, alpha, spans, work):
    """Write the alpha of paths, and narrow their ranges of pixels."""
    if not is_scratch(work):
        return
    pixel, tiny = pixel_of(canvas, work), np.finfo(work.dtype).tiny
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        kind, numbers, vertices = shapes.kinds[k], shapes.numbers[b], shapes.vertices[b]
        if kind < POLYLINE or place < 0:
            continue
        tile = locate_entry(entries[e], tile, pixel, work)
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        start, stop = range_of(entries[e])
        reach = reach_of_path(numbers, k, canvas.profile, pixel)
        count, first, last = find_spans(vertices, segments, reach, start, stop, work, spans)
        own = alpha[at_place(place)]
        if kind == REGION:
            find_winding(vertices, segments, carried[cell], start, stop, work)
            fill_far(numbers[k, ROUNDED], start, first, work, own)
            fill_far(numbers[k, ROUNDED], last, stop, work, own)
        else:
            entries[e, START], entries[e, STOP] = first, last
        cover_path(kind, numbers, k, vertices, spans[:count], canvas.profile, pixel, first, last, tiny, work)
        for p in range(first, last):
            own[p] = work[ALPHA, p]


@kernel
def differentiate_paths(entries, cells, near, carried, shapes, canvas, by_alpha, by_numbers, by_vertices, spans, work):
    """Add the derivatives by the numbers and vertices of paths."""
    if not is_scratch(work):
        return
    pixel, tiny = pixel_of(canvas, work), np.finfo(work.dtype).tiny
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, place, cell = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, CELL]
        kind, numbers, vertices = shapes.kinds[k], shapes.numbers[b], shapes.vertices[b]
        if kind < POLYLINE or place < 0:
            continue
        tile = locate_entry(entries[e], tile, pixel, work)
        segments = near[cells[cell, NEAR] : cells[cell, NEAR_END]]
        start, stop = range_of(entries[e])
        by_own = by_alpha[at_place(place)]
        reach = reach_of_path(numbers, k, canvas.profile, pixel)
        count, first, last = find_spans(vertices, segments, reach, start, stop, work, spans)
        if kind == REGION:
            find_winding(vertices, segments, carried[cell], start, stop, work)
            by_numbers[b, k, ROUNDED] += add_far(start, first, work, by_own) + add_far(last, stop, work, by_own)
        for p in range(first, last):
            work[BY_ALPHA, p] = by_own[p]
        differentiate_path(
            kind, numbers, k, vertices, spans[:count], canvas.profile, pixel, first, last, tiny, work,
            by_numbers[b], by_vertices[b],
        )  # fmt: skip
