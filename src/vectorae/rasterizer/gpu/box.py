"""Rounded boxes: alpha and its derivatives (the mathematics of geometry.rounded_box and rasterizer.coverage)."""

# Compiled by Triton, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import triton
import triton.language as tl

from vectorae.rasterizer.gpu.constants import (
    CENTER_X,
    CENTER_Y,
    CLOSEST_POINT_STEPS,
    COS,
    FILLED_BOX,
    FILLED_BOXES,
    GAUSSIAN,
    HALF_HEIGHT,
    HALF_WIDTH,
    MIN_COSINE,
    MIN_OFFSET,
    NO_SIDE,
    ROUNDED,
    ROUNDNESS,
    SHARP,
    SIN,
    SOFTNESS,
    STROKE_WIDTH,
    STROKED_BOX,
    STROKED_BOXES,
    TOWARDS_DIAGONAL,
)
from vectorae.rasterizer.gpu.profiles import slab


@triton.jit
def box(x, y, numbers, kind, blend, pixel, EPSILON: tl.constexpr, PROFILE: tl.constexpr, PRESENT: tl.constexpr):
    """Alpha and its derivatives by the position in the box's frame and by the numbers of the shape.

    Args:
        x, y: ``[PARTS, PIXELS]`` positions on the canvas; pixel: size of a (sub-)pixel. Canvas units.
        numbers: pointer to the numbers of the shape (see packing.py).
        kind: ``FILLED_BOX`` or ``STROKED_BOX``.
        blend: see ``coverage.Weights``.
        EPSILON: rounding error of 1.
        PRESENT: a bit, 1 << kind, for each kind in the scene.

    Returns:
        alpha, by_x, by_y, by_cos, by_sin, by_half_width, by_half_height, by_roundness, by_stroke_width, by_softness,
        by_rounded, by_sharp.
    """
    cos, sin = tl.load(numbers + COS), tl.load(numbers + SIN)
    half_width, half_height = tl.load(numbers + HALF_WIDTH), tl.load(numbers + HALF_HEIGHT)
    s, roundness = tl.load(numbers + SOFTNESS), tl.load(numbers + ROUNDNESS)
    dx, dy = x - tl.load(numbers + CENTER_X), y - tl.load(numbers + CENTER_Y)
    x, y = cos * dx + sin * dy, cos * dy - sin * dx
    right, below = x > 0, y > 0
    x, y = tl.abs(x), tl.abs(y)
    alpha = x * 0
    by_x, by_y, by_width, by_height, by_roundness, by_s = alpha, alpha, alpha, alpha, alpha, alpha
    by_stroke, by_rounded, by_sharp = alpha, alpha, alpha
    if FILLED_BOXES & PRESENT:
        if blend > 0:
            across, across_d, across_t, across_s = slab(x - half_width, 2 * half_width, s, pixel, PROFILE, True)
            down, down_d, down_t, down_s = slab(y - half_height, 2 * half_height, s, pixel, PROFILE, True)
            sharp = tl.load(numbers + SHARP)
            by_sharp = across * down
            alpha = sharp * by_sharp
            by_x, by_y = sharp * down * across_d, sharp * across * down_d
            by_width, by_height = 2 * sharp * down * across_t - by_x, 2 * sharp * across * down_t - by_y
            by_s = sharp * (down * across_s + across * down_s)
    if blend < 1:
        rounded, stroke_width = tl.load(numbers + ROUNDED), tl.load(numbers + STROKE_WIDTH)
        nx, ny, arc_x, arc_y, t, t_x, t_y, t_width, t_height, t_roundness = _outline(
            x, y, half_width, half_height, roundness, EPSILON
        )
        # The closest point, in units of the half extents.
        from_x, from_y = 1 - roundness * (1 - arc_x), 1 - roundness * (1 - arc_y)
        d = nx * (x - half_width * from_x) + ny * (y - half_height * from_y)
        by_rounded, by_d, by_t, slab_s, by_stroke = _edges(d, t, stroke_width, kind, s, pixel, PROFILE, PRESENT)
        by_d, by_t, by_stroke = rounded * by_d, rounded * by_t, rounded * by_stroke
        alpha += rounded * by_rounded
        by_s += rounded * slab_s
        by_x += by_d * nx + by_t * t_x
        by_y += by_d * ny + by_t * t_y
        by_width += by_t * t_width - by_d * nx * from_x
        by_height += by_t * t_height - by_d * ny * from_y
        by_roundness = by_t * t_roundness
        by_roundness += by_d * (half_width * nx * (1 - arc_x) + half_height * ny * (1 - arc_y))
    # The box is symmetric about its axes; on an axis the derivative across it is 0.
    by_x, by_y = tl.where(right, by_x, tl.where(x > 0, -by_x, 0)), tl.where(below, by_y, tl.where(y > 0, -by_y, 0))
    by_cos, by_sin = by_x * dx + by_y * dy, by_x * dy - by_y * dx
    return (
        alpha, by_x, by_y, by_cos, by_sin, by_width, by_height, by_roundness, by_stroke, by_s, by_rounded, by_sharp,
    )  # fmt: skip


