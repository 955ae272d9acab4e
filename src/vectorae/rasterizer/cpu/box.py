"""Rounded boxes in a tile: alpha and its derivatives.

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

from vectorae.geometry.rounded_box import CLOSEST_POINT_STEPS
from vectorae.rasterizer.cpu.box_distance import circular, closer, elliptical, first_point, thickness
from vectorae.rasterizer.cpu.compiled import ONE, TWO, ZERO, inlined
from vectorae.rasterizer.cpu.profiles import differentiate_even_slab, differentiate_slab, even_slab, is_thin, slab
from vectorae.rasterizer.cpu.scratch import (
    ACROSS,
    ALPHA,
    ARC_X,
    ARC_Y,
    BY_ALPHA,
    BY_D,
    BY_S,
    BY_T,
    CANVAS_X,
    CANVAS_Y,
    COVERED,
    D_DOWN,
    DOWN,
    D,
    T,
)
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    HALF_HEIGHT,
    HALF_WIDTH,
    ROUNDED,
    ROUNDNESS,
    SHARP,
    SIN,
    SOFTNESS,
)


@inlined
def cover_box(numbers, k, blend, profile, pixel, start, stop, epsilon, work):
    """Write a filled box's alpha to ALPHA; for elliptical corners, leave the closest points in ARC_X and ARC_Y."""
    for p in range(start, stop):
        work[ALPHA, p] = ZERO
    if blend > ZERO:
        _place_slabs(numbers, k, start, stop, work)
        across, down = _are_thin(numbers, k, profile, pixel)
        s, wide, high = numbers[k, SOFTNESS], TWO * numbers[k, HALF_WIDTH], TWO * numbers[k, HALF_HEIGHT]
        even_slab(profile, across, s, pixel, wide, start, stop, work, D, ACROSS)
        even_slab(profile, down, s, pixel, high, start, stop, work, D_DOWN, DOWN)
        sharp = numbers[k, SHARP]
        for p in range(start, stop):
            work[ALPHA, p] = sharp * work[ACROSS, p] * work[DOWN, p]
    if blend < ONE:
        rounded, s, thin = numbers[k, ROUNDED], numbers[k, SOFTNESS], _is_thin_rounded(numbers, k, profile, pixel)
        if is_circular(numbers, k):
            find_circular_distance(numbers, k, start, stop, work)
            even_slab(profile, thin, s, pixel, thickness_of(numbers, k), start, stop, work, D, ACROSS)
        else:
            find_arcs(numbers, k, start, stop, epsilon, work)
            find_elliptical_distance(numbers, k, start, stop, epsilon, work)
            slab(profile, thin, s, pixel, start, stop, work, D, T, ACROSS)
        for p in range(start, stop):
            work[ALPHA, p] += rounded * work[ACROSS, p]


@inlined
def differentiate_box(numbers, k, blend, profile, pixel, start, stop, epsilon, work, known, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · alpha by the numbers of a filled box.

    Args:
        known: whether ARC_X and ARC_Y hold the closest points that ``cover_box`` found.
    """
    if blend > ZERO:
        _place_slabs(numbers, k, start, stop, work)
        across, down = _are_thin(numbers, k, profile, pixel)
        s, wide, high = numbers[k, SOFTNESS], TWO * numbers[k, HALF_WIDTH], TWO * numbers[k, HALF_HEIGHT]
        differentiate_even_slab(profile, across, s, pixel, wide, start, stop, work, D, ACROSS)
        differentiate_even_slab(profile, down, s, pixel, high, start, stop, work, D_DOWN, DOWN)
        _differentiate_sharp(numbers, k, start, stop, work, by_numbers)
    if blend < ONE:
        thin, s = _is_thin_rounded(numbers, k, profile, pixel), numbers[k, SOFTNESS]
        if is_circular(numbers, k):
            find_circular_distance(numbers, k, start, stop, work)
            differentiate_even_slab(profile, thin, s, pixel, thickness_of(numbers, k), start, stop, work, D, ACROSS)
            differentiate_circular(numbers, k, ONE, start, stop, work, by_numbers)
        else:
            if not known:
                find_arcs(numbers, k, start, stop, epsilon, work)
            find_elliptical_distance(numbers, k, start, stop, epsilon, work)
            differentiate_slab(profile, thin, s, pixel, start, stop, work, D, T, ACROSS)
            differentiate_elliptical(numbers, k, ONE, start, stop, epsilon, work, by_numbers)


@inlined
def is_circular(numbers, k):
    """Whether corners are circular or sharp, so that the closest point has a closed form."""
    return numbers[k, HALF_WIDTH] == numbers[k, HALF_HEIGHT] or numbers[k, ROUNDNESS] == ZERO


@inlined
def thickness_of(numbers, k):
    """Thickness of a box with circular or sharp corners."""
    return TWO * min(numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT])


@inlined
def _are_thin(numbers, k, profile, pixel):
    """Whether the far sides of both slabs count (see ``is_thin``)."""
    s = numbers[k, SOFTNESS]
    return is_thin(profile, s, pixel, numbers[k, HALF_WIDTH]), is_thin(profile, s, pixel, numbers[k, HALF_HEIGHT])


@inlined
def _is_thin_rounded(numbers, k, profile, pixel):
    """Whether the far side of the rounded box counts anywhere (see ``is_thin``)."""
    longer = max(numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT])
    half = min(numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT])
    if not is_circular(numbers, k):
        # At the tips, where the box is thinnest.
        slimness = ONE - half * half / (longer * longer)
        half *= math.sqrt(max(ONE - numbers[k, ROUNDNESS] * slimness, ZERO))
    return is_thin(profile, numbers[k, SOFTNESS], pixel, half)


@inlined
def _frame(numbers, k):
    """The box's centre, cosine and sine, read before a loop: the compiler cannot know that the loop keeps them."""
    return numbers[k, CENTER_X], numbers[k, CENTER_Y], numbers[k, COS], numbers[k, SIN]


@inlined
def _to_local(frame, work, p):
    """A pixel relative to the box's centre, on the canvas and in the box's frame: (dx, dy, x, y)."""
    center_x, center_y, cos, sin = frame
    dx, dy = work[CANVAS_X, p] - center_x, work[CANVAS_Y, p] - center_y
    return dx, dy, cos * dx + sin * dy, cos * dy - sin * dx


@inlined
def signed(value, x):
    """The derivative by x, given that by |x|."""
    return value if x > ZERO else (-value if x < ZERO else ZERO)


@inlined
def _place_slabs(numbers, k, start, stop, work):
    """Write the distances to the two slabs whose product is a box with sharp corners."""
    frame = _frame(numbers, k)
    half_width, half_height = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT]
    for p in range(start, stop):
        _, _, x, y = _to_local(frame, work, p)
        work[D, p], work[D_DOWN, p] = abs(x) - half_width, abs(y) - half_height


