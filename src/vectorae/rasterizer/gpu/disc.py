"""Discs that are drawn exactly: what they cover of each pixel, and its derivatives (see geometry.disc_area)."""

# Compiled by Triton, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import triton
import triton.language as tl

from vectorae.rasterizer.gpu.constants import (
    A0,
    A1,
    A2,
    A3,
    A4,
    A5,
    A6,
    A7,
    A8,
    C0,
    C1,
    C2,
    C3,
    C4,
    C5,
    C6,
    C7,
    C8,
    CENTER_X,
    CENTER_Y,
    HALF_WIDTH,
    NUMBERS,
    ROUNDED,
    SMALLEST_RADIUS,
)
from vectorae.rasterizer.gpu.tiles import put


@triton.jit
def disc(x, y, numbers, pixel, FINE: tl.constexpr):
    """What a disc covers of each pixel, and the derivatives by its centre and radius.

    Args:
        x, y: the centres of sub-pixels on the canvas, ``[FINE², PIXELS]``.
        numbers: pointer to the numbers of the disc (see packing.py).
        pixel: size of a pixel in canvas units.

    Returns:
        covered, by_center_x, by_center_y, by_radius; ``[1, PIXELS]`` each.
    """
    x, y = tl.sum(x, 0)[None, :] / (FINE * FINE), tl.sum(y, 0)[None, :] / (FINE * FINE)
    left, top = (x - tl.load(numbers + CENTER_X)) / pixel - 0.5, (y - tl.load(numbers + CENTER_Y)) / pixel - 0.5
    radius = tl.maximum(tl.load(numbers + HALF_WIDTH) / pixel, SMALLEST_RADIUS)
    covered, by_x, by_y, by_radius = x * 0, x * 0, x * 0, x * 0
    for quarter in tl.static_range(4):
        begin_x, end_x = _part(left, quarter % 2 == 0)
        begin_y, end_y = _part(top, quarter // 2 == 0)
        from_x = tl.minimum(tl.maximum(_reach(radius, end_y), begin_x), end_x)
        to_x = tl.minimum(tl.maximum(_reach(radius, begin_y), begin_x), end_x)
        from_y = tl.minimum(tl.maximum(_reach(radius, begin_x), begin_y), end_y)
        to_y = tl.minimum(tl.maximum(_reach(radius, end_x), begin_y), end_y)
        run, fall = to_x - from_x, from_y - to_y
        square = run * run + fall * fall
        chord, w = tl.sqrt(square), square / (4 * radius * radius)
        cap = C0 + w * 0
        cap = (((cap * w + C1) * w + C2) * w + C3) * w + C4
        cap = (((cap * w + C5) * w + C6) * w + C7) * w + C8
        arc = A0 + w * 0
        arc = (((arc * w + A1) * w + A2) * w + A3) * w + A4
        arc = (((arc * w + A5) * w + A6) * w + A7) * w + A8
        covered += (from_x - begin_x) * (end_y - begin_y) + run * (0.5 * (from_y + to_y) - begin_y)
        covered += 0.5 * w * chord * radius * cap
        by_x += fall if quarter % 2 == 0 else -fall
        by_y += run if quarter // 2 == 0 else -run
        by_radius += chord * arc
    return tl.minimum(tl.maximum(covered, 0), 1), by_x / pixel, by_y / pixel, by_radius / pixel


@triton.jit
def differentiate_disc(by_alpha, x, y, numbers, into, fits, pixel, FINE: tl.constexpr):
    """The alpha of a disc, ``[1, PIXELS]``; writes the derivatives of Σ by_alpha · alpha by its numbers.

    ``into`` points to its row or, unless it ``fits``, to its sums (see tiles.py); other arguments as for ``disc``.
    """
    covered, by_x, by_y, by_radius = disc(x, y, numbers, pixel, FINE)
    rounded = tl.load(numbers + ROUNDED)
    weight = rounded * by_alpha
    for number in tl.static_range(NUMBERS):
        if number != CENTER_X and number != CENTER_Y and number != HALF_WIDTH and number != ROUNDED:
            put(into + number, rounded * 0, fits)
    put(into + CENTER_X, tl.sum(weight * by_x), fits)
    put(into + CENTER_Y, tl.sum(weight * by_y), fits)
    put(into + HALF_WIDTH, tl.sum(weight * by_radius), fits)
    put(into + ROUNDED, tl.sum(by_alpha * covered), fits)
    return rounded * covered


@triton.jit
def _part(at, BEYOND: tl.constexpr):
    """Where pixels that begin at a place, given from the centre, have their part on one side of it: begin and end."""
    if BEYOND:
        begin, end = tl.maximum(at, 0), tl.maximum(at + 1, 0)
    else:
        begin, end = tl.maximum(-at - 1, 0), tl.maximum(-at, 0)
    return begin, end


@triton.jit
def _reach(radius, distance):
    """Half the chord of a circle at a distance from its centre; 0 beyond."""
    return tl.sqrt(tl.maximum((radius - distance) * (radius + distance), 0))
