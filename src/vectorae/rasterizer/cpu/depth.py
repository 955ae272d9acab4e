"""A tile composited by depth, and its derivative (see rasterizer.compositing.over_by_depth).

Arguments that all share: ``slots`` ``[L]`` of the shapes that the tile has, and of each its alpha, the first of
``kept`` ``[L, ·, 256]``; ``in_front`` ``[N, N]``, ``color`` ``[N, C]`` and their derivatives
are of all shapes. In float64, which has room for the product of hundreds of halves.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import numpy as np

from vectorae.rasterizer.cpu.compiled import allocating, compiled
from vectorae.rasterizer.cpu.scratch import CHANNELS, PIXELS

NOTHING = 1e-200
"""Far below what is seen of hundreds of shapes that hide each other by halves."""


@compiled
def see(slots, kept, in_front, seen, total, free):
    """How much of each shape is seen, t_k; the sum of α_k t_k; and what no shape covers."""
    for i in range(PIXELS):
        total[i], free[i] = 0, 1
    for k in range(len(slots)):
        for i in range(PIXELS):
            seen[k, i] = 1
        for j in range(len(slots)):
            before = in_front[slots[j], slots[k]]
            if before > 0:
                for i in range(PIXELS):
                    seen[k, i] *= 1 - kept[j, 0, i] * before
        for i in range(PIXELS):
            total[i] += kept[k, 0, i] * seen[k, i]
            free[i] *= 1 - kept[k, 0, i]


@allocating
def composite_by_depth(slots, kept, in_front, color, background, work):
    """Write the pixels of the tile."""
    count = len(slots)
    seen, total, free = np.empty((count, PIXELS)), np.empty(PIXELS), np.empty(PIXELS)
    see(slots, kept, in_front, seen, total, free)
    for channel in range(len(background)):
        pixels = free * background[channel]
        for k in range(count):
            for p in range(PIXELS):
                scale = (1 - free[p] + NOTHING) / (total[p] + NOTHING)
                pixels[p] += scale * kept[k, 0, p] * seen[k, p] * color[slots[k], channel]
        for p in range(PIXELS):
            work[CHANNELS + channel, p] = pixels[p]


@allocating
def differentiate_by_depth(
    slots, kept, gains, in_front, color, background, work, by_in_front, by_color, by_background
):  # fmt: skip
    """Add the derivatives of Σ given · pixels by all but alpha, and write those by alpha to ``gains`` ``[L, 1, 256]``.

    With Q = Σ α_k t_k g·c_k, the image's share of a shape is ρ α_k t_k, ρ = (1 − free) / Σ α_k t_k; the products over
    shapes are differentiated by what stands before and after each factor, so that opaque shapes are no exception.
    """
    count, channels = len(slots), color.shape[1]
    gradient = work[CHANNELS + channels : CHANNELS + 2 * channels]
    seen, total, free = np.empty((count, PIXELS)), np.empty(PIXELS), np.empty(PIXELS)
    mean, before, by_seen = np.zeros(PIXELS), np.empty((count + 1, PIXELS)), np.empty(PIXELS)
    by_alphas = np.zeros((count, PIXELS))
    see(slots, kept, in_front, seen, total, free)
    for channel in range(channels):
        share = 0.0
        for i in range(PIXELS):
            share += gradient[channel, i] * free[i]
        by_background[channel] += share
        for k in range(count):
            share = 0.0
            for i in range(PIXELS):
                scale = (1 - free[i] + NOTHING) / (total[i] + NOTHING)
                weight = kept[k, 0, i] * seen[k, i]
                share += gradient[channel, i] * scale * weight
                mean[i] += gradient[channel, i] * weight * color[slots[k], channel]
            by_color[slots[k], channel] += share
    for i in range(PIXELS):
        mean[i] /= total[i] + NOTHING
    # What no shape covers: ∏ (1 − α).
    by_free = by_seen
    for i in range(PIXELS):
        by_free[i] = -mean[i]
    for channel in range(channels):
        for i in range(PIXELS):
            by_free[i] += gradient[channel, i] * background[channel]
    _add_product(-1, slots, kept, in_front, by_free, before, by_alphas, by_in_front)
    for k in range(count):
        for i in range(PIXELS):
            scale = (1 - free[i] + NOTHING) / (total[i] + NOTHING)
            wanted = -mean[i]
            for channel in range(channels):
                wanted += gradient[channel, i] * color[slots[k], channel]
            by_alphas[k, i] += scale * wanted * seen[k, i]
            by_seen[i] = scale * wanted * kept[k, 0, i]
        _add_product(k, slots, kept, in_front, by_seen, before, by_alphas, by_in_front)
    for k in range(count):
        for i in range(PIXELS):
            gains[k, 0, i] = by_alphas[k, i]


@compiled
def _add_product(k, slots, kept, in_front, weight, before, by_alphas, by_in_front):
    """Add the derivatives of Σ weight · ∏_j (1 − α_j s_j), s_j how far j is in front of k (1 for all where k is −1)."""
    count = len(slots)
    for i in range(PIXELS):
        before[0, i] = weight[i]
    for j in range(count - 1):
        s = 1.0 if k < 0 else in_front[slots[j], slots[k]]
        for i in range(PIXELS):
            before[j + 1, i] = before[j, i] * (1 - kept[j, 0, i] * s)
    after = before[count]
    for i in range(PIXELS):
        after[i] = 1
    for j in range(count - 1, -1, -1):
        s = 1.0 if k < 0 else in_front[slots[j], slots[k]]
        total = 0.0
        for i in range(PIXELS):
            others = before[j, i] * after[i]
            by_alphas[j, i] -= s * others
            total -= kept[j, 0, i] * others
            after[i] *= 1 - kept[j, 0, i] * s
        if k >= 0:
            by_in_front[slots[j], slots[k]] += total
