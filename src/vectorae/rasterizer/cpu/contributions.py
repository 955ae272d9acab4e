"""The kernel that measures what each shape contributes to a picture: what the picture would lack without it.

Arguments as in compositing.py. The rows of ``work`` from CHANNELS on hold the pixels of each channel; then the error in
each channel; then the transmittance of the shapes above; then the weight of the pixel.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from vectorae.rasterizer.cpu.compiled import ONE, ZERO, inlined, kernel
from vectorae.rasterizer.cpu.compositing import fill, fill_opacity
from vectorae.rasterizer.cpu.plan import PLACE, SLOT, at_place, range_of
from vectorae.rasterizer.cpu.scratch import ALPHA, CHANNELS, PIXELS, is_scratch
from vectorae.rasterizer.cpu.tiles import locate_tile, read_tile

SQUARED, ALONG = range(2)
"""Of what a shape would contribute if it were opaque and on top: the square, and the product with the error."""


def rows_of(channels: int) -> int:
    """Rows of ``work`` from CHANNELS on."""
    return 2 * channels + 2


@kernel
def add_contributions(
    begin, entries, shapes, canvas, images, band, tiles, alpha, weights, error, squares, products, gains, work
):
    """Add Σ weight · contribution² and Σ error · contribution of each shape, over pixels and channels.

    The contribution of shape k is α_k T_k (c_k − B_k), with T_k the transmittance in front of it and B_k the pixels
    behind it: the picture is linear in the opacity of each shape.

    Args:
        weights: of pixels, ``[B, 1, H, W]``.
        error: ``[B, C, H, W]``.
        squares, products: the sums, ``[B, N]``.
        gains: scratch, ``[L, 2, 256]`` for up to L shapes in a tile.
    """
    if not is_scratch(work):
        return
    channels = error.shape[1]
    transmittance, weight = CHANNELS + 2 * channels, CHANNELS + 2 * channels + 1
    for tile in range(tiles[0], tiles[1]):
        b, left, top = locate_tile(tile, images, band, canvas)
        read_tile(error, b, left, top, work, CHANNELS + channels)
        read_tile(weights, b, left, top, work, weight)
        fill(shapes.background, b, work)
        for e in range(begin[tile], begin[tile + 1]):
            start, stop = range_of(entries[e])
            fill_opacity(entries, e, shapes.numbers, start, stop, work)
            own = alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[ALPHA]
            _find_gains(shapes.color, b, entries[e, SLOT], own, start, stop, work, gains[e - begin[tile]])
        for p in range(PIXELS):
            work[transmittance, p] = ONE
        for e in range(begin[tile + 1] - 1, begin[tile] - 1, -1):
            (start, stop), k, gain = range_of(entries[e]), entries[e, SLOT], gains[e - begin[tile]]
            fill_opacity(entries, e, shapes.numbers, start, stop, work)
            own = alpha[at_place(entries[e, PLACE])] if entries[e, PLACE] >= 0 else work[ALPHA]
            square = product = ZERO * work[weight, 0]
            for p in range(start, stop):
                before = work[transmittance, p]
                share = own[p] * before
                square += work[weight, p] * share * share * gain[SQUARED, p]
                product += share * gain[ALONG, p]
                work[transmittance, p] = before - share
            squares[b, k] += square
            products[b, k] += product


@inlined
def _find_gains(color, b, k, own, start, stop, work, gain):
    """Write what a shape adds to the pixels behind it, squared and times the error; composite the shape."""
    channels = color.shape[2]
    for p in range(start, stop):
        gain[SQUARED, p] = gain[ALONG, p] = ZERO
    for channel in range(channels):
        ink, pixels, error = color[b, k, channel], CHANNELS + channel, CHANNELS + channels + channel
        for p in range(start, stop):
            more = ink - work[pixels, p]
            gain[SQUARED, p] += more * more
            gain[ALONG, p] += work[error, p] * more
            work[pixels, p] += own[p] * more
