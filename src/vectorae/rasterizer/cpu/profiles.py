"""Coverage by slabs in a tile: the mathematics of rasterizer.coverage.

Names in all kernels: d is the distance, t the thickness, s the softness, all in canvas units; ``by_x`` is the
derivative by x.

Shared arguments:
    profile: an index into ``PROFILES``.
    thin: whether the far side of the slab counts (for a one-sided gaussian, it does not).
    pixel: size of a (sub-)pixel in canvas units.
    start, stop: range of pixels of the tile.
    work: the scratch array (see scratch.py); d, t: its rows of distance and thickness; into: the row that is written,
        or the first of four: COVERED, BY_D, BY_T, BY_S.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer import constants
from vectorae.rasterizer.constants import GAUSSIAN, RAMP, SIGMOID
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, compiled, inlined
from vectorae.rasterizer.cpu.scratch import BY_D, BY_S, BY_T, COVERED, is_scratch

TAIL, TAIL_ROOT = np.float32(constants.TAIL), np.float32(constants.TAIL_ROOT)

FLAT, FLAT_ROOT = (np.float32((17 * math.log(2)) ** power) for power in (1, 0.5))
"""−ln of the coverage, 2⁻¹⁷, that the far side of a slab must take away at least to be computed, and its root."""

_FLOOR, _PART = np.float32(-30), np.float32(1 / 32)
_THIRD, _FOURTH, _FIFTH = np.float32(1 / 6), np.float32(1 / 24), np.float32(1 / 120)


@inlined
def _exp(x):
    """e^x for x ≤ 0, vectorisable: (e^(x/32))^32 by a polynomial and five squarings.

    Below −30 it stays at e^−30 ≈ 1e-13; the error is below 5e-9 and a few units of the last place.
    """
    y = max(x, _FLOOR) * _PART
    e = ONE + y * (ONE + y * (HALF + y * (_THIRD + y * (_FOURTH + y * _FIFTH))))
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    return e


@inlined
def exp_both(x):
    """As ``_exp``, for x of either sign, kept within ±30."""
    y = min(max(x, _FLOOR), -_FLOOR) * _PART
    e = ONE + y * (ONE + y * (HALF + y * (_THIRD + y * (_FOURTH + y * _FIFTH))))
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    return e


@inlined
def reciprocal(x):
    """1 / x for x > 0, computed before a loop: LLVM makes y · (1 / x) a division again, in each turn of the loop."""
    return max(ONE / x, ZERO)


@compiled
def slab(profile, thin, s, pixel, start, stop, work, d, t, into):
    """Write coverage by a slab (coverage.slab_coverage)."""
    if not is_scratch(work):
        return
    if profile == GAUSSIAN:
        inverse = reciprocal(s)
        for p in range(start, stop):
            x = max(work[d, p], ZERO) * inverse
            work[into, p] = _exp(-x * x)
        if thin:
            for p in range(start, stop):
                half = HALF * work[t, p] * inverse
                work[into, p] *= ONE - _exp(-half * half)
    elif profile == SIGMOID and thin:
        inverse = reciprocal(s)
        for p in range(start, stop):
            e, other = exp_both(-work[d, p] * inverse), exp_both(-(work[d, p] + work[t, p]) * inverse)
            work[into, p] = (e - other) / ((ONE + e) * (ONE + other))
    elif profile == SIGMOID:
        inverse = reciprocal(s)
        for p in range(start, stop):
            e = exp_both(-work[d, p] * inverse)
            work[into, p] = e / (ONE + e)
    elif profile == RAMP:
        inverse = reciprocal(pixel)
        for p in range(start, stop):
            work[into, p] = rising(work[d, p], inverse) - rising(work[d, p] + work[t, p], inverse)
    else:
        for p in range(start, stop):
            inside = work[d, p] <= ZERO and (not thin or work[d, p] + work[t, p] > ZERO)
            work[into, p] = ONE if inside else ZERO


@compiled
def differentiate_slab(profile, thin, s, pixel, start, stop, work, d, t, into):
    """Write coverage by a slab and its derivatives by distance, thickness and softness."""
    if not is_scratch(work):
        return
    if profile == GAUSSIAN:
        _differentiate_gaussian(thin, reciprocal(s), start, stop, work, d, t, into)
    elif profile == SIGMOID:
        _differentiate_sigmoid(thin, reciprocal(s), start, stop, work, d, t, into)
    elif profile == RAMP:
        inverse = ONE / pixel
        for p in range(start, stop):
            _write_ramps(work[d, p], work[d, p] + work[t, p], inverse, work, into, p)
    else:
        for p in range(start, stop):
            inside = work[d, p] <= ZERO and (not thin or work[d, p] + work[t, p] > ZERO)
            work[into + COVERED, p] = ONE if inside else ZERO
            work[into + BY_D, p] = work[into + BY_T, p] = work[into + BY_S, p] = ZERO


@inlined
def _differentiate_gaussian(thin, inverse, start, stop, work, d, t, into):
    for p in range(start, stop):
        x = max(work[d, p], ZERO) * inverse
        covered = _exp(-x * x)
        work[into + COVERED, p] = covered
        work[into + BY_D, p] = -TWO * x * inverse * covered
        work[into + BY_T, p] = ZERO
        work[into + BY_S, p] = TWO * x * x * inverse * covered
    if thin:
        for p in range(start, stop):
            half = HALF * work[t, p] * inverse
            missing = _exp(-half * half)
            by_half = work[into + COVERED, p] * missing * half * inverse
            work[into + COVERED, p] *= ONE - missing
            work[into + BY_D, p] *= ONE - missing
            work[into + BY_T, p] = by_half
            work[into + BY_S, p] = work[into + BY_S, p] * (ONE - missing) - TWO * by_half * half


@inlined
def _differentiate_sigmoid(thin, inverse, start, stop, work, d, t, into):
    if thin:
        for p in range(start, stop):
            x, y = -work[d, p] * inverse, -(work[d, p] + work[t, p]) * inverse
            e, other = exp_both(x), exp_both(y)
            _write_sigmoids(x, y, e, other, e - other, inverse, work, into, p)
        return
    for p in range(start, stop):
        x = -work[d, p] * inverse
        e = exp_both(x)
        _write_sigmoids(x, ZERO, e, ZERO, e, inverse, work, into, p)


@inlined
def rising(d, inverse):
    """Of a ramp one pixel wide, given 1 / pixel: 1 inside, 0 outside."""
    return min(max(HALF - d * inverse, ZERO), ONE)


@inlined
def _write_ramps(near, far, inverse, work, into, p):
    """Write the difference of two ramps and its derivatives, given the distances to both sides of a slab."""
    at_near, at_far = rising(near, inverse), rising(far, inverse)
    near_slope = inverse if at_near > ZERO and at_near < ONE else ZERO
    far_slope = inverse if at_far > ZERO and at_far < ONE else ZERO
    work[into + COVERED, p] = at_near - at_far
    work[into + BY_D, p] = far_slope - near_slope
    work[into + BY_T, p] = far_slope
    work[into + BY_S, p] = ZERO


@inlined
def _write_sigmoids(x, y, e, other, difference, inverse, work, into, p):
    """Write σ(x) − σ(y) and its derivatives, given e^x, e^y and their difference: with a single division."""
    both = ONE / ((ONE + e) * (ONE + other))
    of_near, of_far = both * (ONE + other), both * (ONE + e)
    near_slope, far_slope = e * of_near * of_near, other * of_far * of_far
    work[into + COVERED, p] = difference * both
    work[into + BY_D, p] = (far_slope - near_slope) * inverse
    work[into + BY_T, p] = far_slope * inverse
    work[into + BY_S, p] = (far_slope * y - near_slope * x) * inverse


@compiled
def even_slab(profile, thin, s, pixel, t, start, stop, work, d, into):
    """Write coverage by a slab whose thickness ``t`` is the same at all pixels."""
    if not is_scratch(work):
        return
    inverse = reciprocal(s)
    if profile == SIGMOID:
        far, missing = _at_far_side(thin, t, inverse)
        for p in range(start, stop):
            e = exp_both(-work[d, p] * inverse)
            work[into, p] = e * missing / ((ONE + e) * (ONE + e * far))
    elif profile == GAUSSIAN:
        missing = _at_middle(thin, t, inverse)
        for p in range(start, stop):
            x = max(work[d, p], ZERO) * inverse
            work[into, p] = missing * _exp(-x * x)
    elif profile == RAMP:
        inverse = reciprocal(pixel)
        for p in range(start, stop):
            work[into, p] = rising(work[d, p], inverse) - rising(work[d, p] + t, inverse)
    else:
        for p in range(start, stop):
            work[into, p] = ONE if work[d, p] <= ZERO and (not thin or work[d, p] + t > ZERO) else ZERO


@compiled
def differentiate_even_slab(profile, thin, s, pixel, t, start, stop, work, d, into):
    """Write coverage by a slab as ``even_slab``, and its derivatives by distance, thickness and softness."""
    if not is_scratch(work):
        return
    inverse = reciprocal(s)
    if profile == SIGMOID:
        (far, missing), across = _at_far_side(thin, t, inverse), t * inverse if thin else ZERO * t
        for p in range(start, stop):
            x = -work[d, p] * inverse
            e = exp_both(x)
            _write_sigmoids(x, x - across, e, e * far, e * missing, inverse, work, into, p)
    elif profile == GAUSSIAN:
        missing, half = _at_middle(thin, t, inverse), HALF * t * inverse
        by_half = (ONE - missing) * half * inverse
        for p in range(start, stop):
            x = max(work[d, p], ZERO) * inverse
            covered = _exp(-x * x)
            work[into + COVERED, p] = covered * missing
            work[into + BY_D, p] = -TWO * x * inverse * covered * missing
            work[into + BY_T, p] = by_half * covered
            work[into + BY_S, p] = TWO * covered * (x * x * inverse * missing - by_half * half)
    elif profile == RAMP:
        inverse = ONE / pixel
        for p in range(start, stop):
            _write_ramps(work[d, p], work[d, p] + t, inverse, work, into, p)
    else:
        for p in range(start, stop):
            work[into + COVERED, p] = ONE if work[d, p] <= ZERO and (not thin or work[d, p] + t > ZERO) else ZERO
            work[into + BY_D, p] = work[into + BY_T, p] = work[into + BY_S, p] = ZERO


@inlined
def sigmoid_slab(half, s, pixel):
    """Of a slab of half thickness ``half``: half / s, f = e^(−2 half / s), and 1 − f; f is 0 if it does not count."""
    inverse = ONE / s
    far, missing = _at_far_side(is_thin(SIGMOID, s, pixel, half), TWO * half, inverse)
    return half * inverse, far, missing


@inlined
def _at_far_side(thin, t, inverse):
    """e^(−t/s) and 1 − e^(−t/s); 0 and 1 if the far side does not count."""
    far = math.exp(-t * inverse) if thin else ZERO * t
    return far, (-math.expm1(-t * inverse) if far > HALF else ONE - far)


@inlined
def _at_middle(thin, t, inverse):
    """1 − e^(−(t/2s)²), what a gaussian slab covers at its middle; 1 if the far side does not count."""
    half = HALF * t * inverse
    return -math.expm1(-half * half) if thin else ONE + ZERO * t


@inlined
def reach_beyond(profile, s, pixel):
    """Distance from the outline within which coverage may exceed 2⁻¹⁴, canvas units."""
    if profile == GAUSSIAN:
        return s * TAIL_ROOT
    if profile == SIGMOID:
        return s * TAIL
    return HALF * pixel


@inlined
def is_thin(profile, s, pixel, half):
    """Whether the far side of a slab of half thickness ``half`` changes its coverage by more than 2⁻¹⁷."""
    if profile == GAUSSIAN:
        return half < s * FLAT_ROOT
    if profile == SIGMOID:
        return half < s * FLAT
    return True
