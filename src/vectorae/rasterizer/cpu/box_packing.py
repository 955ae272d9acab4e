"""Packing of boxes: the CPU implementation of packing.pack_boxes, box by box.

Shared arguments of the kernels:
    kind: of all boxes of the group, ``FILLED_BOX`` or ``STROKED_BOX``.
    places: the slot of each box of the group, and its row among all boxes, ``[n, 2]``.
    opacity: ``[B, N]``, by slot, as ``edge``, the softness.
    profile: an index into ``PROFILES``.
    pixel: size of a (sub-)pixel in canvas units.
    numbers: ``[B, boxes, 11]``, see packing.py.
    by_x: the derivative by x.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vectorae.rasterizer.coverage import NO_BLEND, PROFILES
from vectorae.rasterizer.cpu.arguments import Array
from vectorae.rasterizer.cpu.compiled import inlined, kernel
from vectorae.rasterizer.cpu.fullness import fullness, is_soft, stroke_fullness
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    FILLED_BOX,
    HALF_HEIGHT,
    HALF_WIDTH,
    NUMBERS,
    ROUNDED,
    ROUNDNESS,
    SHARP,
    SIN,
    SOFTNESS,
    STROKE_WIDTH,
    STROKED_BOX,
    PackedPart,
)
from vectorae.scene import Group, RoundedBox, Scene

FIELDS = 5
"""Number of tensors of a group: centre, half extents, angle, roundness, and stroke width or None."""

CUT_OFF = 1 - math.pi / 4
"""The part of a box that its corners are cut off by where they are as round as can be."""


def pack_boxes(groups: Sequence[Group], scene: Scene, edge: Tensor, coverage: str, pixel: float) -> list[PackedPart]:
    """Boxes on the CPU, filled and stroked ones in painter's order; see ``packing.pack_boxes``."""
    given = [(group.slots, FILLED_BOX if group.stroke_width is None else STROKED_BOX) for group in groups]
    slots, kinds, places = _arrange(tuple(given))
    tensors = chain.from_iterable(_tensors(group) for group in groups)
    kernels = tuple((kind, where) for (_, kind), where in zip(given, places, strict=True))
    settings = list(PROFILES).index(coverage), pixel
    numbers, blend = _PackBoxes.apply(kernels, settings, edge, scene.opacity, *tensors)
    return [PackedPart(kinds, slots, numbers, blend=blend)]


@lru_cache(maxsize=64)
def _arrange(
    groups: tuple[tuple[tuple[int, ...], int], ...],
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[Array, ...]]:
    """Painter's order of groups, given as (slots, kind): the slot and the kind of each row; each group's ``places``."""
    kind_of = {slot: kind for slots, kind in groups for slot in slots}
    ordered = tuple(sorted(kind_of))
    row_of = {slot: row for row, slot in enumerate(ordered)}
    places = (np.array([(slot, row_of[slot]) for slot in slots], np.int64).reshape(-1, 2) for slots, _ in groups)
    return ordered, tuple(kind_of[slot] for slot in ordered), tuple(places)


def _tensors(group: Group) -> tuple[Tensor | None, ...]:
    box = group.outline
    assert isinstance(box, RoundedBox)
    return box.center, box.half_extents, box.angle, box.roundness, group.stroke_width


class _PackBoxes(torch.autograd.Function):
    """Softness, opacity and the tensors of each group → numbers ``[B, boxes, 11]`` and blend ``[B, boxes]``."""

    @staticmethod
    def forward(ctx: Any, groups: Any, settings: tuple[int, float], *tensors: Tensor | None) -> tuple[Tensor, Tensor]:
        edge, opacity, *fields = (None if one is None else one.detach().contiguous() for one in tensors)
        assert edge is not None and opacity is not None
        by_slot, rows = (edge.numpy(), opacity.numpy()), sum(len(places) for _, places in groups)
        # Arrays of numpy: with so few numbers, most of the time would go into making torch's.
        real, none = by_slot[0].dtype, by_slot[0][:0]
        into = np.empty((len(edge), rows, NUMBERS), real), np.empty((len(edge), rows), real)
        for at, (kind, places) in enumerate(groups):
            box = fields[FIELDS * at : FIELDS * (at + 1)]
            _pack(kind, places, *(none if one is None else one.numpy() for one in box), *by_slot, *settings, *into)
        numbers, blend = (torch.from_numpy(one) for one in into)
        ctx.mark_non_differentiable(blend)
        ctx.save_for_backward(numbers, opacity)
        ctx.groups, ctx.settings = groups, settings
        return numbers, blend

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_numbers: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        numbers, opacity = (one.numpy() for one in ctx.saved_tensors)
        given = numbers, opacity, by_numbers.contiguous().numpy()
        by_slot = np.zeros_like(opacity), np.zeros_like(opacity)
        found: list[Array | None] = [*by_slot]
        for kind, places in ctx.groups:
            shape = len(numbers), len(places)
            by_box = [np.empty((*shape, *more), numbers.dtype) for more in ((2,), (2,), (), (), ())]
            _differentiate(kind, places, *given, *ctx.settings, *by_slot, *by_box)
            found += by_box if kind == STROKED_BOX else [*by_box[:-1], None]
        return (None, None, *(None if one is None else torch.from_numpy(one) for one in found))


