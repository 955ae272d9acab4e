"""Rounded boxes, tile by tile: alpha and its derivatives, the mathematics of geometry.rounded_box and
rasterizer.coverage.

Arguments that all share: ``numbers[k]`` of the shape; ``start``, ``stop`` the pixels from, to; ``work`` the scratch;
``s``, ``pixel`` the softness and the size of a pixel.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

import numpy as np

from vectorae.geometry.rounded_box import CLOSEST_POINT_STEPS
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, inlined
from vectorae.rasterizer.cpu.profiles import GAUSSIAN, is_thin, slab
from vectorae.rasterizer.cpu.rows import (
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
    NORMAL_X,
    NORMAL_Y,
    T_DOWN,
    T_HALF_HEIGHT,
    T_HALF_WIDTH,
    T_ROUNDNESS,
    T_X,
    T_Y,
    D,
    T,
    X,
    Y,
)
from vectorae.rasterizer.cpu.shapes import ROUNDED, SHARP, SOFTNESS
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    HALF_HEIGHT,
    HALF_WIDTH,
    ROUNDNESS,
    SIN,
    STROKE_WIDTH,
    STROKED_BOX,
)

DIAGONAL, NEAR, FAR = np.float32(0.5**0.5), np.float32(1e-3), np.float32(1e30)


@inlined
def place(numbers, k, start, stop, work):
    """The tile's pixels in the box's frame, into X and Y."""
    cos, sin, center_x, center_y = numbers[k, COS], numbers[k, SIN], numbers[k, CENTER_X], numbers[k, CENTER_Y]
    for p in range(start, stop):
        dx, dy = work[CANVAS_X, p] - center_x, work[CANVAS_Y, p] - center_y
        work[X, p] = cos * dx + sin * dy
        work[Y, p] = cos * dy - sin * dx


@inlined
def sharp_slabs(numbers, k, profile, pixel, start, stop, work):
    """Coverage by the two slabs whose product is a box with sharp corners, into ACROSS and DOWN."""
    half_width, half_height, s = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, SOFTNESS]
    for p in range(start, stop):
        work[D, p] = abs(work[X, p]) - half_width
        work[T, p] = TWO * half_width
        work[D_DOWN, p] = abs(work[Y, p]) - half_height
        work[T_DOWN, p] = TWO * half_height
    slab(profile, is_thin(profile, s, pixel, half_width), s, pixel, start, stop, work, D, T, ACROSS)
    slab(profile, is_thin(profile, s, pixel, half_height), s, pixel, start, stop, work, D_DOWN, T_DOWN, DOWN)


@inlined
def rounded_slab(kind, numbers, k, profile, pixel, start, stop, smallest, work):
    """Coverage by a box's distance and thickness, or of its stroke by its two edges, into ACROSS (and DOWN)."""
    half_width, half_height, s = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, SOFTNESS]
    width = numbers[k, STROKE_WIDTH]
    circular = half_width == half_height or numbers[k, ROUNDNESS] == ZERO
    if circular:
        _distance_circular(half_width, half_height, numbers[k, ROUNDNESS], start, stop, work)
    else:
        _distance_elliptical(half_width, half_height, numbers[k, ROUNDNESS], smallest, start, stop, work)
    _thickness(numbers, k, circular, smallest, start, stop, work)
    if kind != STROKED_BOX:
        thin = not circular or is_thin(profile, s, pixel, min(half_width, half_height))
        slab(profile, thin, s, pixel, start, stop, work, D, T, ACROSS)
    elif profile == GAUSSIAN:
        for p in range(start, stop):
            work[D_DOWN, p] = abs(work[D, p]) - HALF * width
        slab(profile, False, s, pixel, start, stop, work, D_DOWN, T, ACROSS)
        for p in range(start, stop):
            by_d = work[ACROSS + BY_D, p]
            work[DOWN + COVERED, p] = -HALF * by_d
            work[ACROSS + BY_D, p] = by_d if work[D, p] > ZERO else (-by_d if work[D, p] < ZERO else ZERO)
    else:
        _stroke_slabs(width, s, profile, pixel, start, stop, work)


