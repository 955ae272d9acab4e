"""The kernels that composite what each tile has by soft or, 1 − ∏ (1 − α c), and differentiate that.

Shared arguments and rows of ``work``: as in compositing.py, with a transmittance per channel.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from vectorae.rasterizer.cpu.compiled import ONE, ZERO, inlined, kernel
from vectorae.rasterizer.cpu.compositing import add_by_opacity, fill, fill_opacity
from vectorae.rasterizer.cpu.plan import PLACE, SLOT, at_place, range_of
from vectorae.rasterizer.cpu.scratch import ALPHA, BY_ALPHA, CHANNELS, PIXELS, is_scratch
from vectorae.rasterizer.cpu.tiles import locate_tile, read_tile, write_tile


@kernel
def composite_soft_or(begin, entries, shapes, canvas, images, band, tiles, alpha, image, work):
    """Draw the tiles to ``image`` ``[B, C, H, W]``, shape by shape."""
    if not is_scratch(work):
        return
    for tile in range(tiles[0], tiles[1]):
        b, left, top = locate_tile(tile, images, band, canvas)
        fill(shapes.background, b, work)
        for e in range(begin[tile], begin[tile + 1]):
            start, stop = range_of(entries[e])
            fill_opacity(entries, e, shapes.numbers, start, stop, work)
            own = alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[ALPHA]
            _composite_shape(shapes.color, b, entries[e, SLOT], own, start, stop, work)
        write_tile(image, b, left, top, work, CHANNELS)


@kernel
def differentiate_soft_or(
    begin, entries, shapes, canvas, images, band, tiles, alpha, gradient, by_alpha, by, gains, work
):
    """Write the derivatives of Σ gradient · image by alpha, and add all others.

    The shapes are composited once more, which gives each one's gain: the derivative by its alpha if nothing were above
    it. From top to bottom, the gains are weighted by the transmittance of the shapes above.

    Args:
        gains: scratch, ``[L, C, 256]`` for up to L shapes in a tile.
    """
    if not is_scratch(work):
        return
    channels = gradient.shape[1]
    cotangent, transmittance = CHANNELS + channels, CHANNELS + 2 * channels
    for tile in range(tiles[0], tiles[1]):
        b, left, top = locate_tile(tile, images, band, canvas)
        read_tile(gradient, b, left, top, work, cotangent)
        fill(shapes.background, b, work)
        for e in range(begin[tile], begin[tile + 1]):
            start, stop = range_of(entries[e])
            fill_opacity(entries, e, shapes.numbers, start, stop, work)
            own = alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[ALPHA]
            _find_gain(shapes.color, b, entries[e, SLOT], own, start, stop, work, gains[e - begin[tile]])
        for channel in range(channels):
            for p in range(PIXELS):
                work[transmittance + channel, p] = ONE
        for e in range(begin[tile + 1] - 1, begin[tile] - 1, -1):
            (start, stop), k = range_of(entries[e]), entries[e, SLOT]
            fill_opacity(entries, e, shapes.numbers, start, stop, work)
            own = alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[ALPHA]
            into = by_alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[BY_ALPHA]
            _differentiate_shape(shapes.color, b, k, own, start, stop, work, gains[e - begin[tile]], by.color, into)
            add_by_opacity(entries, e, start, stop, work, by.numbers)
        for channel in range(channels):
            total = ZERO * work[cotangent, 0]
            for p in range(PIXELS):
                total += work[cotangent + channel, p] * work[transmittance + channel, p]
            by.background[b, channel] += total


@inlined
def _composite_shape(color, b, k, own, start, stop, work):
    """Composite a shape with the pixels of a tile."""
    for channel in range(color.shape[2]):
        ink, pixels = color[b, k, channel], CHANNELS + channel
        for p in range(start, stop):
            work[pixels, p] = ONE - (ONE - work[pixels, p]) * (ONE - own[p] * ink)


@inlined
def _find_gain(color, b, k, own, start, stop, work, gain):
    """Write the derivatives by a shape's α c of each channel if nothing were above it; composite the shape.

    They are g_c (1 − B_k), with g the cotangent and B_k the pixels behind the shape.
    """
    for channel in range(color.shape[2]):
        pixels, cotangent, ink = CHANNELS + channel, CHANNELS + color.shape[2] + channel, color[b, k, channel]
        for p in range(start, stop):
            free = ONE - work[pixels, p]
            gain[channel, p] = work[cotangent, p] * free
            work[pixels, p] = ONE - free * (ONE - own[p] * ink)


@inlined
def _differentiate_shape(color, b, k, own, start, stop, work, gain, by_color, into):
    """Write the derivatives by a shape's alpha and add those by its colour; update the transmittance."""
    channels = color.shape[2]
    transmittance = CHANNELS + 2 * channels
    for p in range(start, stop):
        into[p] = ZERO
    for channel in range(channels):
        total, ink, layer = ZERO * color[b, k, channel], color[b, k, channel], transmittance + channel
        for p in range(start, stop):
            one = gain[channel, p] * work[layer, p]
            total += one * own[p]
            into[p] += one * ink
            work[layer, p] *= ONE - own[p] * ink
        by_color[b, k, channel] += total
