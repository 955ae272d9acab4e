"""The loops over images, tiles and shapes: drawing, and its derivative.

A tile is drawn shape by shape, from bottom to top, saving each shape's alpha. For the derivative, the shapes are
composited once more, which gives each one's gain: the derivative by its alpha if nothing were above it. From top to
bottom, the gains are weighted by the transmittance of the shapes above.

Shared arguments:
    shapes, canvas: ``Shapes`` and ``Canvas`` (see arguments.py); by: ``Gradients``, to which is added.
    images, band: the range of images and of rows of tiles, (from, to) each.
    b: the image; left, top: first column and row of the tile; slots: ``[L]`` the shapes in it, from bottom to top.
    bounds: ``[N, 4]`` see ``find_bounds``.
    work: the scratch array (see scratch.py).
    saved, ranges: what is saved of each of E pairs of shape and tile, in the order of ``sort_into_tiles``:
        ``saved`` ``[E, 1 or 3, 256]``, alpha and, for elliptical corners, the closest points; ``ranges`` ``[E, 2]``,
        the range of pixels that the shape covers.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.arguments import BY_DEPTH, SOFT_OR
from vectorae.rasterizer.cpu.box import is_circular
from vectorae.rasterizer.cpu.compiled import ONE, ZERO, allocating, compiled, inlined
from vectorae.rasterizer.cpu.compositing import composite, differentiate_layer, find_gain
from vectorae.rasterizer.cpu.depth import composite_by_depth, differentiate_by_depth
from vectorae.rasterizer.cpu.scratch import ALPHA, ARC_X, ARC_Y, BY_ALPHA, CHANNELS, PIXELS, TILE
from vectorae.rasterizer.cpu.shape import cover, differentiate_shape
from vectorae.rasterizer.cpu.tiles import (
    find_bounds,
    locate_pixels,
    most_in_a_tile,
    read_tile,
    rows_of_shape,
    sort_into_tiles,
    tiles_of_shape,
    write_tile,
)
from vectorae.rasterizer.packing import POLYLINE, REGION


@allocating
def draw(images, band, shapes, canvas, image, save, saved, ranges):
    """Draw to ``image`` ``[B, C, H, W]``.

    If ``save``, fills ``saved`` and ``ranges``; else ``saved`` is scratch for one tile by depth.
    """
    real, channels, columns = shapes.numbers.dtype, image.shape[1], (canvas.width + TILE - 1) // TILE
    by_depth = canvas.compositing == BY_DEPTH
    bounds = np.empty((len(shapes.kinds), 4), dtype=np.int64)
    work = np.zeros((CHANNELS + channels, PIXELS), dtype=real)
    first = 0
    for b in range(images[0], images[1]):
        find_bounds(b, shapes, canvas, bounds)
        begin, entries = sort_into_tiles(shapes.order[b], bounds, columns, band[0], band[1])
        for tile in range(len(begin) - 1):
            left, top = tile % columns * TILE, (band[0] + tile // columns) * TILE
            slots, at = entries[begin[tile] : begin[tile + 1]], first + begin[tile] if save else 0
            _draw_tile(b, left, top, slots, shapes, canvas, bounds, work, save, saved[at:], ranges[at:])
            if by_depth:
                composite_by_depth(slots, saved[at:], shapes.in_front[b], shapes.color[b], shapes.background[b], work)
            write_tile(image, b, left, top, work, CHANNELS)
        first += len(entries)


@allocating
def saved_size(images, band, shapes, canvas):
    """Number of pairs of shape and tile, and of values to save per pixel of a pair."""
    entries, values, bounds = 0, 1, np.empty((len(shapes.kinds), 4), dtype=np.int64)
    for b in range(images[0], images[1]):
        find_bounds(b, shapes, canvas, bounds)
        for k in range(len(bounds)):
            entries += tiles_of_shape(bounds, k, band[0], band[1])
            if _saves_arcs(b, k, shapes, canvas):
                values = 3
    return entries, values


@compiled
def _draw_tile(b, left, top, slots, shapes, canvas, bounds, work, save, saved, ranges):
    """Draw a tile to ``work``; or, when compositing by depth, save the alpha of each shape."""
    by_depth, soft_or = canvas.compositing == BY_DEPTH, canvas.compositing == SOFT_OR
    color, whole = shapes.color[b], _pixel(canvas, work)
    _begin_tile(b, left, top, whole, shapes.background, work)
    for number in range(len(slots)):
        k = slots[number]
        start, stop = _cover(b, k, left, top, shapes, canvas, whole, bounds, work)
        if by_depth:
            _save_alpha(work, start, stop, saved, number)
        elif start < stop:
            composite(color, k, start, stop, soft_or, work)
        if save:
            ranges[number, 0], ranges[number, 1] = start, stop
            for p in range(start, stop):
                saved[number, 0, p] = work[ALPHA, p]
            if _saves_arcs(b, k, shapes, canvas):
                for p in range(start, stop):
                    saved[number, 1, p], saved[number, 2, p] = work[ARC_X, p], work[ARC_Y, p]


@compiled
def _begin_tile(b, left, top, whole, background, work):
    """Write the positions of a tile's pixels, and the background to them; ``whole`` is the size of a pixel."""
    locate_pixels(work, left, top, whole, 0.5, 0.5)
    for channel in range(background.shape[1]):
        for p in range(PIXELS):
            work[CHANNELS + channel, p] = background[b, channel]


@inlined
def _pixel(canvas, work):
    """The size of a pixel in canvas units."""
    return work.dtype.type(1 / min(canvas.height, canvas.width))


