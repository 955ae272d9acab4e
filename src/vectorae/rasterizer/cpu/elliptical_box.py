"""Boxes with elliptical corners in a tile: alpha of their rounded part, and its derivatives.

Shared arguments: as in box.py.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

from vectorae.geometry.rounded_box import CLOSEST_POINT_STEPS
from vectorae.rasterizer.cpu.box import add_derivatives, frame_of, signed, to_local
from vectorae.rasterizer.cpu.box_distance import closer, elliptical, first_point, thickness
from vectorae.rasterizer.cpu.compiled import ONE, ZERO, inlined
from vectorae.rasterizer.cpu.profiles import differentiate_slab, is_thin, reciprocal, slab
from vectorae.rasterizer.cpu.scratch import (
    ACROSS,
    ARC_X,
    ARC_Y,
    BY_ALPHA,
    BY_D,
    BY_S,
    BY_T,
    COVERED,
    NORMAL_X,
    NORMAL_Y,
    T_ALONG,
    T_LONGER,
    T_ROUNDNESS,
    T_SHORTER,
    D,
    T,
)
from vectorae.rasterizer.packing import HALF_HEIGHT, HALF_WIDTH, ROUNDED, ROUNDNESS, SOFTNESS


@inlined
def cover_elliptical(numbers, k, profile, pixel, start, stop, epsilon, work, own):
    """Add the alpha to ``own`` ``[256]``, given the closest points in ARC_X and ARC_Y."""
    rounded, thin = numbers[k, ROUNDED], _is_thin(numbers, k, profile, pixel)
    find_elliptical_distance(numbers, k, start, stop, epsilon, work)
    slab(profile, thin, numbers[k, SOFTNESS], pixel, start, stop, work, D, T, ACROSS)
    for p in range(start, stop):
        own[p] += rounded * work[ACROSS, p]


@inlined
def differentiate_elliptical(numbers, k, profile, pixel, start, stop, epsilon, work, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · alpha, given the closest points in ARC_X and ARC_Y."""
    thin = _is_thin(numbers, k, profile, pixel)
    find_elliptical_slopes(numbers, k, start, stop, epsilon, work)
    differentiate_slab(profile, thin, numbers[k, SOFTNESS], pixel, start, stop, work, D, T, ACROSS)
    differentiate_elliptical_distance(numbers, k, ONE, start, stop, work, by_numbers)


@inlined
def _is_thin(numbers, k, profile, pixel):
    """Whether the far side of the rounded box counts anywhere (see ``is_thin``)."""
    longer = max(numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT])
    half = min(numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT])
    # At the tips, where the box is thinnest.
    slimness = ONE - half * half / (longer * longer)
    half *= math.sqrt(max(ONE - numbers[k, ROUNDNESS] * slimness, ZERO))
    return is_thin(profile, numbers[k, SOFTNESS], pixel, half)


@inlined
def _radii(numbers, k, epsilon):
    """Radii of the corners, and their reciprocals."""
    rx = max(numbers[k, HALF_WIDTH] * numbers[k, ROUNDNESS], epsilon)
    ry = max(numbers[k, HALF_HEIGHT] * numbers[k, ROUNDNESS], epsilon)
    return rx, ry, reciprocal(rx), reciprocal(ry)


@inlined
def find_arcs(numbers, k, start, stop, epsilon, work):
    """Write the closest points on elliptical corners, by the iteration of geometry.rounded_box."""
    frame = frame_of(numbers, k)
    rx, ry, inverse_x, inverse_y = _radii(numbers, k, epsilon)
    inner_x = numbers[k, HALF_WIDTH] * (ONE - numbers[k, ROUNDNESS])
    inner_y = numbers[k, HALF_HEIGHT] * (ONE - numbers[k, ROUNDNESS])
    for p in range(start, stop):
        _, _, x, y = to_local(frame, work, p)
        work[D, p], work[T, p] = abs(x) - inner_x, abs(y) - inner_y
        work[ARC_X, p], work[ARC_Y, p] = first_point(work[D, p], work[T, p], inverse_x, inverse_y)
    # A loop over pixels per step: the processor overlaps the square roots of several pixels.
    for _ in range(CLOSEST_POINT_STEPS):
        for p in range(start, stop):
            work[ARC_X, p], work[ARC_Y, p] = closer(
                work[D, p], work[T, p], work[ARC_X, p], work[ARC_Y, p], rx, ry, inverse_x, inverse_y, epsilon
            )


