"""The kernels for discs that are drawn exactly: the covered area of each pixel (see geometry.disc_area).

A pixel has four parts, in the quarters of the plane around the centre, of which most pixels have but one. Along each
axis the larger part is the *near* one of the two here, the other one the *far* one: only pixels on the lines through
the centre have it.

Shared arguments: ``entries`` of the plan; ``shapes``, ``canvas`` (see arguments.py); ``alpha`` of the chunk's entries
(see ``at_place``); ``work``, see scratch.py, of which the positions are columns and rows of a tile here.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

import numpy as np

from vectorae.geometry.disc_area import ARC, CAP, LEAST
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, compiled, inlined, kernel
from vectorae.rasterizer.cpu.plan import IMAGE, LEFT, PLACE, SLOT, TOP, at_place, range_of
from vectorae.rasterizer.cpu.scratch import (
    ALPHA,
    BY_ALPHA,
    CANVAS_X,
    CANVAS_Y,
    PAIR,
    PIXELS,
    TILE_HEIGHT,
    TILE_WIDTH,
    is_scratch,
)
from vectorae.rasterizer.packing import CENTER_X, CENTER_Y, DISC, HALF_WIDTH, ROUNDED

FAINT = 1e-6
"""Opacity below which what is covered cannot be told from alpha."""


@kernel
def cover_discs(entries, shapes, canvas, alpha, work):
    """Write the alpha of discs."""
    if not is_scratch(work):
        return
    _locate_pixels(work)
    for e in range(len(entries)):
        b, k, place = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE]
        if shapes.kinds[k] != DISC or place < 0:
            continue
        start, stop = range_of(entries[e])
        numbers, own = shapes.numbers[b], alpha[at_place(place)]
        _cover(numbers, k, entries[e], canvas, start, stop, work)
        weight = numbers[k, ROUNDED]
        for p in range(start, stop):
            own[p] = weight * min(max(work[ALPHA, p], ZERO), ONE)


@kernel
def differentiate_discs(entries, shapes, canvas, alpha, by_alpha, by_numbers, work):
    """Add the derivatives by the weights, centres and radii of discs."""
    if not is_scratch(work):
        return
    _locate_pixels(work)
    for e in range(len(entries)):
        b, k, place = entries[e, IMAGE], entries[e, SLOT], entries[e, PLACE]
        if shapes.kinds[k] != DISC or place < 0:
            continue
        start, stop = range_of(entries[e])
        numbers, own, by_own = shapes.numbers[b], alpha[at_place(place)], by_alpha[at_place(place)]
        weight = numbers[k, ROUNDED]
        total = ZERO * weight
        if weight > FAINT:
            for p in range(start, stop):
                total += by_own[p] * own[p]
            total /= weight
        else:
            _cover(numbers, k, entries[e], canvas, start, stop, work)
            for p in range(start, stop):
                total += by_own[p] * min(max(work[ALPHA, p], ZERO), ONE)
        by_numbers[b, k, ROUNDED] += total
        for p in range(start, stop):
            work[BY_ALPHA, p] = by_own[p] * weight
        _differentiate(numbers, k, entries[e], canvas, start, stop, work, by_numbers[b])


@inlined
def _locate_pixels(work):
    """Write the column and the row of each pixel in a tile."""
    for p in range(PIXELS):
        work[CANVAS_X, p], work[CANVAS_Y, p] = np.float32(p % TILE_WIDTH), np.float32(p // TILE_WIDTH)


@inlined
def _placed(numbers, k, entry, canvas):
    """Of a disc, in pixels: from its centre to the tile's first column and row, and its radius."""
    side, real = float(min(canvas.height, canvas.width)), numbers.dtype.type
    x, y = entry[LEFT] - numbers[k, CENTER_X] * side, entry[TOP] - numbers[k, CENTER_Y] * side
    return real(x), real(y), real(max(numbers[k, HALF_WIDTH] * side, LEAST))


