"""The kernels that composite tiles in which shapes have gradients, *over* or by soft or, and differentiate that.

Shared arguments: as in compositing.py; ``inks`` (see arguments.py). The rows of ``work`` from CHANNELS on hold the
pixels of each channel; the derivatives by them; the transmittance of the shapes above, of each channel; the ink of the
shape, its colour and the opacity of its stops; the derivatives by these; and two rows for the number that the gradient
has at each pixel, before and after its spread.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

from vectorae.rasterizer.cpu.arguments import SOFT_OR
from vectorae.rasterizer.cpu.compiled import HALF, ONE, TWO, ZERO, compiled, inlined, kernel
from vectorae.rasterizer.cpu.compositing import add_by_opacity, fill, fill_opacity
from vectorae.rasterizer.cpu.plan import PLACE, SLOT, at_place, range_of
from vectorae.rasterizer.cpu.scratch import ALPHA, BY_ALPHA, CANVAS_X, CANVAS_Y, CHANNELS, PIXELS, is_scratch
from vectorae.rasterizer.cpu.tiles import locate_pixels, locate_tile, pixel_of, read_tile, write_tile
from vectorae.rasterizer.gradients import FRAME, NARROW, PAD, REPEAT


def rows_of(channels: int) -> int:
    """Rows of ``work`` from CHANNELS on."""
    return 5 * channels + 4


@kernel
def composite_gradients(begin, entries, shapes, inks, canvas, images, band, tiles, alpha, image, work):
    """Draw the tiles to ``image`` ``[B, C, H, W]``, shape by shape, from bottom to top."""
    if not is_scratch(work):
        return
    channels, pixel = image.shape[1], pixel_of(canvas, work)
    for tile in range(tiles[0], tiles[1]):
        b, left, top = locate_tile(tile, images, band, canvas)
        fill(shapes.background, b, work)
        locate_pixels(work, left, top, pixel)
        for e in range(begin[tile], begin[tile + 1]):
            (start, stop), k = range_of(entries[e]), entries[e, SLOT]
            fill_opacity(entries, e, shapes.numbers, start, stop, work)
            own = alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[ALPHA]
            _find_ink(shapes.color, inks, b, k, start, stop, work)
            ink = CHANNELS + 3 * channels
            for channel in range(channels):
                pixels = CHANNELS + channel
                for p in range(start, stop):
                    a = own[p] * work[ink + channels, p]
                    if canvas.compositing == SOFT_OR:
                        work[pixels, p] = ONE - (ONE - work[pixels, p]) * (ONE - a * work[ink + channel, p])
                    else:
                        work[pixels, p] += a * (work[ink + channel, p] - work[pixels, p])
        write_tile(image, b, left, top, work, CHANNELS)


@kernel
def differentiate_gradients(
    begin, entries, shapes, inks, canvas, images, band, tiles, alpha, gradient, by_alpha, by, by_table, gains, work
):
    """Write the derivatives of Σ gradient · image by alpha, and add all others.

    As ``differentiate_compositing`` and ``differentiate_soft_or``.

    Args:
        by_table: as ``inks.table``.
        gains: scratch, ``[L, 1 or C, 256]`` for up to L shapes in a tile, per channel for soft or.
    """
    if not is_scratch(work):
        return
    channels, pixel = gradient.shape[1], pixel_of(canvas, work)
    cotangent, transmittance = CHANNELS + channels, CHANNELS + 2 * channels
    for tile in range(tiles[0], tiles[1]):
        b, left, top = locate_tile(tile, images, band, canvas)
        read_tile(gradient, b, left, top, work, cotangent)
        fill(shapes.background, b, work)
        locate_pixels(work, left, top, pixel)
        for e in range(begin[tile], begin[tile + 1]):
            (start, stop), k = range_of(entries[e]), entries[e, SLOT]
            fill_opacity(entries, e, shapes.numbers, start, stop, work)
            own = alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[ALPHA]
            _find_ink(shapes.color, inks, b, k, start, stop, work)
            _find_gain(canvas.compositing, channels, own, start, stop, work, gains[e - begin[tile]])
        for channel in range(channels):
            for p in range(PIXELS):
                work[transmittance + channel, p] = ONE
        for e in range(begin[tile + 1] - 1, begin[tile] - 1, -1):
            (start, stop), k = range_of(entries[e]), entries[e, SLOT]
            fill_opacity(entries, e, shapes.numbers, start, stop, work)
            own = alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[ALPHA]
            _find_ink(shapes.color, inks, b, k, start, stop, work)
            into = by_alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[BY_ALPHA]
            _differentiate_layer(canvas.compositing, channels, own, start, stop, work, gains[e - begin[tile]], into)
            add_by_opacity(entries, e, start, stop, work, by.numbers)
            _differentiate_ink(by.color, inks, b, k, start, stop, work, by_table)
        for channel in range(channels):
            total = ZERO * work[cotangent, 0]
            for p in range(PIXELS):
                total += work[cotangent + channel, p] * work[transmittance + channel, p]
            by.background[b, channel] += total


@compiled
def _find_ink(color, inks, b, k, start, stop, work):
    """Write the ink of a shape, a gradient or not."""
    channels, g = color.shape[2], inks.gradients[k]
    ink = CHANNELS + 3 * channels
    if g < 0:
        for channel in range(channels):
            for p in range(start, stop):
                work[ink + channel, p] = color[b, k, channel]
        for p in range(start, stop):
            work[ink + channels, p] = ONE
        return
    table, t = inks.table[b, g], CHANNELS + 5 * channels + 2
    _find_t(table, inks.spreads[g], start, stop, work, t)
    offsets, numbers = table[FRAME : FRAME + inks.stops], table[FRAME + inks.stops :]
    for channel in range(channels + 1):
        for p in range(start, stop):
            work[ink + channel, p] = numbers[channel]
    for j in range(inks.stops - 1):
        low, steep = offsets[j], _steepness(offsets, j)
        before, after = j * (channels + 1), (j + 1) * (channels + 1)
        for channel in range(channels + 1):
            more = numbers[after + channel] - numbers[before + channel]
            for p in range(start, stop):
                part = (work[t + 1, p] - low) * steep
                work[ink + channel, p] += min(max(part, ZERO), ONE) * more


@inlined
def _steepness(offsets, j):
    """1 over the distance between two stops."""
    width = offsets[j + 1] - offsets[j]
    return ONE / max(width, type(width)(NARROW))


@inlined
def _find_t(table, spread, start, stop, work, t):
    """Write the number that a gradient has at each pixel, and what its spread makes of it."""
    for p in range(start, stop):
        x, y = work[CANVAS_X, p], work[CANVAS_Y, p]
        u = table[0] * x + table[1] * y + table[2]
        v = table[3] * x + table[4] * y + table[5]
        work[t, p] = math.sqrt(u * u + v * v) + (table[6] * x + table[7] * y + table[8])
        work[t + 1, p] = work[t, p]
    if spread == PAD:
        return
    for p in range(start, stop):
        if spread == REPEAT:
            work[t + 1, p] = work[t, p] - math.floor(work[t, p])
        else:
            twice = work[t, p] - TWO * math.floor(HALF * work[t, p])
            work[t + 1, p] = ONE - abs(twice - ONE)


@inlined
def _find_gain(compositing, channels, own, start, stop, work, gains):
    """Write the gain of a layer (see ``differentiate_compositing``), whose ink is there; composite it."""
    ink = CHANNELS + 3 * channels
    for channel in range(channels):
        pixels, cotangent = CHANNELS + channel, CHANNELS + channels + channel
        for p in range(start, stop):
            a = own[p] * work[ink + channels, p]
            if compositing == SOFT_OR:
                free = ONE - work[pixels, p]
                gains[channel, p] = work[cotangent, p] * free
                work[pixels, p] = ONE - free * (ONE - a * work[ink + channel, p])
            else:
                more = work[ink + channel, p] - work[pixels, p]
                gain = work[cotangent, p] * more
                gains[0, p] = gain if channel == 0 else gains[0, p] + gain
                work[pixels, p] += a * more


@inlined
def _differentiate_layer(compositing, channels, own, start, stop, work, gains, into):
    """Write the derivatives by a layer's alpha and by its ink; update the transmittance."""
    cotangent, transmittance = CHANNELS + channels, CHANNELS + 2 * channels
    ink, by_ink = CHANNELS + 3 * channels, CHANNELS + 4 * channels + 1
    opacity, by_opacity = ink + channels, by_ink + channels
    for p in range(start, stop):
        into[p] = ZERO
    for channel in range(channels):
        layer = transmittance + channel
        for p in range(start, stop):
            a = own[p] * work[opacity, p]
            if compositing == SOFT_OR:
                one = gains[channel, p] * work[layer, p]
                work[by_ink + channel, p] = one * a
                into[p] += one * work[ink + channel, p]
                work[layer, p] *= ONE - a * work[ink + channel, p]
            else:
                work[by_ink + channel, p] = work[cotangent + channel, p] * (a * work[layer, p])
                if channel == 0:
                    into[p] = gains[0, p] * work[layer, p]
                work[layer, p] -= a * work[layer, p]
    for p in range(start, stop):
        work[by_opacity, p] = into[p] * own[p]
        into[p] *= work[opacity, p]


