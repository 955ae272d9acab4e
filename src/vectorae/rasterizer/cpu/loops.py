"""The loops over images, tiles and shapes: drawing, and its derivative.

A tile is drawn shape by shape, from the bottom to the top. For the derivative it is drawn once more, which leaves the
alpha of each shape and what the image would gain by more of it; from the top to the bottom that is weighted by what
the shapes above let through.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import numpy as np

from vectorae.rasterizer.cpu.compiled import ONE, ZERO, compiled
from vectorae.rasterizer.cpu.depth import composite_by_depth, differentiate_by_depth
from vectorae.rasterizer.cpu.layers import composite, gain, weigh
from vectorae.rasterizer.cpu.rows import ALPHA, BY_ALPHA, CHANNELS, PIXELS, TILE
from vectorae.rasterizer.cpu.shape import cover, differentiate_shape
from vectorae.rasterizer.cpu.shapes import BY_DEPTH, SOFT_OR
from vectorae.rasterizer.cpu.tiles import (
    place_pixels,
    place_shapes,
    read_tile,
    rows_of_shape,
    sort_into_tiles,
    write_tile,
)


@compiled
def draw(images, band, shapes, canvas, image):
    """Draw some rows of tiles of some images: both ranges are (from, to). ``image`` is ``[B, C, H, W]``."""
    real, channels, columns = shapes.numbers.dtype, image.shape[1], (canvas.width + TILE - 1) // TILE
    whole, soft_or = real.type(1 / min(canvas.height, canvas.width)), canvas.compositing == SOFT_OR
    profile, fine, by_depth = canvas.profile, canvas.fine, canvas.compositing == BY_DEPTH
    kinds, firsts, sizes, blends = shapes.kinds, shapes.first, shapes.size, shapes.blend
    places = np.empty((len(kinds), 4), dtype=np.int64)
    work = np.zeros((CHANNELS + channels, PIXELS), dtype=real)
    for b in range(images[0], images[1]):
        numbers, vertices, color, background = (
            shapes.numbers[b],
            shapes.vertices[b],
            shapes.color[b],
            shapes.background[b],
        )
        place_shapes(b, shapes, canvas, places)
        begin, entries = sort_into_tiles(shapes.order[b], places, columns, band[0], band[1])
        alphas = np.zeros((most(begin) if by_depth else 0, PIXELS), dtype=real)
        for tile in range(len(begin) - 1):
            left, top = tile % columns * TILE, (band[0] + tile // columns) * TILE
            place_pixels(work, left, top, whole, 0.5, 0.5)
            for channel in range(channels):
                work[CHANNELS + channel] = background[channel]
            for number in range(begin[tile], begin[tile + 1]):
                k = entries[number]
                kind, first, size, blend = kinds[k], firsts[k], sizes[b, k], blends[b, k]
                start, stop = rows_of_shape(kind, numbers, k, vertices, first, size, profile, whole, places, top, work)
                if start < stop:
                    cover(
                        kind,
                        numbers,
                        k,
                        vertices,
                        first,
                        size,
                        blend,
                        profile,
                        fine,
                        whole,
                        left,
                        top,
                        start,
                        stop,
                        work,
                    )
                if by_depth:
                    keep(work, start, stop, alphas, number - begin[tile])
                elif start < stop:
                    composite(color, k, channels, start, stop, soft_or, work)
            if by_depth:
                composite_by_depth(
                    entries[begin[tile] : begin[tile + 1]], alphas, shapes.in_front[b], color, background, work
                )
            write_tile(image, b, left, top, work, CHANNELS)


@compiled
def most(begin):
    """How many shapes the tile has that has most of them."""
    longest = 0
    for tile in range(len(begin) - 1):
        longest = max(longest, begin[tile + 1] - begin[tile])
    return longest


@compiled
def keep(work, start, stop, alphas, number):
    """Keep the ALPHA of a shape, 0 in all but some rows, as one of ``alphas`` ``[L, 256]``."""
    for p in range(PIXELS):
        alphas[number, p] = work[ALPHA, p] if start <= p and p < stop else ZERO


@compiled
def differentiate(images, band, shapes, canvas, gradient, by):
    """Add to ``by`` (``Gradients``) the derivatives of Σ gradient · image over some rows of tiles of some images."""
    real, channels, columns = shapes.numbers.dtype, gradient.shape[1], (canvas.width + TILE - 1) // TILE
    whole, soft_or = real.type(1 / min(canvas.height, canvas.width)), canvas.compositing == SOFT_OR
    profile, fine, by_depth = canvas.profile, canvas.fine, canvas.compositing == BY_DEPTH
    kinds, firsts, sizes, blends = shapes.kinds, shapes.first, shapes.size, shapes.blend
    layers = channels if soft_or else 1
    given, passed = CHANNELS + channels, CHANNELS + 2 * channels
    places = np.empty((len(kinds), 4), dtype=np.int64)
    work = np.zeros((passed + layers, PIXELS), dtype=real)
    for b in range(images[0], images[1]):
        numbers, vertices, color, background = (
            shapes.numbers[b],
            shapes.vertices[b],
            shapes.color[b],
            shapes.background[b],
        )
        by_numbers, by_vertices, by_color, by_background = by.numbers[b], by.vertices[b], by.color[b], by.background[b]
        place_shapes(b, shapes, canvas, places)
        begin, entries = sort_into_tiles(shapes.order[b], places, columns, band[0], band[1])
        # Of each shape: its alpha, and what is gained by it.
        longest = most(begin)
        kept, rows = np.empty((longest, 1 + layers, PIXELS), dtype=real), np.empty((longest, 2), dtype=np.uintp)
        by_alphas = np.empty((longest if by_depth else 0, PIXELS))
        for tile in range(len(begin) - 1):
            left, top, count = tile % columns * TILE, (band[0] + tile // columns) * TILE, begin[tile + 1] - begin[tile]
            place_pixels(work, left, top, whole, 0.5, 0.5)
            read_tile(gradient, b, left, top, work, given)
            for channel in range(channels):
                work[CHANNELS + channel] = background[channel]
            for number in range(count):
                k = entries[begin[tile] + number]
                kind, first, size, blend = kinds[k], firsts[k], sizes[b, k], blends[b, k]
                start, stop = rows_of_shape(kind, numbers, k, vertices, first, size, profile, whole, places, top, work)
                rows[number, 0], rows[number, 1] = start, stop
                if start < stop:
                    cover(
                        kind,
                        numbers,
                        k,
                        vertices,
                        first,
                        size,
                        blend,
                        profile,
                        fine,
                        whole,
                        left,
                        top,
                        start,
                        stop,
                        work,
                    )
                if by_depth:
                    keep(work, start, stop, kept[:, 0], number)
                elif start < stop:
                    gain(color, k, channels, start, stop, soft_or, work, kept, number)
            for layer in range(layers):
                work[passed + layer] = ONE
            if by_depth:
                differentiate_by_depth(
                    entries[begin[tile] : begin[tile + 1]],
                    kept[:, 0],
                    shapes.in_front[b],
                    color,
                    background,
                    work,
                    by_alphas,
                    by.in_front[b],
                    by_color,
                    by_background,
                )
            for number in range(count - 1, -1, -1):
                k, start, stop = entries[begin[tile] + number], rows[number, 0], rows[number, 1]
                if start >= stop:
                    continue
                if by_depth:
                    for p in range(start, stop):
                        work[BY_ALPHA, p] = by_alphas[number, p]
                else:
                    weigh(color, k, channels, start, stop, soft_or, work, kept, number, by_color)
                differentiate_shape(
                    kinds[k], numbers, k, vertices, firsts[k], sizes[b, k], blends[b, k], profile, fine, whole, left,
                    top, start, stop, work, by_numbers, by_vertices,
                )  # fmt: skip
            if not by_depth:
                for channel in range(channels):
                    total, layer = ZERO * whole, passed + (channel if soft_or else 0)
                    for p in range(PIXELS):
                        total += work[given + channel, p] * work[layer, p]
                    by_background[channel] += total
