"""The kernels that composite tiles by depth, and differentiate that (see rasterizer.compositing.over_by_depth).

Shared arguments: as in compositing.py; ``slots`` ``[L]`` of the shapes in a tile; ``saved`` ``[L, 256]``, alpha;
``in_front`` ``[N, N]``, ``color`` ``[N, C]`` and their derivatives, of all shapes of the image. Sums and products are
float64, which does not underflow in a product of hundreds of halves.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import allocating, allocating_kernel, compiled
from vectorae.rasterizer.cpu.plan import PLACE, SLOT, START, STOP, at_place
from vectorae.rasterizer.cpu.scratch import CHANNELS, PIXELS
from vectorae.rasterizer.cpu.tiles import locate_tile, read_tile, write_tile

TINY = 1e-200
"""Far below the visible part of hundreds of shapes that hide each other by halves; avoids 0 / 0."""


@compiled
def find_visible(slots, saved, in_front, visible, total, free):
    """Write the visible part t_k of each shape, the sum of α_k t_k, and the part that no shape covers, ∏ (1 − α_k)."""
    for i in range(PIXELS):
        total[i], free[i] = 0, 1
    for k in range(len(slots)):
        for i in range(PIXELS):
            visible[k, i] = 1
        for j in range(len(slots)):
            before = in_front[slots[j], slots[k]]
            if before > 0:
                for i in range(PIXELS):
                    visible[k, i] *= 1 - saved[j, i] * before
        for i in range(PIXELS):
            total[i] += saved[k, i] * visible[k, i]
            free[i] *= 1 - saved[k, i]


@allocating_kernel
def composite_by_depth(begin, entries, shapes, canvas, images, band, tiles, alpha, image):
    """Draw the tiles to ``image`` ``[B, C, H, W]``; fill ``alpha`` where entries have no ink."""
    work = np.zeros((CHANNELS + image.shape[1], PIXELS), dtype=alpha.dtype)
    for e in range(begin[tiles[0]], begin[tiles[1]]):
        own = alpha[at_place(entries[e, PLACE])]
        for p in range(PIXELS):
            if p < entries[e, START] or p >= entries[e, STOP]:
                own[p] = 0
    for tile in range(tiles[0], tiles[1]):
        b, left, top = locate_tile(tile, images, band, canvas)
        first, end = begin[tile], begin[tile + 1]
        slots, saved = entries[first:end, SLOT], _rows_of(alpha, first - begin[tiles[0]], end - begin[tiles[0]])
        _composite_tile(slots, saved, shapes.in_front[b], shapes.color[b], shapes.background[b], work)
        write_tile(image, b, left, top, work, CHANNELS)


@allocating_kernel
def differentiate_compositing_by_depth(
    begin, entries, shapes, canvas, images, band, tiles, alpha, gradient, by_alpha, by
):
    """Write the derivatives of Σ gradient · image by alpha, and add all others."""
    channels = gradient.shape[1]
    work = np.zeros((CHANNELS + 2 * channels, PIXELS), dtype=alpha.dtype)
    for tile in range(tiles[0], tiles[1]):
        b, left, top = locate_tile(tile, images, band, canvas)
        read_tile(gradient, b, left, top, work, CHANNELS + channels)
        first, end = begin[tile] - begin[tiles[0]], begin[tile + 1] - begin[tiles[0]]
        _differentiate_tile(
            entries[begin[tile] : begin[tile + 1], SLOT], _rows_of(alpha, first, end), _rows_of(by_alpha, first, end),
            shapes.in_front[b], shapes.color[b], shapes.background[b], work, by.in_front[b], by.color[b],
            by.background[b],
        )  # fmt: skip


@allocating
def _rows_of(alpha, first, end):
    """Alpha of a range of a chunk's entries, each of which has a place for all pixels: ``[entries, 256]``."""
    return alpha[PIXELS * (1 + first) : PIXELS * (1 + end)].reshape((end - first, PIXELS))


