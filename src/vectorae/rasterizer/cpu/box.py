"""Boxes with circular corners in a tile: alpha and its derivatives; and what all boxes have in common.

Shared arguments:
    numbers: ``[N, 11]`` of the image's shapes (see packing.py), of which this is shape ``k``; by_numbers: the
        derivatives by them, to which is added.
    profile: an index into ``PROFILES``.
    pixel: size of a (sub-)pixel in canvas units.
    start, stop: range of pixels of the tile.
    epsilon: rounding error of 1.
    work: the scratch array (see scratch.py).
    share: weight of this sub-pixel in its pixel.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

from vectorae.rasterizer.cpu.box_distance import circular
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, inlined
from vectorae.rasterizer.cpu.profiles import differentiate_even_slab, even_slab, is_thin
from vectorae.rasterizer.cpu.scratch import (
    ACROSS,
    BY_ALPHA,
    BY_D,
    BY_S,
    BY_T,
    CANVAS_X,
    CANVAS_Y,
    COVERED,
    D,
)
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    HALF_HEIGHT,
    HALF_WIDTH,
    ROUNDED,
    ROUNDNESS,
    SIN,
    SOFTNESS,
)


@inlined
def cover_circular(numbers, k, profile, pixel, start, stop, work, own):
    """Add the alpha of the rounded part of a box with circular corners to ``own`` ``[256]``."""
    rounded, s, t = numbers[k, ROUNDED], numbers[k, SOFTNESS], thickness_of(numbers, k)
    find_circular_distance(numbers, k, start, stop, work)
    even_slab(profile, is_thin(profile, s, pixel, HALF * t), s, pixel, t, start, stop, work, D, ACROSS)
    for p in range(start, stop):
        own[p] += rounded * work[ACROSS, p]


@inlined
def differentiate_circular(numbers, k, profile, pixel, start, stop, work, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · alpha of the rounded part of a box with circular corners."""
    s, t = numbers[k, SOFTNESS], thickness_of(numbers, k)
    find_circular_distance(numbers, k, start, stop, work)
    differentiate_even_slab(profile, is_thin(profile, s, pixel, HALF * t), s, pixel, t, start, stop, work, D, ACROSS)
    differentiate_circular_distance(numbers, k, ONE, start, stop, work, by_numbers)


@inlined
def is_circular(numbers, k):
    """Whether corners are circular or sharp, so that the closest point has a closed form."""
    return numbers[k, HALF_WIDTH] == numbers[k, HALF_HEIGHT] or numbers[k, ROUNDNESS] == ZERO


@inlined
def thickness_of(numbers, k):
    """Thickness of a box with circular or sharp corners."""
    return TWO * min(numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT])


@inlined
def frame_of(numbers, k):
    """The box's centre, cosine and sine, read before a loop: the compiler cannot know that the loop keeps them."""
    return numbers[k, CENTER_X], numbers[k, CENTER_Y], numbers[k, COS], numbers[k, SIN]


@inlined
def to_local(frame, work, p):
    """A pixel relative to the box's centre, on the canvas and in the box's frame: (dx, dy, x, y)."""
    center_x, center_y, cos, sin = frame
    dx, dy = work[CANVAS_X, p] - center_x, work[CANVAS_Y, p] - center_y
    return dx, dy, cos * dx + sin * dy, cos * dy - sin * dx


@inlined
def signed(value, x):
    """The derivative by x, given that by |x|."""
    return value if x > ZERO else (-value if x < ZERO else ZERO)


@inlined
def find_circular_distance(numbers, k, start, stop, work):
    """Write the distance to a box with circular or sharp corners."""
    frame = frame_of(numbers, k)
    half_width, half_height, roundness = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, ROUNDNESS]
    if roundness == ONE:
        for p in range(start, stop):
            x, y = work[CANVAS_X, p] - frame[0], work[CANVAS_Y, p] - frame[1]
            work[D, p] = math.sqrt(x * x + y * y) - half_width
    else:
        for p in range(start, stop):
            _, _, x, y = to_local(frame, work, p)
            work[D, p], _, _ = circular(abs(x), abs(y), half_width, half_height, roundness)


@inlined
def differentiate_circular_distance(numbers, k, share, start, stop, work, by_numbers):
    """Add the derivatives of the box with circular corners, given its coverage in ACROSS."""
    frame = frame_of(numbers, k)
    half_width, half_height, roundness = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, ROUNDNESS]
    rounded = share * numbers[k, ROUNDED]
    by_rounded = by_s = by_width = by_height = by_roundness = ZERO * rounded
    all_x = all_y = by_cos = by_sin = all_t = ZERO * rounded
    for p in range(start, stop):
        dx, dy, x, y = to_local(frame, work, p)
        _, nx, ny = circular(abs(x), abs(y), half_width, half_height, roundness)
        weight = work[BY_ALPHA, p]
        by_d = weight * work[ACROSS + BY_D, p]
        by_rounded += weight * work[ACROSS + COVERED, p]
        by_s += weight * work[ACROSS + BY_S, p]
        all_t += weight * work[ACROSS + BY_T, p]
        by_width -= by_d * nx * (ONE - roundness * (ONE - nx))
        by_height -= by_d * ny * (ONE - roundness * (ONE - ny))
        by_roundness += by_d * (half_width * nx * (ONE - nx) + half_height * ny * (ONE - ny))
        by_x, by_y = signed(by_d * nx, x), signed(by_d * ny, y)
        all_x += by_x
        all_y += by_y
        by_cos += by_x * dx + by_y * dy
        by_sin += by_x * dy - by_y * dx
    # The thickness is twice the shorter half extent.
    part = ONE if half_width == half_height else (TWO if half_width < half_height else ZERO)
    by_width += part * all_t
    by_height += (TWO - part) * all_t
    by_numbers[k, ROUNDED] += share * by_rounded
    by_numbers[k, ROUNDNESS] += rounded * by_roundness
    by_s, by_width, by_height = rounded * by_s, rounded * by_width, rounded * by_height
    all_x, all_y, by_cos, by_sin = rounded * all_x, rounded * all_y, rounded * by_cos, rounded * by_sin
    add_derivatives(numbers, k, by_s, by_width, by_height, all_x, all_y, by_cos, by_sin, by_numbers)


@inlined
def add_derivatives(numbers, k, by_s, by_width, by_height, all_x, all_y, by_cos, by_sin, by_numbers):
    """Add derivatives by the numbers; all_x and all_y are those by the position of all pixels in the local frame."""
    cos, sin = numbers[k, COS], numbers[k, SIN]
    by_numbers[k, SOFTNESS] += by_s
    by_numbers[k, HALF_WIDTH] += by_width
    by_numbers[k, HALF_HEIGHT] += by_height
    by_numbers[k, CENTER_X] += sin * all_y - cos * all_x
    by_numbers[k, CENTER_Y] -= sin * all_x + cos * all_y
    by_numbers[k, COS] += by_cos
    by_numbers[k, SIN] += by_sin