@inlined
def _rows_at(y, start, stop):
    """The range of pixels, whole pairs of rows, in which the centre's row lies; y as of ``_placed``."""
    row = -math.floor(y) - 1
    if row < 0 or row >= TILE_HEIGHT:
        return start, start
    pair = np.uintp(row // 2) * PAIR
    return (pair, pair + PAIR) if pair >= start and pair < stop else (start, start)


@compiled
def _cover(numbers, k, entry, canvas, start, stop, work):
    """Write what a disc covers of each pixel of a range to ALPHA."""
    if not is_scratch(work):
        return
    x, y, radius = _placed(numbers, k, entry, canvas)
    first, end = _rows_at(y, start, stop)
    across = x < ZERO and x + TILE_WIDTH > ZERO
    for p in range(start, stop):
        work[ALPHA, p] = _area(_near(work[CANVAS_X, p] + x), _near(work[CANVAS_Y, p] + y), radius)
    for p in range(first, end):
        work[ALPHA, p] += _area(_near(work[CANVAS_X, p] + x), _far(work[CANVAS_Y, p] + y), radius)
    if across:
        for p in range(start, stop):
            work[ALPHA, p] += _area(_far(work[CANVAS_X, p] + x), _near(work[CANVAS_Y, p] + y), radius)
        for p in range(first, end):
            work[ALPHA, p] += _area(_far(work[CANVAS_X, p] + x), _far(work[CANVAS_Y, p] + y), radius)


@compiled
def _differentiate(numbers, k, entry, canvas, start, stop, work, by_numbers):
    """Add the derivatives of Σ BY_ALPHA · what is covered by a disc's centre and radius."""
    if not is_scratch(work):
        return
    x, y, radius = _placed(numbers, k, entry, canvas)
    first, end = _rows_at(y, start, stop)
    across = x < ZERO and x + TILE_WIDTH > ZERO
    by_x = by_y = by_radius = ZERO * radius
    for p in range(start, stop):
        at_x, at_y, weight = work[CANVAS_X, p] + x, work[CANVAS_Y, p] + y, work[BY_ALPHA, p]
        run, fall, arc = _arc(_near(at_x), _near(at_y), radius)
        by_x += weight * fall * _sign(at_x)
        by_y += weight * run * _sign(at_y)
        by_radius += weight * arc
    for p in range(first, end):
        at_x, at_y, weight = work[CANVAS_X, p] + x, work[CANVAS_Y, p] + y, work[BY_ALPHA, p]
        run, fall, arc = _arc(_near(at_x), _far(at_y), radius)
        by_x += weight * fall * _sign(at_x)
        by_y -= weight * run * _sign(at_y)
        by_radius += weight * arc
    if across:
        for p in range(start, stop):
            at_x, at_y, weight = work[CANVAS_X, p] + x, work[CANVAS_Y, p] + y, work[BY_ALPHA, p]
            run, fall, arc = _arc(_far(at_x), _near(at_y), radius)
            by_x -= weight * fall * _sign(at_x)
            by_y += weight * run * _sign(at_y)
            by_radius += weight * arc
        for p in range(first, end):
            at_x, at_y, weight = work[CANVAS_X, p] + x, work[CANVAS_Y, p] + y, work[BY_ALPHA, p]
            run, fall, arc = _arc(_far(at_x), _far(at_y), radius)
            by_x -= weight * fall * _sign(at_x)
            by_y -= weight * run * _sign(at_y)
            by_radius += weight * arc
    side = numbers.dtype.type(min(canvas.height, canvas.width))
    by_numbers[k, CENTER_X] += side * by_x
    by_numbers[k, CENTER_Y] += side * by_y
    by_numbers[k, HALF_WIDTH] += side * by_radius


@inlined
def _near(at):
    """Where a pixel that begins at a place, given from the centre, has its near part: begin and end, ≥ 0."""
    return max(max(at, -at - ONE), ZERO), max(at + ONE, -at)


@inlined
def _far(at):
    """As ``_near``, the far part, which begins at the centre."""
    return ZERO * at, max(min(at + ONE, -at), ZERO)


@inlined
def _sign(at):
    """On which side of the centre the near part lies."""
    return ONE if at > -HALF else -ONE


@inlined
def _reach(radius, distance):
    """Half the chord of a circle at a distance from its centre; 0 beyond."""
    return math.sqrt(max((radius - distance) * (radius + distance), ZERO))


@inlined
def _passed(across, down, radius):
    """Where the circle enters and leaves a part: from_x, from_y, to_x, to_y."""
    (left, right), (top, bottom) = across, down
    return (
        min(max(_reach(radius, bottom), left), right),
        min(max(_reach(radius, left), top), bottom),
        min(max(_reach(radius, top), left), right),
        min(max(_reach(radius, right), top), bottom),
    )


@inlined
def _area(across, down, radius):
    """What a disc covers of a part of a pixel, given where that begins and ends."""
    (left, _), (top, bottom) = across, down
    from_x, from_y, to_x, to_y = _passed(across, down, radius)
    run, fall = to_x - from_x, from_y - to_y
    chord, w = _chord(run, fall, radius)
    cap = HALF * w * chord * radius * _evaluated(CAP, w)
    return (from_x - left) * (bottom - top) + run * (HALF * (from_y + to_y) - top) + cap


@inlined
def _arc(across, down, radius):
    """Of the arc in a part of a pixel: the ways across and down, and its length."""
    from_x, from_y, to_x, to_y = _passed(across, down, radius)
    run, fall = to_x - from_x, from_y - to_y
    chord, w = _chord(run, fall, radius)
    return run, fall, chord * _evaluated(ARC, w)


@inlined
def _chord(run, fall, radius):
    """The length of a chord, and the square of half of it in radii."""
    square = run * run + fall * fall
    return math.sqrt(square), square / (TWO * TWO * radius * radius)


@inlined
def _evaluated(polynomial, at):
    """A polynomial of degree 8, the highest power first."""
    real = type(at)
    value = real(polynomial[0])
    value = value * at + real(polynomial[1])
    value = value * at + real(polynomial[2])
    value = value * at + real(polynomial[3])
    value = value * at + real(polynomial[4])
    value = value * at + real(polynomial[5])
    value = value * at + real(polynomial[6])
    value = value * at + real(polynomial[7])
    return value * at + real(polynomial[8])
