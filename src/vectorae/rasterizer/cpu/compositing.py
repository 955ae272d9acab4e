"""Compositing one shape's alpha with a tile's pixels, and its derivative.

The rows from CHANNELS on hold the pixels of each channel; then the derivatives by them, of each channel; then the
transmittance of the shapes above, per channel for soft or and a single row for over. ``number`` is the shape's index in
the tile: in ``saved`` ``[L, ·, 256]``, whose first row is alpha, and ``gains`` ``[L, 1 or C, 256]``.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from vectorae.rasterizer.cpu.compiled import ONE, ZERO, inlined
from vectorae.rasterizer.cpu.scratch import ALPHA, BY_ALPHA, CHANNELS


@inlined
def composite(color, k, start, stop, soft_or, work):
    """Composite a shape over the pixels of a tile."""
    for channel in range(color.shape[1]):
        ink, pixels = color[k, channel], CHANNELS + channel
        if soft_or:
            for p in range(start, stop):
                work[pixels, p] = ONE - (ONE - work[pixels, p]) * (ONE - work[ALPHA, p] * ink)
        else:
            for p in range(start, stop):
                work[pixels, p] += work[ALPHA, p] * (ink - work[pixels, p])


@inlined
def find_gain(color, k, start, stop, soft_or, work, saved, gains, number):
    """Write the derivative of Σ cotangent · image by a shape's alpha if nothing were above it; composite the shape.

    That gain is Σ_c g_c (c_k − B_k), with g the cotangent and B_k the pixels behind the shape; for soft or
    g_c (1 − B_k), per channel.
    """
    for channel in range(color.shape[1]):
        pixels, cotangent, ink = CHANNELS + channel, CHANNELS + color.shape[1] + channel, color[k, channel]
        if soft_or:
            for p in range(start, stop):
                free = ONE - work[pixels, p]
                gains[number, channel, p] = work[cotangent, p] * free
                work[pixels, p] = ONE - free * (ONE - saved[number, 0, p] * ink)
        elif channel == 0:
            for p in range(start, stop):
                more = ink - work[pixels, p]
                gains[number, 0, p] = work[cotangent, p] * more
                work[pixels, p] += saved[number, 0, p] * more
        else:
            for p in range(start, stop):
                more = ink - work[pixels, p]
                gains[number, 0, p] += work[cotangent, p] * more
                work[pixels, p] += saved[number, 0, p] * more


@inlined
def differentiate_layer(color, k, start, stop, soft_or, work, saved, gains, number, by_color):
    """Write the derivatives by a shape's alpha and add those by its colour; update the transmittance.

    The derivative by alpha is T_k × the gain (see ``find_gain``), with T_k the transmittance in front of the shape.
    """
    channels = color.shape[1]
    cotangent, transmittance = CHANNELS + channels, CHANNELS + 2 * channels
    if soft_or:
        for p in range(start, stop):
            work[BY_ALPHA, p] = ZERO
        for channel in range(color.shape[1]):
            total, ink, layer = ZERO * color[k, channel], color[k, channel], transmittance + channel
            for p in range(start, stop):
                one = gains[number, channel, p] * work[layer, p]
                total += one * saved[number, 0, p]
                work[BY_ALPHA, p] += one * ink
                work[layer, p] *= ONE - saved[number, 0, p] * ink
            by_color[k, channel] += total
        return
    for p in range(start, stop):
        work[BY_ALPHA, p] = gains[number, 0, p] * work[transmittance, p]
        work[ALPHA, p] = saved[number, 0, p] * work[transmittance, p]
        work[transmittance, p] -= work[ALPHA, p]
    for channel in range(channels):
        total = ZERO * color[k, channel]
        for p in range(start, stop):
            total += work[cotangent + channel, p] * work[ALPHA, p]
        by_color[k, channel] += total
