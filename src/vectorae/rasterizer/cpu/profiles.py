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
def _sigmoid(x):
    """1 / (1 + e^−x) and its derivative."""
    e = _exp(-abs(x))
    near = ONE / (ONE + e)
    return (near if x >= ZERO else e * near), e * near * near


@inlined
def _two_sigmoids(x, y):
    """Sigmoids of x and y and their derivatives, with a single division."""
    e, f = _exp(-abs(x)), _exp(-abs(y))
    both = ONE / ((ONE + e) * (ONE + f))
    of_x, of_y = both * (ONE + f), both * (ONE + e)
    x_slope, y_slope = e * of_x * of_x, f * of_y * of_y
    return (of_x if x >= ZERO else e * of_x), x_slope, (of_y if y >= ZERO else f * of_y), y_slope


@compiled
def slab(profile, thin, s, pixel, start, stop, work, d, t, into):
    """Write coverage by a slab (coverage.slab_coverage)."""
    if not is_scratch(work):
        return
    if profile == GAUSSIAN:
        inverse = ONE / s
        for p in range(start, stop):
            x = max(work[d, p], ZERO) * inverse
            work[into, p] = _exp(-x * x)
        if thin:
            for p in range(start, stop):
                half = HALF * work[t, p] * inverse
                work[into, p] *= ONE - _exp(-half * half)
    elif profile == SIGMOID and thin:
        inverse = ONE / s
        for p in range(start, stop):
            near, _, far, _ = _two_sigmoids(-work[d, p] * inverse, -(work[d, p] + work[t, p]) * inverse)
            work[into, p] = near - far
    elif profile == SIGMOID:
        inverse = ONE / s
        for p in range(start, stop):
            work[into, p], _ = _sigmoid(-work[d, p] * inverse)
    elif profile == RAMP:
        inverse = ONE / pixel
        for p in range(start, stop):
            near, far = HALF - work[d, p] * inverse, HALF - (work[d, p] + work[t, p]) * inverse
            work[into, p] = min(max(near, ZERO), ONE) - min(max(far, ZERO), ONE)
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
        _differentiate_gaussian(thin, ONE / s, start, stop, work, d, t, into)
    elif profile == SIGMOID:
        _differentiate_sigmoid(thin, ONE / s, start, stop, work, d, t, into)
    else:
        slab(profile, thin, s, pixel, start, stop, work, d, t, into + COVERED)
        inverse = ONE / pixel if profile == RAMP else ZERO
        for p in range(start, stop):
            near, far = HALF - work[d, p] * inverse, HALF - (work[d, p] + work[t, p]) * inverse
            far_slope = inverse if far > ZERO and far < ONE else ZERO
            near_slope = inverse if near > ZERO and near < ONE else ZERO
            work[into + BY_D, p] = far_slope - near_slope
            work[into + BY_T, p] = far_slope
            work[into + BY_S, p] = ZERO


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
            near, near_slope, far, far_slope = _two_sigmoids(x, y)
            work[into + COVERED, p] = near - far
            work[into + BY_D, p] = (far_slope - near_slope) * inverse
            work[into + BY_T, p] = far_slope * inverse
            work[into + BY_S, p] = (far_slope * y - near_slope * x) * inverse
        return
    for p in range(start, stop):
        x = -work[d, p] * inverse
        covered, slope = _sigmoid(x)
        work[into + COVERED, p] = covered
        work[into + BY_D, p] = -slope * inverse
        work[into + BY_T, p] = ZERO
        work[into + BY_S, p] = -slope * x * inverse


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
