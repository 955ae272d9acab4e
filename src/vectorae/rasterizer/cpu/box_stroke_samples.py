"""The kernels for strokes of boxes that are drawn exactly by sub-pixels: see samples.py.

Shared arguments: as in boxes.py; ``edge`` ``[256]``, scratch for the pixels at an edge.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.box_stroke import cover_box_stroke, differentiate_box_stroke, find_depth
from vectorae.rasterizer.cpu.compiled import HALF, kernel
from vectorae.rasterizer.cpu.plan import IMAGE, LEFT, PLACE, SLOT, TOP, at_place, range_of
from vectorae.rasterizer.cpu.samples import (
    list_partly_covered,
    locate_samples,
    place_subpixels,
    read_by_samples,
    write_sampled,
    write_unsampled,
)
from vectorae.rasterizer.cpu.scratch import SAMPLES, is_scratch
from vectorae.rasterizer.cpu.tiles import locate_pixels, pixel_of
from vectorae.rasterizer.packing import ROUNDED, STROKE_WIDTH, STROKED_BOX


@kernel
def sample_box_strokes(entries, shapes, canvas, alpha, edge, work):
    """Write the alpha of strokes within their ranges of pixels."""
    if not is_scratch(work):
        return
    pixel = pixel_of(canvas, work)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    epsilon, none = np.finfo(work.dtype).eps, np.uintp(0)
    place_subpixels(canvas.fine, pixel, work)
    for e in range(len(entries)):
        k, numbers = entries[e, SLOT], shapes.numbers[entries[e, IMAGE]]
        if shapes.kinds[k] != STROKED_BOX or entries[e, PLACE] < 0:
            continue
        locate_pixels(work, entries[e, LEFT], entries[e, TOP], pixel)
        (start, stop), half = range_of(entries[e]), HALF * numbers[k, STROKE_WIDTH]
        find_depth(numbers, k, start, stop, epsilon, work)
        own = alpha[at_place(entries[e, PLACE])]
        count = write_unsampled(numbers[k, ROUNDED], half, start, stop, pixel, work, own, edge)
        for first in range(0, count, SAMPLES):
            stop = locate_samples(entries[e], edge, first, count, pixel, work)
            cover_box_stroke(numbers, k, canvas.profile, fine, none, stop, epsilon, work)
            write_sampled(edge, first, stop, share, work, own)


@kernel
def differentiate_box_stroke_samples(entries, shapes, canvas, alpha, by_alpha, by_numbers, edge, work):
    """Add the derivatives by the numbers of boxes."""
    if not is_scratch(work):
        return
    pixel = pixel_of(canvas, work)
    fine, share = pixel / work.dtype.type(canvas.fine), work.dtype.type(1 / canvas.fine**2)
    epsilon, none = np.finfo(work.dtype).eps, np.uintp(0)
    place_subpixels(canvas.fine, pixel, work)
    for e in range(len(entries)):
        b, k = entries[e, IMAGE], entries[e, SLOT]
        numbers = shapes.numbers[b]
        if shapes.kinds[k] != STROKED_BOX or entries[e, PLACE] < 0:
            continue
        own, by_own = alpha[at_place(entries[e, PLACE])], by_alpha[at_place(entries[e, PLACE])]
        count, total = list_partly_covered(entries[e], numbers[k, ROUNDED], own, by_own, work, edge)
        by_numbers[b, k, ROUNDED] += total
        for first in range(0, count, SAMPLES):
            stop = locate_samples(entries[e], edge, first, count, pixel, work)
            read_by_samples(edge, first, stop, by_own, work)
            differentiate_box_stroke(numbers, k, canvas.profile, fine, none, stop, epsilon, work, share, by_numbers[b])
