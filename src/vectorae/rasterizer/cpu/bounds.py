"""Bounds of shapes in pixels."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.cpu.compiled import HALF, allocating_kernel, inlined
from vectorae.rasterizer.cpu.profiles import reach_beyond
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    DISC,
    HALF_HEIGHT,
    HALF_WIDTH,
    POLYLINE,
    REGION,
    SEGMENTS,
    SIN,
    SOFTNESS,
    STROKE_WIDTH,
    STROKED_BOX,
)

BEYOND_EDGE = np.float32(0.21)
"""Pixels by which the centre of a pixel that a disc covers a corner of lies farther from it than half a pixel."""


@inlined
def reach_of(kind, numbers, k, profile, pixel):
    """How far the ink of shape k may lie from its box or its vertices, canvas units."""
    reach = reach_beyond(profile, numbers[k, SOFTNESS], pixel)
    if kind in (STROKED_BOX, POLYLINE, SEGMENTS):
        # A sub-pixel lies up to .54 pixels from the centre of its pixel.
        reach += HALF * numbers[k, STROKE_WIDTH] + HALF * pixel
    elif kind == DISC:
        reach += BEYOND_EDGE * pixel
    return reach


@inlined
def _canvas_bounds(b, k, shapes):
    """Left, top, right, bottom of the outline of shape k, canvas units."""
    numbers = shapes.numbers[b, k]
    if shapes.kinds[k] >= POLYLINE:
        left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
        for v in range(shapes.first[k], shapes.first[k] + shapes.size[b, k]):
            x, y = shapes.vertices[b, v, 0], shapes.vertices[b, v, 1]
            left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
        return left, top, right, bottom
    x, y, cos, sin = numbers[CENTER_X], numbers[CENTER_Y], abs(numbers[COS]), abs(numbers[SIN])
    across = cos * numbers[HALF_WIDTH] + sin * numbers[HALF_HEIGHT]
    down = sin * numbers[HALF_WIDTH] + cos * numbers[HALF_HEIGHT]
    return x - across, y - down, x + across, y + down


@allocating_kernel
def find_bounds(images, shapes, canvas):
    """Columns and rows that each shape of a range of images may cover.

    Returns:
        ``[images, N, 4]`` in pixels: first column, end column, first row, end row (ends exclusive).
    """
    height, width, pixel = canvas.height, canvas.width, 1 / min(canvas.height, canvas.width)
    real = shapes.numbers.dtype.type
    bounds = np.empty((images[1] - images[0], len(shapes.kinds), 4), dtype=np.int64)
    for b in range(images[0], images[1]):
        for k in range(len(shapes.kinds)):
            kind, found = shapes.kinds[k], bounds[b - images[0], k]
            left, top, right, bottom = _canvas_bounds(b, k, shapes)
            reach = reach_of(kind, shapes.numbers[b], k, canvas.profile, real(pixel))
            left, top, right, bottom = left - reach, top - reach, right + reach, bottom + reach
            if left <= right and top <= bottom:  # false for NaN too
                found[0] = int(min(max(math.floor(left / pixel - 0.5), 0), width))
                found[1] = int(min(max(math.ceil(right / pixel + 0.5), 0), width))
                found[2] = int(min(max(math.floor(top / pixel - 0.5), 0), height))
                found[3] = int(min(max(math.ceil(bottom / pixel + 0.5), 0), height))
            elif kind == REGION and shapes.size[b, k] == 0:
                found[0], found[1], found[2], found[3] = 0, 0, 0, 0
            else:
                found[0], found[1], found[2], found[3] = 0, width, 0, height
    return bounds
