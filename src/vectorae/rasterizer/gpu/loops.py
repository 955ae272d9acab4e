"""The kernels for drawing and its derivative: one program per tile of each image.

A tile is drawn shape by shape, from bottom to top. For the derivative it is drawn once more, which gives each shape's
gain: the derivative by its alpha if nothing were above it. From top to bottom, the gains are weighted by the
transmittance of the shapes above. Where a tile has more shapes than the scratch has room for, it is drawn again for
every so many. Each shape's derivatives in a tile are a scratch row of their own, summed afterwards: no two programs
write to the same memory, so that sums are reproducible; rows for which there is no room are added to the sums at once.

Shared arguments:
    numbers, vertices, kinds, first, size, blend: pointers to the fields of ``packing.Packed``.
    color ``[B, N, C]``, background ``[B, C]``, order ``[B, N]``: pointers, see ``gpu.draw``.
    table, gradients, spreads, gradient_count, stops: see gradients.py.
    bounds, segment_bounds: pointers to the bounds of shapes and segments (see tiles.py).
    count, vertex_count: N and V; pixel: size of a pixel in canvas units.
    b, column, row: image and tile of this program; k: a slot.
    EPSILON, TINY: rounding error of 1, and the smallest normal number.
    CHANNELS, PADDED: C, and the next power of two.
    PROFILE: an index into ``PROFILES``; FINE: sub-pixels per pixel in each direction; SOFT_OR: the compositing.
    PRESENT: a bit, 1 << kind, for each kind in the scene; GRADIENTS: whether any shape has one.
    TILE: side of a tile in pixels.
"""

# Compiled by Triton, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import triton
import triton.language as tl

from vectorae.rasterizer.gpu.box import box
from vectorae.rasterizer.gpu.constants import (
    BOXES,
    CENTER_X,
    CENTER_Y,
    COS,
    DISC,
    DISCS,
    HALF_HEIGHT,
    HALF_WIDTH,
    LANES,
    NUMBERS,
    PATHS,
    POLYLINE,
    RAMP,
    REGION,
    ROUNDED,
    ROUNDNESS,
    SHARP,
    SIN,
    SOFTNESS,
    STROKE_WIDTH,
)
from vectorae.rasterizer.gpu.disc import differentiate_disc, disc
from vectorae.rasterizer.gpu.gradients import differentiate_ink, find_ink
from vectorae.rasterizer.gpu.path import add_by_area, add_by_segments, covered_area, path
from vectorae.rasterizer.gpu.tiles import bits, entry_of, highest, lowest, put, touches, without