@inlined
def _stroke_slabs(width, s, profile, pixel, start, stop, work):
    """What lies within the outer edge without what lies within the inner one; its derivative by width into DOWN."""
    for p in range(start, stop):
        work[D_DOWN, p] = work[D, p] - HALF * width
        work[T_DOWN, p] = work[T, p] + width
    slab(profile, True, s, pixel, start, stop, work, D_DOWN, T_DOWN, ACROSS)
    for p in range(start, stop):
        work[D_DOWN, p] = work[D, p] + HALF * width
        work[T_DOWN, p] = max(work[T, p] - width, ZERO)
    slab(profile, True, s, pixel, start, stop, work, D_DOWN, T_DOWN, DOWN)
    for p in range(start, stop):
        by_t = work[DOWN + BY_T, p] if work[T_DOWN, p] > ZERO else ZERO
        by_width = work[ACROSS + BY_T, p] - HALF * work[ACROSS + BY_D, p]
        by_width += by_t - HALF * work[DOWN + BY_D, p]
        work[ACROSS + COVERED, p] -= work[DOWN + COVERED, p]
        work[ACROSS + BY_D, p] -= work[DOWN + BY_D, p]
        work[ACROSS + BY_T, p] -= by_t
        work[ACROSS + BY_S, p] -= work[DOWN + BY_S, p]
        work[DOWN + COVERED, p] = by_width


@inlined
def _distance_circular(half_width, half_height, roundness, start, stop, work):
    """Distance to a box whose corners are circular (or sharp) into D, the normal and its place on the arc beside it."""
    inner_x, inner_y = half_width * (ONE - roundness), half_height * (ONE - roundness)
    for p in range(start, stop):
        corner_x, corner_y = abs(work[X, p]) - inner_x, abs(work[Y, p]) - inner_y
        on_arc = min(corner_x, corner_y) > ZERO
        length = math.sqrt(corner_x * corner_x + corner_y * corner_y)
        inverse = ONE / (length if on_arc else ONE)
        on_side = ONE if corner_x >= corner_y else ZERO
        nx = corner_x * inverse if on_arc else on_side
        ny = corner_y * inverse if on_arc else ONE - on_side
        straight = max(corner_x - (half_width - inner_x), corner_y - (half_height - inner_y))
        work[D, p] = length - roundness * half_width if on_arc else straight
        work[NORMAL_X, p], work[NORMAL_Y, p] = nx, ny
        work[ARC_X, p], work[ARC_Y, p] = nx, ny


@inlined
def _distance_elliptical(half_width, half_height, roundness, smallest, start, stop, work):
    """As above for elliptical corners: the iteration and the choice of geometry.rounded_box."""
    rx, ry = max(half_width * roundness, smallest), max(half_height * roundness, smallest)
    inner_x, inner_y = half_width * (ONE - roundness), half_height * (ONE - roundness)
    squares, inverse_x, inverse_y = rx * rx - ry * ry, ONE / rx, ONE / ry
    longer = NEAR * max(rx, ry)
    for p in range(start, stop):
        x, y = abs(work[X, p]), abs(work[Y, p])
        corner_x, corner_y = x - inner_x, y - inner_y
        cos = sin = DIAGONAL + ZERO * x
        for _ in range(CLOSEST_POINT_STEPS):
            cos, sin = _closer(corner_x, corner_y, cos, sin, rx, ry, inverse_x, inverse_y, squares, smallest)
        offset_x, offset_y = corner_x - rx * cos, corner_y - ry * sin
        offset = math.sqrt(offset_x * offset_x + offset_y * offset_y)
        in_corner = min(corner_x, corner_y) > ZERO
        unit_x, unit_y = corner_x * inverse_x, corner_y * inverse_y
        outside = in_corner and unit_x * unit_x + unit_y * unit_y > ONE
        outwards = offset if outside else -offset
        far = offset > longer
        nx, ny = (offset_x if far else cos * ry), (offset_y if far else sin * rx)
        length = math.sqrt(nx * nx + ny * ny)
        inverse = ONE / (outwards if far else max(length, smallest * smallest))
        side = x - half_width if corner_y <= ZERO else -FAR
        above = y - half_height if corner_x <= ZERO else -FAR
        on_arc = in_corner or outwards > max(side, above)
        on_side = ONE if side >= above else ZERO
        nx, ny = (nx * inverse if on_arc else on_side), (ny * inverse if on_arc else ONE - on_side)
        ax, ay = (cos if on_arc else on_side), (sin if on_arc else ONE - on_side)
        work[D, p] = nx * (x - half_width * (ONE - roundness * (ONE - ax)))
        work[D, p] += ny * (y - half_height * (ONE - roundness * (ONE - ay)))
        work[NORMAL_X, p], work[NORMAL_Y, p] = nx, ny
        work[ARC_X, p], work[ARC_Y, p] = ax, ay


