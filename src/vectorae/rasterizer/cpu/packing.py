"""A scene's tensors as the kernels want them; differentiable."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vectorae.geometry import area_and_perimeter, boundary, flatten, polyline_length
from vectorae.rasterizer.coverage import box_weights, region_weight, stroke_fullness
from vectorae.rasterizer.cpu.cuts import find_cuts
from vectorae.rasterizer.cpu.shapes import FILLED_BOX, POLYLINE, REGION, STROKED_BOX, Array
from vectorae.scene import Group, RoundedBox, Scene


@dataclass(frozen=True)
class Packed:
    """The tensors among ``cpu.shapes.Shapes``, and the arrays that have no gradient (kinds, first, size, blend)."""

    numbers: Tensor
    vertices: Tensor
    rounded: Tensor
    sharp: Tensor
    topology: tuple[Array, ...]


@dataclass
class _Part:
    """A group of n shapes: ``numbers`` ``[B, n, 8]``, ``vertices`` ``[B, n, V, 2]``, the rest ``[B, n]``."""

    kind: int
    numbers: Tensor
    vertices: Tensor
    rounded: Tensor
    sharp: Tensor
    size: Any
    blend: Any


def pack(scene: Scene, edge: Tensor, coverage: str, pixel: float) -> Packed:
    """Pack a scene on the CPU.

    Args:
        edge: softness of each shape, ``[B, N]``, canvas units.
        coverage: a key of ``PROFILES``.
        pixel: the size of a pixel, or sub-pixel, in canvas units.
    """
    kinds, first = np.zeros(scene.count, dtype=np.int64), np.zeros(scene.count, dtype=np.int64)
    size, blend = np.zeros((scene.batch, scene.count), dtype=np.int64), np.zeros((scene.batch, scene.count))
    parts, order, used = [], list[int](), 0
    for group in scene.groups:
        slots = list(group.slots)
        part = _pack_group(group, edge[:, slots], coverage, pixel)
        kinds[slots], size[:, slots], blend[:, slots] = part.kind, part.size, part.blend
        first[slots] = used + part.vertices.shape[2] * np.arange(len(slots))
        used += part.vertices.shape[2] * len(slots)
        parts.append(part)
        order += slots
    place = np.argsort(order).tolist()
    return Packed(
        torch.cat([part.numbers for part in parts], dim=1)[:, place],
        torch.cat([part.vertices.flatten(1, 2) for part in parts], dim=1),
        torch.cat([part.rounded for part in parts], dim=1)[:, place],
        torch.cat([part.sharp for part in parts], dim=1)[:, place],
        (kinds, first, size, blend),
    )


def _pack_group(group: Group, edge: Tensor, coverage: str, pixel: float) -> _Part:
    outline, width = group.outline, group.stroke_width
    none = torch.zeros_like(edge)
    if isinstance(outline, RoundedBox):
        turn = torch.stack([outline.angle.cos(), outline.angle.sin()], dim=-1)
        rest = torch.stack([outline.roundness, none if width is None else width], dim=-1)
        numbers = torch.cat([outline.center, turn, outline.half_extents, rest], dim=-1)
        no_vertices = edge.new_zeros(*edge.shape, 0, 2)
        if width is None:
            weights = box_weights(coverage, outline.half_extents, outline.roundness, edge, pixel)
            return _Part(FILLED_BOX, numbers, no_vertices, weights.rounded, weights.sharp, 0, weights.blend.numpy())
        full = stroke_fullness(coverage, 4 * outline.half_extents.sum(-1), width, edge, pixel)
        return _Part(STROKED_BOX, numbers, no_vertices, full, none, 0, 0)
    vertices = flatten(outline.points, outline.degree, outline.closed, pixel)
    if width is None:
        return _pack_region(vertices, edge, coverage, pixel)
    full = stroke_fullness(coverage, polyline_length(vertices), width, edge, pixel)
    return _Part(POLYLINE, _numbers(width), vertices, full, none, vertices.shape[2], 0)


def _pack_region(vertices: Tensor, edge: Tensor, coverage: str, pixel: float) -> _Part:
    region = boundary(vertices, find_cuts)
    segments = torch.stack([region.starts, region.ends], dim=-2).flatten(2, 3)
    number = torch.arange(1, region.present.shape[-1] + 1)
    size = 2 * (region.present * number).amax(-1).numpy()
    none = torch.zeros_like(edge)
    if coverage == "ramp":
        return _Part(REGION, _numbers(none), segments, none + 1, none, size, 0)
    weight = region_weight(coverage, *area_and_perimeter(region), edge, pixel)
    return _Part(REGION, _numbers(none), segments, weight, none, size, 0)


def _numbers(stroke_width: Tensor) -> Tensor:
    """The numbers ``[B, n, 8]`` of shapes that have vertices, ``[B, n]``: all 0 but the last."""
    return torch.cat([stroke_width.new_zeros(*stroke_width.shape, 7), stroke_width[..., None]], dim=-1)
