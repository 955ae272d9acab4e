"""One layer more: compositing a shape's alpha with a tile's pixels, and its derivative.

The rows from CHANNELS on hold the pixels of each channel; then the derivative by them, of each channel; then what the
shapes above let through, of each channel where ink adds up like light, or once.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

from vectorae.rasterizer.cpu.compiled import ONE, ZERO, inlined
from vectorae.rasterizer.cpu.scratch import ALPHA, BY_ALPHA, CHANNELS


@inlined
def composite(color, k, start, stop, soft_or, work):
    """Lay a shape over some rows of a tile's pixels."""
    for channel in range(color.shape[1]):
        ink, pixels = color[k, channel], CHANNELS + channel
        if soft_or:
            for p in range(start, stop):
                work[pixels, p] = ONE - (ONE - work[pixels, p]) * (ONE - work[ALPHA, p] * ink)
        else:
            for p in range(start, stop):
                work[pixels, p] += work[ALPHA, p] * (ink - work[pixels, p])


@inlined
def gain(color, k, start, stop, soft_or, work, kept, gains, number):
    """What Σ given · image gains by a shape's alpha where nothing is above it: Σ_c g_c (c_k − B_k), B_k what lies
    behind; of soft or g_c (1 − B_k) in each channel. Then lay the shape over the pixels."""
    for channel in range(color.shape[1]):
        pixels, given, ink = CHANNELS + channel, CHANNELS + color.shape[1] + channel, color[k, channel]
        if soft_or:
            for p in range(start, stop):
                free = ONE - work[pixels, p]
                gains[number, channel, p] = work[given, p] * free
                work[pixels, p] = ONE - free * (ONE - kept[number, 0, p] * ink)
        elif channel == 0:
            for p in range(start, stop):
                more = ink - work[pixels, p]
                gains[number, 0, p] = work[given, p] * more
                work[pixels, p] += kept[number, 0, p] * more
        else:
            for p in range(start, stop):
                more = ink - work[pixels, p]
                gains[number, 0, p] += work[given, p] * more
                work[pixels, p] += kept[number, 0, p] * more


@inlined
def weigh(color, k, start, stop, soft_or, work, kept, gains, number, by_color):
    """Write the derivatives by a shape's alpha, T_k × the gain, with T_k the transmittance in front of it; add those
    by its colour; and let the transmittance pass through it."""
    channels = color.shape[1]
    given, passed = CHANNELS + channels, CHANNELS + 2 * channels
    if soft_or:
        for p in range(start, stop):
            work[BY_ALPHA, p] = ZERO
        for channel in range(color.shape[1]):
            total, ink, layer = ZERO * color[k, channel], color[k, channel], passed + channel
            for p in range(start, stop):
                one = gains[number, channel, p] * work[layer, p]
                total += one * kept[number, 0, p]
                work[BY_ALPHA, p] += one * ink
                work[layer, p] *= ONE - kept[number, 0, p] * ink
            by_color[k, channel] += total
        return
    for p in range(start, stop):
        work[BY_ALPHA, p] = gains[number, 0, p] * work[passed, p]
        work[ALPHA, p] = kept[number, 0, p] * work[passed, p]
        work[passed, p] -= work[ALPHA, p]
    for channel in range(channels):
        total = ZERO * color[k, channel]
        for p in range(start, stop):
            total += work[given + channel, p] * work[ALPHA, p]
        by_color[k, channel] += total
