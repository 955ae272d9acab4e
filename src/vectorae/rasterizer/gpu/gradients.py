"""Ink: the colours of shapes, which are the same everywhere or gradients (the mathematics of rasterizer.gradients).

Shared arguments:
    x, y: ``[1, PIXELS]``, centres of a tile's pixels on the canvas.
    color ``[B, N, C]``: pointer; the index of the shape in it is ``shape``, and k its slot.
    table ``[B, G, 9 + S + S (C + 1)]``, gradients ``[N]``, spreads ``[G]``: pointers, see ``gradients.Inks``; within
        functions for one gradient ``table`` points to its own numbers, and ``spread`` is an integer.
    gradient_count, stops: G and S.
    GRADIENTS: whether there are any; if not, their pointers are not read.
"""

# Compiled by Triton, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import triton
import triton.language as tl

from vectorae.rasterizer.gpu.constants import FRAME, NARROW, PAD, REFLECT, REPEAT
from vectorae.rasterizer.gpu.tiles import entry_of, put, put_some


@triton.jit
def find_ink(
    x, y, b, k, shape, color, table, gradients, spreads, gradient_count, stops, CHANNELS: tl.constexpr,
    PADDED: tl.constexpr, GRADIENTS: tl.constexpr,
):  # fmt: skip
    """The colour of a shape, ``[PADDED, PIXELS]``, and the opacity of its gradient, ``[1, PIXELS]``, 1 without one.

    Unless there are ``GRADIENTS``, one number instead of the pixels.
    """
    channel = tl.arange(0, PADDED)
    ink = tl.load(color + shape * CHANNELS + channel, mask=channel < CHANNELS, other=0)[:, None]
    opacity = tl.full([1, 1], 1, ink.dtype)
    if GRADIENTS:
        ink, opacity = ink + x * 0, opacity + x * 0
        number = tl.load(gradients + k)
        if number >= 0:
            table += (b * gradient_count + number) * _rank(stops, CHANNELS)
            ink, opacity = _mix(x, y, table, tl.load(spreads + number), stops, CHANNELS, PADDED)
    return ink, opacity


@triton.jit
def differentiate_ink(
    by_ink, by_opacity, x, y, b, k, table, gradients, spreads, gradient_count, stops, into, fits, ink_rows, ink_totals,
    ink_bounds, ink_begins, ink_rows_room, column, row, CHANNELS: tl.constexpr, PADDED: tl.constexpr,
    GRADIENTS: tl.constexpr,
):  # fmt: skip
    """Write the derivatives by the colour of a shape, or, while those are 0, by the numbers of its gradient.

    Args:
        by_ink, by_opacity: the derivatives by the results of ``find_ink``, of each pixel.
        into: pointer to the row of the shape's colour, or, unless it ``fits``, to its sum.
        ink_rows, ink_totals: pointers to the rows ``[ink_rows_room, 9 + S + S (C + 1)]`` and sums of all gradients;
            ink_bounds, ink_begins: to the bounds and the first row of each.
        column, row: of the tile.
    """
    channel = tl.arange(0, PADDED)
    by_color = tl.sum(by_ink, 1)
    if GRADIENTS:
        number = tl.load(gradients + k)
        by_color = tl.where(number < 0, by_color, 0)
        if number >= 0:
            one, rank = b * gradient_count + number, _rank(stops, CHANNELS)
            entry = entry_of(ink_bounds, ink_begins, one, column, row)
            has_row = entry < ink_rows_room
            into_table = ink_rows + entry * rank if has_row else ink_totals + one * rank
            _differentiate_mix(
                by_ink, by_opacity, x, y, table + one * rank, tl.load(spreads + number), stops, into_table, has_row,
                CHANNELS, PADDED,
            )  # fmt: skip
    put_some(into + channel, by_color, channel < CHANNELS, fits)


@triton.jit
def _rank(stops, CHANNELS: tl.constexpr):
    """How many numbers a gradient has."""
    return FRAME + stops * (CHANNELS + 2)


@triton.jit
def _mix(x, y, table, spread, stops, CHANNELS: tl.constexpr, PADDED: tl.constexpr):
    """The colour of a gradient, ``[PADDED, PIXELS]``, and its opacity, ``[1, PIXELS]``."""
    _, _, t = _number_at(x, y, table)
    t, _ = _spread_out(t, spread)
    low, color, own = _stop(table, 0, stops, CHANNELS, PADDED)
    ink, opacity = color + x * 0, own + x * 0
    for j in range(1, stops):
        high, next_color, next_own = _stop(table, j, stops, CHANNELS, PADDED)
        part = tl.minimum(tl.maximum((t - low) * _steepness(low, high), 0), 1)
        ink += part * (next_color - color)
        opacity += part * (next_own - own)
        low, color, own = high, next_color, next_own
    return ink, opacity


