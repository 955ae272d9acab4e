"""The kernels for filled boxes: alpha of all entries (see plan.py) that are filled boxes, and its derivatives.

Shared arguments: ``entries`` of the plan; ``shapes``, ``canvas`` (see arguments.py); ``alpha`` ``[places, 256]``, or
the derivative by it; ``arcs`` ``[·, 2, 256]``, the closest points on elliptical corners that are kept.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.box import cover_box, differentiate_box
from vectorae.rasterizer.cpu.compiled import allocating, compiled
from vectorae.rasterizer.cpu.plan import ARCS, IMAGE, LEFT, PLACE, SLOT, START, STOP, TOP
from vectorae.rasterizer.cpu.scratch import ALPHA, ARC_X, ARC_Y, BY_ALPHA, PIXELS, ROWS, is_scratch
from vectorae.rasterizer.cpu.subnormals import flush_subnormals, restore_subnormals
from vectorae.rasterizer.cpu.tiles import locate_pixels, pixel_of
from vectorae.rasterizer.packing import FILLED_BOX


@allocating
def cover_boxes(entries, shapes, canvas, alpha, arcs):
    """Write the alpha of boxes within their ranges of pixels."""
    state = flush_subnormals()
    work = np.zeros((ROWS, PIXELS), dtype=shapes.numbers.dtype)
    _cover_boxes(entries, shapes, canvas, alpha, arcs, work)
    restore_subnormals(state)


@compiled
def _cover_boxes(entries, shapes, canvas, alpha, arcs, work):
    if not is_scratch(work):
        return
    pixel, epsilon = pixel_of(canvas, work), np.finfo(work.dtype).eps
    left = top = -1
    for e in range(len(entries)):
        b, k, place = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE]
        if shapes.kinds[k] != FILLED_BOX or place < 0:
            continue
        if left != entries[e, LEFT] or top != entries[e, TOP]:
            left, top = entries[e, LEFT], entries[e, TOP]
            locate_pixels(work, left, top, pixel, 0.5, 0.5)
        start, stop = np.uintp(entries[e, START]), np.uintp(entries[e, STOP])
        cover_box(shapes.numbers[b], k, shapes.blend[b, k], canvas.profile, pixel, start, stop, epsilon, work)
        for p in range(start, stop):
            alpha[place, p] = work[ALPHA, p]
        if entries[e, ARCS] >= 0:
            for p in range(start, stop):
                arcs[entries[e, ARCS], 0, p], arcs[entries[e, ARCS], 1, p] = work[ARC_X, p], work[ARC_Y, p]


@allocating
def differentiate_boxes(entries, shapes, canvas, by_alpha, arcs, by_numbers):
    """Add the derivatives by the numbers of boxes."""
    state = flush_subnormals()
    work = np.zeros((ROWS, PIXELS), dtype=shapes.numbers.dtype)
    _differentiate_boxes(entries, shapes, canvas, by_alpha, arcs, by_numbers, work)
    restore_subnormals(state)


@compiled
def _differentiate_boxes(entries, shapes, canvas, by_alpha, arcs, by_numbers, work):
    if not is_scratch(work):
        return
    pixel, epsilon = pixel_of(canvas, work), np.finfo(work.dtype).eps
    left = top = -1
    for e in range(len(entries)):
        b, k, place = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE]
        if shapes.kinds[k] != FILLED_BOX or place < 0:
            continue
        if left != entries[e, LEFT] or top != entries[e, TOP]:
            left, top = entries[e, LEFT], entries[e, TOP]
            locate_pixels(work, left, top, pixel, 0.5, 0.5)
        start, stop = np.uintp(entries[e, START]), np.uintp(entries[e, STOP])
        for p in range(start, stop):
            work[BY_ALPHA, p] = by_alpha[place, p]
        kept = entries[e, ARCS] >= 0
        if kept:
            for p in range(start, stop):
                work[ARC_X, p], work[ARC_Y, p] = arcs[entries[e, ARCS], 0, p], arcs[entries[e, ARCS], 1, p]
        numbers, blend = shapes.numbers[b], shapes.blend[b, k]
        differentiate_box(numbers, k, blend, canvas.profile, pixel, start, stop, epsilon, work, kept, by_numbers[b])