@allocating
def _composite_tile(slots, saved, in_front, color, background, work):
    """Write the pixels of the tile, to the rows from CHANNELS on."""
    count = len(slots)
    visible, total, free = np.empty((count, PIXELS)), np.empty(PIXELS), np.empty(PIXELS)
    find_visible(slots, saved, in_front, visible, total, free)
    for channel in range(len(background)):
        pixels = free * background[channel]
        for k in range(count):
            for p in range(PIXELS):
                scale = (1 - free[p] + TINY) / (total[p] + TINY)
                pixels[p] += scale * saved[k, p] * visible[k, p] * color[slots[k], channel]
        for p in range(PIXELS):
            work[CHANNELS + channel, p] = pixels[p]


@allocating
def _differentiate_tile(
    slots, saved, by_alpha, in_front, color, background, work, by_in_front, by_color, by_background
):  # fmt: skip
    """Add the derivatives of Σ cotangent · pixels by all but alpha; write those by alpha.

    A shape's weight in the image is ρ α_k t_k with ρ = (1 − free) / Σ α_k t_k. Products over shapes are differentiated
    with prefix and suffix products instead of a division, so that opaque shapes need no special case.
    """
    count, channels = len(slots), color.shape[1]
    gradient = work[CHANNELS + channels : CHANNELS + 2 * channels]
    visible, total, free = np.empty((count, PIXELS)), np.empty(PIXELS), np.empty(PIXELS)
    mean, before, by_visible = np.zeros(PIXELS), np.empty((count + 1, PIXELS)), np.empty(PIXELS)
    by_alphas = np.zeros((count, PIXELS))
    find_visible(slots, saved, in_front, visible, total, free)
    for channel in range(channels):
        share = 0.0
        for i in range(PIXELS):
            share += gradient[channel, i] * free[i]
        by_background[channel] += share
        for k in range(count):
            share = 0.0
            for i in range(PIXELS):
                scale = (1 - free[i] + TINY) / (total[i] + TINY)
                weight = saved[k, i] * visible[k, i]
                share += gradient[channel, i] * scale * weight
                mean[i] += gradient[channel, i] * weight * color[slots[k], channel]
            by_color[slots[k], channel] += share
    for i in range(PIXELS):
        mean[i] /= total[i] + TINY
    # The part that no shape covers, ∏ (1 − α_k).
    by_free = by_visible
    for i in range(PIXELS):
        by_free[i] = -mean[i]
    for channel in range(channels):
        for i in range(PIXELS):
            by_free[i] += gradient[channel, i] * background[channel]
    _add_product(-1, slots, saved, in_front, by_free, before, by_alphas, by_in_front)
    for k in range(count):
        for i in range(PIXELS):
            scale = (1 - free[i] + TINY) / (total[i] + TINY)
            wanted = -mean[i]
            for channel in range(channels):
                wanted += gradient[channel, i] * color[slots[k], channel]
            by_alphas[k, i] += scale * wanted * visible[k, i]
            by_visible[i] = scale * wanted * saved[k, i]
        _add_product(k, slots, saved, in_front, by_visible, before, by_alphas, by_in_front)
    for k in range(count):
        for i in range(PIXELS):
            by_alpha[k, i] = by_alphas[k, i]


@compiled
def _add_product(k, slots, saved, in_front, weight, before, by_alphas, by_in_front):
    """Add the derivatives of Σ weight · ∏_j (1 − α_j s_j), with s_j = in_front[j, k], or 1 for all j if k is −1."""
    count = len(slots)
    for i in range(PIXELS):
        before[0, i] = weight[i]
    for j in range(count - 1):
        s = 1.0 if k < 0 else in_front[slots[j], slots[k]]
        for i in range(PIXELS):
            before[j + 1, i] = before[j, i] * (1 - saved[j, i] * s)
    after = before[count]
    for i in range(PIXELS):
        after[i] = 1
    for j in range(count - 1, -1, -1):
        s = 1.0 if k < 0 else in_front[slots[j], slots[k]]
        total = 0.0
        for i in range(PIXELS):
            others = before[j, i] * after[i]
            by_alphas[j, i] -= s * others
            total -= saved[j, i] * others
            after[i] *= 1 - saved[j, i] * s
        if k >= 0:
            by_in_front[slots[j], slots[k]] += total
