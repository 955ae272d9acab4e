"""Circles with sigmoid edges in a tile: alpha and its derivatives, each in a single loop; see rectangle.py for e … R.

Shared arguments: as in box.py; ``own``: the shape's alpha in the tile, ``[256]``.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.rasterizer.constants import SIGMOID
from vectorae.rasterizer.cpu.box import frame_of
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, compiled, inlined
from vectorae.rasterizer.cpu.profiles import exp_both, reciprocal, sigmoid_slab
from vectorae.rasterizer.cpu.scratch import BY_ALPHA, CANVAS_X, CANVAS_Y, is_scratch
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    HALF_HEIGHT,
    HALF_WIDTH,
    ROUNDED,
    ROUNDNESS,
    SOFTNESS,
)

FAINT = np.float32(1e-6)
"""Opacity below which coverage cannot be told from alpha."""


@inlined
def is_soft_circle(numbers, k, blend, profile):
    """Whether a box is a circle with sigmoid edges that are narrower than it."""
    is_circle = numbers[k, HALF_WIDTH] == numbers[k, HALF_HEIGHT] and numbers[k, ROUNDNESS] == ONE
    return profile == SIGMOID and blend <= ZERO and is_circle


@compiled
def cover_soft_circle(numbers, k, pixel, start, stop, work, own):
    """Write the alpha of a circle."""
    if not is_scratch(work):
        return
    center_x, center_y, inverse = numbers[k, CENTER_X], numbers[k, CENTER_Y], reciprocal(numbers[k, SOFTNESS])
    radius, far, missing = sigmoid_slab(numbers[k, HALF_WIDTH], numbers[k, SOFTNESS], pixel)
    scale = numbers[k, ROUNDED] * missing
    for p in range(start, stop):
        dx, dy = work[CANVAS_X, p] - center_x, work[CANVAS_Y, p] - center_y
        e = exp_both(radius - math.sqrt(dx * dx + dy * dy) * inverse)
        own[p] = scale * e / ((ONE + e) * (ONE + far * e))


@compiled
def differentiate_soft_circle(numbers, k, pixel, start, stop, work, own, tiny, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · alpha of a circle, given its alpha.

    As (1 − c)² − 4 c f / (1 − f) is the square of (1 − f e²) R, no exponential is needed.

    Args:
        tiny: the smallest normal number.
    """
    if not is_scratch(work):
        return
    center_x, center_y, cos, sin = frame_of(numbers, k)
    half, s, rounded = numbers[k, HALF_WIDTH], numbers[k, SOFTNESS], numbers[k, ROUNDED]
    _, far, missing = sigmoid_slab(half, s, pixel)
    of_alpha, more, least = ONE / rounded, TWO * far / missing, math.sqrt(tiny)
    covered = by_d = by_s = by_far = all_x = all_y = xx = xy = by_roundness = ZERO * rounded
    for p in range(start, stop):
        dx, dy = work[CANVAS_X, p] - center_x, work[CANVAS_Y, p] - center_y
        length = math.sqrt(dx * dx + dy * dy)
        inverse = ONE / max(length, least)
        dx *= inverse
        dy *= inverse
        c = own[p] * of_alpha
        free = ONE - c
        steepness = math.sqrt(max(free * free - TWO * more * c, ZERO))
        weight = work[BY_ALPHA, p] * c
        slope = weight * steepness
        covered += weight
        by_d += slope
        by_s += slope * (length - half)
        by_far += weight * (more + free - steepness)
        by_x, by_y = slope * dx, slope * dy
        all_x += by_x
        all_y += by_y
        xx += by_x * dx
        xy += by_x * dy
        by_roundness += slope * (abs(cos * dx + sin * dy) + abs(cos * dy - sin * dx))
    steep = rounded / s
    by_far *= HALF * steep if far > ZERO else ZERO * steep
    across, mixed = cos * cos * xx + sin * sin * (by_d - xx), TWO * cos * sin * xy
    by_numbers[k, ROUNDED] += covered
    by_numbers[k, SOFTNESS] += (steep * by_s - TWO * half * by_far) / s
    by_numbers[k, HALF_WIDTH] += steep * (across + mixed) + by_far
    by_numbers[k, HALF_HEIGHT] += steep * (by_d - across - mixed) + by_far
    by_numbers[k, ROUNDNESS] -= steep * half * (by_roundness - by_d)
    by_numbers[k, CENTER_X] += steep * all_x
    by_numbers[k, CENTER_Y] += steep * all_y
