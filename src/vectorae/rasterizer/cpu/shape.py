"""Alpha of one shape in one tile, and its derivatives.

Shared arguments: ``kind``, ``numbers``, ``vertices``, ``first``, ``size`` and ``blend`` as in arguments.py, of one
image and of shape ``k``; ``profile`` and ``fine`` as in ``Canvas``; ``whole``, the size of a pixel in canvas units;
``left``, ``top``, the tile's first column and row; ``start``, ``stop``, a range of its pixels; ``work``, the scratch
array.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.constants import RAMP
from vectorae.rasterizer.cpu.box import cover_box, differentiate_box
from vectorae.rasterizer.cpu.compiled import ZERO, compiled
from vectorae.rasterizer.cpu.covered_area import cover_area, differentiate_area
from vectorae.rasterizer.cpu.path import cover_vertices, differentiate_vertices
from vectorae.rasterizer.cpu.scratch import ALPHA, is_scratch
from vectorae.rasterizer.cpu.tiles import locate_pixels
from vectorae.rasterizer.packing import POLYLINE, REGION, ROUNDED


@compiled
def cover(kind, numbers, k, vertices, first, size, blend, profile, fine, whole, left, top, start, stop, work):
    """Write the alpha of a shape, the mean of fine × fine sub-pixels, to ALPHA."""
    if not is_scratch(work):
        return
    epsilon, tiny = np.finfo(work.dtype).eps, np.finfo(work.dtype).tiny
    if kind == REGION and profile == RAMP:
        cover_area(numbers[k, ROUNDED], vertices, first, size, whole, left, top, start, stop, work)
        return
    for p in range(start, stop):
        work[ALPHA, p] = ZERO
    pixel, share = whole / work.dtype.type(fine), work.dtype.type(1 / (fine * fine))
    for part in range(fine * fine):
        if fine > 1:
            locate_pixels(work, left, top, whole, (part % fine + 0.5) / fine, (part // fine + 0.5) / fine)
        if kind in (POLYLINE, REGION):
            cover_vertices(kind, numbers, k, vertices, first, size, profile, pixel, start, stop, tiny, work, share)
        else:
            cover_box(kind, numbers, k, blend, profile, pixel, start, stop, epsilon, work, share)
    if fine > 1:
        locate_pixels(work, left, top, whole, 0.5, 0.5)


@compiled
def differentiate_shape(
    kind, numbers, k, vertices, first, size, blend, profile, fine, whole, left, top, start, stop, work, known,
    by_numbers, by_vertices,
):  # fmt: skip
    """Add the derivatives of Σ BY_ALPHA · alpha by numbers and vertices; ``known``: see ``differentiate_box``."""
    if not is_scratch(work):
        return
    epsilon, tiny = np.finfo(work.dtype).eps, np.finfo(work.dtype).tiny
    if kind == REGION and profile == RAMP:
        rounded = numbers[k, ROUNDED]
        by_numbers[k, ROUNDED] += differentiate_area(
            rounded, vertices, first, size, whole, left, top, start, stop, work, by_vertices
        )
        return
    pixel, share = whole / work.dtype.type(fine), work.dtype.type(1 / (fine * fine))
    for part in range(fine * fine):
        if fine > 1:
            locate_pixels(work, left, top, whole, (part % fine + 0.5) / fine, (part // fine + 0.5) / fine)
        if kind in (POLYLINE, REGION):
            differentiate_vertices(
                kind, numbers, k, vertices, first, size, profile, pixel, start, stop, tiny, work, share, by_numbers,
                by_vertices,
            )  # fmt: skip
        else:
            differentiate_box(
                kind, numbers, k, blend, profile, pixel, start, stop, epsilon, work, share, known, by_numbers
            )
    if fine > 1:
        locate_pixels(work, left, top, whole, 0.5, 0.5)
