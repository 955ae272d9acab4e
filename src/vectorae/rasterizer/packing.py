"""A scene's tensors as the fused kernels want them, on any device; differentiable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vectorae.geometry import area_and_perimeter, boundary, flatten, polyline_length
from vectorae.geometry.region import Cuts, find_cuts
from vectorae.rasterizer.coverage import box_weights, region_weight, stroke_fullness
from vectorae.scene import Group, RoundedBox, Scene

FILLED_BOX, STROKED_BOX, POLYLINE, REGION = range(4)
"""What a kernel can draw: a region is what a path encloses, given as its boundary."""

CENTER_X, CENTER_Y, COS, SIN, HALF_WIDTH, HALF_HEIGHT, ROUNDNESS, STROKE_WIDTH, SOFTNESS, ROUNDED, SHARP = range(11)
"""The numbers of a shape: those of its box (angle as cosine and sine), the width of its stroke, its softness, and
opacity × ``coverage.Weights``; all but filled boxes are ``rounded`` only."""

NUMBERS = 11


@dataclass(frozen=True)
class Packed:
    """N shapes in each of B drawings.

    Attributes:
        numbers: ``[B, N, 11]``; vertices: ``[B, V, 2]``, canvas units.
        kinds: ``[N]`` what each is; first: ``[N]`` its first vertex. int32, on the scene's device.
        size: ``[B, N]`` how many vertices it has, int32. Polylines go from vertex to vertex; of a boundary each segment
            has two of its own.
        blend: ``[B, N]`` of filled boxes, see ``coverage.Weights``; without gradient.
        present: a bit, 1 << kind, for each kind that there is.
    """

    numbers: Tensor
    vertices: Tensor
    kinds: Tensor
    first: Tensor
    size: Tensor
    blend: Tensor
    present: int


@dataclass
class _Part:
    """Some of the shapes, n: ``numbers`` ``[B, n, 11]``, ``vertices`` ``[B, n, V, 2]``, ``size``, ``blend`` ``[B, n]``.

    A whole number is the size of all; no vertices, none; no blend, 0.
    """

    kind: int
    slots: tuple[int, ...]
    numbers: Tensor
    vertices: Tensor | None = None
    size: Tensor | int = 0
    blend: Tensor | None = None


def pack(scene: Scene, edge: Tensor, coverage: str, pixel: float, find: Callable[[Tensor], Cuts] = find_cuts) -> Packed:
    """Pack a scene.

    Args:
        edge: softness of each shape, ``[B, N]``, canvas units.
        coverage: a key of ``PROFILES``.
        pixel: the size of a pixel, or sub-pixel, in canvas units.
        find: another ``geometry.region.find_cuts``, which does the same.
    """
    boxes = [group for group in scene.groups if isinstance(group.outline, RoundedBox)]
    parts = [
        _pack_boxes(groups, scene, edge, coverage, pixel)
        for groups in (
            [group for group in boxes if group.stroke_width is None],
            [group for group in boxes if group.stroke_width is not None],
        )
        if groups
    ]
    paths = [group for group in scene.groups if not isinstance(group.outline, RoundedBox)]
    parts += [_pack_path(group, scene, edge, coverage, pixel, find) for group in paths]
    place, kinds = _arrange(tuple((part.kind, part.slots) for part in parts), edge.device)
    size = torch.cat([_filled(part.size, part.numbers) for part in parts], dim=1)
    blend = torch.cat([_filled(part.blend, part.numbers) for part in parts], dim=1)
    first = _first_vertices(parts)
    numbers = torch.cat([part.numbers for part in parts], dim=1)
    if place is not None:
        numbers, size, blend = (tensor.index_select(1, place) for tensor in (numbers, size, blend))
        first = first.index_select(0, place)
    vertices = [part.vertices.flatten(1, 2) for part in parts if part.vertices is not None]
    none = [] if vertices else [edge.new_zeros(scene.batch, 0, 2)]
    present = sum({1 << part.kind for part in parts})
    return Packed(numbers, torch.cat(vertices + none, dim=1), kinds, first, size, blend, present)


@lru_cache(maxsize=64)
def _arrange(topology: tuple[tuple[int, tuple[int, ...]], ...], device: torch.device) -> tuple[Tensor | None, Tensor]:
    """From (kind, slots) of each part: the place of each slot among all parts' shapes (None where they are in order
    already) and its kind, ``[N]``."""
    order = [slot for _, slots in topology for slot in slots]
    place, kind = sorted(range(len(order)), key=order.__getitem__), [kind for kind, slots in topology for _ in slots]
    kinds = torch.tensor([kind[one] for one in place], dtype=torch.int32, device=device)
    return None if place == list(range(len(order))) else torch.tensor(place, device=device), kinds


def _first_vertices(parts: Sequence[_Part]) -> Tensor:
    """Of each shape in the order of the parts, ``[N]``. Nothing is copied to the device: how many vertices a curve has
    is another number while a CUDA graph is captured, and then no copy can be."""
    used, firsts = 0, []
    for part in parts:
        count, vertices = len(part.slots), 0 if part.vertices is None else part.vertices.shape[2]
        firsts.append(torch.arange(count, dtype=torch.int32, device=part.numbers.device) * vertices + used)
        used += count * vertices
    return torch.cat(firsts)


def _filled(value: Tensor | int | None, numbers: Tensor) -> Tensor:
    """``value`` of each shape, ``[B, n]``; whole numbers are int32."""
    if isinstance(value, Tensor):
        return value
    dtype = numbers.dtype if value is None else torch.int32
    return torch.full(numbers.shape[:2], value or 0, dtype=dtype, device=numbers.device)


def _of(slots: Sequence[int], values: Tensor) -> Tensor:
    """The values ``[B, N]`` of some slots."""
    if list(slots) == list(range(values.shape[1])):
        return values
    return values.index_select(1, _index(tuple(slots), values.device))


@lru_cache(maxsize=256)
def _index(slots: tuple[int, ...], device: torch.device) -> Tensor:
    """A copy to the device takes longer than all that is done with it."""
    return torch.tensor(slots, device=device)


def _pack_boxes(groups: list[Group], scene: Scene, edge: Tensor, coverage: str, pixel: float) -> _Part:
    """Boxes, all filled or all stroked: of several kinds at once, as each tensor operation has its price."""
    slots = tuple(slot for group in groups for slot in group.slots)
    outlines = [group.outline for group in groups if isinstance(group.outline, RoundedBox)]
    center, half, angle, roundness = (
        _joined([getattr(outline, name) for outline in outlines])
        for name in ("center", "half_extents", "angle", "roundness")
    )
    softness, opacity = _of(slots, edge), _of(slots, scene.opacity)
    none = torch.zeros_like(softness, requires_grad=False)
    if groups[0].stroke_width is None:
        weights = box_weights(coverage, half, roundness, softness, pixel)
        kind, width, blend = FILLED_BOX, none, weights.blend
        rounded, sharp = opacity * weights.rounded, opacity * weights.sharp
    else:
        width = _joined([group.stroke_width for group in groups if group.stroke_width is not None])
        full = stroke_fullness(coverage, 4 * half.sum(-1), width, softness, pixel)
        kind, rounded, sharp, blend = STROKED_BOX, opacity * full, none, None
    rest = torch.stack([roundness, width, softness, rounded, sharp], dim=-1)
    turn: Tensor = _Turn.apply(angle)
    numbers = torch.cat([center, turn, half, rest], dim=-1)
    return _Part(kind, slots, numbers, blend=blend)


class _Turn(torch.autograd.Function):
    """Cosine and sine of angles, ``[…, 2]``.

    For torch's own, and those in their derivatives, a library wakes all threads, which takes longer than all else that
    is done with a thousand angles.
    """

    @staticmethod
    def forward(ctx: Any, angle: Tensor) -> Tensor:
        turn = torch.view_as_real(torch.polar(torch.ones_like(angle), angle))
        ctx.save_for_backward(turn)
        return turn

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        cos, sin = ctx.saved_tensors[0].unbind(-1)
        by_cos, by_sin = gradient.unbind(-1)
        return by_sin * cos - by_cos * sin


def _joined(tensors: list[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(tensors, dim=1)


def _pack_path(
    group: Group, scene: Scene, edge: Tensor, coverage: str, pixel: float, find: Callable[[Tensor], Cuts]
) -> _Part:
    assert not isinstance(group.outline, RoundedBox)
    softness, opacity = _of(group.slots, edge), _of(group.slots, scene.opacity)
    vertices = flatten(group.outline.points, group.outline.degree, group.outline.closed, pixel)
    if group.stroke_width is not None:
        full = stroke_fullness(coverage, polyline_length(vertices), group.stroke_width, softness, pixel)
        numbers = _numbers(group.stroke_width, softness, opacity * full)
        return _Part(POLYLINE, group.slots, numbers, vertices, vertices.shape[2])
    region = boundary(vertices, find)
    number = torch.arange(1, region.present.shape[-1] + 1, dtype=torch.int32, device=edge.device)
    size = (2 * (region.present * number).amax(-1)).int()
    weight = opacity
    if coverage != "ramp":
        weight = opacity * region_weight(coverage, *area_and_perimeter(region), softness, pixel)
    segments = torch.stack([region.starts, region.ends], dim=-2).flatten(2, 3)
    return _Part(REGION, group.slots, _numbers(torch.zeros_like(weight), softness, weight), segments, size)


def _numbers(stroke_width: Tensor, softness: Tensor, rounded: Tensor) -> Tensor:
    """The numbers ``[B, n, 11]`` of shapes that have vertices; all that is not given is 0."""
    given = torch.stack([stroke_width, softness, rounded, torch.zeros_like(rounded)], dim=-1)
    return torch.nn.functional.pad(given, (STROKE_WIDTH, 0))
