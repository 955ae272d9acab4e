"""Distance to a rounded box at one pixel, the mathematics of geometry.rounded_box, for the loops of box.py.

x, y are the pixel in the box's frame, both positive: its corner in the first quadrant.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

import numpy as np

from vectorae.rasterizer.cpu.compiled import ONE, TWO, ZERO, inlined

NEAR, FAR, DIAGONAL = np.float32(1e-3), np.float32(1e30), np.float32(0.5**0.5)

ALMOST_NONE = np.float32(1e-15)
"""A cosine in place of 0, so that a place from which both would be 0 has a direction: either end of the arc will do."""


@inlined
def circular(x, y, half_width, half_height, roundness):
    """Distance where corners are circular, or sharp, and the normal at the closest point: (d, nx, ny)."""
    corner_x, corner_y = x - half_width * (ONE - roundness), y - half_height * (ONE - roundness)
    on_arc = min(corner_x, corner_y) > ZERO
    length = math.sqrt(corner_x * corner_x + corner_y * corner_y)
    inverse = ONE / (length if on_arc else ONE)
    on_side = ONE if corner_x >= corner_y else ZERO
    straight = max(x - half_width, y - half_height)
    d = length - roundness * half_width if on_arc else straight
    return d, (corner_x * inverse if on_arc else on_side), (corner_y * inverse if on_arc else ONE - on_side)


@inlined
def elliptical(x, y, cos, sin, half_width, half_height, roundness, rx, ry, inverse_x, inverse_y, smallest):
    """Distance where corners are elliptical, given the closest point's place on the arc: (d, nx, ny, cos, sin).

    The place that is returned is an end of the arc where the closest point lies on a straight side.
    """
    corner_x, corner_y = x - half_width * (ONE - roundness), y - half_height * (ONE - roundness)
    offset_x, offset_y = corner_x - rx * cos, corner_y - ry * sin
    offset = math.sqrt(offset_x * offset_x + offset_y * offset_y)
    in_corner = min(corner_x, corner_y) > ZERO
    unit_x, unit_y = corner_x * inverse_x, corner_y * inverse_y
    outside = in_corner and unit_x * unit_x + unit_y * unit_y > ONE
    outwards = offset if outside else -offset
    far = offset > NEAR * max(rx, ry)
    nx, ny = (offset_x if far else cos * ry), (offset_y if far else sin * rx)
    length = math.sqrt(nx * nx + ny * ny)
    inverse = ONE / (outwards if far else max(length, smallest * smallest))
    side = x - half_width if corner_y <= ZERO else -FAR
    above = y - half_height if corner_x <= ZERO else -FAR
    on_arc = in_corner or outwards > max(side, above)
    on_side = ONE if side >= above else ZERO
    nx, ny = (nx * inverse if on_arc else on_side), (ny * inverse if on_arc else ONE - on_side)
    cos, sin = (cos if on_arc else on_side), (sin if on_arc else ONE - on_side)
    d = nx * (x - half_width * (ONE - roundness * (ONE - cos)))
    d += ny * (y - half_height * (ONE - roundness * (ONE - sin)))
    return d, nx, ny, cos, sin


@inlined
def closer(corner_x, corner_y, cos, sin, rx, ry, inverse_x, inverse_y, smallest):
    """A step towards the closest point of an ellipse: that of its circle of curvature at (cos, sin)."""
    squares = rx * rx - ry * ry
    evolute_x, evolute_y = squares * inverse_x * cos * cos * cos, -squares * inverse_y * sin * sin * sin
    from_x, from_y = rx * cos - evolute_x, ry * sin - evolute_y
    to_x, to_y = corner_x - evolute_x, corner_y - evolute_y
    to_square = max(to_x * to_x + to_y * to_y, smallest * smallest)
    scale = math.sqrt((from_x * from_x + from_y * from_y) / to_square)
    cos = min(max((to_x * scale + evolute_x) * inverse_x, ALMOST_NONE), ONE)
    sin = min(max((to_y * scale + evolute_y) * inverse_y, ZERO), ONE)
    inverse = ONE / math.sqrt(cos * cos + sin * sin)
    return cos * inverse, sin * inverse


@inlined
def thickness(along, longer, shorter, roundness, smallest):
    """2b √(1 − roundness u² (1 − b²/a²)) at this place along the longer side, and its derivatives by that place, by the
    longer and the shorter half extent and by roundness: (t, by_along, by_longer, by_shorter, by_roundness)."""
    corner, safe = max(longer * roundness, smallest), max(longer, smallest)
    inverse_corner, inverse_longer = ONE / corner, ONE / safe
    ratio = shorter * inverse_longer
    slimness = ONE - ratio * ratio
    u = (along - (longer - corner)) * inverse_corner
    free = longer * roundness > smallest and u > ZERO and u < ONE
    u = min(max(u, ZERO), ONE)
    inside = ONE - roundness * slimness * u * u
    root = math.sqrt(max(inside, smallest))
    by_inside = shorter / root if inside > smallest else ZERO
    by_u = -TWO * by_inside * roundness * slimness * u if free else ZERO
    by_slimness = -by_inside * roundness * u * u
    # u = (along − a) / (a roundness) + 1
    by_longer = (by_slimness * TWO * ratio * ratio - by_u * along * inverse_corner) * inverse_longer
    by_shorter = TWO * root - by_slimness * TWO * ratio * inverse_longer
    by_roundness = -by_inside * slimness * u * u - by_u * (along - longer) * inverse_corner / max(roundness, smallest)
    return TWO * shorter * root, by_u * inverse_corner, by_longer, by_shorter, by_roundness