@inlined
def find_elliptical_distance(numbers, k, start, stop, epsilon, work):
    """Write distance and thickness of a box with elliptical corners, given the closest points."""
    box = _box_of(numbers, k, epsilon)
    for p in range(start, stop):
        (work[D, p], _, _, _, _), (work[T, p], _, _, _, _) = _distance_at(box, epsilon, work, p)


@inlined
def find_elliptical_slopes(numbers, k, start, stop, epsilon, work):
    """As ``find_elliptical_distance``, and write what their derivatives need; closest points to ARC_X and ARC_Y."""
    box = _box_of(numbers, k, epsilon)
    for p in range(start, stop):
        near, across = _distance_at(box, epsilon, work, p)
        work[D, p], work[NORMAL_X, p], work[NORMAL_Y, p], work[ARC_X, p], work[ARC_Y, p] = near
        work[T, p], work[T_ALONG, p], work[T_LONGER, p], work[T_SHORTER, p], work[T_ROUNDNESS, p] = across


@inlined
def _box_of(numbers, k, epsilon):
    """The numbers of a box, read before a loop."""
    return (
        frame_of(numbers, k),
        numbers[k, HALF_WIDTH],
        numbers[k, HALF_HEIGHT],
        numbers[k, ROUNDNESS],
        _radii(numbers, k, epsilon),
    )


@inlined
def _distance_at(box, epsilon, work, p):
    """Results of ``elliptical`` and of ``thickness`` at a pixel, given its closest point."""
    frame, half_width, half_height, roundness, (rx, ry, inverse_x, inverse_y) = box
    _, _, x, y = to_local(frame, work, p)
    x, y, cos, sin = abs(x), abs(y), work[ARC_X, p], work[ARC_Y, p]
    near = elliptical(x, y, cos, sin, half_width, half_height, roundness, rx, ry, inverse_x, inverse_y, epsilon)
    along = x if half_width >= half_height else y
    return near, thickness(along, max(half_width, half_height), min(half_width, half_height), roundness, epsilon)


@inlined
def differentiate_elliptical_distance(numbers, k, share, start, stop, work, by_numbers):
    """Add the derivatives of the box with elliptical corners, given its coverage in ACROSS and its slopes."""
    frame = frame_of(numbers, k)
    half_width, half_height, roundness = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, ROUNDNESS]
    wide, rounded = half_width >= half_height, share * numbers[k, ROUNDED]
    by_rounded = by_s = by_width = by_height = by_roundness = ZERO * rounded
    all_x = all_y = by_cos = by_sin = ZERO * rounded
    for p in range(start, stop):
        dx, dy, x, y = to_local(frame, work, p)
        nx, ny, cos, sin, t_along = (
            work[NORMAL_X, p],
            work[NORMAL_Y, p],
            work[ARC_X, p],
            work[ARC_Y, p],
            work[T_ALONG, p],
        )
        weight = work[BY_ALPHA, p]
        by_d, by_t = weight * rounded * work[ACROSS + BY_D, p], weight * rounded * work[ACROSS + BY_T, p]
        by_rounded += weight * work[ACROSS + COVERED, p]
        by_s += weight * rounded * work[ACROSS + BY_S, p]
        by_longer, by_shorter = by_t * work[T_LONGER, p], by_t * work[T_SHORTER, p]
        by_width += (by_longer if wide else by_shorter) - by_d * nx * (ONE - roundness * (ONE - cos))
        by_height += (by_shorter if wide else by_longer) - by_d * ny * (ONE - roundness * (ONE - sin))
        by_arc = half_width * nx * (ONE - cos) + half_height * ny * (ONE - sin)
        by_roundness += by_t * work[T_ROUNDNESS, p] + by_d * by_arc
        by_x = signed(by_d * nx + (by_t * t_along if wide else ZERO), x)
        by_y = signed(by_d * ny + (ZERO if wide else by_t * t_along), y)
        all_x += by_x
        all_y += by_y
        by_cos += by_x * dx + by_y * dy
        by_sin += by_x * dy - by_y * dx
    by_numbers[k, ROUNDED] += share * by_rounded
    by_numbers[k, ROUNDNESS] += by_roundness
    add_derivatives(numbers, k, by_s, by_width, by_height, all_x, all_y, by_cos, by_sin, by_numbers)
