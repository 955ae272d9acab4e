"""What boxes cover of tiles: the rows of pixels that may have ink, and which tiles they cover wholly."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

from vectorae.rasterizer.constants import GAUSSIAN
from vectorae.rasterizer.cpu.bounds import reach_of
from vectorae.rasterizer.cpu.compiled import compiled, inlined
from vectorae.rasterizer.cpu.profiles import is_thin, reach_beyond
from vectorae.rasterizer.cpu.scratch import TILE_WIDTH
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    HALF_HEIGHT,
    HALF_WIDTH,
    ROUNDNESS,
    SIN,
    SOFTNESS,
    STROKE_WIDTH,
    STROKED_BOX,
)

SLACK = 0.01
"""Rows by which rounding may move an edge, generously."""

UPRIGHT = 1e-6
"""A line whose normal is as near to horizontal bounds no rows."""

DIAGONAL = math.sqrt(0.5)


@compiled
def find_rows(kind, numbers, k, blend, canvas, bounds, left, right, rows):
    """Write the rows of pixels that box k may cover in each column of tiles.

    Args:
        bounds: of the box, see ``find_bounds``.
        left, right: range of columns of tiles.
        rows: ``[columns, 2]``, first and end row.
    """
    pixel = 1 / min(canvas.height, canvas.width)
    reach = float(reach_of(kind, numbers, k, canvas.profile, numbers.dtype.type(pixel))) / pixel
    x, y, cos, sin = numbers[k, CENTER_X] / pixel, numbers[k, CENTER_Y] / pixel, numbers[k, COS], numbers[k, SIN]
    width, height = numbers[k, HALF_WIDTH] / pixel, numbers[k, HALF_HEIGHT] / pixel
    roundness = numbers[k, ROUNDNESS] if blend <= 0 else 0 * width  # what is drawn as sharp has all of its corners
    is_circle = width == height and roundness == 1
    corner_x, corner_y = (1 - roundness) * width, (1 - roundness) * height
    across = DIAGONAL * (corner_x + corner_y + roundness * math.sqrt(width * width + height * height))
    for column in range(left, right):
        first_x, last_x = column * TILE_WIDTH + 0.5 - x, column * TILE_WIDTH + TILE_WIDTH - 0.5 - x
        if is_circle:
            apart = max(max(first_x, -last_x), 0.0)
            high = math.sqrt(max((width + reach) * (width + reach) - apart * apart, 0.0))
            low = -high
            if apart > width + reach:
                low, high = 1.0, -1.0
        else:
            # Between lines that touch the box at its sides and, diagonally, at its corners.
            low, high = -math.inf, math.inf
            low, high = _between(cos, sin, width + reach, first_x, last_x, low, high)
            low, high = _between(-sin, cos, height + reach, first_x, last_x, low, high)
            low, high = _between(cos - sin, sin + cos, (across + reach) / DIAGONAL, first_x, last_x, low, high)
            low, high = _between(cos + sin, sin - cos, (across + reach) / DIAGONAL, first_x, last_x, low, high)
        first, last = math.ceil(y + low - 0.5 - SLACK), math.floor(y + high - 0.5 + SLACK)
        # False for NaN, too: what is not a number is drawn.
        one = rows[column - left]
        one[0], one[1] = bounds[2], bounds[3]
        if first > bounds[2]:
            one[0] = min(first, bounds[3])
        if last + 1 < bounds[3]:
            one[1] = max(last + 1, bounds[2])


@inlined
def _between(normal_x, normal_y, distance, first_x, last_x, low, high):
    """Narrow a range of y to what lies between two lines somewhere from first_x to last_x.

    The lines are x · normal_x + y · normal_y = ±distance.
    """
    if abs(normal_y) < UPRIGHT:
        return low, high
    slope, half = -normal_x / normal_y, distance / abs(normal_y)
    a, b = slope * first_x, slope * last_x
    return max(low, min(a, b) - half), min(high, max(a, b) + half)


@compiled
def find_inner_rows(kind, numbers, k, blend, canvas, left, right, rows):
    """Write the rows of pixels in which columns of tiles lie where box k has all of its ink or, of a stroke, none.

    Args:
        left, right: range of columns of tiles.
        rows: ``[columns, 2]``, first and end row; where there are none, the end is not after the first.
    """
    pixel = 1 / min(canvas.height, canvas.width)
    x, y, cos, sin = numbers[k, CENTER_X] / pixel, numbers[k, CENTER_Y] / pixel, numbers[k, COS], numbers[k, SIN]
    scale = _inner_scale(kind, numbers[k], canvas)
    width, height = scale * numbers[k, HALF_WIDTH] / pixel - SLACK, scale * numbers[k, HALF_HEIGHT] / pixel - SLACK
    roundness = numbers[k, ROUNDNESS] if blend <= 0 else 0 * width
    # Within the box there are a rectangle with the same diagonals of its corners, and an ellipse of its sides.
    part = 1 - (1 - DIAGONAL) * roundness
    for column in range(left, right):
        one = rows[column - left]
        one[0] = one[1] = 0
        if not min(width, height) > 0:  # true for NaN, too
            continue
        first_x, last_x = column * TILE_WIDTH - x, column * TILE_WIDTH + TILE_WIDTH - x
        low, high = _inside(cos, sin, part * width, first_x, last_x, -math.inf, math.inf)
        low, high = _inside(-sin, cos, part * height, first_x, last_x, low, high)
        if roundness > 0:
            from_low, from_high = _inside_ellipse(cos, sin, width, height, first_x, -math.inf, math.inf)
            from_low, from_high = _inside_ellipse(cos, sin, width, height, last_x, from_low, from_high)
            if from_high - from_low > high - low:
                low, high = from_low, from_high
        if low < high:
            one[0], one[1] = math.ceil(max(y + low, 0.0)), math.floor(min(y + high, float(canvas.height)))


@inlined
def _inside(normal_x, normal_y, distance, first_x, last_x, low, high):
    """Narrow a range of y to what lies between two lines everywhere from first_x to last_x; see ``_between``."""
    if abs(normal_y) < UPRIGHT:
        return (low, high) if max(-first_x, last_x) * abs(normal_x) < distance else (0.0, 0.0)
    slope, half = -normal_x / normal_y, distance / abs(normal_y)
    a, b = slope * first_x, slope * last_x
    return max(low, max(a, b) - half), min(high, min(a, b) + half)


@inlined
def _inside_ellipse(cos, sin, width, height, x, low, high):
    """Narrow a range of y to what lies in an ellipse at x."""
    # a x² + 2 b x y + c y² = 1 on its outline.
    across, down = 1 / (width * width), 1 / (height * height)
    a, b, c = cos * cos * across + sin * sin * down, cos * sin * (across - down), sin * sin * across + cos * cos * down
    square = (b * x) * (b * x) - c * (a * x * x - 1)
    if not square > 0:
        return 0.0, 0.0
    half, middle = math.sqrt(square) / c, -b * x / c
    return max(low, middle - half), min(high, middle + half)


@inlined
def _inner_scale(kind, numbers, canvas):
    """By what a box is scaled to lie where it has all of its ink or, of a stroke, none; 0 if that is nowhere.

    A box scaled about its centre is as far from its outline, at least, as that moves the nearer sides.
    """
    pixel = 1 / min(canvas.height, canvas.width)
    width, height = numbers[HALF_WIDTH], numbers[HALF_HEIGHT]
    reach, shorter = reach_beyond(canvas.profile, numbers[SOFTNESS], pixel), min(width, height)
    if kind == STROKED_BOX:
        inner = reach + 0.5 * numbers[STROKE_WIDTH] + 0.5 * pixel
    elif canvas.profile == GAUSSIAN:
        if is_thin(canvas.profile, numbers[SOFTNESS], pixel, 0.5 * shorter * shorter / max(max(width, height), 1e-30)):
            return 0.0
        inner = 0.0 * reach
    else:
        inner = 1.0 * reach
    return 1 - inner / shorter if shorter > inner else 0.0
