"""What drawing strokes exactly by sub-pixels has in common, of polylines and of boxes.

Only pixels at an edge are sampled. Sixteen of them at a time take the place of a tile: each row has the sub-pixels of
one.

Shared arguments: as in path_samples.py.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import ONE, ZERO, inlined
from vectorae.rasterizer.cpu.plan import LEFT, PLACE, TOP, range_of
from vectorae.rasterizer.cpu.scratch import (
    ALPHA,
    BY_ALPHA,
    CANVAS_X,
    CANVAS_Y,
    CENTRES,
    PIXELS,
    ROW,
    SUBPIXELS,
    TILE,
    D,
)
from vectorae.rasterizer.cpu.tiles import centre_of

TO_EDGE = np.float32(0.66)
"""Distance from a pixel's centre in pixels beyond which an edge touches none of its sub-pixels: that, and half a
sub-pixel."""

FAINT = np.float32(1e-6)
"""Opacity below which nothing can be told from alpha, and the part of a pixel that rounding may hide."""

DOWN = TILE
"""Where in the rows CENTRES and SUBPIXELS the positions along y begin; those along x are first."""

IS_AT_EDGE = BY_ALPHA
"""The row in which pixels are marked, before they are sampled."""


@inlined
def write_unsampled(entry, rounded, half, start, stop, pixel, work, alpha, edge):
    """Write the alpha of an entry's pixels away from the edge, given distances in D; list those at an edge.

    Args:
        rounded: see ``ROUNDED``.
        half: half the width of the stroke.

    Returns:
        The number of pixels at an edge.
    """
    around, own = TO_EDGE * pixel, alpha[entry[PLACE]]
    for p in range(start, stop):
        beyond = abs(work[D, p]) - half
        own[p] = rounded if beyond <= -around else ZERO
        work[IS_AT_EDGE, p] = ONE if abs(beyond) < around else ZERO
    return list_marked(start, stop, work, edge)


@inlined
def list_marked(start, stop, work, edge):
    """List the pixels of a range that are marked in IS_AT_EDGE; returns their number.

    By squares of 4×4, so that few segments are near those that are sampled together.
    """
    for p in range(np.uintp(0), start):
        work[IS_AT_EDGE, p] = ZERO
    for p in range(stop, np.uintp(PIXELS)):
        work[IS_AT_EDGE, p] = ZERO
    count = 0
    for square in range(PIXELS // TILE):
        first, marked = square // 4 * 4 * TILE + square % 4 * 4, ZERO * work[IS_AT_EDGE, 0]
        for i in range(TILE):
            marked += work[IS_AT_EDGE, first + i // 4 * TILE + i % 4]
        if marked == ZERO:
            continue
        for i in range(TILE):
            p = first + i // 4 * TILE + i % 4
            # Without a branch, which the processor could not foresee.
            edge[count] = p
            count += work[IS_AT_EDGE, p] > ZERO
    return count


@inlined
def list_partly_covered(entry, rounded, alpha, by_alpha, work, edge):
    """List the pixels that are covered partly, which alone move with the edge.

    Returns:
        Their number, and Σ by_alpha of those that are covered wholly: the derivative by ``ROUNDED``.
    """
    place, (start, stop), total = entry[PLACE], range_of(entry), ZERO * rounded
    # What is covered cannot be told from the alpha of a shape that is as good as transparent.
    is_unknown, most = rounded <= FAINT, (ONE - FAINT) * rounded
    for p in range(start, stop):
        is_partly = is_unknown | ((alpha[place, p] > ZERO) & (alpha[place, p] < most))
        work[IS_AT_EDGE, p] = ONE if is_partly else ZERO
        total += ZERO if is_partly | (alpha[place, p] == ZERO) else by_alpha[place, p]
    return list_marked(start, stop, work, edge), total


@inlined
def place_subpixels(fine, pixel, work):
    """Write where the centres of a pixel's sub-pixels lie from its own."""
    for sample in range(TILE):
        work[SUBPIXELS, sample] = work.dtype.type((sample % fine + 0.5) / fine - 0.5) * pixel
        work[SUBPIXELS, DOWN + sample] = work.dtype.type((sample // fine + 0.5) / fine - 0.5) * pixel


@inlined
def locate_samples(entry, edge, first, count, pixel, work):
    """Write the centres of up to 16 pixels, and the positions of their sub-pixels: a row of the tile for each pixel.

    Returns:
        The end of the range of samples.
    """
    for i in range(TILE):
        p = edge[min(first + i, count - 1)]
        x, y = centre_of(entry[LEFT] + p % TILE, pixel), centre_of(entry[TOP] + p // TILE, pixel)
        work[CENTRES, i], work[CENTRES, DOWN + i] = x, y
        for sample in range(TILE):
            work[CANVAS_X, i * TILE + sample] = x + work[SUBPIXELS, sample]
            work[CANVAS_Y, i * TILE + sample] = y + work[SUBPIXELS, DOWN + sample]
    return np.uintp(min(TILE, count - first) * TILE)


@inlined
def write_sampled(entry, edge, first, stop, share, work, alpha):
    """Write the alpha of pixels, given that of their samples."""
    place = entry[PLACE]
    for row in range(np.uintp(0), stop, ROW):
        total = ZERO * share
        for sample in range(row, row + ROW):
            total += work[ALPHA, sample]
        alpha[place, edge[np.uintp(first) + row // ROW]] = total * share


@inlined
def read_by_samples(entry, edge, first, stop, by_alpha, work):
    """Write the derivative by the alpha of each pixel to those of its samples."""
    place = entry[PLACE]
    for row in range(np.uintp(0), stop, ROW):
        weight = by_alpha[place, edge[np.uintp(first) + row // ROW]]
        for sample in range(row, row + ROW):
            work[BY_ALPHA, sample] = weight
