"""The kernels for filled boxes with elliptical corners: alpha of all such entries, and its derivatives.

Shared arguments: ``entries`` of the plan (see plan.py); ``shapes``, ``canvas`` (see arguments.py); ``alpha`` of the
chunk's entries (see ``at_place``), or the derivative by it; ``arcs``, likewise the closest points on the corners: of
their positions as (cos, sin) the tangent of half the angle, sin / (1 + cos).
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import ONE, TWO, kernel
from vectorae.rasterizer.cpu.elliptical_box import cover_elliptical, differentiate_elliptical, find_arcs
from vectorae.rasterizer.cpu.plan import ARCS, IMAGE, PLACE, SLOT, at_place, locate_entry, range_of
from vectorae.rasterizer.cpu.rectangle import cover_rectangle, differentiate_rectangle
from vectorae.rasterizer.cpu.scratch import ARC_X, ARC_Y, BY_ALPHA, is_scratch
from vectorae.rasterizer.cpu.tiles import pixel_of


@kernel
def cover_elliptical_boxes(entries, shapes, canvas, alpha, arcs, work):
    """Write the alpha of boxes within their ranges of pixels, and their closest points."""
    if not is_scratch(work):
        return
    pixel, profile, epsilon = pixel_of(canvas, work), canvas.profile, np.finfo(work.dtype).eps
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, place, arc = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, ARCS]
        if arc < 0:
            continue
        tile = locate_entry(entries[e], tile, pixel, work)
        start, stop = range_of(entries[e])
        numbers, blend = shapes.numbers[b], shapes.blend[b, k]
        own, saved = alpha[at_place(place)], arcs[at_place(arc)]
        cover_rectangle(numbers, k, blend, profile, pixel, start, stop, work, own)
        find_arcs(numbers, k, start, stop, epsilon, work)
        cover_elliptical(numbers, k, profile, pixel, start, stop, epsilon, work, own)
        for p in range(start, stop):
            saved[p] = work[ARC_Y, p] / (ONE + work[ARC_X, p])


@kernel
def differentiate_elliptical_boxes(entries, shapes, canvas, by_alpha, arcs, by_numbers, work):
    """Add the derivatives by the numbers of boxes."""
    if not is_scratch(work):
        return
    pixel, profile, epsilon = pixel_of(canvas, work), canvas.profile, np.finfo(work.dtype).eps
    tile = (-1, -1)
    for e in range(len(entries)):
        b, k, place, arc = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE], entries[e, ARCS]
        if arc < 0:
            continue
        tile = locate_entry(entries[e], tile, pixel, work)
        start, stop = range_of(entries[e])
        by_own, saved = by_alpha[at_place(place)], arcs[at_place(arc)]
        for p in range(start, stop):
            square = saved[p] * saved[p]
            part = ONE / (ONE + square)
            work[BY_ALPHA, p] = by_own[p]
            work[ARC_X, p], work[ARC_Y, p] = (ONE - square) * part, TWO * saved[p] * part
        numbers, blend = shapes.numbers[b], shapes.blend[b, k]
        differentiate_rectangle(numbers, k, blend, profile, pixel, start, stop, work, by_numbers[b])
        differentiate_elliptical(numbers, k, profile, pixel, start, stop, epsilon, work, by_numbers[b])
