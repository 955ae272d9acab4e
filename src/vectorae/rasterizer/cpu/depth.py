"""Compositing a tile by depth, and its derivative (see rasterizer.compositing.over_by_depth).

Shared arguments: ``slots`` ``[L]`` of the shapes in the tile; ``saved`` ``[L, ·, 256]``, whose first row is alpha;
``in_front`` ``[N, N]``, ``color`` ``[N, C]`` and their derivatives, of all shapes of the image. Sums and products are
float64, which does not underflow in a product of hundreds of halves.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import allocating, compiled
from vectorae.rasterizer.cpu.scratch import CHANNELS, PIXELS

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
                    visible[k, i] *= 1 - saved[j, 0, i] * before
        for i in range(PIXELS):
            total[i] += saved[k, 0, i] * visible[k, i]
            free[i] *= 1 - saved[k, 0, i]


@allocating
def composite_by_depth(slots, saved, in_front, color, background, work):
    """Write the pixels of the tile, to the rows from CHANNELS on."""
    count = len(slots)
    visible, total, free = np.empty((count, PIXELS)), np.empty(PIXELS), np.empty(PIXELS)
    find_visible(slots, saved, in_front, visible, total, free)
    for channel in range(len(background)):
        pixels = free * background[channel]
        for k in range(count):
            for p in range(PIXELS):
                scale = (1 - free[p] + TINY) / (total[p] + TINY)
                pixels[p] += scale * saved[k, 0, p] * visible[k, p] * color[slots[k], channel]
        for p in range(PIXELS):
            work[CHANNELS + channel, p] = pixels[p]


@allocating
def differentiate_by_depth(
    slots, saved, gains, in_front, color, background, work, by_in_front, by_color, by_background
):  # fmt: skip
    """Add the derivatives of Σ cotangent · pixels by all but alpha; write those by alpha to ``gains`` ``[L, 1, 256]``.

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
                weight = saved[k, 0, i] * visible[k, i]
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
            by_visible[i] = scale * wanted * saved[k, 0, i]
        _add_product(k, slots, saved, in_front, by_visible, before, by_alphas, by_in_front)
    for k in range(count):
        for i in range(PIXELS):
            gains[k, 0, i] = by_alphas[k, i]


@compiled
def _add_product(k, slots, saved, in_front, weight, before, by_alphas, by_in_front):
    """Add the derivatives of Σ weight · ∏_j (1 − α_j s_j), with s_j = in_front[j, k], or 1 for all j if k is −1."""
    count = len(slots)
    for i in range(PIXELS):
        before[0, i] = weight[i]
    for j in range(count - 1):
        s = 1.0 if k < 0 else in_front[slots[j], slots[k]]
        for i in range(PIXELS):
            before[j + 1, i] = before[j, i] * (1 - saved[j, 0, i] * s)
    after = before[count]
    for i in range(PIXELS):
        after[i] = 1
    for j in range(count - 1, -1, -1):
        s = 1.0 if k < 0 else in_front[slots[j], slots[k]]
        total = 0.0
        for i in range(PIXELS):
            others = before[j, i] * after[i]
            by_alphas[j, i] -= s * others
            total -= saved[j, 0, i] * others
            after[i] *= 1 - saved[j, 0, i] * s
        if k >= 0:
            by_in_front[slots[j], slots[k]] += total
