"""Rectangles and circles with sigmoid edges in a tile: alpha and its derivatives, each in a single loop.

With e = exp(−d/s), f = exp(−t/s) and R = 1 / ((1 + e) (1 + e f)), a slab (coverage.slab_coverage) covers
c = (1 − f) e R, and its derivatives are ∂c/∂d = −c (1 − f e²) R / s and ∂c/∂t = c f (1 + e)² R / ((1 − f) s). By s it
is −(d ∂c/∂d + t ∂c/∂t) / s. Where the far side does not count, f is 0.

Shared arguments: as in box.py; ``own``: the shape's alpha in the tile, ``[256]``.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.constants import SIGMOID
from vectorae.rasterizer.cpu.box import add_derivatives, frame_of, to_local
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, compiled, inlined
from vectorae.rasterizer.cpu.profiles import at_far_side, exp_both, is_thin, reciprocal
from vectorae.rasterizer.cpu.scratch import BY_ALPHA, CANVAS_X, CANVAS_Y, is_scratch
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    HALF_HEIGHT,
    HALF_WIDTH,
    ROUNDED,
    ROUNDNESS,
    SHARP,
    SOFTNESS,
)

FAINT = np.float32(1e-6)
"""Opacity below which coverage cannot be told from alpha."""


@inlined
def is_soft_rectangle(numbers, k, blend, profile):
    """Whether a box has only a sharp part, with sigmoid edges."""
    return profile == SIGMOID and blend >= ONE


@inlined
def is_soft_circle(numbers, k, blend, profile):
    """Whether a box is a circle with sigmoid edges that are narrower than it."""
    is_circle = numbers[k, HALF_WIDTH] == numbers[k, HALF_HEIGHT] and numbers[k, ROUNDNESS] == ONE
    return profile == SIGMOID and blend <= ZERO and is_circle


@inlined
def _slab_of(half, s, pixel):
    """Half the thickness of a slab and the softness as factors: (half / s, f, 1 − f)."""
    inverse = ONE / s
    far, missing = at_far_side(is_thin(SIGMOID, s, pixel, half), TWO * half, inverse)
    return half * inverse, far, missing


@compiled
def cover_soft_rectangle(numbers, k, pixel, start, stop, work, own):
    """Write the alpha of a rectangle."""
    if not is_scratch(work):
        return
    frame, inverse = frame_of(numbers, k), reciprocal(numbers[k, SOFTNESS])
    wide, far_x, missing_x = _slab_of(numbers[k, HALF_WIDTH], numbers[k, SOFTNESS], pixel)
    high, far_y, missing_y = _slab_of(numbers[k, HALF_HEIGHT], numbers[k, SOFTNESS], pixel)
    scale = numbers[k, SHARP] * missing_x * missing_y
    for p in range(start, stop):
        _, _, x, y = to_local(frame, work, p)
        e_x, e_y = exp_both(wide - abs(x) * inverse), exp_both(high - abs(y) * inverse)
        both = (ONE + e_x) * (ONE + far_x * e_x) * ((ONE + e_y) * (ONE + far_y * e_y))
        own[p] = scale * e_x * e_y / both


@compiled
def differentiate_soft_rectangle(numbers, k, pixel, start, stop, work, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · alpha of a rectangle."""
    if not is_scratch(work):
        return
    frame, s, sharp = frame_of(numbers, k), numbers[k, SOFTNESS], numbers[k, SHARP]
    inverse = reciprocal(s)
    wide, far_x, missing_x = _slab_of(numbers[k, HALF_WIDTH], s, pixel)
    high, far_y, missing_y = _slab_of(numbers[k, HALF_HEIGHT], s, pixel)
    scale = missing_x * missing_y
    covered = by_d_x = by_d_y = by_far_x = by_far_y = by_s = ZERO * sharp
    all_x = all_y = by_cos = by_sin = ZERO * sharp
    for p in range(start, stop):
        dx, dy, x, y = to_local(frame, work, p)
        d_x, d_y = wide - abs(x) * inverse, high - abs(y) * inverse
        e_x, e_y = exp_both(d_x), exp_both(d_y)
        f_x, f_y, near_x, near_y = far_x * e_x, far_y * e_y, ONE + e_x, ONE + e_y
        both_x, both_y = near_x * (ONE + f_x), near_y * (ONE + f_y)
        inverse_both = ONE / (both_x * both_y)
        of_x, of_y = inverse_both * both_y, inverse_both * both_x
        weight = work[BY_ALPHA, p] * e_x * e_y * inverse_both
        by_x, by_y = weight * (ONE - f_x * e_x) * of_x, weight * (ONE - f_y * e_y) * of_y
        covered += weight
        by_d_x += by_x
        by_d_y += by_y
        by_s += by_x * d_x + by_y * d_y
        by_far_x += weight * (near_x * near_x * of_x)
        by_far_y += weight * (near_y * near_y * of_y)
        by_x, by_y = (by_x if x > ZERO else -by_x), (by_y if y > ZERO else -by_y)
        all_x += by_x
        all_y += by_y
        by_cos += by_x * dx + by_y * dy
        by_sin += by_x * dy - by_y * dx
    by_far_x *= TWO * far_x * missing_y
    by_far_y *= TWO * far_y * missing_x
    by_numbers[k, SHARP] += scale * covered
    steep = sharp / s
    by_s = -steep * (scale * by_s + wide * by_far_x + high * by_far_y)
    by_width, by_height = steep * (scale * by_d_x + by_far_x), steep * (scale * by_d_y + by_far_y)
    steep *= scale
    all_x, all_y, by_cos, by_sin = -steep * all_x, -steep * all_y, -steep * by_cos, -steep * by_sin
    add_derivatives(numbers, k, by_s, by_width, by_height, all_x, all_y, by_cos, by_sin, by_numbers)


