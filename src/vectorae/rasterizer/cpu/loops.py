"""The loops over images, tiles and shapes: drawing, and its derivative.

A tile is drawn shape by shape, from the bottom to the top; of each shape its alpha is kept. For the derivative the
shapes are laid over each other once more, which tells what the image would gain by more alpha of each; from the top to
the bottom that is weighted by what the shapes above let through.

What is kept, of each shape in each tile, in the order of ``sort_into_tiles``: ``kept`` ``[E, 1 or 3, 256]``, its alpha
and, where corners are elliptical, their closest points; ``reached`` ``[E, 2]``, the pixels from, to, that it covers.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import numpy as np

from vectorae.rasterizer.cpu.arguments import BY_DEPTH, SOFT_OR
from vectorae.rasterizer.cpu.box import is_circular
from vectorae.rasterizer.cpu.compiled import ONE, ZERO, allocating, compiled, inlined
from vectorae.rasterizer.cpu.compositing import composite, gain, weigh
from vectorae.rasterizer.cpu.depth import composite_by_depth, differentiate_by_depth
from vectorae.rasterizer.cpu.scratch import ALPHA, ARC_X, ARC_Y, BY_ALPHA, CHANNELS, PIXELS, TILE
from vectorae.rasterizer.cpu.shape import cover, differentiate_shape
from vectorae.rasterizer.cpu.tiles import (
    most_in_a_tile,
    place_pixels,
    place_shapes,
    read_tile,
    rows_of_shape,
    sort_into_tiles,
    tiles_of_shape,
    write_tile,
)
from vectorae.rasterizer.packing import POLYLINE, REGION


@allocating
def draw(images, band, shapes, canvas, image, keep, kept, reached):
    """Draw some rows of tiles of some images: both ranges are (from, to). ``image`` is ``[B, C, H, W]``.

    All is kept if ``keep``; else ``kept`` is scratch for one tile by depth.
    """
    real, channels, columns = shapes.numbers.dtype, image.shape[1], (canvas.width + TILE - 1) // TILE
    by_depth = canvas.compositing == BY_DEPTH
    places = np.empty((len(shapes.kinds), 4), dtype=np.int64)
    work = np.zeros((CHANNELS + channels, PIXELS), dtype=real)
    first = 0
    for b in range(images[0], images[1]):
        place_shapes(b, shapes, canvas, places)
        begin, entries = sort_into_tiles(shapes.order[b], places, columns, band[0], band[1])
        for tile in range(len(begin) - 1):
            left, top = tile % columns * TILE, (band[0] + tile // columns) * TILE
            slots, at = entries[begin[tile] : begin[tile + 1]], first + begin[tile] if keep else 0
            _draw_tile(b, left, top, slots, shapes, canvas, places, work, keep, kept[at:], reached[at:])
            if by_depth:
                composite_by_depth(slots, kept[at:], shapes.in_front[b], shapes.color[b], shapes.background[b], work)
            write_tile(image, b, left, top, work, CHANNELS)
        first += len(entries)


@allocating
def room_for(images, band, shapes, canvas):
    """How many shapes some rows of tiles of some images have, together, and how many numbers are kept of a pixel."""
    room, values, places = 0, 1, np.empty((len(shapes.kinds), 4), dtype=np.int64)
    for b in range(images[0], images[1]):
        place_shapes(b, shapes, canvas, places)
        for k in range(len(places)):
            room += tiles_of_shape(places, k, band[0], band[1])
            if _keeps_arcs(b, k, shapes, canvas):
                values = 3
    return room, values


@compiled
def _draw_tile(b, left, top, slots, shapes, canvas, places, work, keep, kept, reached):
    """Draw a tile; or, by depth, keep the alpha of each shape."""
    by_depth, soft_or = canvas.compositing == BY_DEPTH, canvas.compositing == SOFT_OR
    color, whole = shapes.color[b], _pixel(canvas, work)
    _begin_tile(b, left, top, whole, shapes.background, work)
    for number in range(len(slots)):
        k = slots[number]
        start, stop = _cover(b, k, left, top, shapes, canvas, whole, places, work)
        if by_depth:
            _keep_all(work, start, stop, kept, number)
        elif start < stop:
            composite(color, k, start, stop, soft_or, work)
        if keep:
            reached[number, 0], reached[number, 1] = start, stop
            for p in range(start, stop):
                kept[number, 0, p] = work[ALPHA, p]
            if _keeps_arcs(b, k, shapes, canvas):
                for p in range(start, stop):
                    kept[number, 1, p], kept[number, 2, p] = work[ARC_X, p], work[ARC_Y, p]


@compiled
def _begin_tile(b, left, top, whole, background, work):
    place_pixels(work, left, top, whole, 0.5, 0.5)
    for channel in range(background.shape[1]):
        for p in range(PIXELS):
            work[CHANNELS + channel, p] = background[b, channel]


@inlined
def _pixel(canvas, work):
    """The size of a pixel in canvas units."""
    return work.dtype.type(1 / min(canvas.height, canvas.width))


@inlined
def _cover(b, k, left, top, shapes, canvas, whole, places, work):
    """Write the alpha of a shape to ALPHA, and return the pixels of a tile from, to that it may cover."""
    kind, first, size, profile = shapes.kinds[k], shapes.first[k], shapes.size[b, k], canvas.profile
    numbers, vertices = shapes.numbers[b], shapes.vertices[b]
    start, stop = rows_of_shape(kind, numbers, k, vertices, first, size, profile, whole, places, top, work)
    if start < stop:
        blend, fine = shapes.blend[b, k], canvas.fine
        cover(kind, numbers, k, vertices, first, size, blend, profile, fine, whole, left, top, start, stop, work)
    return start, stop


@inlined
def _keep_all(work, start, stop, kept, number):
    """Keep the alpha of a shape, which is 0 in all but some rows."""
    for p in range(PIXELS):
        kept[number, 0, p] = work[ALPHA, p] if start <= p and p < stop else ZERO


@inlined
def _keeps_arcs(b, k, shapes, canvas):
    """Whether the shape's corners are elliptical and not told apart by sub-pixels: finding their closest points takes
    longer than all else."""
    if shapes.kinds[k] in (POLYLINE, REGION) or canvas.fine > 1:
        return False
    return shapes.blend[b, k] < ONE and not is_circular(shapes.numbers[b], k)


@allocating
def differentiate(images, band, shapes, canvas, gradient, kept, reached, by):
    """Add to ``by`` (``Gradients``) the derivatives of Σ gradient · image over some rows of tiles of some images, of
    which ``draw`` has kept all."""
    real, channels, columns = shapes.numbers.dtype, gradient.shape[1], (canvas.width + TILE - 1) // TILE
    by_depth, layers = canvas.compositing == BY_DEPTH, channels if canvas.compositing == SOFT_OR else 1
    places = np.empty((len(shapes.kinds), 4), dtype=np.int64)
    work = np.zeros((CHANNELS + 2 * channels + layers, PIXELS), dtype=real)
    first = 0
    for b in range(images[0], images[1]):
        place_shapes(b, shapes, canvas, places)
        begin, entries = sort_into_tiles(shapes.order[b], places, columns, band[0], band[1])
        gains = np.empty((most_in_a_tile(begin), layers, PIXELS), dtype=real)
        for tile in range(len(begin) - 1):
            left, top = tile % columns * TILE, (band[0] + tile // columns) * TILE
            slots, at = entries[begin[tile] : begin[tile + 1]], first + begin[tile]
            _begin_tile(b, left, top, _pixel(canvas, work), shapes.background, work)
            read_tile(gradient, b, left, top, work, CHANNELS + channels)
            if by_depth:
                differentiate_by_depth(
                    slots, kept[at:], gains, shapes.in_front[b], shapes.color[b], shapes.background[b], work,
                    by.in_front[b], by.color[b], by.background[b],
                )  # fmt: skip
            else:
                _gain_tile(b, slots, shapes, canvas, work, kept[at:], reached[at:], gains)
            _differentiate_tile(b, left, top, slots, shapes, canvas, work, kept[at:], reached[at:], gains, by)
        first += len(entries)


@compiled
def _gain_tile(b, slots, shapes, canvas, work, kept, reached, gains):
    """Lay all shapes over each other once more, and write what is gained by each one's alpha."""
    color, soft_or = shapes.color[b], canvas.compositing == SOFT_OR
    for number in range(len(slots)):
        start, stop = np.uintp(reached[number, 0]), np.uintp(reached[number, 1])
        if start < stop:
            gain(color, slots[number], start, stop, soft_or, work, kept, gains, number)