@inlined
def _cover(b, k, left, top, shapes, canvas, whole, bounds, work):
    """Write the alpha of shape k to ALPHA; return the range of pixels that it may cover."""
    kind, first, size, profile = shapes.kinds[k], shapes.first[k], shapes.size[b, k], canvas.profile
    numbers, vertices = shapes.numbers[b], shapes.vertices[b]
    start, stop = rows_of_shape(kind, numbers, k, vertices, first, size, profile, whole, bounds, top, work)
    if start < stop:
        blend, fine = shapes.blend[b, k], canvas.fine
        cover(kind, numbers, k, vertices, first, size, blend, profile, fine, whole, left, top, start, stop, work)
    return start, stop


@inlined
def _save_alpha(work, start, stop, saved, number):
    """Save the alpha of a shape for all pixels: 0 outside of [start, stop)."""
    for p in range(PIXELS):
        saved[number, 0, p] = work[ALPHA, p] if start <= p and p < stop else ZERO


@inlined
def _saves_arcs(b, k, shapes, canvas):
    """Whether to save the closest points: if corners are elliptical, finding them is the most expensive step.

    They are not saved if there are sub-pixels, each of which has its own.
    """
    if shapes.kinds[k] in (POLYLINE, REGION) or canvas.fine > 1:
        return False
    return shapes.blend[b, k] < ONE and not is_circular(shapes.numbers[b], k)


@allocating
def differentiate(images, band, shapes, canvas, gradient, saved, ranges, by):
    """Add the derivatives of Σ gradient · image, ``gradient`` ``[B, C, H, W]``, given what ``draw`` saved."""
    real, channels, columns = shapes.numbers.dtype, gradient.shape[1], (canvas.width + TILE - 1) // TILE
    by_depth, layers = canvas.compositing == BY_DEPTH, channels if canvas.compositing == SOFT_OR else 1
    bounds = np.empty((len(shapes.kinds), 4), dtype=np.int64)
    work = np.zeros((CHANNELS + 2 * channels + layers, PIXELS), dtype=real)
    first = 0
    for b in range(images[0], images[1]):
        find_bounds(b, shapes, canvas, bounds)
        begin, entries = sort_into_tiles(shapes.order[b], bounds, columns, band[0], band[1])
        gains = np.empty((most_in_a_tile(begin), layers, PIXELS), dtype=real)
        for tile in range(len(begin) - 1):
            left, top = tile % columns * TILE, (band[0] + tile // columns) * TILE
            slots, at = entries[begin[tile] : begin[tile + 1]], first + begin[tile]
            _begin_tile(b, left, top, _pixel(canvas, work), shapes.background, work)
            read_tile(gradient, b, left, top, work, CHANNELS + channels)
            if by_depth:
                differentiate_by_depth(
                    slots, saved[at:], gains, shapes.in_front[b], shapes.color[b], shapes.background[b], work,
                    by.in_front[b], by.color[b], by.background[b],
                )  # fmt: skip
            else:
                _gain_tile(b, slots, shapes, canvas, work, saved[at:], ranges[at:], gains)
            _differentiate_tile(b, left, top, slots, shapes, canvas, work, saved[at:], ranges[at:], gains, by)
        first += len(entries)


@compiled
def _gain_tile(b, slots, shapes, canvas, work, saved, ranges, gains):
    """Composite the shapes of a tile once more and write the gain of each to ``gains`` ``[L, 1 or C, 256]``."""
    color, soft_or = shapes.color[b], canvas.compositing == SOFT_OR
    for number in range(len(slots)):
        start, stop = np.uintp(ranges[number, 0]), np.uintp(ranges[number, 1])
        if start < stop:
            find_gain(color, slots[number], start, stop, soft_or, work, saved, gains, number)


@compiled
def _differentiate_tile(b, left, top, slots, shapes, canvas, work, saved, ranges, gains, by):
    """Add the derivatives of Σ cotangent · pixels by the shapes of a tile, from top to bottom."""
    by_depth, soft_or, channels = canvas.compositing == BY_DEPTH, canvas.compositing == SOFT_OR, shapes.color.shape[2]
    color, whole = shapes.color[b], _pixel(canvas, work)
    numbers, vertices, by_numbers, by_vertices = shapes.numbers[b], shapes.vertices[b], by.numbers[b], by.vertices[b]
    cotangent, transmittance = CHANNELS + channels, CHANNELS + 2 * channels
    for layer in range(channels if soft_or else 1):
        for p in range(PIXELS):
            work[transmittance + layer, p] = ONE
    for number in range(len(slots) - 1, -1, -1):
        k, start, stop = slots[number], np.uintp(ranges[number, 0]), np.uintp(ranges[number, 1])
        if start >= stop:
            continue
        if by_depth:
            for p in range(start, stop):
                work[BY_ALPHA, p] = gains[number, 0, p]
        else:
            differentiate_layer(color, k, start, stop, soft_or, work, saved, gains, number, by.color[b])
        known = _saves_arcs(b, k, shapes, canvas)
        if known:
            for p in range(start, stop):
                work[ARC_X, p], work[ARC_Y, p] = saved[number, 1, p], saved[number, 2, p]
        differentiate_shape(
            shapes.kinds[k], numbers, k, vertices, shapes.first[k], shapes.size[b, k], shapes.blend[b, k],
            canvas.profile, canvas.fine, whole, left, top, start, stop, work, known, by_numbers, by_vertices,
        )  # fmt: skip
    if not by_depth:
        for channel in range(channels):
            total, layer = ZERO * whole, transmittance + (channel if soft_or else 0)
            for p in range(PIXELS):
                total += work[cotangent + channel, p] * work[layer, p]
            by.background[b, channel] += total
