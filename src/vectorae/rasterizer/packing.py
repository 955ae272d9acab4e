"""A scene's tensors as the fused kernels want them, on any device; differentiable."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vectorae.geometry import area_and_perimeter, boundary, flatten, polyline_length
from vectorae.geometry.region import Cuts, find_cuts
from vectorae.rasterizer.coverage import box_weights, region_weight, stroke_fullness
from vectorae.scene import Group, RoundedBox, Scene

FILLED_BOX, STROKED_BOX, POLYLINE, REGION = range(4)
"""What a kernel can draw: a region is what a path encloses, given as its boundary."""

CENTER_X, CENTER_Y, COS, SIN, HALF_WIDTH, HALF_HEIGHT, ROUNDNESS, STROKE_WIDTH = range(8)
"""The numbers of a shape: those of its box (angle as cosine and sine), and the width of its stroke."""


@dataclass(frozen=True)
class Packed:
    """N shapes in each of B drawings.

    Attributes:
        numbers: ``[B, N, 8]``; vertices: ``[B, V, 2]``, canvas units.
        rounded, sharp: ``[B, N]`` the factors of ``coverage.Weights``; all but filled boxes are ``rounded`` only.
        kinds: ``[N]`` what each is; first: ``[N]`` its first vertex. Whole numbers on the CPU, as are the sizes.
        size: ``[B, N]`` how many vertices it has. Polylines go from vertex to vertex; of a boundary each segment has
            two of its own.
        blend: ``[B, N]`` of filled boxes, see ``coverage.Weights``; without gradient.
    """

    numbers: Tensor
    vertices: Tensor
    rounded: Tensor
    sharp: Tensor
    kinds: list[int]
    first: list[int]
    size: Tensor
    blend: Tensor


@dataclass
class _Part:
    """A group of n shapes: ``numbers`` ``[B, n, 8]``, ``vertices`` ``[B, n, V, 2]``, the rest ``[B, n]``."""

    kind: int
    numbers: Tensor
    vertices: Tensor
    rounded: Tensor
    sharp: Tensor
    size: Tensor | int
    blend: Tensor | int


def pack(scene: Scene, edge: Tensor, coverage: str, pixel: float, find: Callable[[Tensor], Cuts] = find_cuts) -> Packed:
    """Pack a scene.

    Args:
        edge: softness of each shape, ``[B, N]``, canvas units.
        coverage: a key of ``PROFILES``.
        pixel: the size of a pixel, or sub-pixel, in canvas units.
        find: another ``geometry.region.find_cuts``, which does the same.
    """
    kinds, first, used = [0] * scene.count, [0] * scene.count, 0
    size = torch.zeros(scene.batch, scene.count, dtype=torch.long, device=edge.device)
    blend = torch.zeros_like(edge, requires_grad=False)
    parts, order = [], list[int]()
    for group in scene.groups:
        slots = list(group.slots)
        part = _pack_group(group, edge[:, slots], coverage, pixel, find)
        size[:, slots], blend[:, slots] = part.size, part.blend
        for number, slot in enumerate(slots):
            kinds[slot], first[slot] = part.kind, used + part.vertices.shape[2] * number
        used += part.vertices.shape[2] * len(slots)
        parts.append(part)
        order += slots
    place = sorted(range(len(order)), key=order.__getitem__)
    return Packed(
        torch.cat([part.numbers for part in parts], dim=1)[:, place],
        torch.cat([part.vertices.flatten(1, 2) for part in parts], dim=1),
        torch.cat([part.rounded for part in parts], dim=1)[:, place],
        torch.cat([part.sharp for part in parts], dim=1)[:, place],
        kinds,
        first,
        size,
        blend,
    )


def _pack_group(group: Group, edge: Tensor, coverage: str, pixel: float, find: Callable[[Tensor], Cuts]) -> _Part:
    outline, width = group.outline, group.stroke_width
    none = torch.zeros_like(edge)
    if isinstance(outline, RoundedBox):
        turn = torch.stack([outline.angle.cos(), outline.angle.sin()], dim=-1)
        rest = torch.stack([outline.roundness, none if width is None else width], dim=-1)
        numbers = torch.cat([outline.center, turn, outline.half_extents, rest], dim=-1)
        no_vertices = edge.new_zeros(*edge.shape, 0, 2)
        if width is None:
            weights = box_weights(coverage, outline.half_extents, outline.roundness, edge, pixel)
            return _Part(FILLED_BOX, numbers, no_vertices, weights.rounded, weights.sharp, 0, weights.blend)
        full = stroke_fullness(coverage, 4 * outline.half_extents.sum(-1), width, edge, pixel)
        return _Part(STROKED_BOX, numbers, no_vertices, full, none, 0, 0)
    vertices = flatten(outline.points, outline.degree, outline.closed, pixel)
    if width is None:
        return _pack_region(vertices, edge, coverage, pixel, find)
    full = stroke_fullness(coverage, polyline_length(vertices), width, edge, pixel)
    return _Part(POLYLINE, _numbers(width), vertices, full, none, vertices.shape[2], 0)


def _pack_region(vertices: Tensor, edge: Tensor, coverage: str, pixel: float, find: Callable[[Tensor], Cuts]) -> _Part:
    region = boundary(vertices, find)
    segments = torch.stack([region.starts, region.ends], dim=-2).flatten(2, 3)
    number = torch.arange(1, region.present.shape[-1] + 1, device=edge.device)
    size = 2 * (region.present * number).amax(-1)
    none = torch.zeros_like(edge)
    if coverage == "ramp":
        return _Part(REGION, _numbers(none), segments, none + 1, none, size, 0)
    weight = region_weight(coverage, *area_and_perimeter(region), edge, pixel)
    return _Part(REGION, _numbers(none), segments, weight, none, size, 0)


def _numbers(stroke_width: Tensor) -> Tensor:
    """The numbers ``[B, n, 8]`` of shapes that have vertices, ``[B, n]``: all 0 but the last."""
    return torch.cat([stroke_width.new_zeros(*stroke_width.shape, 7), stroke_width[..., None]], dim=-1)
