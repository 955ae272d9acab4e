"""The kernels for strokes of boxes, if not drawn exactly: alpha of all such entries (see plan.py), and its derivatives.

Shared arguments: as in boxes.py.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.box_stroke import cover_box_stroke, differentiate_box_stroke
from vectorae.rasterizer.cpu.compiled import ONE, kernel
from vectorae.rasterizer.cpu.plan import IMAGE, PLACE, SLOT, at_place, locate_entry, range_of
from vectorae.rasterizer.cpu.scratch import ALPHA, BY_ALPHA, is_scratch
from vectorae.rasterizer.cpu.tiles import pixel_of
from vectorae.rasterizer.packing import STROKED_BOX


@kernel
def cover_box_strokes(entries, shapes, canvas, alpha, work):
    """Write the alpha of strokes within their ranges of pixels."""
    if not is_scratch(work):
        return
    pixel, epsilon = pixel_of(canvas, work), np.finfo(work.dtype).eps
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, place = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE]
        if shapes.kinds[k] != STROKED_BOX or place < 0:
            continue
        tile = locate_entry(entries[e], tile, pixel, work)
        start, stop = range_of(entries[e])
        cover_box_stroke(shapes.numbers[b], k, canvas.profile, pixel, start, stop, epsilon, work)
        own = alpha[at_place(place)]
        for p in range(start, stop):
            own[p] = work[ALPHA, p]


@kernel
def differentiate_box_strokes(entries, shapes, canvas, by_alpha, by_numbers, work):
    """Add the derivatives by the numbers of the boxes."""
    if not is_scratch(work):
        return
    pixel, epsilon = pixel_of(canvas, work), np.finfo(work.dtype).eps
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, place = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE]
        if shapes.kinds[k] != STROKED_BOX or place < 0:
            continue
        tile = locate_entry(entries[e], tile, pixel, work)
        start, stop = range_of(entries[e])
        by_own = by_alpha[at_place(place)]
        for p in range(start, stop):
            work[BY_ALPHA, p] = by_own[p]
        numbers, profile = shapes.numbers[b], canvas.profile
        differentiate_box_stroke(numbers, k, profile, pixel, start, stop, epsilon, work, ONE, by_numbers[b])