@inlined
def _radii(numbers, k, epsilon):
    """Radii of the corners, and their reciprocals."""
    rx = max(numbers[k, HALF_WIDTH] * numbers[k, ROUNDNESS], epsilon)
    ry = max(numbers[k, HALF_HEIGHT] * numbers[k, ROUNDNESS], epsilon)
    return rx, ry, ONE / rx, ONE / ry


@inlined
def find_arcs(numbers, k, start, stop, epsilon, work):
    """Write the closest points on elliptical corners, by the iteration of geometry.rounded_box."""
    frame = _frame(numbers, k)
    rx, ry, inverse_x, inverse_y = _radii(numbers, k, epsilon)
    inner_x = numbers[k, HALF_WIDTH] * (ONE - numbers[k, ROUNDNESS])
    inner_y = numbers[k, HALF_HEIGHT] * (ONE - numbers[k, ROUNDNESS])
    for p in range(start, stop):
        _, _, x, y = _to_local(frame, work, p)
        work[D, p], work[T, p] = abs(x) - inner_x, abs(y) - inner_y
        work[ARC_X, p], work[ARC_Y, p] = first_point(work[D, p], work[T, p], inverse_x, inverse_y)
    # A loop over pixels per step: the processor overlaps the square roots of several pixels.
    for _ in range(CLOSEST_POINT_STEPS):
        for p in range(start, stop):
            work[ARC_X, p], work[ARC_Y, p] = closer(
                work[D, p], work[T, p], work[ARC_X, p], work[ARC_Y, p], rx, ry, inverse_x, inverse_y, epsilon
            )


@inlined
def find_circular_distance(numbers, k, start, stop, work):
    """Write the distance to a box with circular or sharp corners."""
    frame = _frame(numbers, k)
    half_width, half_height, roundness = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, ROUNDNESS]
    if roundness == ONE:
        for p in range(start, stop):
            x, y = work[CANVAS_X, p] - frame[0], work[CANVAS_Y, p] - frame[1]
            work[D, p] = math.sqrt(x * x + y * y) - half_width
    else:
        for p in range(start, stop):
            _, _, x, y = _to_local(frame, work, p)
            work[D, p], _, _ = circular(abs(x), abs(y), half_width, half_height, roundness)


@inlined
def find_elliptical_distance(numbers, k, start, stop, epsilon, work):
    """Write distance and thickness of a box with elliptical corners, given the closest points."""
    frame = _frame(numbers, k)
    half_width, half_height, roundness = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, ROUNDNESS]
    longer, shorter = max(half_width, half_height), min(half_width, half_height)
    wide = half_width >= half_height
    rx, ry, inverse_x, inverse_y = _radii(numbers, k, epsilon)
    for p in range(start, stop):
        _, _, x, y = _to_local(frame, work, p)
        x, y, cos, sin = abs(x), abs(y), work[ARC_X, p], work[ARC_Y, p]
        work[D, p], _, _, _, _ = elliptical(
            x, y, cos, sin, half_width, half_height, roundness, rx, ry, inverse_x, inverse_y, epsilon
        )
        work[T, p], _, _, _, _ = thickness(x if wide else y, longer, shorter, roundness, epsilon)


