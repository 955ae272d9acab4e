"""Boxes with sharp corners in a tile: alpha and its derivatives. Sigmoid edges are drawn in a single loop.

With e = exp(−d/s), f = exp(−t/s) and R = 1 / ((1 + e) (1 + e f)), a slab (coverage.slab_coverage) covers
c = (1 − f) e R, and its derivatives are ∂c/∂d = −c (1 − f e²) R / s and ∂c/∂t = c f (1 + e)² R / ((1 − f) s). By s it
is −(d ∂c/∂d + t ∂c/∂t) / s. Where the far side does not count, f is 0.

Shared arguments: as in box.py; ``blend``: see ``coverage.Weights``.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from vectorae.rasterizer.constants import SIGMOID
from vectorae.rasterizer.cpu.box import add_derivatives, frame_of, signed, to_local
from vectorae.rasterizer.cpu.compiled import ONE, TWO, ZERO, compiled, inlined
from vectorae.rasterizer.cpu.profiles import (
    differentiate_even_slab,
    even_slab,
    exp_both,
    is_thin,
    reciprocal,
    sigmoid_slab,
)
from vectorae.rasterizer.cpu.scratch import ACROSS, BY_ALPHA, BY_D, BY_S, BY_T, COVERED, D_DOWN, DOWN, D, is_scratch
from vectorae.rasterizer.packing import HALF_HEIGHT, HALF_WIDTH, SHARP, SOFTNESS


@inlined
def cover_rectangle(numbers, k, blend, profile, pixel, start, stop, work, own):
    """Write the alpha of a box's sharp part to ``own`` ``[256]``, which is 0 if ``blend`` is."""
    if blend > ZERO and profile == SIGMOID:
        _cover_softly(numbers, k, pixel, start, stop, work, own)
    elif blend > ZERO:
        _place_slabs(numbers, k, start, stop, work)
        across, down = _are_thin(numbers, k, profile, pixel)
        s, wide, high = numbers[k, SOFTNESS], TWO * numbers[k, HALF_WIDTH], TWO * numbers[k, HALF_HEIGHT]
        even_slab(profile, across, s, pixel, wide, start, stop, work, D, ACROSS)
        even_slab(profile, down, s, pixel, high, start, stop, work, D_DOWN, DOWN)
        sharp = numbers[k, SHARP]
        for p in range(start, stop):
            own[p] = sharp * work[ACROSS, p] * work[DOWN, p]
    else:
        for p in range(start, stop):
            own[p] = ZERO


@inlined
def differentiate_rectangle(numbers, k, blend, profile, pixel, start, stop, work, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · alpha of a box's sharp part."""
    if blend > ZERO and profile == SIGMOID:
        _differentiate_softly(numbers, k, pixel, start, stop, work, by_numbers)
    elif blend > ZERO:
        _place_slabs(numbers, k, start, stop, work)
        across, down = _are_thin(numbers, k, profile, pixel)
        s, wide, high = numbers[k, SOFTNESS], TWO * numbers[k, HALF_WIDTH], TWO * numbers[k, HALF_HEIGHT]
        differentiate_even_slab(profile, across, s, pixel, wide, start, stop, work, D, ACROSS)
        differentiate_even_slab(profile, down, s, pixel, high, start, stop, work, D_DOWN, DOWN)
        _differentiate_slabs(numbers, k, start, stop, work, by_numbers)


@inlined
def _are_thin(numbers, k, profile, pixel):
    """Whether the far sides of both slabs count (see ``is_thin``)."""
    s = numbers[k, SOFTNESS]
    return is_thin(profile, s, pixel, numbers[k, HALF_WIDTH]), is_thin(profile, s, pixel, numbers[k, HALF_HEIGHT])


@inlined
def _place_slabs(numbers, k, start, stop, work):
    """Write the distances to the two slabs whose product is a box with sharp corners."""
    frame = frame_of(numbers, k)
    half_width, half_height = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT]
    for p in range(start, stop):
        _, _, x, y = to_local(frame, work, p)
        work[D, p], work[D_DOWN, p] = abs(x) - half_width, abs(y) - half_height


@inlined
def _differentiate_slabs(numbers, k, start, stop, work, by_numbers):
    """Add the derivatives of the box with sharp corners, given its slabs in ACROSS and DOWN."""
    frame = frame_of(numbers, k)
    sharp = numbers[k, SHARP]
    by_sharp = by_s = by_width = by_height = all_x = all_y = by_cos = by_sin = ZERO * sharp
    for p in range(start, stop):
        dx, dy, x, y = to_local(frame, work, p)
        weight, across, down = work[BY_ALPHA, p], work[ACROSS + COVERED, p], work[DOWN + COVERED, p]
        of_across, of_down = weight * sharp * down, weight * sharp * across
        by_x, by_y = of_across * work[ACROSS + BY_D, p], of_down * work[DOWN + BY_D, p]
        by_sharp += weight * across * down
        by_s += of_across * work[ACROSS + BY_S, p] + of_down * work[DOWN + BY_S, p]
        by_width += TWO * of_across * work[ACROSS + BY_T, p] - by_x
        by_height += TWO * of_down * work[DOWN + BY_T, p] - by_y
        by_x, by_y = signed(by_x, x), signed(by_y, y)
        all_x += by_x
        all_y += by_y
        by_cos += by_x * dx + by_y * dy
        by_sin += by_x * dy - by_y * dx
    by_numbers[k, SHARP] += by_sharp
    add_derivatives(numbers, k, by_s, by_width, by_height, all_x, all_y, by_cos, by_sin, by_numbers)


@compiled
def _cover_softly(numbers, k, pixel, start, stop, work, own):
    """As ``cover_rectangle``, with sigmoid edges."""
    if not is_scratch(work):
        return
    frame, inverse = frame_of(numbers, k), reciprocal(numbers[k, SOFTNESS])
    wide, far_x, missing_x = sigmoid_slab(numbers[k, HALF_WIDTH], numbers[k, SOFTNESS], pixel)
    high, far_y, missing_y = sigmoid_slab(numbers[k, HALF_HEIGHT], numbers[k, SOFTNESS], pixel)
    scale = numbers[k, SHARP] * missing_x * missing_y
    for p in range(start, stop):
        _, _, x, y = to_local(frame, work, p)
        e_x, e_y = exp_both(wide - abs(x) * inverse), exp_both(high - abs(y) * inverse)
        both = (ONE + e_x) * (ONE + far_x * e_x) * ((ONE + e_y) * (ONE + far_y * e_y))
        own[p] = scale * e_x * e_y / both


@compiled
def _differentiate_softly(numbers, k, pixel, start, stop, work, by_numbers):
    """As ``differentiate_rectangle``, with sigmoid edges."""
    if not is_scratch(work):
        return
    frame, s, sharp = frame_of(numbers, k), numbers[k, SOFTNESS], numbers[k, SHARP]
    inverse = reciprocal(s)
    wide, far_x, missing_x = sigmoid_slab(numbers[k, HALF_WIDTH], s, pixel)
    high, far_y, missing_y = sigmoid_slab(numbers[k, HALF_HEIGHT], s, pixel)
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
