"""What boxes cover of tiles: the rows of pixels that may have ink, and which tiles they cover wholly."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

from vectorae.rasterizer.constants import GAUSSIAN
from vectorae.rasterizer.cpu.bounds import reach_of
from vectorae.rasterizer.cpu.compiled import compiled, inlined
from vectorae.rasterizer.cpu.profiles import is_thin, reach_beyond
from vectorae.rasterizer.cpu.scratch import TILE_HEIGHT, TILE_WIDTH
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


@inlined
def covers_tiles(numbers, canvas):
    """Whether a box may cover a tile wholly, or its stroke surround one."""
    pixel = 1 / min(canvas.height, canvas.width)
    return max(numbers[HALF_WIDTH], numbers[HALF_HEIGHT]) >= 0.5 * max(TILE_WIDTH, TILE_HEIGHT) * pixel


@compiled
def is_within(kind, numbers, left, top, canvas):
    """Whether a tile lies wholly where a box has all of its ink or, of a stroke, none inside; false if in doubt."""
    pixel = 1 / min(canvas.height, canvas.width)
    half_width, half_height = 0.5 * TILE_WIDTH * pixel, 0.5 * TILE_HEIGHT * pixel
    x, y = left * pixel + half_width - numbers[CENTER_X], top * pixel + half_height - numbers[CENTER_Y]
    cos, sin, roundness = numbers[COS], numbers[SIN], numbers[ROUNDNESS]
    width, height = numbers[HALF_WIDTH], numbers[HALF_HEIGHT]
    reach, shorter = reach_beyond(canvas.profile, numbers[SOFTNESS], pixel), min(width, height)
    # The box scaled about its centre is as far from its outline, at least, as that moves the nearer sides.
    if kind == STROKED_BOX:
        inner = reach + 0.5 * numbers[STROKE_WIDTH] + 0.5 * pixel
    elif canvas.profile == GAUSSIAN:
        if is_thin(canvas.profile, numbers[SOFTNESS], pixel, 0.5 * shorter * shorter / max(max(width, height), 1e-30)):
            return False
        inner = 0.0 * reach
    else:
        inner = reach
    if shorter <= inner:
        return False
    scale = 1 - inner / shorter
    width, height = scale * width, scale * height
    for corner in range(4):
        corner_x = x + (half_width if corner % 2 else -half_width)
        corner_y = y + (half_height if corner // 2 else -half_height)
        local_x, local_y = abs(cos * corner_x + sin * corner_y), abs(cos * corner_y - sin * corner_x)
        if local_x > width or local_y > height:
            return False
        beyond_x, beyond_y = local_x - width * (1 - roundness), local_y - height * (1 - roundness)
        unit_x, unit_y = beyond_x / max(width * roundness, 1e-30), beyond_y / max(height * roundness, 1e-30)
        if beyond_x > 0 and beyond_y > 0 and unit_x * unit_x + unit_y * unit_y > 1:
            return False
    return True
