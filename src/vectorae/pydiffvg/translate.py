"""Serialized scenes as a scene of vectorae; differentiable with respect to everything in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.geometry.curve import flatten
from vectorae.geometry.stroke_outline import stroke_outlines
from vectorae.geometry.stroke_style import PLAIN
from vectorae.pydiffvg.families import Family, GroupKey, Plan, plan_of
from vectorae.pydiffvg.inks import RecordedInk, gradient_of
from vectorae.pydiffvg.maps import Maps
from vectorae.pydiffvg.recording import RecordedGroup, Recording
from vectorae.pydiffvg.stacking import stacked
from vectorae.scene import Gradient, Group, Path, RoundedBox, Scene
from vectorae.scene.slots import kept_tensor

VISIBLE = 1e-6
"""Alpha up to which there is nothing."""


@dataclass(frozen=True)
class Translated:
    """A scene, without a background, and what it takes to draw what its shapes cover, whatever their alpha.

    Attributes:
        scene: in RGB.
        covering: 1 where a shape may be seen, 0 where its alpha is 0, ``[B, N]``; None if all of them are opaque.
    """

    scene: Scene
    covering: Tensor | None

    @property
    def coverage(self) -> Scene:
        """The same shapes in one channel, white on black, opaque wherever they may be seen."""
        assert self.covering is not None
        white = torch.ones_like(self.covering)
        return replace(
            self.scene,
            groups=tuple(replace(group, gradient=None) for group in self.scene.groups),
            color=white[..., None],
            opacity=self.covering,
            background=white.new_zeros(len(white), 1),
        )


def translated(drawings: Sequence[Recording], width: int, height: int, device: torch.device) -> Translated:
    """Scenes of one topology as a batch.

    Args:
        drawings: B of them.
        width, height: of the images, pixels, to which the canvas is stretched.
        device: of the scene.

    Raises:
        UserError: scenes of different topologies, or maps that are not affine.
    """
    return _Translator(drawings, width, height, device).result()


class _Translator:
    """Translates B drawings; all tensors it makes are ``[B, n, …]``."""

    def __init__(self, drawings: Sequence[Recording], width: int, height: int, device: torch.device) -> None:
        self.drawings, first = drawings, drawings[0]
        self.batch = len(drawings)
        side = min(width, height)
        across, down = width / first.width / side, height / first.height / side
        self.scale = torch.tensor([across, down], device=device)
        matrices = [group.matrix for drawing in drawings for group in drawing.groups]
        self.maps = Maps(matrices, self.batch, self.scale, 1 / side)
        self.plan = self._plan()

    def _plan(self) -> Plan:
        plans = []
        kinds = self.maps.kinds
        for drawing in self.drawings:
            keys = tuple(
                GroupKey(
                    group.shapes,
                    _visible(group.fill, self.batch),
                    _visible(group.stroke, self.batch),
                    group.even_odd,
                    kind,
                    _has_no_width(group, drawing),
                )
                for group, kind in zip(drawing.groups, kinds, strict=True)
            )
            plans.append(plan_of(tuple(shape.topology for shape in drawing.shapes), keys))
            if plans[-1] is not plans[0] or (drawing.width, drawing.height) != (
                self.drawings[0].width,
                self.drawings[0].height,
            ):
                raise UserError(
                    f"render_batch: scene {len(plans) - 1} has other shapes, groups or paints, or another canvas, than "
                    "the first; draw scenes of several topologies one by one"
                )
        return plans[0]

    def result(self) -> Translated:
        """The scene."""
        groups, gradients = [], []
        for family in self.plan.families:
            gradient, alpha = self._gradient(family)
            groups.append(replace(self._group(family), gradient=gradient))
            gradients.append(alpha)
        color, opacity, covering = self._paint(gradients)
        scene = Scene(
            groups=tuple(groups),
            color=color,
            opacity=opacity,
            softness=torch.ones_like(opacity, requires_grad=False),
            background=None,
        )
        return Translated(scene, covering)

    # Paint

    def _inks(self, family: Family) -> list[RecordedInk]:
        """B · n inks of a family."""
        inks = []
        for drawing in self.drawings:
            for number in family.groups:
                group = drawing.groups[number]
                ink = group.stroke if family.is_stroke else group.fill
                assert ink is not None
                inks.append(ink)
        return inks

    def _gradient(self, family: Family) -> tuple[Gradient | None, Tensor | None]:
        inks = self._inks(family)
        return gradient_of(inks, self.batch, self.scale) if inks[0].kind else (None, None)

    def _paint(self, gradients: Sequence[Tensor | None]) -> tuple[Tensor, Tensor, Tensor | None]:
        """Colours ``[B, N, 3]`` and opacities of all slots, and which of them cover something."""
        count = self.plan.count
        if not count:
            none = self.scale.new_zeros(self.batch, 0)
            return none[..., None].expand(-1, -1, 3), none, None
        white = torch.ones(4)
        colors = [[white] * count for _ in self.drawings]
        for family in self.plan.families:
            inks = iter(self._inks(family))
            for row in colors:
                for slot, ink in zip(family.slots, inks, strict=False):
                    row[slot] = white if ink.kind else ink.tensors[0]
        color, opacity = stacked(list(chain.from_iterable(colors)), self.batch, (4,), self.scale).split([3, 1], dim=-1)
        opacity = opacity[..., 0]
        return color, opacity, self._covering(opacity.detach(), gradients)

    def _covering(self, alpha: Tensor, gradients: Sequence[Tensor | None]) -> Tensor | None:
        """Which shapes cover something, given the alpha of all and that of the stops of gradients ``[B, n, S]``."""
        greatest, is_opaque = alpha, bool((alpha >= 1).all())
        for family, stops in zip(self.plan.families, gradients, strict=True):
            if stops is not None:
                is_opaque = is_opaque and bool((stops >= 1).all())
                slots = kept_tensor(family.slots, torch.long, alpha.device)
                greatest = greatest.index_copy(1, slots, stops.amax(-1))
        return None if is_opaque else (greatest > VISIBLE).to(alpha)

    # Geometry

    def _group(self, family: Family) -> Group:
        outline = self._boxes(family) if family.topology is not None else self._paths(family)
        if not family.is_stroke or family.outlined:
            return Group(outline, family.slots, style=PLAIN)
        widths = [
            drawing.shapes[drawing.groups[number].shapes[0]].width
            for drawing in self.drawings
            for number in family.groups
        ]
        width = 2 * stacked(widths, self.batch, (), self.scale).abs()
        return Group(outline, family.slots, width * self.maps.length(family), style=PLAIN)

    def _boxes(self, family: Family) -> RoundedBox:
        topology = family.topology
        assert topology is not None
        box = topology.box(
            [
                stacked(
                    [drawing.shapes[one].tensors[index] for drawing in self.drawings for one in family.shapes],
                    self.batch,
                    shape,
                    self.scale,
                )
                for index, shape in enumerate(topology.shapes)
            ]
        )
        center = self.maps.moved(box.center[..., None, :], family)[..., 0, :]
        length = self.maps.length(family)
        half = box.half_extents * (length if isinstance(length, float) else length[..., None])
        return replace(box, center=center, half_extents=half, angle=self.maps.angle(family, box.angle))

    @cached_property
    def _points(self) -> Tensor:
        """The points of all shapes, ``[B, T, 2]``, pixels; see ``Plan``."""
        parts = []
        paths = self.plan.paths
        if paths:
            together = torch.cat([drawing.shapes[one].tensors[0] for drawing in self.drawings for one in paths])
            parts.append(together.to(self.scale).view(self.batch, -1, 2))
        for topology, indices in self.plan.boxes:
            tensors = [
                stacked(
                    [drawing.shapes[one].tensors[index] for drawing in self.drawings for one in indices],
                    self.batch,
                    shape,
                    self.scale,
                )
                for index, shape in enumerate(topology.shapes)
            ]
            parts.append(topology.points(tensors).flatten(1, 2))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    @cached_property
    def _widths(self) -> Tensor:
        """The width of the stroke at each of these points, ``[B, T, 1]``, pixels."""
        order = [*self.plan.paths, *chain.from_iterable(indices for _, indices in self.plan.boxes)]
        rows = [
            torch.cat(
                [drawing.shapes[one].width.reshape(-1).expand(drawing.shapes[one].topology.size) for one in order]
            )
            for drawing in self.drawings
        ]
        return 2 * torch.stack(rows).to(self.scale).abs()[..., None]

    def _paths(self, family: Family) -> Path:
        points = _picked(self._points, family)
        closed = family.closed[0] if len(set(family.closed)) == 1 else family.closed
        sizes = family.sizes if len(family.sizes) > 1 else ()
        if family.outlined:
            return self._outlined(torch.cat([points, _picked(self._widths, family)], dim=-1), family)
        points = self.maps.moved(points, family)
        return Path(points, closed, family.degree, sizes, "evenodd" if family.even_odd else "nonzero")

    def _outlined(self, points: Tensor, family: Family) -> Path:
        """The outlines of strokes by the places and widths of their points, ``[B, n, P, 3]``."""
        pixel = self.maps.pixel(family)
        around: list[Tensor] = []
        for contour, closed in zip(points.split(list(family.sizes), dim=-2), family.closed, strict=True):
            vertices = flatten(contour, family.degree, closed, pixel)
            around += stroke_outlines(vertices[..., :2], closed, vertices[..., 2], PLAIN, pixel)
        sizes = tuple(one.shape[-2] for one in around)
        moved = self.maps.moved(torch.cat(around, dim=-2), family)
        return Path(moved, True, 1, sizes if len(sizes) > 1 else ())


def _picked(rows: Tensor, family: Family) -> Tensor:
    """Rows of ``[B, T, k]`` as the corners of a family, ``[B, n, P, k]``."""
    picked = rows.index_select(1, kept_tensor(family.first, torch.long, rows.device))
    if family.share:
        other = rows.index_select(1, kept_tensor(family.second, torch.long, rows.device))
        picked = torch.lerp(picked, other, kept_tensor(family.share, rows.dtype, rows.device)[:, None])
    return picked.view(len(rows), len(family.groups), -1, rows.shape[-1])


def _visible(ink: RecordedInk | None, batch: int) -> object | None:
    """The key of an ink that may be seen."""
    return None if ink is None or batch == 1 and ink.is_invisible else ink.key


def _has_no_width(group: RecordedGroup, drawing: Recording) -> bool:
    """Whether the strokes of a group have no one width."""
    if group.stroke is None:
        return False
    shapes = [drawing.shapes[one] for one in group.shapes]
    first = shapes[0].width if shapes else None
    if any(shape.has_widths for shape in shapes):
        return True
    return any(
        shape.width is not first and (shape.width.requires_grad or float(shape.width) != float(first or 0))
        for shape in shapes[1:]
    )