@triton.jit
def _edges(d, t, width, kind, s, pixel, PROFILE: tl.constexpr, PRESENT: tl.constexpr):
    """Coverage by a filled or stroked box, given distance and thickness, and its derivatives.

    Returns:
        covered, by_d, by_t, by_s, by_width (of the stroke).
    """
    by_width = d * 0
    covered, by_d, by_t, by_s = by_width, by_width, by_width, by_width
    if FILLED_BOXES & PRESENT:
        if kind == FILLED_BOX:
            covered, by_d, by_t, by_s = slab(d, t, s, pixel, PROFILE, True)
    if STROKED_BOXES & PRESENT:
        if kind == STROKED_BOX:
            if PROFILE == GAUSSIAN:
                covered, by_d, by_t, by_s = slab(tl.abs(d) - 0.5 * width, t, s, pixel, PROFILE, False)
                by_width = -0.5 * by_d
                by_d = tl.where(d > 0, by_d, tl.where(d < 0, -by_d, 0))
            else:
                covered, by_d, by_t, by_s = slab(d - 0.5 * width, t + width, s, pixel, PROFILE, True)
                inside = tl.maximum(t - width, 0)
                inner, inner_d, inner_t, inner_s = slab(d + 0.5 * width, inside, s, pixel, PROFILE, True)
                inner_t = tl.where(inside > 0, inner_t, 0)
                by_width = by_t + inner_t - 0.5 * (by_d + inner_d)
                covered, by_d, by_t, by_s = covered - inner, by_d - inner_d, by_t - inner_t, by_s - inner_s
    return covered, by_d, by_t, by_s, by_width


@triton.jit
def _outline(x, y, half_width, half_height, roundness, EPSILON: tl.constexpr):
    """The closest point of a box's outline, and the box's thickness at that position.

    Returns:
        The normal (nx, ny); the closest point's position on the corner's arc, as cosine and sine; the thickness; and
        its derivatives by x, y, half_width, half_height and roundness.
    """
    corner_x, corner_y = x - half_width * (1 - roundness), y - half_height * (1 - roundness)
    zero = x * 0
    t_x, t_y, t_roundness = zero, zero, zero
    if (half_width == half_height) | (roundness == 0):
        on_arc = tl.minimum(corner_x, corner_y) > 0
        inverse = 1 / tl.where(on_arc, tl.sqrt(corner_x * corner_x + corner_y * corner_y), 1)
        on_side = (corner_x >= corner_y).to(x.dtype)
        nx, ny = tl.where(on_arc, corner_x * inverse, on_side), tl.where(on_arc, corner_y * inverse, 1 - on_side)
        arc_x, arc_y = nx, ny
        t = zero + 2 * tl.minimum(half_width, half_height)
        t_width = zero + tl.where(half_width == half_height, 1, tl.where(half_width < half_height, 2, 0))
        t_height = 2 - t_width
    else:
        rx, ry = tl.maximum(half_width * roundness, EPSILON), tl.maximum(half_height * roundness, EPSILON)
        arc_x, arc_y = _closest_on_ellipse(corner_x, corner_y, rx, ry, EPSILON)
        nx, ny, arc_x, arc_y = _closest_on_outline(
            x, y, corner_x, corner_y, arc_x, arc_y, half_width, half_height, rx, ry, EPSILON
        )
        wide = half_width >= half_height
        longer, shorter = tl.maximum(half_width, half_height), tl.minimum(half_width, half_height)
        along = tl.where(wide, x, y)
        t, t_along, t_longer, t_shorter, t_roundness = _thickness(along, longer, shorter, roundness, EPSILON)
        t_x, t_y = tl.where(wide, t_along, 0), tl.where(wide, 0, t_along)
        t_width, t_height = tl.where(wide, t_longer, t_shorter), tl.where(wide, t_shorter, t_longer)
    return nx, ny, arc_x, arc_y, t, t_x, t_y, t_width, t_height, t_roundness


