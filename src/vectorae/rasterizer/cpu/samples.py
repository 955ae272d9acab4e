"""What drawing strokes exactly by sub-pixels has in common, of polylines and of boxes.

Only pixels at an edge are sampled. Sixteen of them at a time take the place of a tile: each row has the sub-pixels of
one.

Shared arguments: as in path_samples.py.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import ONE, ZERO, inlined
from vectorae.rasterizer.cpu.plan import LEFT, TOP, range_of
from vectorae.rasterizer.cpu.scratch import (
    ALPHA,
    BY_ALPHA,
    CANVAS_X,
    CANVAS_Y,
    CENTRES,
    PAIR,
    SAMPLES,
    SUBPIXELS,
    TILE_WIDTH,
    D,
)
from vectorae.rasterizer.cpu.tiles import centre_of
from vectorae.rasterizer.cpu.vectors import shift_samples

TO_EDGE = np.float32(0.66)
"""Distance from a pixel's centre in pixels beyond which an edge touches none of its sub-pixels: that, and half a
sub-pixel."""

FAINT = np.float32(1e-6)
"""Opacity below which nothing can be told from alpha, and the part of a pixel that rounding may hide."""

DOWN = SAMPLES
"""Where in the rows CENTRES and SUBPIXELS the positions along y begin; those along x are first."""

ROW = np.uintp(SAMPLES)
"""Step from the samples of a pixel to those of the next one."""

IS_AT_EDGE = BY_ALPHA
"""The row in which pixels are marked, before they are sampled."""


@inlined
def write_unsampled(rounded, half, start, stop, pixel, work, own, edge):
    """Write the alpha of an entry's pixels away from the edge, given distances in D; list those at an edge.

    Args:
        rounded: see ``ROUNDED``.
        half: half the width of the stroke.
        own: the entry's alpha, ``[256]``.

    Returns:
        The number of pixels at an edge.
    """
    around = TO_EDGE * pixel
    for p in range(start, stop):
        beyond = abs(work[D, p]) - half
        own[p] = rounded if beyond <= -around else ZERO
        work[IS_AT_EDGE, p] = ONE if abs(beyond) < around else ZERO
    return list_marked(start, stop, work, edge)


@inlined
def list_marked(start, stop, work, edge):
    """List the pixels of a range that are marked in IS_AT_EDGE; returns their number.

    As a tile is narrow, few segments are near those that are sampled together.
    """
    count = 0
    for pair in range(start, stop, PAIR):
        marked = ZERO * work[IS_AT_EDGE, 0]
        for p in range(pair, pair + PAIR):
            marked += work[IS_AT_EDGE, p]
        if marked == ZERO:
            continue
        for p in range(pair, pair + PAIR):
            # Without a branch, which the processor could not foresee.
            edge[count] = p
            count += work[IS_AT_EDGE, p] > ZERO
    return count


@inlined
def list_partly_covered(entry, rounded, own, by_own, work, edge):
    """List the pixels that are covered partly, which alone move with the edge.

    Returns:
        Their number, and Σ by_own of those that are covered wholly: the derivative by ``ROUNDED``.
    """
    (start, stop), total = range_of(entry), ZERO * rounded
    # What is covered cannot be told from the alpha of a shape that is as good as transparent.
    is_unknown, most = rounded <= FAINT, (ONE - FAINT) * rounded
    for p in range(start, stop):
        is_partly = is_unknown | ((own[p] > ZERO) & (own[p] < most))
        work[IS_AT_EDGE, p] = ONE if is_partly else ZERO
        total += ZERO if is_partly | (own[p] == ZERO) else by_own[p]
    return list_marked(start, stop, work, edge), total


@inlined
def place_subpixels(fine, pixel, work):
    """Write where the centres of a pixel's sub-pixels lie from its own."""
    for sample in range(SAMPLES):
        work[SUBPIXELS, sample] = work.dtype.type((sample % fine + 0.5) / fine - 0.5) * pixel
        work[SUBPIXELS, DOWN + sample] = work.dtype.type((sample // fine + 0.5) / fine - 0.5) * pixel


@inlined
def locate_samples(entry, edge, first, count, pixel, work):
    """Write the centres of up to 16 pixels, and the positions of their sub-pixels: a row of the tile for each pixel.

    Returns:
        The end of the range of samples.
    """
    for i in range(SAMPLES):
        p = edge[min(first + i, count - 1)]
        x, y = centre_of(entry[LEFT] + p % TILE_WIDTH, pixel), centre_of(entry[TOP] + p // TILE_WIDTH, pixel)
        work[CENTRES, i], work[CENTRES, DOWN + i] = x, y
        row = np.uintp(i) * ROW
        shift_samples(work, (np.uintp(SUBPIXELS), np.uintp(0)), x, work, (np.uintp(CANVAS_X), row))
        shift_samples(work, (np.uintp(SUBPIXELS), np.uintp(DOWN)), y, work, (np.uintp(CANVAS_Y), row))
    return np.uintp(min(SAMPLES, count - first) * SAMPLES)


@inlined
def write_sampled(edge, first, stop, share, work, own):
    """Write the alpha of pixels, given that of their samples."""
    for row in range(np.uintp(0), stop, ROW):
        total = ZERO * share
        for sample in range(row, row + ROW):
            total += work[ALPHA, sample]
        own[edge[np.uintp(first) + row // ROW]] = total * share


@inlined
def read_by_samples(edge, first, stop, by_own, work):
    """Write the derivative by the alpha of each pixel to those of its samples."""
    for row in range(np.uintp(0), stop, ROW):
        weight = by_own[edge[np.uintp(first) + row // ROW]]
        for sample in range(row, row + ROW):
            work[BY_ALPHA, sample] = weight