@compiled
def _differentiate_tile(b, left, top, slots, shapes, canvas, work, kept, reached, gains, by):
    """Add the derivatives of Σ given · pixels by all shapes, from the top to the bottom."""
    by_depth, soft_or, channels = canvas.compositing == BY_DEPTH, canvas.compositing == SOFT_OR, shapes.color.shape[2]
    color, whole = shapes.color[b], _pixel(canvas, work)
    numbers, vertices, by_numbers, by_vertices = shapes.numbers[b], shapes.vertices[b], by.numbers[b], by.vertices[b]
    given, passed = CHANNELS + channels, CHANNELS + 2 * channels
    for layer in range(channels if soft_or else 1):
        for p in range(PIXELS):
            work[passed + layer, p] = ONE
    for number in range(len(slots) - 1, -1, -1):
        k, start, stop = slots[number], np.uintp(reached[number, 0]), np.uintp(reached[number, 1])
        if start >= stop:
            continue
        if by_depth:
            for p in range(start, stop):
                work[BY_ALPHA, p] = gains[number, 0, p]
        else:
            weigh(color, k, start, stop, soft_or, work, kept, gains, number, by.color[b])
        known = _keeps_arcs(b, k, shapes, canvas)
        if known:
            for p in range(start, stop):
                work[ARC_X, p], work[ARC_Y, p] = kept[number, 1, p], kept[number, 2, p]
        differentiate_shape(
            shapes.kinds[k], numbers, k, vertices, shapes.first[k], shapes.size[b, k], shapes.blend[b, k],
            canvas.profile, canvas.fine, whole, left, top, start, stop, work, known, by_numbers, by_vertices,
        )  # fmt: skip
    if not by_depth:
        for channel in range(channels):
            total, layer = ZERO * whole, passed + (channel if soft_or else 0)
            for p in range(PIXELS):
                total += work[given + channel, p] * work[layer, p]
            by.background[b, channel] += total