@triton.jit
def _closest_on_ellipse(corner_x, corner_y, rx, ry, EPSILON: tl.constexpr):
    """The closest point's position on the arc (cosine, sine), by the iteration of geometry.rounded_box."""
    inverse_x, inverse_y, squares = 1 / rx, 1 / ry, rx * rx - ry * ry
    cos, sin = (
        tl.maximum(corner_x, 0) * inverse_x + TOWARDS_DIAGONAL,
        tl.maximum(corner_y, 0) * inverse_y + TOWARDS_DIAGONAL,
    )
    inverse = 1 / tl.sqrt(cos * cos + sin * sin)
    cos, sin = cos * inverse, sin * inverse
    for _ in range(CLOSEST_POINT_STEPS):
        evolute_x, evolute_y = squares * inverse_x * cos * cos * cos, -squares * inverse_y * sin * sin * sin
        from_x, from_y = rx * cos - evolute_x, ry * sin - evolute_y
        to_x, to_y = corner_x - evolute_x, corner_y - evolute_y
        to_square = tl.maximum(to_x * to_x + to_y * to_y, EPSILON * EPSILON)
        scale = tl.sqrt((from_x * from_x + from_y * from_y) / to_square)
        cos = tl.minimum(tl.maximum((to_x * scale + evolute_x) * inverse_x, MIN_COSINE), 1)
        sin = tl.minimum(tl.maximum((to_y * scale + evolute_y) * inverse_y, 0), 1)
        inverse = 1 / tl.sqrt(cos * cos + sin * sin)
        cos, sin = cos * inverse, sin * inverse
    return cos, sin


@triton.jit
def _closest_on_outline(
    x, y, corner_x, corner_y, cos, sin, half_width, half_height, rx, ry, EPSILON: tl.constexpr
):  # fmt: skip
    """The nearest of the closest points on the arc and on the straight sides: its normal and position on the arc."""
    offset_x, offset_y = corner_x - rx * cos, corner_y - ry * sin
    offset = tl.sqrt(offset_x * offset_x + offset_y * offset_y)
    in_corner = tl.minimum(corner_x, corner_y) > 0
    unit_x, unit_y = corner_x / rx, corner_y / ry
    outwards = tl.where(in_corner & (unit_x * unit_x + unit_y * unit_y > 1), offset, -offset)
    far = offset > tl.maximum(rx, ry) * MIN_OFFSET
    nx, ny = tl.where(far, offset_x, cos * ry), tl.where(far, offset_y, sin * rx)
    length = tl.maximum(tl.sqrt(nx * nx + ny * ny), EPSILON * EPSILON)
    inverse = 1 / tl.where(far, outwards, length)
    side = tl.where(corner_y <= 0, x - half_width, NO_SIDE)
    above = tl.where(corner_x <= 0, y - half_height, NO_SIDE)
    on_arc = in_corner | (outwards > tl.maximum(side, above))
    on_side = (side >= above).to(x.dtype)
    nx, ny = tl.where(on_arc, nx * inverse, on_side), tl.where(on_arc, ny * inverse, 1 - on_side)
    return nx, ny, tl.where(on_arc, cos, on_side), tl.where(on_arc, sin, 1 - on_side)


@triton.jit
def _thickness(along, longer, shorter, roundness, EPSILON: tl.constexpr):
    """Thickness 2b √(1 − roundness u² (1 − b²/a²)) at a position along the longer side, and its derivatives.

    Returns:
        (t, by_along, by_longer, by_shorter, by_roundness): by the position, the longer and the shorter half extent and
        roundness.
    """
    inverse_corner = 1 / tl.maximum(longer * roundness, EPSILON)
    inverse_longer = 1 / tl.maximum(longer, EPSILON)
    ratio = shorter * inverse_longer
    slimness = 1 - ratio * ratio
    u = (along - (longer - tl.maximum(longer * roundness, EPSILON))) * inverse_corner
    # Triton's interpreter cannot combine a scalar boolean with a block of booleans.
    free = (u > 0) & (u < (longer * roundness > EPSILON).to(u.dtype))
    u = tl.minimum(tl.maximum(u, 0), 1)
    inside = 1 - roundness * slimness * u * u
    root = tl.sqrt(tl.maximum(inside, EPSILON))
    by_inside = tl.where(inside > EPSILON, shorter / root, 0)
    by_u = tl.where(free, -2 * by_inside * roundness * slimness * u, 0)
    by_slimness = -by_inside * roundness * u * u
    # u = (along − a) / (a roundness) + 1
    by_longer = (by_slimness * 2 * ratio * ratio - by_u * along * inverse_corner) * inverse_longer
    by_shorter = 2 * root - by_slimness * 2 * ratio * inverse_longer
    by_roundness = -by_inside * slimness * u * u
    by_roundness -= by_u * (along - longer) * inverse_corner / tl.maximum(roundness, EPSILON)
    return 2 * shorter * root, by_u * inverse_corner, by_longer, by_shorter, by_roundness
