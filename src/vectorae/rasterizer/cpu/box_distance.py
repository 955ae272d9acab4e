"""Distance to a rounded box at one pixel: the mathematics of geometry.rounded_box, for the loops of box.py.

x, y are the pixel's position in the box's frame, reflected into the first quadrant. Canvas units.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.geometry.rounded_box import MIN_OFFSET, TOWARDS_DIAGONAL
from vectorae.rasterizer.constants import MIN_COSINE, NO_SIDE
from vectorae.rasterizer.cpu.compiled import ONE, TWO, ZERO, inlined
from vectorae.rasterizer.cpu.profiles import reciprocal

TOWARDS, LEAST_COSINE, LEAST_OFFSET, BESIDE = (
    np.float32(number) for number in (TOWARDS_DIAGONAL, MIN_COSINE, MIN_OFFSET, NO_SIDE)
)


@inlined
def circular(x, y, half_width, half_height, roundness):
    """Distance if corners are circular or sharp, and the normal at the closest point: (d, nx, ny)."""
    corner_x, corner_y = x - half_width * (ONE - roundness), y - half_height * (ONE - roundness)
    on_arc = min(corner_x, corner_y) > ZERO
    length = math.sqrt(corner_x * corner_x + corner_y * corner_y)
    inverse = ONE / (length if on_arc else ONE)
    on_side = ONE if corner_x >= corner_y else ZERO
    straight = max(x - half_width, y - half_height)
    d = length - roundness * half_width if on_arc else straight
    return d, (corner_x * inverse if on_arc else on_side), (corner_y * inverse if on_arc else ONE - on_side)


@inlined
def elliptical(x, y, cos, sin, half_width, half_height, roundness, rx, ry, inverse_x, inverse_y, epsilon):
    """Distance if corners are elliptical, given the closest point's position on the arc: (d, nx, ny, cos, sin).

    The returned position is an end of the arc if the closest point of the outline lies on a straight side.
    """
    corner_x, corner_y = x - half_width * (ONE - roundness), y - half_height * (ONE - roundness)
    offset_x, offset_y = corner_x - rx * cos, corner_y - ry * sin
    apart, least = offset_x * offset_x + offset_y * offset_y, LEAST_OFFSET * max(rx, ry)
    in_corner = min(corner_x, corner_y) > ZERO
    unit_x, unit_y = corner_x * inverse_x, corner_y * inverse_y
    outside = in_corner and unit_x * unit_x + unit_y * unit_y > ONE
    far = apart > least * least
    nx, ny = (offset_x if far else cos * ry), (offset_y if far else sin * rx)
    length = math.sqrt(nx * nx + ny * ny)
    inverse = (ONE if outside or not far else -ONE) / max(length, epsilon * epsilon)
    side = x - half_width if corner_y <= ZERO else BESIDE
    above = y - half_height if corner_x <= ZERO else BESIDE
    # Beyond a corner's range the nearest of the arc's end and the sides, whose depths are negative.
    straight = max(side, above)
    on_arc = in_corner or (straight < ZERO and apart < straight * straight)
    on_side = ONE if side >= above else ZERO
    nx, ny = (nx * inverse if on_arc else on_side), (ny * inverse if on_arc else ONE - on_side)
    cos, sin = (cos if on_arc else on_side), (sin if on_arc else ONE - on_side)
    d = nx * (x - half_width * (ONE - roundness * (ONE - cos)))
    d += ny * (y - half_height * (ONE - roundness * (ONE - sin)))
    return d, nx, ny, cos, sin


@inlined
def first_point(corner_x, corner_y, inverse_x, inverse_y):
    """Where the search for the closest point of an ellipse starts: its position on the arc as (cos, sin)."""
    cos, sin = max(corner_x, ZERO) * inverse_x + TOWARDS, max(corner_y, ZERO) * inverse_y + TOWARDS
    inverse = ONE / math.sqrt(cos * cos + sin * sin)
    return cos * inverse, sin * inverse


@inlined
def closer(corner_x, corner_y, cos, sin, rx, ry, inverse_x, inverse_y, epsilon):
    """A step towards the closest point of an ellipse: the closest point of its circle of curvature at (cos, sin)."""
    squares = rx * rx - ry * ry
    evolute_x, evolute_y = squares * inverse_x * cos * cos * cos, -squares * inverse_y * sin * sin * sin
    from_x, from_y = rx * cos - evolute_x, ry * sin - evolute_y
    to_x, to_y = corner_x - evolute_x, corner_y - evolute_y
    to_square = max(to_x * to_x + to_y * to_y, epsilon * epsilon)
    scale = math.sqrt((from_x * from_x + from_y * from_y) / to_square)
    cos = min(max((to_x * scale + evolute_x) * inverse_x, LEAST_COSINE), ONE)
    sin = min(max((to_y * scale + evolute_y) * inverse_y, ZERO), ONE)
    inverse = ONE / math.sqrt(cos * cos + sin * sin)
    return cos * inverse, sin * inverse


@inlined
def thickness(along, longer, shorter, roundness, epsilon):
    """Thickness 2b √(1 − roundness u² (1 − b²/a²)) at a position along the longer side, and its derivatives.

    Returns:
        (t, by_along, by_longer, by_shorter, by_roundness): by the position, the longer and the shorter half extent and
        roundness.
    """
    corner, safe = max(longer * roundness, epsilon), max(longer, epsilon)
    inverse_corner, inverse_longer, inverse_roundness = (
        reciprocal(corner),
        reciprocal(safe),
        reciprocal(max(roundness, epsilon)),
    )
    ratio = shorter * inverse_longer
    slimness = ONE - ratio * ratio
    u = (along - (longer - corner)) * inverse_corner
    free = longer * roundness > epsilon and u > ZERO and u < ONE
    u = min(max(u, ZERO), ONE)
    inside = ONE - roundness * slimness * u * u
    root = math.sqrt(max(inside, epsilon))
    by_inside = shorter / root if inside > epsilon else ZERO
    by_u = -TWO * by_inside * roundness * slimness * u if free else ZERO
    by_slimness = -by_inside * roundness * u * u
    # u = (along − a) / (a roundness) + 1
    by_longer = (by_slimness * TWO * ratio * ratio - by_u * along * inverse_corner) * inverse_longer
    by_shorter = TWO * root - by_slimness * TWO * ratio * inverse_longer
    by_roundness = -by_inside * slimness * u * u - by_u * (along - longer) * inverse_corner * inverse_roundness
    return TWO * shorter * root, by_u * inverse_corner, by_longer, by_shorter, by_roundness