@inlined
def _closer(corner_x, corner_y, cos, sin, rx, ry, inverse_x, inverse_y, squares, smallest):
    """A step towards the closest point of an ellipse: that of its circle of curvature here."""
    evolute_x, evolute_y = squares * inverse_x * cos * cos * cos, -squares * inverse_y * sin * sin * sin
    from_x, from_y = rx * cos - evolute_x, ry * sin - evolute_y
    to_x, to_y = corner_x - evolute_x, corner_y - evolute_y
    to_square = max(to_x * to_x + to_y * to_y, smallest * smallest)
    scale = math.sqrt((from_x * from_x + from_y * from_y) / to_square)
    cos = min(max((to_x * scale + evolute_x) * inverse_x, ZERO), ONE)
    sin = min(max((to_y * scale + evolute_y) * inverse_y, ZERO), ONE)
    length = math.sqrt(cos * cos + sin * sin)
    found = length > ZERO
    inverse = ONE / (length if found else ONE)
    return (cos * inverse if found else ONE), (sin * inverse if found else ZERO)


@inlined
def _thickness(numbers, k, circular, smallest, start, stop, work):
    """2b √(1 − roundness u² (1 − b²/a²)) into T, and its derivatives beside it; u is 0 beyond circular corners."""
    half_width, half_height, roundness = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, ROUNDNESS]
    if circular:
        by_half_width = ONE if half_width == half_height else (TWO if half_width < half_height else ZERO)
        for p in range(start, stop):
            work[T, p] = TWO * min(half_width, half_height)
            work[T_X, p], work[T_Y, p], work[T_ROUNDNESS, p] = ZERO, ZERO, ZERO
            work[T_HALF_WIDTH, p], work[T_HALF_HEIGHT, p] = by_half_width, TWO - by_half_width
        return
    wide = half_width >= half_height
    a, b = max(half_width, half_height), min(half_width, half_height)
    by_along, by_across = (T_X, T_Y) if wide else (T_Y, T_X)
    by_longer, by_shorter = (T_HALF_WIDTH, T_HALF_HEIGHT) if wide else (T_HALF_HEIGHT, T_HALF_WIDTH)
    longer = X if wide else Y
    corner, a_safe = max(a * roundness, smallest), max(a, smallest)
    ratio = b / a_safe
    slimness, round_enough = ONE - ratio * ratio, a * roundness > smallest
    inverse_corner = ONE / corner
    inverse_a, inverse_roundness = ONE / a_safe, ONE / max(roundness, smallest)
    for p in range(start, stop):
        along = abs(work[longer, p])
        u = (along - (a - corner)) * inverse_corner
        free = round_enough and u > ZERO and u < ONE
        u = min(max(u, ZERO), ONE)
        inside = ONE - roundness * slimness * u * u
        root = math.sqrt(max(inside, smallest))
        by_inside = b / root if inside > smallest else ZERO
        by_u = -TWO * by_inside * roundness * slimness * u if free else ZERO
        by_slimness = -by_inside * roundness * u * u
        # u = (along − a) / (a roundness) + 1
        work[T, p] = TWO * b * root
        work[by_along, p], work[by_across, p] = by_u * inverse_corner, ZERO
        work[by_longer, p] = (by_slimness * TWO * ratio * ratio - by_u * along * inverse_corner) * inverse_a
        work[by_shorter, p] = TWO * root - by_slimness * TWO * ratio * inverse_a
        by_roundness = -by_inside * slimness * u * u
        work[T_ROUNDNESS, p] = by_roundness - by_u * (along - a) * inverse_corner * inverse_roundness


@inlined
def cover_box(kind, numbers, k, blend, profile, pixel, start, stop, smallest, work, share):
    """Add the box's alpha, × share, to ALPHA."""
    place(numbers, k, start, stop, work)
    if blend > ZERO:
        sharp_slabs(numbers, k, profile, pixel, start, stop, work)
        sharp = share * numbers[k, SHARP]
        for p in range(start, stop):
            work[ALPHA, p] += sharp * work[ACROSS + COVERED, p] * work[DOWN + COVERED, p]
    if blend < ONE:
        rounded_slab(kind, numbers, k, profile, pixel, start, stop, smallest, work)
        rounded = share * numbers[k, ROUNDED]
        for p in range(start, stop):
            work[ALPHA, p] += rounded * work[ACROSS + COVERED, p]


