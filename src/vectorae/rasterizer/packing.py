"""Packing: a scene's tensors as the fused kernels read them, on any device; differentiable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import torch
from torch import Tensor

from vectorae.geometry.canvas import turn_of
from vectorae.geometry.curve import flatten, polyline_length
from vectorae.geometry.region import Boundary, Enclose, enclosed_region
from vectorae.geometry.rounded_box import Place, place_corners
from vectorae.rasterizer.coverage import SUBPIXELS, box_weights, region_weight, stroke_fullness
from vectorae.rasterizer.exact import exact_region, is_disc, radius_of
from vectorae.rasterizer.gradients import Inks, split_gradients
from vectorae.scene import Group, Path, RoundedBox, Scene, cat_groups, select_slots, sort_by_slot
from vectorae.scene.slots import kept_tensor

DRAWN = FILLED_BOX, STROKED_BOX, DISC, POLYLINE, REGION, SEGMENTS = range(6)
"""What a kernel can draw: a disc is a circle that is drawn exactly; a region is what a path encloses, given as its
boundary; segments are a stroke that is not joined, of a path of several contours. Paths have the larger numbers."""

CENTER_X, CENTER_Y, COS, SIN, HALF_WIDTH, HALF_HEIGHT, ROUNDNESS, STROKE_WIDTH, SOFTNESS, ROUNDED, SHARP = range(11)
"""The numbers of a shape: those of its box (angle as cosine and sine), the width of its stroke, its softness, and
opacity × ``coverage.Weights``; all but filled boxes are ``rounded`` only."""

NUMBERS = 11


@dataclass(frozen=True)
class Packed:
    """N shapes in each of B drawings.

    Attributes:
        numbers: ``[B, N, 11]``, see above.
        vertices: ``[B, V, 2]``, canvas units.
        kinds: the kind of each shape, ``[N]``, int32.
        first: the index of each shape's first vertex, ``[N]``, int32.
        size: the number of each shape's vertices, ``[B, N]``, int32. Polylines go from vertex to vertex; others have
            two of their own for each segment.
        order: the slots from the bottom to the top, ``[B, N]``, int64.
        blend: of filled boxes, see ``coverage.Weights``, ``[B, N]``; without gradient.
        present: a bit, 1 << kind, for each kind that there is.
        subpixels: each way in a pixel.
        inks: the gradients; None if there are none.
    """

    numbers: Tensor
    vertices: Tensor
    kinds: Tensor
    first: Tensor
    size: Tensor
    order: Tensor
    blend: Tensor
    present: int
    subpixels: int
    inks: Inks | None

    @property
    def topology(self) -> tuple[Tensor, ...]:
        """The tensors without a gradient, in the order in which kernels take them."""
        return self.kinds, self.first, self.size, self.order, self.blend


@dataclass
class PackedPart:
    """n shapes, before they are brought into painter's order.

    Attributes:
        kinds: what each of them is to a kernel.
        slots: their places in painter's order.
        numbers: ``[B, n, 11]``.
        vertices: ``[B, n, V, 2]``, or None.
        size: the number of vertices, ``[B, n]`` or the same for all.
        blend: ``[B, n]``; None is 0.
    """

    kinds: tuple[int, ...]
    slots: tuple[int, ...]
    numbers: Tensor
    vertices: Tensor | None = None
    size: Tensor | int = 0
    blend: Tensor | None = None


PackBoxes = Callable[[Sequence[Group], Scene, Tensor, str, float], list[PackedPart]]
"""``pack_boxes``, or another implementation of it."""


PackStroke = Callable[[Group, Scene, Tensor, str, float, float | None], PackedPart]
"""``pack_stroke``, or another implementation of it."""


def pack_boxes(groups: Sequence[Group], scene: Scene, edge: Tensor, coverage: str, pixel: float) -> list[PackedPart]:
    """Boxes of several kinds, filled ones and stroked ones at once, as each tensor operation has its price.

    Args:
        groups: of boxes, of those of ``scene``.
        edge: softness by slot, ``[B, N]``, canvas units.
        coverage: a key of ``PROFILES``.
        pixel: size of a (sub-)pixel in canvas units.
    """
    filled = [group for group in groups if group.stroke_width is None]
    stroked = [group for group in groups if group.stroke_width is not None]
    return [_pack_boxes(cat_groups(some), scene, edge, coverage, pixel) for some in (filled, stroked) if some]


def pack_stroke(
    group: Group, scene: Scene, edge: Tensor, coverage: str, pixel: float, bend: float | None = None
) -> PackedPart:
    """Stroked paths as polylines or, of several contours, as segments.

    Args:
        group: of stroked paths, of those of ``scene``.
        edge, coverage, pixel: as for ``pack_boxes``.
        bend: see ``pack``.
    """
    path = group.outline
    assert isinstance(path, Path) and group.stroke_width is not None
    softness, opacity = select_slots(edge, group.slots), select_slots(scene.opacity, group.slots)
    polylines = [flatten(one.points, one.degree, one.is_closed, pixel, bend) for one in path.contours]
    length = sum(polyline_length(one) for one in polylines)
    full = stroke_fullness(coverage, torch.as_tensor(length), group.stroke_width, softness, pixel)
    numbers = _numbers(group.stroke_width, softness, opacity * full)
    if len(polylines) > 1:
        segments = torch.cat([one.unfold(2, 2, 1).mT.flatten(2, 3) for one in polylines], dim=2)
        return PackedPart((SEGMENTS,) * len(group.slots), group.slots, numbers, segments, segments.shape[2])
    (vertices,) = polylines
    size = vertices.shape[2] if bend is None else _used_vertices(vertices)
    return PackedPart((POLYLINE,) * len(group.slots), group.slots, numbers, vertices, size)


def pack(
    scene: Scene,
    edge: Tensor,
    coverage: str,
    side: int,
    enclose: Enclose = enclosed_region,
    bend: float | None = None,
    box_packer: PackBoxes = pack_boxes,
    place: Place = place_corners,
    stroke_packer: PackStroke = pack_stroke,
) -> Packed:
    """Pack a scene.

    Args:
        scene: B drawings of N ≥ 1 shapes.
        edge: softness of each shape, ``[B, N]``, canvas units.
        coverage: a key of ``PROFILES``.
        side: the image's shorter side in pixels.
        enclose: what finds the regions of paths; its results are those of ``geometry.region.enclosed_region``.
        bend: of strokes, see ``geometry.curve.flatten``; if it is given, no size depends on values, and nothing waits
            for a device.
        box_packer: what packs boxes; its results are those of ``pack_boxes``, in any order.
        place: what places the outlines of boxes; its results are those of ``geometry.rounded_box.place_corners``.
        stroke_packer: what packs stroked paths; its results are those of ``pack_stroke``, up to repeated vertices.
    """
    scene, inks = split_gradients(scene)
    subpixels = SUBPIXELS.get(coverage, 1)
    pixel = 1 / (subpixels * side)
    exact, parts = [], []
    if coverage == "ramp":
        discs = [group for group in scene.groups if is_disc(group)]
        others = [group for group in scene.groups if not is_disc(group)]
        regions = _exact_regions(others, 1 / side, enclose, place)
        parts = [_pack_discs(group, scene, edge) for group in discs]
        parts += [_pack_region(group, region, scene, edge) for group, region in regions]
        exact = [part.slots for part in parts]
    rest = [group for group in scene.groups if group.slots not in exact]
    boxes = [group for group in rest if isinstance(group.outline, RoundedBox)]
    paths = [group for group in rest if isinstance(group.outline, Path)]
    parts += box_packer(boxes, scene, edge, coverage, pixel) if boxes else []
    for group in paths:
        if group.stroke_width is None:
            parts.append(_pack_enclosed(group, scene, edge, coverage, pixel, enclose))
        else:
            parts.append(stroke_packer(group, scene, edge, coverage, pixel, bend))
    numbers, first, size, blend = sort_by_slot(
        tuple(chain.from_iterable(part.slots for part in parts)),
        [part.numbers for part in parts],
        _first_vertices(parts),
        [_filled(part.size, part.numbers) for part in parts],
        [_filled(part.blend, part.numbers) for part in parts],
    )
    kinds, present = _kinds(tuple((part.kinds, part.slots) for part in parts))
    vertices = [part.vertices.flatten(1, 2) for part in parts if part.vertices is not None]
    return Packed(
        numbers=numbers,
        vertices=_joined(vertices, edge.new_zeros(scene.batch, 0, 2)),
        kinds=kept_tensor(kinds, torch.int32, edge.device),
        first=first[0],
        size=size,
        order=scene.order(),
        blend=blend,
        present=present,
        subpixels=subpixels if present & ~(1 << DISC | 1 << REGION) else 1,
        inks=inks,
    )


@lru_cache(maxsize=64)
def _kinds(topology: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]) -> tuple[tuple[int, ...], int]:
    """The kind of each slot, from (kinds, slots) of each part, and a bit for each that there is."""
    kinds = {slot: kind for of_part, slots in topology for kind, slot in zip(of_part, slots, strict=True)}
    return tuple(kinds[slot] for slot in range(len(kinds))), sum({1 << kind for kind in kinds.values()})


def _joined(vertices: Sequence[Tensor], none: Tensor) -> Tensor:
    """The vertices of all parts, without a copy of those of the only part."""
    return vertices[0] if len(vertices) == 1 else torch.cat([*vertices, none], dim=1)


def _first_vertices(parts: Sequence[PackedPart]) -> list[Tensor]:
    """The first vertex of each shape, ``[1, n]`` of each part.

    Made on the device without a copy to it: into how many pieces a curve is cut changes while a CUDA graph is captured,
    when nothing can be copied.
    """
    used, firsts = 0, []
    for part in parts:
        count, device = len(part.slots), part.numbers.device
        if part.vertices is None:
            firsts.append(torch.zeros(1, count, dtype=torch.int32, device=device))
        else:
            each = part.vertices.shape[2]
            firsts.append(torch.arange(count, dtype=torch.int32, device=device)[None] * each + used)
            used += count * each
    return firsts


def _filled(value: Tensor | int | None, numbers: Tensor) -> Tensor:
    """``value``, or None for 0, expanded to ``[B, n]``; integers become int32."""
    if isinstance(value, Tensor):
        return value
    dtype = numbers.dtype if value is None else torch.int32
    return torch.full(numbers.shape[:2], value or 0, dtype=dtype, device=numbers.device)


def _pack_boxes(group: Group, scene: Scene, edge: Tensor, coverage: str, pixel: float) -> PackedPart:
    """Boxes, all filled or all stroked: of several kinds at once, as each tensor operation has its price."""
    box = group.outline
    assert isinstance(box, RoundedBox)
    softness, opacity = select_slots(edge, group.slots), select_slots(scene.opacity, group.slots)
    none = torch.zeros_like(softness, requires_grad=False)
    if group.stroke_width is None:
        weights = box_weights(coverage, box.half_extents, box.roundness, softness, pixel)
        kind, width, blend = FILLED_BOX, none, weights.blend
        rounded, sharp = opacity * weights.rounded, opacity * weights.sharp
    else:
        full = stroke_fullness(coverage, 4 * box.half_extents.sum(-1), group.stroke_width, softness, pixel)
        kind, width, blend = STROKED_BOX, group.stroke_width, None
        rounded, sharp = opacity * full, none
    rest = torch.stack([box.roundness, width, softness, rounded, sharp], dim=-1)
    numbers = torch.cat([box.center, turn_of(box.angle), box.half_extents, rest], dim=-1)
    return PackedPart((kind,) * len(group.slots), group.slots, numbers, blend=blend)


def _pack_discs(group: Group, scene: Scene, edge: Tensor) -> PackedPart:
    """Circles that are drawn exactly: boxes of one half extent, upright, for the smallest bounds."""
    disc = group.outline
    assert isinstance(disc, RoundedBox)
    softness, opacity = select_slots(edge, group.slots), select_slots(scene.opacity, group.slots)
    radius = radius_of(disc)
    none, cos, sin = torch.zeros_like(radius), torch.ones_like(radius), 0 * disc.angle  # whose gradient is 0, not None
    rest = torch.stack([cos, sin, radius, radius, disc.roundness, none, softness, opacity, none], dim=-1)
    numbers = torch.cat([disc.center, rest], dim=-1)
    return PackedPart((DISC,) * len(group.slots), group.slots, numbers)


def _exact_regions(
    groups: Sequence[Group], pixel: float, enclose: Enclose, place: Place
) -> list[tuple[Group, Boundary]]:
    """The groups that are drawn exactly as regions, with these."""
    regions = [(group, exact_region(group, pixel, enclose, place)) for group in groups]
    return [(group, region) for group, region in regions if region is not None]


def _pack_region(
    group: Group, region: Boundary, scene: Scene, edge: Tensor, weight: Tensor | float = 1.0
) -> PackedPart:
    """Shapes given by their boundaries; ``weight``: factor on their coverage."""
    softness, opacity = select_slots(edge, group.slots), select_slots(scene.opacity, group.slots)
    number = torch.arange(1, region.present.shape[-1] + 1, dtype=torch.int32, device=edge.device)
    size = (2 * (region.present * number).amax(-1)).int()
    weight = opacity * weight
    return PackedPart(
        (REGION,) * len(group.slots),
        group.slots,
        _numbers(torch.zeros_like(weight), softness, weight),
        region.segments.flatten(2, 3),
        size,
    )


def _pack_enclosed(
    group: Group, scene: Scene, edge: Tensor, coverage: str, pixel: float, enclose: Enclose
) -> PackedPart:
    """Filled paths as regions."""
    path = group.outline
    assert isinstance(path, Path)
    contours = path.enclosing
    region = enclose(contours, pixel)
    weight = region_weight(coverage, contours, region, select_slots(edge, group.slots), pixel)
    return _pack_region(group, region.boundary, scene, edge, weight)


def _used_vertices(vertices: Tensor) -> Tensor:
    """How many vertices ``[B, n]`` of polylines ``[B, n, V, 2]`` come before the last is only repeated, 2 or more."""
    moves = (vertices.detach().diff(dim=2) != 0).any(-1)
    number = torch.arange(2, vertices.shape[2] + 1, dtype=torch.int32, device=vertices.device)
    return (moves * number).amax(-1).clamp_min(2).int()


def _numbers(stroke_width: Tensor, softness: Tensor, rounded: Tensor) -> Tensor:
    """The numbers ``[B, n, 11]`` of shapes that have vertices; all that is not given is 0."""
    given = torch.stack([stroke_width, softness, rounded, torch.zeros_like(rounded)], dim=-1)
    return torch.nn.functional.pad(given, (STROKE_WIDTH, 0))
