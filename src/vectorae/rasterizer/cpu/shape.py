"""One shape in one tile: its alpha, and the derivatives."""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import numpy as np

from vectorae.rasterizer.cpu.area import cover_area, differentiate_area
from vectorae.rasterizer.cpu.box import cover_box, differentiate_box
from vectorae.rasterizer.cpu.compiled import HALF, ZERO, compiled
from vectorae.rasterizer.cpu.polyline import add_alpha, differentiate_vertices, region_slab, stroke_slab
from vectorae.rasterizer.cpu.profiles import RAMP, reach_beyond
from vectorae.rasterizer.cpu.rows import ALPHA, is_scratch
from vectorae.rasterizer.cpu.shapes import ROUNDED, SOFTNESS
from vectorae.rasterizer.cpu.tiles import place_pixels
from vectorae.rasterizer.packing import POLYLINE, REGION, STROKE_WIDTH


@compiled
def cover(kind, numbers, k, vertices, first, size, blend, profile, fine, whole, left, top, start, stop, work):
    """Write the alpha of a shape in some rows of a tile, each pixel's the mean of fine × fine sub-pixels, to ALPHA."""
    if not is_scratch(work):
        return
    smallest, tiny = np.finfo(work.dtype).eps, np.finfo(work.dtype).tiny
    if kind == REGION and profile == RAMP:
        cover_area(numbers[k, ROUNDED], vertices, first, size, whole, left, top, start, stop, work)
        return
    for p in range(start, stop):
        work[ALPHA, p] = ZERO
    pixel, share = whole / work.dtype.type(fine), work.dtype.type(1 / (fine * fine))
    for part in range(fine * fine):
        if fine > 1:
            place_pixels(work, left, top, whole, (part % fine + 0.5) / fine, (part // fine + 0.5) / fine)
        if kind == POLYLINE:
            stroke_slab(numbers, k, vertices, first, size, profile, pixel, start, stop, tiny, work)
            add_alpha(share * numbers[k, ROUNDED], start, stop, work)
        elif kind == REGION:
            region_slab(numbers, k, vertices, first, size, profile, pixel, start, stop, tiny, work)
            add_alpha(share * numbers[k, ROUNDED], start, stop, work)
        else:
            cover_box(kind, numbers, k, blend, profile, pixel, start, stop, smallest, work, share)
    if fine > 1:
        place_pixels(work, left, top, whole, 0.5, 0.5)


@compiled
def differentiate_shape(
    kind, numbers, k, vertices, first, size, blend, profile, fine, whole, left, top, start, stop, work, by_numbers,
    by_vertices,
):  # fmt: skip
    """Add the derivatives of Σ BY_ALPHA · alpha over some rows of a tile."""
    if not is_scratch(work):
        return
    smallest, tiny = np.finfo(work.dtype).eps, np.finfo(work.dtype).tiny
    if kind == REGION and profile == RAMP:
        rounded = numbers[k, ROUNDED]
        by_numbers[k, ROUNDED] += differentiate_area(
            rounded, vertices, first, size, whole, left, top, start, stop, work, by_vertices
        )
        return
    pixel, share = whole / work.dtype.type(fine), work.dtype.type(1 / (fine * fine))
    for part in range(fine * fine):
        if fine > 1:
            place_pixels(work, left, top, whole, (part % fine + 0.5) / fine, (part // fine + 0.5) / fine)
        if kind in (POLYLINE, REGION):
            if kind == POLYLINE:
                stroke_slab(numbers, k, vertices, first, size, profile, pixel, start, stop, tiny, work)
            else:
                region_slab(numbers, k, vertices, first, size, profile, pixel, start, stop, tiny, work)
            reach = reach_beyond(profile, numbers[k, SOFTNESS], pixel) + HALF * numbers[k, STROKE_WIDTH]
            differentiate_vertices(
                numbers, k, vertices, first, size, 1 if kind == POLYLINE else 2, reach, share, start, stop, tiny, work,
                by_numbers, by_vertices,
            )  # fmt: skip
        else:
            differentiate_box(kind, numbers, k, blend, profile, pixel, start, stop, smallest, work, share, by_numbers)
    if fine > 1:
        place_pixels(work, left, top, whole, 0.5, 0.5)
