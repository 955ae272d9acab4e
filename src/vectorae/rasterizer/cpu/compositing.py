"""The kernels that composite what each tile has, shape over shape, and differentiate that.

Shared arguments: ``begin``, ``entries`` of the plan (see plan.py); ``shapes``, ``canvas`` (see arguments.py);
``images``, ``band``: the range of images and of rows of tiles of the plan; ``tiles``: the range of its tiles that are
drawn now; ``alpha`` of their entries, see ``at_place``.

Arguments of a shape: ``own`` its alpha, ``gain`` that of ``gains``, ``into`` the derivative by its alpha, ``[256]``.

The rows of ``work`` from CHANNELS on hold the pixels of each channel; then the derivatives by them, of each channel;
then the transmittance of the shapes above.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from vectorae.rasterizer.cpu.compiled import ONE, ZERO, inlined, kernel
from vectorae.rasterizer.cpu.plan import IMAGE, PLACE, SLOT, at_place, range_of
from vectorae.rasterizer.cpu.scratch import ALPHA, BY_ALPHA, CHANNELS, PIXELS, is_scratch
from vectorae.rasterizer.cpu.tiles import locate_tile, read_tile, write_tile
from vectorae.rasterizer.packing import ROUNDED, SHARP


@kernel
def composite(begin, entries, shapes, canvas, images, band, tiles, alpha, image, work):
    """Draw the tiles to ``image`` ``[B, C, H, W]``, shape by shape, from bottom to top."""
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
def differentiate_compositing(
    begin, entries, shapes, canvas, images, band, tiles, alpha, gradient, by_alpha, by, gains, work
):
    """Write the derivatives of Σ gradient · image by alpha, and add all others.

    The shapes are composited once more, which gives each one's gain: the derivative by its alpha if nothing were above
    it. From top to bottom, the gains are weighted by the transmittance of the shapes above.

    Args:
        gains: scratch, ``[L, 256]`` for up to L shapes in a tile.
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
        for p in range(PIXELS):
            work[transmittance, p] = ONE
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
                total += work[cotangent + channel, p] * work[transmittance, p]
            by.background[b, channel] += total


@inlined
def fill(background, b, work):
    """Fill a tile with the background."""
    for channel in range(background.shape[1]):
        ink = background[b, channel]
        for p in range(PIXELS):
            work[CHANNELS + channel, p] = ink


@inlined
def fill_opacity(entries, e, numbers, start, stop, work):
    """Write the alpha of an entry that has no place, as it is the same everywhere, to ALPHA."""
    if entries[e, PLACE] < 0:
        b, k = entries[e, IMAGE], entries[e, SLOT]
        opacity = numbers[b, k, ROUNDED] + numbers[b, k, SHARP]
        for p in range(start, stop):
            work[ALPHA, p] = opacity


@inlined
def add_by_opacity(entries, e, start, stop, work, by_numbers):
    """Add the derivatives by the opacity of an entry that has no place."""
    b, k = entries[e, IMAGE], entries[e, SLOT]
    if entries[e, PLACE] < 0:
        total = ZERO * work[BY_ALPHA, 0]
        for p in range(start, stop):
            total += work[BY_ALPHA, p]
        by_numbers[b, k, ROUNDED] += total
        by_numbers[b, k, SHARP] += total


@inlined
def _composite_shape(color, b, k, own, start, stop, work):
    """Composite a shape over the pixels of a tile."""
    if color.shape[2] == 3:  # the usual number, in one pass
        red, green, blue = color[b, k, 0], color[b, k, 1], color[b, k, 2]
        for p in range(start, stop):
            a = own[p]
            work[CHANNELS, p] += a * (red - work[CHANNELS, p])
            work[CHANNELS + 1, p] += a * (green - work[CHANNELS + 1, p])
            work[CHANNELS + 2, p] += a * (blue - work[CHANNELS + 2, p])
        return
    for channel in range(color.shape[2]):
        ink, pixels = color[b, k, channel], CHANNELS + channel
        for p in range(start, stop):
            work[pixels, p] += own[p] * (ink - work[pixels, p])


@inlined
def _find_gain(color, b, k, own, start, stop, work, gain):
    """Write the derivative of Σ cotangent · image by a shape's alpha if nothing were above it; composite the shape.

    That gain is Σ_c g_c (c_k − B_k), with g the cotangent and B_k the pixels behind the shape.
    """
    if color.shape[2] == 3:
        red, green, blue = color[b, k, 0], color[b, k, 1], color[b, k, 2]
        for p in range(start, stop):
            a = own[p]
            more_red, more_green, more_blue = (
                red - work[CHANNELS, p],
                green - work[CHANNELS + 1, p],
                blue - work[CHANNELS + 2, p],
            )
            gain[p] = (
                work[CHANNELS + 3, p] * more_red
                + work[CHANNELS + 4, p] * more_green
                + work[CHANNELS + 5, p] * more_blue
            )
            work[CHANNELS, p] += a * more_red
            work[CHANNELS + 1, p] += a * more_green
            work[CHANNELS + 2, p] += a * more_blue
        return
    for channel in range(color.shape[2]):
        pixels, cotangent, ink = CHANNELS + channel, CHANNELS + color.shape[2] + channel, color[b, k, channel]
        if channel == 0:
            for p in range(start, stop):
                more = ink - work[pixels, p]
                gain[p] = work[cotangent, p] * more
                work[pixels, p] += own[p] * more
        else:
            for p in range(start, stop):
                more = ink - work[pixels, p]
                gain[p] += work[cotangent, p] * more
                work[pixels, p] += own[p] * more


@inlined
def _differentiate_shape(color, b, k, own, start, stop, work, gain, by_color, into):
    """Write the derivatives by a shape's alpha and add those by its colour; update the transmittance.

    The derivative by alpha is T_k × the gain (see ``_find_gain``), with T_k the transmittance in front of the shape.
    """
    channels = color.shape[2]
    cotangent, transmittance = CHANNELS + channels, CHANNELS + 2 * channels
    if channels == 3:
        red = green = blue = ZERO * color[b, k, 0]
        for p in range(start, stop):
            before = work[CHANNELS + 6, p]
            weight = own[p] * before
            into[p] = gain[p] * before
            work[CHANNELS + 6, p] = before - weight
            red += work[CHANNELS + 3, p] * weight
            green += work[CHANNELS + 4, p] * weight
            blue += work[CHANNELS + 5, p] * weight
        by_color[b, k, 0] += red
        by_color[b, k, 1] += green
        by_color[b, k, 2] += blue
    else:
        for channel in range(channels):
            total = ZERO * color[b, k, channel]
            for p in range(start, stop):
                total += work[cotangent + channel, p] * own[p] * work[transmittance, p]
            by_color[b, k, channel] += total
        for p in range(start, stop):
            into[p] = gain[p] * work[transmittance, p]
            work[transmittance, p] -= own[p] * work[transmittance, p]
