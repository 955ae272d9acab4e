"""Coverage by slabs, tile by tile: the mathematics of rasterizer.coverage.

Names here and in the other loops: d is the distance, t the thickness, s the softness.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

import numpy as np

from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, compiled, inlined
from vectorae.rasterizer.cpu.rows import BY_D, BY_S, BY_T, COVERED, is_scratch

GAUSSIAN, SIGMOID, RAMP = (list(PROFILES).index(name) for name in ("gaussian", "sigmoid", "ramp"))

TAIL, TAIL_ROOT = (np.float32((14 * math.log(2)) ** power) for power in (1, 0.5))
"""−ln of the coverage that may be dropped, 2⁻¹⁴, and its root."""

FLAT, FLAT_ROOT = (np.float32((17 * math.log(2)) ** power) for power in (1, 0.5))
"""−ln of the coverage that the far side of a shape may take away and is not computed, 2⁻¹⁷, and its root."""

_FLOOR, _PART = np.float32(-30), np.float32(1 / 32)
_THIRD, _FOURTH, _FIFTH = np.float32(1 / 6), np.float32(1 / 24), np.float32(1 / 120)


@inlined
def _exp(x):
    """e^x for x ≤ 0 in arithmetic that vectorises: (e^(x/32))^32 by a polynomial and five squarings.

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


@compiled
def slab(profile, thin, s, pixel, start, stop, work, d, t, into):
    """Coverage by a slab (coverage.slab_coverage) and its derivatives, in some rows of a tile.

    Args:
        profile: an index into ``PROFILES``.
        thin: whether its far side counts (for a one-sided gaussian, it does not).
        s, pixel: softness and the size of a pixel.
        start, stop: pixels from, to.
        work: scratch; ``d``, ``t`` the rows of distance and thickness, ``into`` the first of four.
    """
    if not is_scratch(work):
        return
    if profile == GAUSSIAN:
        _gaussian_slab(thin, ONE / s, start, stop, work, d, t, into)
    elif profile == SIGMOID:
        _sigmoid_slab(thin, ONE / s, start, stop, work, d, t, into)
    elif profile == RAMP:
        inverse = ONE / pixel
        for p in range(start, stop):
            near, far = HALF - work[d, p] * inverse, HALF - (work[d, p] + work[t, p]) * inverse
            far_slope = inverse if far > ZERO and far < ONE else ZERO
            near_slope = inverse if near > ZERO and near < ONE else ZERO
            work[into + COVERED, p] = min(max(near, ZERO), ONE) - min(max(far, ZERO), ONE)
            work[into + BY_D, p] = far_slope - near_slope
            work[into + BY_T, p] = far_slope
            work[into + BY_S, p] = ZERO
    else:
        for p in range(start, stop):
            inside = work[d, p] <= ZERO and (not thin or work[d, p] + work[t, p] > ZERO)
            work[into + COVERED, p] = ONE if inside else ZERO
            work[into + BY_D, p] = ZERO
            work[into + BY_T, p] = ZERO
            work[into + BY_S, p] = ZERO


@inlined
def _gaussian_slab(thin, inverse, start, stop, work, d, t, into):
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
def _sigmoid_slab(thin, inverse, start, stop, work, d, t, into):
    if not thin:
        for p in range(start, stop):
            x = -work[d, p] * inverse
            covered, slope = _sigmoid(x)
            work[into + COVERED, p] = covered
            work[into + BY_D, p] = -slope * inverse
            work[into + BY_T, p] = ZERO
            work[into + BY_S, p] = -slope * x * inverse
        return
    for p in range(start, stop):
        x, y = -work[d, p] * inverse, -(work[d, p] + work[t, p]) * inverse
        # Both sigmoids with one division.
        e, f = _exp(-abs(x)), _exp(-abs(y))
        both = ONE / ((ONE + e) * (ONE + f))
        near, far = both * (ONE + f), both * (ONE + e)
        near_slope, far_slope = e * near * near, f * far * far
        near, far = (near if x >= ZERO else e * near), (far if y >= ZERO else f * far)
        work[into + COVERED, p] = near - far
        work[into + BY_D, p] = (far_slope - near_slope) * inverse
        work[into + BY_T, p] = far_slope * inverse
        work[into + BY_S, p] = (far_slope * y - near_slope * x) * inverse


@inlined
def reach_beyond(profile, s, pixel):
    """How far beyond the outline coverage may be above 2⁻¹⁴."""
    if profile == GAUSSIAN:
        return s * TAIL_ROOT
    if profile == SIGMOID:
        return s * TAIL
    return HALF * pixel


@inlined
def is_thin(profile, s, pixel, half):
    """Whether the far side of a slab of this half thickness counts."""
    if profile == GAUSSIAN:
        return half < s * FLAT_ROOT
    if profile == SIGMOID:
        return half < s * FLAT
    return True