@triton.jit
def draw(
    image, numbers, vertices, color, background, table, kinds, first, size, order, blend, gradients, spreads, bounds,
    segment_bounds, count, vertex_count, gradient_count, stops, height, width, pixel, EPSILON: tl.constexpr,
    TINY: tl.constexpr, CHANNELS: tl.constexpr, PADDED: tl.constexpr, PROFILE: tl.constexpr, FINE: tl.constexpr,
    SOFT_OR: tl.constexpr, PRESENT: tl.constexpr, GRADIENTS: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    """Write ``image`` ``[B, C, H, W]``."""
    b, column, row = _tile(tl.program_id(0), width, height, TILE)
    canvas = _draw_tile(
        b, column, row, numbers, vertices, color, background, table, kinds, first, size, order, blend, gradients,
        spreads, bounds, segment_bounds, image, image, 0, count, count, vertex_count, gradient_count, stops, pixel,
        EPSILON, TINY, CHANNELS, PADDED, PROFILE, FINE, SOFT_OR, PRESENT, GRADIENTS, TILE, False,
    )  # fmt: skip
    at, inside = _image_tile(b, column, row, height, width, CHANNELS, PADDED, TILE)
    tl.store(image + at, canvas, mask=inside)


@triton.jit
def differentiate(
    by_image, gains, rows, segment_rows, ink_rows, by_background, totals, segment_totals, ink_totals, begins,
    segment_begins, ink_begins, ink_bounds, rows_room, segment_rows_room, ink_rows_room, tiles, numbers, vertices,
    color, background, table, kinds, first, size, order, blend, gradients, spreads, bounds, segment_bounds, count,
    vertex_count, gradient_count, stops, height, width, pixel, ROOM: tl.constexpr, EPSILON: tl.constexpr,
    TINY: tl.constexpr, CHANNELS: tl.constexpr, PADDED: tl.constexpr, PROFILE: tl.constexpr, FINE: tl.constexpr,
    SOFT_OR: tl.constexpr, PRESENT: tl.constexpr, GRADIENTS: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    """Write the derivatives of Σ by_image · image by each shape in each tile; each program takes several tiles.

    Args:
        by_image: ``[B, C, H, W]``.
        gains: scratch ``[programs, ROOM, 1 or C, TILE²]`` for the gains of shapes in a tile, per channel for soft or.
        rows: ``[rows_room, 11 + C]`` derivatives by numbers and colour; segment_rows: ``[segment_rows_room, 4]`` by the
            start and end of each segment; ink_rows: ``[ink_rows_room, 9 + S + S (C + 1)]`` by each gradient;
            by_background: ``[B, tiles, C]``.
        totals, segment_totals, ink_totals: sums of each shape, segment and gradient, to which rows are added that there
            is no room for.
        begins, segment_begins, ink_begins: index of the first row of each.
        ink_bounds: pointer to the bounds of gradients, which are those of their shapes.
        tiles: of all images.
    """
    gains += tl.program_id(0).to(tl.int64) * (ROOM * (CHANNELS if SOFT_OR else 1) * TILE * TILE)
    channel = tl.arange(0, PADDED)
    chunks = (count + LANES - 1) // LANES
    for tile in range(tl.program_id(0), tiles, tl.num_programs(0)):
        b, column, row = _tile(tile, width, height, TILE)
        at, inside = _image_tile(b, column, row, height, width, CHANNELS, PADDED, TILE)
        cotangent = tl.load(by_image + at, mask=inside, other=0)
        x, y = _pixel_positions(column, row, pixel, numbers.dtype.element_ty, FINE, TILE)
        middle_x, middle_y = _pixel_positions(column, row, pixel, numbers.dtype.element_ty, 1, TILE)
        transmittance = tl.full([PADDED if SOFT_OR else 1, TILE * TILE], 1, cotangent.dtype)
        number = _count_hits(b, column, row, order, bounds, count)
        saved = number
        for chunk in range(chunks):
            begin = (chunks - 1 - chunk) * LANES
            hits = _hits(b, column, row, order, bounds, count, begin)
            while hits != 0:
                i = highest(hits)
                hits = without(hits, i)
                number -= 1
                if number < saved:
                    saved = tl.maximum(number + 1 - ROOM, 0)
                    tl.debug_barrier()
                    _draw_tile(
                        b, column, row, numbers, vertices, color, background, table, kinds, first, size, order, blend,
                        gradients, spreads, bounds, segment_bounds, cotangent, gains, saved, number + 1, count,
                        vertex_count, gradient_count, stops, pixel, EPSILON, TINY, CHANNELS, PADDED, PROFILE, FINE,
                        SOFT_OR, PRESENT, GRADIENTS, TILE, True,
                    )  # fmt: skip
                    tl.debug_barrier()
                k = tl.load(order + b * count + begin + i)
                shape = b * count + k
                entry = entry_of(bounds, begins, shape, column, row)
                fits = entry < rows_room
                into = rows + entry * (NUMBERS + CHANNELS) if fits else totals + shape * (NUMBERS + CHANNELS)
                ink, opacity = find_ink(
                    middle_x, middle_y, b, k, shape, color, table, gradients, spreads, gradient_count, stops, CHANNELS,
                    PADDED, GRADIENTS,
                )  # fmt: skip
                gain_at, mask = _gain_tile(number - saved, CHANNELS, PADDED, SOFT_OR, TILE)
                by_layer = tl.load(gains + gain_at, mask=mask, other=0) * transmittance
                by_alpha = tl.sum(by_layer * ink, 0)[None, :] if SOFT_OR else by_layer
                covered = _differentiate_shape(
                    by_alpha * opacity, x, y, b, k, numbers, vertices, kinds, first, size, blend, segment_bounds,
                    segment_begins, into, fits, segment_rows, segment_totals, segment_rows_room, count, vertex_count,
                    column, row, pixel, EPSILON, TINY, PROFILE, FINE, PRESENT,
                )  # fmt: skip
                alpha = covered * opacity
                differentiate_ink(
                    by_layer * alpha if SOFT_OR else cotangent * (alpha * transmittance), by_alpha * covered, middle_x,
                    middle_y, b, k, table, gradients, spreads, gradient_count, stops, into + NUMBERS, fits, ink_rows,
                    ink_totals, ink_bounds, ink_begins, ink_rows_room, column, row, CHANNELS, PADDED, GRADIENTS,
                )  # fmt: skip
                transmittance *= 1 - (alpha * ink if SOFT_OR else alpha)
        at = by_background + (b * 0 + tile) * CHANNELS + channel  # int64, as b is
        tl.store(at, tl.sum(cotangent * transmittance, 1), mask=channel < CHANNELS)


@triton.jit
def _draw_tile(
    b, column, row, numbers, vertices, color, background, table, kinds, first, size, order, blend, gradients, spreads,
    bounds, segment_bounds, cotangent, gains, bottom, top, count, vertex_count, gradient_count, stops, pixel,
    EPSILON: tl.constexpr, TINY: tl.constexpr, CHANNELS: tl.constexpr, PADDED: tl.constexpr, PROFILE: tl.constexpr,
    FINE: tl.constexpr, SOFT_OR: tl.constexpr, PRESENT: tl.constexpr, GRADIENTS: tl.constexpr, TILE: tl.constexpr,
    SAVE: tl.constexpr,
):  # fmt: skip
    """The pixels of a tile with all shapes in it below number ``top``, ``[PADDED, TILE²]``.

    If ``SAVE``, also write the gains of those from number ``bottom`` on to ``gains``. The gain, the derivative of
    Σ cotangent · image by the shape's alpha if nothing were above it, is Σ_c g_c (c_k − B_k), with g the cotangent and
    B_k the pixels behind the shape; for soft or g_c (1 − B_k) by channel. Alpha includes the opacity of a gradient.
    """
    x, y = _pixel_positions(column, row, pixel, numbers.dtype.element_ty, FINE, TILE)
    middle_x, middle_y = _pixel_positions(column, row, pixel, numbers.dtype.element_ty, 1, TILE)
    channel = tl.arange(0, PADDED)
    below = tl.load(background + b * CHANNELS + channel, mask=channel < CHANNELS, other=0)
    canvas = below[:, None] + tl.zeros([PADDED, TILE * TILE], below.dtype)
    number = 0
    for begin in range(0, count, LANES):
        hits = _hits(b, column, row, order, bounds, count, begin)
        while (hits != 0) & (number < top):
            i = lowest(hits)
            hits = without(hits, i)
            k = tl.load(order + b * count + begin + i)
            shape = b * count + k
            covered = _cover(
                x, y, b, k, numbers, vertices, kinds, first, size, blend, segment_bounds, count, vertex_count,
                column, row, pixel, EPSILON, TINY, PROFILE, FINE, PRESENT,
            )  # fmt: skip
            ink, opacity = find_ink(
                middle_x, middle_y, b, k, shape, color, table, gradients, spreads, gradient_count, stops, CHANNELS,
                PADDED, GRADIENTS,
            )  # fmt: skip
            alpha = covered * opacity
            more = 1 - canvas if SOFT_OR else ink - canvas
            if SAVE:
                if number >= bottom:
                    gain_at, mask = _gain_tile(number - bottom, CHANNELS, PADDED, SOFT_OR, TILE)
                    gain = cotangent * more if SOFT_OR else tl.sum(cotangent * more, 0)[None, :]
                    tl.store(gains + gain_at, gain, mask=mask)
            canvas += alpha * (ink * more if SOFT_OR else more)
            number += 1
    return canvas


@triton.jit
def _tile(tile, width, height, TILE: tl.constexpr):
    """Image, column and row of a tile."""
    columns, rows = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    return (tile // (columns * rows)).to(tl.int64), tile % columns, tile // columns % rows


@triton.jit
def _pixel_positions(column, row, pixel, REAL: tl.constexpr, FINE: tl.constexpr, TILE: tl.constexpr):
    """Positions of a tile's (sub-)pixels on the canvas: x and y, ``[FINE², TILE²]`` each."""
    p, part = tl.arange(0, TILE * TILE)[None, :], tl.arange(0, FINE * FINE)[:, None]
    x = (column * TILE + p % TILE + (part % FINE + 0.5) / FINE) * pixel
    y = (row * TILE + p // TILE + (part // FINE + 0.5) / FINE) * pixel
    return x.to(REAL), y.to(REAL)


@triton.jit
def _image_tile(b, column, row, height, width, CHANNELS: tl.constexpr, PADDED: tl.constexpr, TILE: tl.constexpr):
    """Offsets of a tile's pixels in an image ``[B, C, H, W]``, and whether they exist: ``[PADDED, TILE²]`` each."""
    p, channel = tl.arange(0, TILE * TILE)[None, :], tl.arange(0, PADDED)[:, None]
    x, y = column * TILE + p % TILE, row * TILE + p // TILE
    return ((b * CHANNELS + channel) * height + y) * width + x, (channel < CHANNELS) & (x < width) & (y < height)


@triton.jit
def _gain_tile(number, CHANNELS: tl.constexpr, PADDED: tl.constexpr, SOFT_OR: tl.constexpr, TILE: tl.constexpr):
    """Offsets of the gains of a shape, the number-th that are saved of a tile, and their mask."""
    p = tl.arange(0, TILE * TILE)[None, :]
    if SOFT_OR:
        channel = tl.arange(0, PADDED)[:, None]
        at, mask = (number * CHANNELS + channel) * (TILE * TILE) + p, (channel < CHANNELS) & (p >= 0)
    else:
        at, mask = number * (TILE * TILE) + p, p >= 0
    return at, mask


@triton.jit
def _hits(b, column, row, order, bounds, count, begin):
    """The set of those, out of LANES shapes from ``begin`` on in their order, that touch the tile."""
    lane = begin + tl.arange(0, LANES)
    k = tl.load(order + b * count + lane, mask=lane < count, other=0)
    return bits(touches(bounds, b * count + k, lane < count, column, row))


@triton.jit
def _count_hits(b, column, row, order, bounds, count):
    """Number of shapes that touch the tile."""
    found = 0
    for begin in range(0, count, LANES):
        lane = begin + tl.arange(0, LANES)
        k = tl.load(order + b * count + lane, mask=lane < count, other=0)
        found += tl.sum(touches(bounds, b * count + k, lane < count, column, row).to(tl.int32), 0)
    return found


@triton.jit
def _cover(
    x, y, b, k, numbers, vertices, kinds, first, size, blend, segment_bounds, count, vertex_count, column, row, pixel,
    EPSILON: tl.constexpr, TINY: tl.constexpr, PROFILE: tl.constexpr, FINE: tl.constexpr, PRESENT: tl.constexpr,
):  # fmt: skip
    """The alpha of a shape, ``[1, TILE²]``."""
    shape, kind = b * count + k, tl.load(kinds + k)
    numbers += shape * NUMBERS
    alpha = x * 0
    if BOXES & PRESENT:
        if kind < DISC:
            alpha, _, _, _, _, _, _, _, _, _, _, _ = box(
                x, y, numbers, kind, tl.load(blend + shape), pixel / FINE, EPSILON, PROFILE, PRESENT
            )
    if DISCS & PRESENT:
        if kind == DISC:
            covered, _, _, _ = disc(x, y, numbers, pixel, FINE)
            alpha += tl.load(numbers + ROUNDED) * covered
    if PATHS & PRESENT:
        if kind >= POLYLINE:
            vertices += 2 * b * vertex_count
            segment_bounds += 4 * b * vertex_count
            first_vertex, vertices_of_shape = tl.load(first + k), tl.load(size + shape)
            if (kind == REGION) & (PROFILE == RAMP):
                middle_x, middle_y = tl.sum(x, 0)[None, :] / (FINE * FINE), tl.sum(y, 0)[None, :] / (FINE * FINE)
                covered = covered_area(middle_x, middle_y, vertices, first_vertex, vertices_of_shape, pixel)
                alpha += tl.load(numbers + ROUNDED) * covered
            else:
                alpha, _, _, _, _, _, _, _ = path(
                    x, y, numbers, kind, vertices, segment_bounds, first_vertex, vertices_of_shape, column, row,
                    pixel / FINE, TINY, PROFILE, PRESENT,
                )  # fmt: skip
    return tl.sum(alpha, 0)[None, :] / (FINE * FINE)


@triton.jit
def _differentiate_shape(
    by_alpha, x, y, b, k, numbers, vertices, kinds, first, size, blend, segment_bounds, segment_begins, into, fits,
    segment_rows, segment_totals, segment_rows_room, count, vertex_count, column, row, pixel, EPSILON: tl.constexpr,
    TINY: tl.constexpr, PROFILE: tl.constexpr, FINE: tl.constexpr, PRESENT: tl.constexpr,
):  # fmt: skip
    """The alpha of a shape, ``[1, TILE²]``; writes the derivatives of Σ by_alpha · alpha by its numbers and segments.

    ``into`` points to the shape's row, the derivatives by its numbers, or, unless it ``fits``, to its sums;
    ``segment_rows`` and ``segment_totals`` to the rows and sums of all segments.
    """
    shape, kind = b * count + k, tl.load(kinds + k)
    numbers += shape * NUMBERS
    alpha = x * 0
    if BOXES & PRESENT:
        if kind < DISC:
            alpha = _differentiate_box(
                by_alpha,
                x,
                y,
                numbers,
                kind,
                tl.load(blend + shape),
                into,
                fits,
                pixel,
                EPSILON,
                PROFILE,
                FINE,
                PRESENT,
            )
    if DISCS & PRESENT:
        if kind == DISC:
            alpha += differentiate_disc(by_alpha, x, y, numbers, into, fits, pixel, FINE)
    if PATHS & PRESENT:
        if kind >= POLYLINE:
            alpha = _differentiate_path(
                by_alpha, x, y, numbers, kind, vertices + 2 * b * vertex_count, segment_bounds + 4 * b * vertex_count,
                segment_begins + b * vertex_count, tl.load(first + k), tl.load(size + shape), into, fits, segment_rows,
                segment_totals + 4 * b * vertex_count, segment_rows_room, column, row, pixel, TINY, PROFILE, FINE,
                PRESENT,
            )  # fmt: skip
    return tl.sum(alpha, 0)[None, :] / (FINE * FINE)


@triton.jit
def _differentiate_box(
    by_alpha, x, y, numbers, kind, blend, into, fits, pixel, EPSILON: tl.constexpr, PROFILE: tl.constexpr,
    FINE: tl.constexpr, PRESENT: tl.constexpr,
):  # fmt: skip
    """As ``_differentiate_shape``, for a box; alpha is that of the sub-pixels, ``[FINE², TILE²]``."""
    weight = by_alpha / (FINE * FINE)
    alpha, by_x, by_y, by_cos, by_sin, by_width, by_height, by_roundness, by_stroke, by_s, by_rounded, by_sharp = box(
        x, y, numbers, kind, blend, pixel / FINE, EPSILON, PROFILE, PRESENT
    )
    cos, sin = tl.load(numbers + COS), tl.load(numbers + SIN)
    all_x, all_y = _total(weight * by_x), _total(weight * by_y)
    put(into + CENTER_X, sin * all_y - cos * all_x, fits)
    put(into + CENTER_Y, -sin * all_x - cos * all_y, fits)
    put(into + COS, _total(weight * by_cos), fits)
    put(into + SIN, _total(weight * by_sin), fits)
    put(into + HALF_WIDTH, _total(weight * by_width), fits)
    put(into + HALF_HEIGHT, _total(weight * by_height), fits)
    put(into + ROUNDNESS, _total(weight * by_roundness), fits)
    put(into + STROKE_WIDTH, _total(weight * by_stroke), fits)
    put(into + SOFTNESS, _total(weight * by_s), fits)
    put(into + ROUNDED, _total(weight * by_rounded), fits)
    put(into + SHARP, _total(weight * by_sharp), fits)
    return alpha


@triton.jit
def _differentiate_path(
    by_alpha, x, y, numbers, kind, vertices, segment_bounds, segment_begins, first, size, into, fits, segment_rows,
    segment_totals, segment_rows_room, column, row, pixel, TINY: tl.constexpr, PROFILE: tl.constexpr,
    FINE: tl.constexpr, PRESENT: tl.constexpr,
):  # fmt: skip
    """As ``_differentiate_shape``, for a polyline or region; alpha is that of the sub-pixels, ``[FINE², TILE²]``."""
    alpha, weight = x * 0, by_alpha / (FINE * FINE)
    rounded = tl.load(numbers + ROUNDED)
    for number in tl.static_range(NUMBERS):
        if number != STROKE_WIDTH and number != SOFTNESS and number != ROUNDED:
            put(into + number, rounded * 0, fits)
    if (kind == REGION) & (PROFILE == RAMP):
        middle_x, middle_y = tl.sum(x, 0)[None, :] / (FINE * FINE), tl.sum(y, 0)[None, :] / (FINE * FINE)
        covered = covered_area(middle_x, middle_y, vertices, first, size, pixel)
        alpha += rounded * covered
        put(into + ROUNDED, _total(by_alpha * covered), fits)
        put(into + STROKE_WIDTH, rounded * 0, fits)
        put(into + SOFTNESS, rounded * 0, fits)
        add_by_area(
            rounded * by_alpha, middle_x, middle_y, vertices, segment_bounds, segment_begins, segment_rows,
            segment_totals, segment_rows_room, first, size, column, row, pixel,
        )  # fmt: skip
    else:
        alpha, by_stroke, by_s, by_rounded, near_x, near_y, segment, part = path(
            x, y, numbers, kind, vertices, segment_bounds, first, size, column, row, pixel / FINE, TINY, PROFILE,
            PRESENT,
        )  # fmt: skip
        put(into + STROKE_WIDTH, _total(weight * by_stroke), fits)
        put(into + SOFTNESS, _total(weight * by_s), fits)
        put(into + ROUNDED, _total(weight * by_rounded), fits)
        add_by_segments(
            weight * near_x, weight * near_y, segment, part, segment_bounds, segment_begins, segment_rows,
            segment_totals, segment_rows_room, first, size, column, row,
        )  # fmt: skip
    return alpha


@triton.jit
def _total(values):
    """The sum over both axes of a block."""
    return tl.sum(tl.sum(values, 1), 0)
