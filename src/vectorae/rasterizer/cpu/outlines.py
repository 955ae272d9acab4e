"""The outlines of boxes and of straight strokes: the CPU implementation of geometry.rounded_box.place_corners.

Shared arguments of the kernels:
    first, last: the range of shapes, of M.
    center, turn, inner, radii: ``[M, 2]``, see ``Corners``.
    chords: of each corner of each shape, ``[M]``.
    levels: ``[M]``, signs, tables: see ``corner_tables``.
    size: of each shape's outline, ``[M]``; sides of no length have no segment.
    segments: start and end of each, ``[M, S, 2, 2]``.
    by_x: the derivative by x.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vectorae.geometry.region import Boundary
from vectorae.geometry.rounded_box import CHORDS, Corners, chord_levels, corner_tables
from vectorae.rasterizer.cpu.compiled import inlined, kernel
from vectorae.rasterizer.cpu.threads import run_parallel, split_items

CORNERS = 4

PER_SEGMENT = 7e-9
"""Seconds, about, in each direction."""


def place_corners(corners: Corners, pixel: float) -> Boundary:
    """The outline that goes around corners on the CPU; see ``geometry.rounded_box.place_corners``."""
    segments, size = _Place.apply(corners.center, corners.turn, corners.inner, corners.radii, pixel)
    return Boundary(segments, torch.arange(segments.shape[-3]) < size[..., None])


class _Place(torch.autograd.Function):
    """The fields of ``Corners`` → segments ``[..., S, 2, 2]``; how many each shape has."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
        *tensors, pixel = arguments
        center, turn, inner, radii = (one.detach().reshape(-1, 2).contiguous() for one in tensors)
        levels, most = chord_levels(radii, pixel)
        tables = corner_tables(most, radii.device, radii.dtype)
        given = [one.numpy() for one in (center, turn, inner, radii, levels, *tables)]
        chords = np.array(CHORDS)[given[4]]
        size = CORNERS * chords + 2 * np.count_nonzero(given[2], axis=1)
        segments = radii.new_zeros(len(size), max(1, int(size.max(initial=0))), 2, 2)
        made = segments.numpy()
        parts = split_items(len(size), PER_SEGMENT * size.sum())
        run_parallel(lambda _, part: _place(*part.images, *given, chords, made), parts)
        shape = tensors[0].shape[:-1]
        of_shape = torch.from_numpy(size).view(shape)
        ctx.mark_non_differentiable(of_shape)
        ctx.given, ctx.chords, ctx.shape, ctx.parts = given, chords, shape, parts
        return segments.view(*shape, *segments.shape[1:]), of_shape

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_segments: Tensor, _: Any) -> tuple[Any, ...]:
        by = by_segments.contiguous().view(-1, *by_segments.shape[-3:]).numpy()
        into = np.zeros((len(by), 4, 2), by.dtype)
        run_parallel(lambda _, part: _differentiate(*part.images, *ctx.given, ctx.chords, by, into), ctx.parts)
        return (*(torch.from_numpy(into[:, i]).view(*ctx.shape, 2) for i in range(4)), None)