@kernel
def _pack(kind, places, center, half_extents, angle, roundness, width, edge, opacity, profile, pixel, numbers, blend):
    """Write the numbers of a group's boxes, and the blend of filled ones (``coverage.Weights``).

    ``width``: of strokes, ``[B, n]``; of filled boxes, empty.
    """
    for b in range(len(numbers)):
        for i in range(len(places)):
            slot, row = places[i, 0], places[i, 1]
            one, s, turn, r = numbers[b, row], float(edge[b, slot]), float(angle[b, i]), float(roundness[b, i])
            half_width, half_height = float(half_extents[b, i, 0]), float(half_extents[b, i, 1])
            one[CENTER_X], one[CENTER_Y] = center[b, i, 0], center[b, i, 1]
            one[COS], one[SIN] = math.cos(turn), math.sin(turn)
            one[HALF_WIDTH], one[HALF_HEIGHT], one[ROUNDNESS], one[SOFTNESS] = half_width, half_height, r, s
            if kind == STROKED_BOX:
                one[STROKE_WIDTH] = width[b, i]
                full = stroke_fullness(4 * (half_width + half_height), float(width[b, i]), profile, s, pixel)[0]
                one[ROUNDED], one[SHARP] = opacity[b, slot] * full, 0
                blend[b, row] = 0
            else:
                longer = max(half_width, half_height)
                _, share, area = _shares(longer, r, profile, s, pixel)
                full = fullness(2 * longer * area, profile, s, pixel)[0]
                one[STROKE_WIDTH] = 0
                one[ROUNDED], one[SHARP] = opacity[b, slot] * (1 - share) * full, opacity[b, slot] * share * area
                blend[b, row] = share


@kernel
def _differentiate(
    kind,
    places,
    numbers,
    opacity,
    by_numbers,
    profile,
    pixel,
    by_edge,
    by_opacity,
    by_center,
    by_half_extents,
    by_angle,
    by_roundness,
    by_width,
):
    """Write the derivatives of Σ by_numbers · numbers by all that a group's boxes are made of."""
    for b in range(len(numbers)):
        for i in range(len(places)):
            slot, row = places[i, 0], places[i, 1]
            one, by, alpha = numbers[b, row], by_numbers[b, row], float(opacity[b, slot])
            half_width, half_height, s = float(one[HALF_WIDTH]), float(one[HALF_HEIGHT]), float(one[SOFTNESS])
            by_rounded, by_sharp = float(by[ROUNDED]), float(by[SHARP])
            by_center[b, i, 0], by_center[b, i, 1] = by[CENTER_X], by[CENTER_Y]
            by_angle[b, i] = by[SIN] * one[COS] - by[COS] * one[SIN]
            if kind == STROKED_BOX:
                full, by_length, by_s = stroke_fullness(
                    4 * (half_width + half_height), float(one[STROKE_WIDTH]), profile, s, pixel
                )
                by_length *= alpha * by_rounded
                by_opacity[b, slot] = by_rounded * full
                by_edge[b, slot] = by[SOFTNESS] + alpha * by_rounded * by_s
                by_half_extents[b, i, 0] = by[HALF_WIDTH] + 4 * by_length
                by_half_extents[b, i, 1] = by[HALF_HEIGHT] + 4 * by_length
                by_roundness[b, i] = by[ROUNDNESS]
                by_width[b, i] = by[STROKE_WIDTH] + 0.25 * math.pi * by_length
            else:
                longer, r = max(half_width, half_height), float(one[ROUNDNESS])
                corner, share, area = _shares(longer, r, profile, s, pixel)
                full, by_length, by_s = fullness(2 * longer * area, profile, s, pixel)
                by_full = alpha * by_rounded * (1 - share)
                by_corner = -2 * corner * share * alpha * (by_sharp * area - by_rounded * full)
                by_area = alpha * by_sharp * share + by_full * by_length * 2 * longer
                soft = is_soft(profile)
                by_corner_part = 2 * by_corner / (s if soft else pixel)
                by_longer = by_full * by_length * 2 * area + by_corner_part * r
                by_opacity[b, slot] = by_rounded * (1 - share) * full + by_sharp * share * area
                by_edge[b, slot] = by[SOFTNESS] + by_full * by_s - (by_corner * corner / s if soft else 0.0)
                # As of torch's `amax`: equal sides share it.
                of_width = 0.5 if half_width == half_height else 1.0 if half_width > half_height else 0.0
                by_half_extents[b, i, 0] = by[HALF_WIDTH] + of_width * by_longer
                by_half_extents[b, i, 1] = by[HALF_HEIGHT] + (1 - of_width) * by_longer
                by_roundness[b, i] = by[ROUNDNESS] + by_corner_part * longer - 2 * CUT_OFF * r * by_area


@inlined
def _shares(longer, r, profile, s, pixel):
    """Of a filled box (``coverage.box_weights``): 2 · roundness · longer / edge, the blend, the area that is left."""
    corner = 2 * r * longer / (s if is_soft(profile) else pixel)
    share = math.exp(-corner * corner)
    return corner, share if share >= NO_BLEND else 0.0, 1 - CUT_OFF * r * r
