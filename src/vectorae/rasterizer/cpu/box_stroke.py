"""Strokes of rounded boxes in a tile: alpha and its derivatives. Shared arguments: as in box.py.

Args:
    share: weight of these pixels, or samples of them.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from vectorae.rasterizer.constants import GAUSSIAN
from vectorae.rasterizer.cpu.box import (
    differentiate_circular_distance,
    find_circular_distance,
    is_circular,
    signed,
    thickness_of,
)
from vectorae.rasterizer.cpu.compiled import HALF, ZERO, inlined
from vectorae.rasterizer.cpu.elliptical_box import (
    differentiate_elliptical_distance,
    find_arcs,
    find_elliptical_distance,
    find_elliptical_slopes,
)
from vectorae.rasterizer.cpu.profiles import differentiate_slab, slab
from vectorae.rasterizer.cpu.scratch import (
    ACROSS,
    ALPHA,
    BY_ALPHA,
    BY_D,
    BY_S,
    BY_T,
    COVERED,
    D_DOWN,
    DOWN,
    T_DOWN,
    D,
    T,
)
from vectorae.rasterizer.packing import ROUNDED, SOFTNESS, STROKE_WIDTH


@inlined
def cover_box_stroke(numbers, k, profile, pixel, start, stop, epsilon, work):
    """Write the alpha of a box's stroke to ALPHA."""
    find_depth(numbers, k, start, stop, epsilon, work)
    rounded, s = numbers[k, ROUNDED], numbers[k, SOFTNESS]
    if profile == GAUSSIAN:
        half_stroke = HALF * numbers[k, STROKE_WIDTH]
        for p in range(start, stop):
            work[D_DOWN, p] = abs(work[D, p]) - half_stroke
        slab(profile, False, s, pixel, start, stop, work, D_DOWN, T, ACROSS)
        for p in range(start, stop):
            work[ALPHA, p] = rounded * work[ACROSS, p]
    else:
        _find_edges(numbers[k, STROKE_WIDTH], start, stop, work)
        slab(profile, True, s, pixel, start, stop, work, D, T, ACROSS)
        slab(profile, True, s, pixel, start, stop, work, D_DOWN, T_DOWN, DOWN)
        for p in range(start, stop):
            work[ALPHA, p] = rounded * (work[ACROSS, p] - work[DOWN, p])


@inlined
def differentiate_box_stroke(numbers, k, profile, pixel, start, stop, epsilon, work, share, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · alpha · share by the numbers of a box that is stroked."""
    find_depth(numbers, k, start, stop, epsilon, work)
    _differentiate_stroke(numbers, k, profile, pixel, share, start, stop, work, by_numbers)
    if is_circular(numbers, k):
        differentiate_circular_distance(numbers, k, share, start, stop, work, by_numbers)
    else:
        find_elliptical_slopes(numbers, k, start, stop, epsilon, work)
        differentiate_elliptical_distance(numbers, k, share, start, stop, work, by_numbers)


@inlined
def find_depth(numbers, k, start, stop, epsilon, work):
    """Write the distance to the outline of a box, negative inside, and its thickness."""
    if is_circular(numbers, k):
        find_circular_distance(numbers, k, start, stop, work)
        t = thickness_of(numbers, k)
        for p in range(start, stop):
            work[T, p] = t
    else:
        find_arcs(numbers, k, start, stop, epsilon, work)
        find_elliptical_distance(numbers, k, start, stop, epsilon, work)


@inlined
def _find_edges(width, start, stop, work):
    """Write distance and thickness of the areas within the stroke's outer edge and within its inner edge."""
    for p in range(start, stop):
        d, t = work[D, p], work[T, p]
        work[D, p], work[T, p] = d - HALF * width, t + width
        work[D_DOWN, p], work[T_DOWN, p] = d + HALF * width, max(t - width, ZERO)


@inlined
def _differentiate_stroke(numbers, k, profile, pixel, share, start, stop, work, by_numbers):
    """Write coverage by the box's stroke and its derivatives to ACROSS; add the derivative by the stroke's width."""
    width, s = numbers[k, STROKE_WIDTH], numbers[k, SOFTNESS]
    by_width = ZERO * share
    if profile == GAUSSIAN:
        for p in range(start, stop):
            work[D_DOWN, p] = abs(work[D, p]) - HALF * width
        differentiate_slab(profile, False, s, pixel, start, stop, work, D_DOWN, T, ACROSS)
        for p in range(start, stop):
            by_d = work[ACROSS + BY_D, p]
            by_width -= HALF * work[BY_ALPHA, p] * by_d
            work[ACROSS + BY_D, p] = signed(by_d, work[D, p])
    else:
        _find_edges(width, start, stop, work)
        differentiate_slab(profile, True, s, pixel, start, stop, work, D, T, ACROSS)
        differentiate_slab(profile, True, s, pixel, start, stop, work, D_DOWN, T_DOWN, DOWN)
        for p in range(start, stop):
            by_t = work[DOWN + BY_T, p] if work[T_DOWN, p] > ZERO else ZERO
            by_edges = work[ACROSS + BY_D, p] + work[DOWN + BY_D, p]
            by_width += work[BY_ALPHA, p] * (work[ACROSS + BY_T, p] + by_t - HALF * by_edges)
            work[ACROSS + COVERED, p] -= work[DOWN + COVERED, p]
            work[ACROSS + BY_D, p] -= work[DOWN + BY_D, p]
            work[ACROSS + BY_T, p] -= by_t
            work[ACROSS + BY_S, p] -= work[DOWN + BY_S, p]
    by_numbers[k, STROKE_WIDTH] += share * numbers[k, ROUNDED] * by_width
