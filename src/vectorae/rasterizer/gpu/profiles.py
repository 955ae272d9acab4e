"""Coverage by slabs and its derivatives: the mathematics of rasterizer.coverage.

Blocks are ``[PARTS, PIXELS]``: the sub-pixels (or one) of each pixel of a tile. ``by_x`` is the derivative by x. The
compiler removes results that a kernel does not use.
"""

# Compiled by Triton, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import triton
import triton.language as tl

from vectorae.rasterizer.gpu.constants import GAUSSIAN, RAMP, SIGMOID, TAIL, TAIL_ROOT


@triton.jit
def _sigmoid(x):
    """1 / (1 + e^−x) and its derivative."""
    e = tl.exp(-tl.abs(x))
    near = 1 / (1 + e)
    return tl.where(x >= 0, near, e * near), e * near * near


@triton.jit
def slab(d, t, s, pixel, PROFILE: tl.constexpr, THIN: tl.constexpr):
    """Coverage by a slab (coverage.slab_coverage), and its derivatives by distance, thickness and softness.

    Args:
        d, t: distance and thickness; s: softness; pixel: size of a (sub-)pixel. Canvas units.
        PROFILE: an index into ``PROFILES``.
        THIN: whether the far side of the slab counts.

    Returns:
        covered, by_d, by_t, by_s.
    """
    by_t = d * 0
    by_d, by_s = by_t, by_t
    inverse = 1 / s
    if PROFILE == GAUSSIAN:
        x = tl.maximum(d, 0) * inverse
        covered = tl.exp(-x * x)
        by_d = -2 * x * inverse * covered
        by_s = -x * by_d
        if THIN:
            half = 0.5 * t * inverse
            missing = tl.exp(-half * half)
            by_t = covered * missing * half * inverse
            covered *= 1 - missing
            by_d *= 1 - missing
            by_s = by_s * (1 - missing) - 2 * by_t * half
    elif PROFILE == SIGMOID:
        x = -d * inverse
        covered, slope = _sigmoid(x)
        by_d = -slope * inverse
        by_s = x * by_d
        if THIN:
            y = -(d + t) * inverse
            far, far_slope = _sigmoid(y)
            covered -= far
            by_t = far_slope * inverse
            by_d += by_t
            by_s += y * by_t
    elif PROFILE == RAMP:
        steep = 1 / pixel
        near = 0.5 - d * steep
        covered = tl.minimum(tl.maximum(near, 0), 1)
        by_d = tl.where((near > 0) & (near < 1), by_d - steep, by_d)
        if THIN:
            far = 0.5 - (d + t) * steep
            covered -= tl.minimum(tl.maximum(far, 0), 1)
            by_t = tl.where((far > 0) & (far < 1), by_t + steep, by_t)
            by_d += by_t
    else:
        inside = d <= 0
        if THIN:
            inside &= d + t > 0
        covered = inside.to(d.dtype)
    return covered, by_d, by_t, by_s


@triton.jit
def reach_beyond(s, pixel, PROFILE: tl.constexpr):
    """Distance from the outline within which coverage may exceed 2⁻¹⁴, canvas units."""
    if PROFILE == GAUSSIAN:
        reach = s * TAIL_ROOT
    elif PROFILE == SIGMOID:
        reach = s * TAIL
    else:
        reach = s * 0 + 0.5 * pixel
    return reach