@inlined
def differentiate_box(kind, numbers, k, blend, profile, pixel, start, stop, smallest, work, share, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · alpha · share by the numbers of the shape."""
    place(numbers, k, start, stop, work)
    if blend > ZERO:
        sharp_slabs(numbers, k, profile, pixel, start, stop, work)
        _differentiate_sharp(numbers, k, share, start, stop, work, by_numbers)
        _differentiate_place(numbers, k, start, stop, work, by_numbers)
    if blend < ONE:
        rounded_slab(kind, numbers, k, profile, pixel, start, stop, smallest, work)
        _differentiate_rounded(numbers, k, share, start, stop, work, by_numbers)
        _differentiate_place(numbers, k, start, stop, work, by_numbers)
        if kind == STROKED_BOX:
            by_width = ZERO * share
            for p in range(start, stop):
                by_width += work[BY_ALPHA, p] * work[DOWN + COVERED, p]
            by_numbers[k, STROKE_WIDTH] += share * numbers[k, ROUNDED] * by_width


@inlined
def _differentiate_sharp(numbers, k, share, start, stop, work, by_numbers):
    """By size, softness and weight; and by the pixel's place in the box's frame, into NORMAL_X and NORMAL_Y."""
    sharp = share * numbers[k, SHARP]
    by_sharp = by_s = by_width = by_height = ZERO * sharp
    for p in range(start, stop):
        weight, across, down = work[BY_ALPHA, p], work[ACROSS + COVERED, p], work[DOWN + COVERED, p]
        of_across, of_down = weight * sharp * down, weight * sharp * across
        by_x, by_y = of_across * work[ACROSS + BY_D, p], of_down * work[DOWN + BY_D, p]
        by_sharp += weight * across * down
        by_s += of_across * work[ACROSS + BY_S, p] + of_down * work[DOWN + BY_S, p]
        by_width += TWO * of_across * work[ACROSS + BY_T, p] - by_x
        by_height += TWO * of_down * work[DOWN + BY_T, p] - by_y
        work[NORMAL_X, p] = by_x if work[X, p] > ZERO else (-by_x if work[X, p] < ZERO else ZERO)
        work[NORMAL_Y, p] = by_y if work[Y, p] > ZERO else (-by_y if work[Y, p] < ZERO else ZERO)
    by_numbers[k, SHARP] += share * by_sharp
    by_numbers[k, SOFTNESS] += by_s
    by_numbers[k, HALF_WIDTH] += by_width
    by_numbers[k, HALF_HEIGHT] += by_height


@inlined
def _differentiate_rounded(numbers, k, share, start, stop, work, by_numbers):
    """By size, roundness, softness and weight; and by the pixel's place, into NORMAL_X and NORMAL_Y."""
    half_width, half_height, roundness = numbers[k, HALF_WIDTH], numbers[k, HALF_HEIGHT], numbers[k, ROUNDNESS]
    rounded = share * numbers[k, ROUNDED]
    by_rounded = by_s = by_width = by_height = by_roundness = ZERO * rounded
    for p in range(start, stop):
        weight = work[BY_ALPHA, p]
        by_d, by_t = weight * rounded * work[ACROSS + BY_D, p], weight * rounded * work[ACROSS + BY_T, p]
        nx, ny, from_x, from_y = work[NORMAL_X, p], work[NORMAL_Y, p], ONE - work[ARC_X, p], ONE - work[ARC_Y, p]
        by_rounded += weight * work[ACROSS + COVERED, p]
        by_s += weight * rounded * work[ACROSS + BY_S, p]
        by_width += by_t * work[T_HALF_WIDTH, p] - by_d * nx * (ONE - roundness * from_x)
        by_height += by_t * work[T_HALF_HEIGHT, p] - by_d * ny * (ONE - roundness * from_y)
        by_arc = half_width * nx * from_x + half_height * ny * from_y
        by_roundness += by_t * work[T_ROUNDNESS, p] + by_d * by_arc
        by_x, by_y = by_d * nx + by_t * work[T_X, p], by_d * ny + by_t * work[T_Y, p]
        work[NORMAL_X, p] = by_x if work[X, p] > ZERO else -by_x
        work[NORMAL_Y, p] = by_y if work[Y, p] > ZERO else -by_y
    by_numbers[k, ROUNDED] += share * by_rounded
    by_numbers[k, SOFTNESS] += by_s
    by_numbers[k, HALF_WIDTH] += by_width
    by_numbers[k, HALF_HEIGHT] += by_height
    by_numbers[k, ROUNDNESS] += by_roundness


@inlined
def _differentiate_place(numbers, k, start, stop, work, by_numbers):
    """By the box's centre and turn, given the derivatives by each pixel's place in its frame."""
    cos, sin, center_x, center_y = numbers[k, COS], numbers[k, SIN], numbers[k, CENTER_X], numbers[k, CENTER_Y]
    all_x = all_y = by_cos = by_sin = ZERO * cos
    for p in range(start, stop):
        dx, dy = work[CANVAS_X, p] - center_x, work[CANVAS_Y, p] - center_y
        by_x, by_y = work[NORMAL_X, p], work[NORMAL_Y, p]
        all_x += by_x
        all_y += by_y
        by_cos += by_x * dx + by_y * dy
        by_sin += by_x * dy - by_y * dx
    by_numbers[k, CENTER_X] += sin * all_y - cos * all_x
    by_numbers[k, CENTER_Y] -= sin * all_x + cos * all_y
    by_numbers[k, COS] += by_cos
    by_numbers[k, SIN] += by_sin