@compiled
def _differentiate_ink(by_color, inks, b, k, start, stop, work, by_table):
    """Add the derivatives of what ink is made of, by those by the ink of each pixel."""
    channels, g = by_color.shape[2], inks.gradients[k]
    by_ink, by_t = CHANNELS + 4 * channels + 1, BY_ALPHA
    if g < 0:
        for channel in range(channels):
            total = ZERO * work[by_ink, 0]
            for p in range(start, stop):
                total += work[by_ink + channel, p]
            by_color[b, k, channel] += total
        return
    table, by, t = inks.table[b, g], by_table[b, g], CHANNELS + 5 * channels + 2
    offsets, numbers = table[FRAME : FRAME + inks.stops], FRAME + inks.stops
    for channel in range(channels + 1):
        total = ZERO * work[by_ink, 0]
        for p in range(start, stop):
            total += work[by_ink + channel, p]
        by[numbers + channel] += total
    for p in range(start, stop):
        work[by_t, p] = ZERO
    for j in range(inks.stops - 1):
        low, steep = offsets[j], _steepness(offsets, j)
        before, after = numbers + j * (channels + 1), numbers + (j + 1) * (channels + 1)
        by_low = by_high = ZERO * work[by_ink, 0]
        for channel in range(channels + 1):
            more, total = table[after + channel] - table[before + channel], ZERO * work[by_ink, 0]
            for p in range(start, stop):
                part = (work[t + 1, p] - low) * steep
                within = min(max(part, ZERO), ONE)
                slope = work[by_ink + channel, p] * more * steep if (part > ZERO) & (part < ONE) else ZERO
                total += within * work[by_ink + channel, p]
                work[by_t, p] += slope
                by_low -= slope * (ONE - within)
                by_high -= slope * within
            by[after + channel] += total
            by[before + channel] -= total
        if offsets[j + 1] - offsets[j] > NARROW:
            by[FRAME + j] += by_low
            by[FRAME + j + 1] += by_high
    _differentiate_t(table, inks.spreads[g], start, stop, work, t, by_t, by)


@inlined
def _differentiate_t(table, spread, start, stop, work, t, by_t, by):
    """Add the derivatives by a gradient's frame, by those by the number that it has at each pixel."""
    a = b = c = d = e = f = g = h = i = ZERO * work[by_t, 0]
    for p in range(start, stop):
        x, y, slope = work[CANVAS_X, p], work[CANVAS_Y, p], work[by_t, p]
        if spread > REPEAT:
            twice = work[t, p] - TWO * math.floor(HALF * work[t, p])
            slope = slope if twice < ONE else -slope
        u = table[0] * x + table[1] * y + table[2]
        v = table[3] * x + table[4] * y + table[5]
        square = u * u + v * v
        pull = slope / math.sqrt(square) if square > ZERO else ZERO
        a += pull * u * x
        b += pull * u * y
        c += pull * u
        d += pull * v * x
        e += pull * v * y
        f += pull * v
        g += slope * x
        h += slope * y
        i += slope
    by[0] += a
    by[1] += b
    by[2] += c
    by[3] += d
    by[4] += e
    by[5] += f
    by[6] += g
    by[7] += h
    by[8] += i