@inlined
def _differentiate_sharp(numbers, k, start, stop, work, by_numbers):
    """Add the derivatives of the box with sharp corners, given its slabs in ACROSS and DOWN."""
    frame = _frame(numbers, k)
    sharp = numbers[k, SHARP]
    by_sharp = by_s = by_width = by_height = all_x = all_y = by_cos = by_sin = ZERO * sharp
    for p in range(start, stop):
        dx, dy, x, y = _to_local(frame, work, p)
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
    _add(numbers, k, by_s, by_width, by_height, all_x, all_y, by_cos, by_sin, by_numbers)


@inlined
def differentiate_circular(numbers, k, share, start, stop, work, by_numbers):
    """Add the derivatives of the box with circular corners, given its coverage in ACROSS."""
    frame = _frame(numbers, k)
    half_width, half_height, roundness = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, ROUNDNESS]
    rounded = share * numbers[k, ROUNDED]
    by_rounded = by_s = by_width = by_height = by_roundness = ZERO * rounded
    all_x = all_y = by_cos = by_sin = all_t = ZERO * rounded
    for p in range(start, stop):
        dx, dy, x, y = _to_local(frame, work, p)
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
    _add(numbers, k, by_s, by_width, by_height, all_x, all_y, by_cos, by_sin, by_numbers)


@inlined
def differentiate_elliptical(numbers, k, share, start, stop, epsilon, work, by_numbers):
    """Add the derivatives of the box with elliptical corners, given its coverage in ACROSS and closest points."""
    frame = _frame(numbers, k)
    half_width, half_height, roundness = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, ROUNDNESS]
    longer, shorter, wide = max(half_width, half_height), min(half_width, half_height), half_width >= half_height
    rx, ry, inverse_x, inverse_y = _radii(numbers, k, epsilon)
    rounded = share * numbers[k, ROUNDED]
    by_rounded = by_s = by_width = by_height = by_roundness = ZERO * rounded
    all_x = all_y = by_cos = by_sin = ZERO * rounded
    for p in range(start, stop):
        dx, dy, x, y = _to_local(frame, work, p)
        _, nx, ny, cos, sin = elliptical(
            abs(x), abs(y), work[ARC_X, p], work[ARC_Y, p], half_width, half_height, roundness, rx, ry, inverse_x,
            inverse_y, epsilon,
        )  # fmt: skip
        _, t_along, t_longer, t_shorter, t_roundness = thickness(
            abs(x) if wide else abs(y), longer, shorter, roundness, epsilon
        )
        weight = work[BY_ALPHA, p]
        by_d, by_t = weight * rounded * work[ACROSS + BY_D, p], weight * rounded * work[ACROSS + BY_T, p]
        by_rounded += weight * work[ACROSS + COVERED, p]
        by_s += weight * rounded * work[ACROSS + BY_S, p]
        by_width += by_t * (t_longer if wide else t_shorter) - by_d * nx * (ONE - roundness * (ONE - cos))
        by_height += by_t * (t_shorter if wide else t_longer) - by_d * ny * (ONE - roundness * (ONE - sin))
        by_arc = half_width * nx * (ONE - cos) + half_height * ny * (ONE - sin)
        by_roundness += by_t * t_roundness + by_d * by_arc
        by_x = signed(by_d * nx + (by_t * t_along if wide else ZERO), x)
        by_y = signed(by_d * ny + (ZERO if wide else by_t * t_along), y)
        all_x += by_x
        all_y += by_y
        by_cos += by_x * dx + by_y * dy
        by_sin += by_x * dy - by_y * dx
    by_numbers[k, ROUNDED] += share * by_rounded
    by_numbers[k, ROUNDNESS] += by_roundness
    _add(numbers, k, by_s, by_width, by_height, all_x, all_y, by_cos, by_sin, by_numbers)


@inlined
def _add(numbers, k, by_s, by_width, by_height, all_x, all_y, by_cos, by_sin, by_numbers):
    """Add derivatives by the numbers; all_x and all_y are those by the position of all pixels in the local frame."""
    cos, sin = numbers[k, COS], numbers[k, SIN]
    by_numbers[k, SOFTNESS] += by_s
    by_numbers[k, HALF_WIDTH] += by_width
    by_numbers[k, HALF_HEIGHT] += by_height
    by_numbers[k, CENTER_X] += sin * all_y - cos * all_x
    by_numbers[k, CENTER_Y] -= sin * all_x + cos * all_y
    by_numbers[k, COS] += by_cos
    by_numbers[k, SIN] += by_sin