@compiled
def cover_soft_circle(numbers, k, pixel, start, stop, work, own):
    """Write the alpha of a circle."""
    if not is_scratch(work):
        return
    center_x, center_y, inverse = numbers[k, CENTER_X], numbers[k, CENTER_Y], reciprocal(numbers[k, SOFTNESS])
    radius, far, missing = _slab_of(numbers[k, HALF_WIDTH], numbers[k, SOFTNESS], pixel)
    scale = numbers[k, ROUNDED] * missing
    for p in range(start, stop):
        dx, dy = work[CANVAS_X, p] - center_x, work[CANVAS_Y, p] - center_y
        e = exp_both(radius - math.sqrt(dx * dx + dy * dy) * inverse)
        own[p] = scale * e / ((ONE + e) * (ONE + far * e))


@compiled
def differentiate_soft_circle(numbers, k, pixel, start, stop, work, own, tiny, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · alpha of a circle, given its alpha.

    As (1 − c)² − 4 c f / (1 − f) is the square of (1 − f e²) R, no exponential is needed.

    Args:
        tiny: the smallest normal number.
    """
    if not is_scratch(work):
        return
    center_x, center_y, cos, sin = frame_of(numbers, k)
    half, s, rounded = numbers[k, HALF_WIDTH], numbers[k, SOFTNESS], numbers[k, ROUNDED]
    _, far, missing = _slab_of(half, s, pixel)
    of_alpha, more, least = ONE / rounded, TWO * far / missing, math.sqrt(tiny)
    covered = by_d = by_s = by_far = all_x = all_y = xx = xy = by_roundness = ZERO * rounded
    for p in range(start, stop):
        dx, dy = work[CANVAS_X, p] - center_x, work[CANVAS_Y, p] - center_y
        length = math.sqrt(dx * dx + dy * dy)
        inverse = ONE / max(length, least)
        dx *= inverse
        dy *= inverse
        c = own[p] * of_alpha
        free = ONE - c
        steepness = math.sqrt(max(free * free - TWO * more * c, ZERO))
        weight = work[BY_ALPHA, p] * c
        slope = weight * steepness
        covered += weight
        by_d += slope
        by_s += slope * (length - half)
        by_far += weight * (more + free - steepness)
        by_x, by_y = slope * dx, slope * dy
        all_x += by_x
        all_y += by_y
        xx += by_x * dx
        xy += by_x * dy
        by_roundness += slope * (abs(cos * dx + sin * dy) + abs(cos * dy - sin * dx))
    steep = rounded / s
    by_far *= HALF * steep if far > ZERO else ZERO * steep
    across, mixed = cos * cos * xx + sin * sin * (by_d - xx), TWO * cos * sin * xy
    by_numbers[k, ROUNDED] += covered
    by_numbers[k, SOFTNESS] += (steep * by_s - TWO * half * by_far) / s
    by_numbers[k, HALF_WIDTH] += steep * (across + mixed) + by_far
    by_numbers[k, HALF_HEIGHT] += steep * (by_d - across - mixed) + by_far
    by_numbers[k, ROUNDNESS] -= steep * half * (by_roundness - by_d)
    by_numbers[k, CENTER_X] += steep * all_x
    by_numbers[k, CENTER_Y] += steep * all_y