@triton.jit
def _differentiate_mix(
    by_ink, by_opacity, x, y, table, spread, stops, into, fits, CHANNELS: tl.constexpr, PADDED: tl.constexpr
):  # fmt: skip
    """Write the derivatives by the numbers of a gradient to ``into``, in their order."""
    u, v, t = _number_at(x, y, table)
    t, by_itself = _spread_out(t, spread)
    channel = tl.arange(0, PADDED)
    by_t = x * 0
    # Of a stop: how far the pixel is on the way to it, and the derivative by its offset, from that way.
    arrived, by_arrival = by_t + 1, by_t
    for j in range(stops):
        low, color, own = _stop(table, j, stops, CHANNELS, PADDED)
        high, next_color, next_own = _stop(table, tl.minimum(j + 1, stops - 1), stops, CHANNELS, PADDED)
        steep = tl.where(j + 1 < stops, _steepness(low, high), 0)  # nothing comes after the last
        part = (t - low) * steep
        left = tl.minimum(tl.maximum(part, 0), 1)
        by_part = tl.sum(by_ink * (next_color - color), 0)[None, :] + by_opacity * (next_own - own)
        slope = tl.where((part > 0) & (part < 1), by_part * steep, 0)
        by_t += slope
        slope = tl.where(high - low > NARROW, slope, 0)
        put(into + FRAME + j, tl.sum(by_arrival - slope * (1 - left)), fits)
        by_arrival = -slope * left
        by_stop = into + FRAME + stops + j * (CHANNELS + 1)
        put_some(by_stop + channel, tl.sum((arrived - left) * by_ink, 1), channel < CHANNELS, fits)
        put(by_stop + CHANNELS, tl.sum((arrived - left) * by_opacity), fits)
        arrived = left
    by_t *= by_itself
    square = u * u + v * v
    pull = tl.where(square > 0, by_t / tl.sqrt(tl.where(square > 0, square, 1)), 0)
    term = tl.arange(0, 4)
    by_term = tl.where(term[:, None] == 0, x, tl.where(term[:, None] == 1, y, 1))
    put_some(into + term, tl.sum(pull * u * by_term, 1), term < 3, fits)
    put_some(into + 3 + term, tl.sum(pull * v * by_term, 1), term < 3, fits)
    put_some(into + 6 + term, tl.sum(by_t * by_term, 1), term < 3, fits)


@triton.jit
def _number_at(x, y, table):
    """u, v and √(u² + v²) + w in each pixel, ``[1, PIXELS]`` each."""
    u = tl.load(table) * x + tl.load(table + 1) * y + tl.load(table + 2)
    v = tl.load(table + 3) * x + tl.load(table + 4) * y + tl.load(table + 5)
    w = tl.load(table + 6) * x + tl.load(table + 7) * y + tl.load(table + 8)
    return u, v, tl.sqrt(u * u + v * v) + w


@triton.jit
def _spread_out(t, spread):
    """``t`` of any size brought to the stops, and the derivative of that by ``t``."""
    found, by_t = t, t * 0 + 1
    if spread != PAD:
        twice = t - 2 * tl.floor(0.5 * t)
        found = tl.where(spread == REPEAT, t - tl.floor(t), 1 - tl.abs(twice - 1))
        by_t = tl.where((twice < 1) | (spread != REFLECT), by_t, -by_t)
    return found, by_t


@triton.jit
def _stop(table, j, stops, CHANNELS: tl.constexpr, PADDED: tl.constexpr):
    """The offset of a stop, its colour ``[PADDED, 1]`` and its opacity."""
    channel = tl.arange(0, PADDED)
    numbers = table + FRAME + stops + j * (CHANNELS + 1)
    color = tl.load(numbers + channel, mask=channel < CHANNELS, other=0)[:, None]
    return tl.load(table + FRAME + j), color, tl.load(numbers + CHANNELS)


@triton.jit
def _steepness(low, high):
    """1 over the distance between two stops."""
    return 1 / tl.maximum(high - low, NARROW)