@kernel
def _place(first, last, center, turn, inner, radii, levels, signs, tables, chords, segments):
    """Write the segments."""
    for m in range(first, last):
        begin, table, of_shape = 0, tables[levels[m]], segments[m]
        has_side = False
        for corner in range(CORNERS):
            middle_x, middle_y, right_x, right_y, down_x, down_y = _axes(
                signs, corner, center[m], turn[m], inner[m], radii[m]
            )
            at = corner * (len(signs) // CORNERS)
            x = middle_x + table[at, 0] * right_x + table[at, 1] * down_x
            y = middle_y + table[at, 0] * right_y + table[at, 1] * down_y
            if has_side:
                side = of_shape[begin - 1, 1]
                side[0], side[1] = x, y
            for i in range(chords[m]):
                chord, before_x, before_y = of_shape[begin + i], x, y
                across, down = table[at + i + 1, 0], table[at + i + 1, 1]
                x = middle_x + across * right_x + down * down_x
                y = middle_y + across * right_y + down * down_y
                chord[0, 0], chord[0, 1], chord[1, 0], chord[1, 1] = before_x, before_y, x, y
            begin += chords[m]
            has_side = inner[m, corner % 2] != 0
            if has_side:
                side = of_shape[begin, 0]
                side[0], side[1] = x, y
                begin += 1
        if has_side:
            of_shape[begin - 1, 1, 0], of_shape[begin - 1, 1, 1] = of_shape[0, 0, 0], of_shape[0, 0, 1]


@kernel
def _differentiate(first, last, center, turn, inner, radii, levels, signs, tables, chords, by_segments, by):
    """Add the derivatives by the fields of ``Corners`` to ``by`` ``[M, 4, 2]``."""
    for m in range(first, last):
        begin, table, of_shape, cos, sin = 0, tables[levels[m]], by_segments[m], turn[m, 0], turn[m, 1]
        # The last side ends where the first corner begins.
        has_side = inner[m, 1] != 0
        before = CORNERS * chords[m] + 2 * (inner[m, 0] != 0) + 2 * (inner[m, 1] != 0) - 1
        by_center, by_turn, by_inner, by_radii = by[m, 0], by[m, 1], by[m, 2], by[m, 3]
        for corner in range(CORNERS):
            at = corner * (len(signs) // CORNERS)
            # The derivatives by the corner's middle and by its axes, see ``_axes``.
            middle_x = middle_y = right_x = right_y = down_x = down_y = 0 * cos
            for i in range(chords[m] + 1):
                # A point ends one segment and starts the next one, where sides of no length have none.
                x = y = 0 * cos
                if i > 0 or has_side:
                    end = of_shape[begin + i - 1 if begin + i > 0 else before, 1]
                    x, y = x + end[0], y + end[1]
                if i < chords[m] or inner[m, corner % 2] != 0:
                    start = of_shape[begin + i, 0]
                    x, y = x + start[0], y + start[1]
                across, down = table[at + i, 0], table[at + i, 1]
                middle_x, middle_y = middle_x + x, middle_y + y
                right_x, right_y = right_x + across * x, right_y + across * y
                down_x, down_y = down_x + down * x, down_y + down * y
            has_side = inner[m, corner % 2] != 0
            begin += chords[m] + (1 if has_side else 0)
            sign_x, sign_y = signs[at, 0], signs[at, 1]
            inner_x, inner_y = sign_x * inner[m, 0], sign_y * inner[m, 1]
            radius_x, radius_y = sign_x * radii[m, 0], sign_y * radii[m, 1]
            by_center[0] += middle_x
            by_center[1] += middle_y
            by_turn[0] += middle_x * inner_x + middle_y * inner_y + right_x * radius_x + down_y * radius_y
            by_turn[1] += middle_y * inner_x - middle_x * inner_y + right_y * radius_x - down_x * radius_y
            by_inner[0] += sign_x * (cos * middle_x + sin * middle_y)
            by_inner[1] += sign_y * (cos * middle_y - sin * middle_x)
            by_radii[0] += sign_x * (cos * right_x + sin * right_y)
            by_radii[1] += sign_y * (cos * down_y - sin * down_x)


@inlined
def _axes(signs, corner, center, turn, inner, radii):
    """The middle of a corner's arc, and its radii to the right and down, as vectors on the canvas."""
    sign_x, sign_y = signs[corner * (len(signs) // CORNERS), 0], signs[corner * (len(signs) // CORNERS), 1]
    x, y, right, down = sign_x * inner[0], sign_y * inner[1], sign_x * radii[0], sign_y * radii[1]
    cos, sin = turn[0], turn[1]
    middle_x, middle_y = center[0] + cos * x - sin * y, center[1] + sin * x + cos * y
    return middle_x, middle_y, cos * right, sin * right, -sin * down, cos * down
