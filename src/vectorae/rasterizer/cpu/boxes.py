"""The kernels for filled boxes with circular or sharp corners: alpha of all such entries, and its derivatives.

Shared arguments: ``entries`` of the plan (see plan.py); ``shapes``, ``canvas`` (see arguments.py); ``alpha`` of the
chunk's entries (see ``at_place``), or the derivative by it.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.box import cover_circular, differentiate_circular
from vectorae.rasterizer.cpu.circle import FAINT, cover_soft_circle, differentiate_soft_circle, is_soft_circle
from vectorae.rasterizer.cpu.compiled import ONE, kernel
from vectorae.rasterizer.cpu.plan import ARCS, IMAGE, PLACE, SLOT, at_place, locate_entry, range_of
from vectorae.rasterizer.cpu.rectangle import cover_rectangle, differentiate_rectangle
from vectorae.rasterizer.cpu.scratch import BY_ALPHA, is_scratch
from vectorae.rasterizer.cpu.tiles import pixel_of
from vectorae.rasterizer.packing import FILLED_BOX, ROUNDED


@kernel
def cover_boxes(entries, shapes, canvas, alpha, work):
    """Write the alpha of boxes within their ranges of pixels."""
    if not is_scratch(work):
        return
    pixel, profile = pixel_of(canvas, work), canvas.profile
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, place = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE]
        if shapes.kinds[k] != FILLED_BOX or place < 0 or entries[e, ARCS] >= 0:
            continue
        tile = locate_entry(entries[e], tile, pixel, work)
        start, stop = range_of(entries[e])
        numbers, blend, own = shapes.numbers[b], shapes.blend[b, k], alpha[at_place(place)]
        if is_soft_circle(numbers, k, blend, profile):
            cover_soft_circle(numbers, k, pixel, start, stop, work, own)
            continue
        cover_rectangle(numbers, k, blend, profile, pixel, start, stop, work, own)
        if blend < ONE:
            cover_circular(numbers, k, profile, pixel, start, stop, work, own)


@kernel
def differentiate_boxes(entries, shapes, canvas, alpha, by_alpha, by_numbers, work):
    """Add the derivatives by the numbers of boxes."""
    if not is_scratch(work):
        return
    pixel, profile, tiny = pixel_of(canvas, work), canvas.profile, np.finfo(work.dtype).tiny
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, place = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE]
        if shapes.kinds[k] != FILLED_BOX or place < 0 or entries[e, ARCS] >= 0:
            continue
        tile = locate_entry(entries[e], tile, pixel, work)
        start, stop = range_of(entries[e])
        by_own = by_alpha[at_place(place)]
        for p in range(start, stop):
            work[BY_ALPHA, p] = by_own[p]
        numbers, blend = shapes.numbers[b], shapes.blend[b, k]
        if is_soft_circle(numbers, k, blend, profile) and numbers[k, ROUNDED] > FAINT:
            own = alpha[at_place(place)]
            differentiate_soft_circle(numbers, k, pixel, start, stop, work, own, tiny, by_numbers[b])
            continue
        differentiate_rectangle(numbers, k, blend, profile, pixel, start, stop, work, by_numbers[b])
        if blend < ONE:
            differentiate_circular(numbers, k, profile, pixel, start, stop, work, by_numbers[b])
