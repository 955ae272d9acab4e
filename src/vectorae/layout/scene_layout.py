"""Layouts of drawings that are there already: what raw numbers mean when zeros are a given scene."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from vectorae.errors import UserError
from vectorae.geometry import canvas_size
from vectorae.layout.arguments import BACKGROUND, MARGIN
from vectorae.layout.layout import Layout
from vectorae.layout.seeds import Seeds
from vectorae.primitives import PAINT, STROKE, Field, to_value
from vectorae.scene import Group, Path, RoundedBox, Scene

PURE = 0.01
"""How near colours and opacities come to 0 and 1: at the ends themselves they would learn nothing."""

PLACES = Field("points", ())
EXTENT = Field("length", 0.0, high=2.0)
TURN = Field("angle", 0.0)


@dataclass(frozen=True)
class _Column:
    """Some raw numbers: which field they are, and its value ``[n, …]`` where they are 0."""

    name: str
    field: Field
    start: Tensor
    low: Tensor | float
    high: Tensor | float


class SceneLayout(nn.Module):
    """A layout whose starting arrangement is a drawing, with all its shapes as they are.

    It has the raw numbers of every shape's outline (a circle stays a circle, a box keeps how round it is), colour,
    opacity and stroke width, group by group, and of the background.

    Args:
        drawing: a scene of one drawing, crisp.
        aspect: width / height of the canvas.
        fixed: names of fields that stay as they are: ``color``, ``opacity``, ``stroke_width``, ``background``, or
            geometry: ``center``, ``points``, ``half_extents``, ``radius``, ``angle``.
    """

    ordering = "slot"

    def __init__(self, drawing: Scene, aspect: float = 1.0, fixed: Collection[str] = ()) -> None:
        super().__init__()
        drawing = drawing.detach().to("cpu").to(torch.float32)
        if drawing.batch != 1:
            raise UserError(f"drawing: a scene of one drawing, not of {drawing.batch}")
        self.count, self.channels, self.aspect = drawing.count, drawing.channels, aspect
        self._drawing = drawing
        self._sizes = torch.tensor(canvas_size(aspect))
        self._columns = [self._columns_of(group, fixed) for group in drawing.groups]
        self._background = (
            [] if "background" in fixed else [_column("background", BACKGROUND, _learnable(drawing.background))]
        )
        self.raw_size = sum(one.start.numel() for columns in (*self._columns, self._background) for one in columns)
        order = torch.tensor([slot for group in drawing.groups for slot in group.slots], dtype=torch.long)
        self.register_buffer("_place", order.argsort(), persistent=False)

    @property
    def seedable(self) -> Sequence[int]:
        """Slots whose shapes may be put elsewhere: none, they are somebody's."""
        return ()

    def forward(self, raw: Tensor, crisp: bool = False) -> Scene:
        """The scene that raw numbers ``[B, raw_size]`` stand for; crisp or not makes no difference."""
        batch, first = raw.shape[0], 0

        def values_of(columns: Sequence[_Column]) -> dict[str, Tensor]:
            nonlocal first
            values = {}
            for column in columns:
                start = column.start.to(raw)
                numbers = raw[:, first : first + start.numel()].reshape(batch, *start.shape)
                first += start.numel()
                low, high = (one.to(raw) if isinstance(one, Tensor) else one for one in (column.low, column.high))
                values[column.name] = to_value(column.field, numbers, start, low, high)
            return values

        drawing = self._drawing.to(raw.device).map(lambda tensor: tensor.expand(batch, *tensor.shape[1:]))
        groups, colors, opacities = [], [], []
        for group, columns in zip(drawing.groups, self._columns, strict=True):
            values, slots = values_of(columns), list(group.slots)
            colors.append(values.get("color", drawing.color[:, slots]))
            opacities.append(values.get("opacity", drawing.opacity[:, slots]))
            width = values.get("stroke_width", group.stroke_width)
            groups.append(replace(group, outline=_outline(group.outline, values), stroke_width=width))
        background = values_of(self._background).get("background", drawing.background[:, None])[:, 0]
        place = self.get_buffer("_place")
        color, opacity = (torch.cat(parts, dim=1)[:, place] for parts in (colors, opacities))
        return replace(drawing, groups=tuple(groups), color=color, opacity=opacity, background=background)

    def field_names(self) -> list[str]:
        """The field that each raw number belongs to, by name."""
        columns = [one for columns in (*self._columns, self._background) for one in columns]
        return [one.name for one in columns for _ in range(one.start.numel())]

    def quantities(self) -> Mapping[str, str]:
        """The quantity of each learned field by name."""
        columns = [one for columns in (*self._columns, self._background) for one in columns]
        return {one.name: one.field.quantity for one in columns}

    def indices_of(self, slots: Sequence[int]) -> Tensor:
        """Which raw numbers are those of some seedable slots: none."""
        return torch.empty(0, dtype=torch.long)

    def with_seeds(self, raw: Tensor, slots: Sequence[int], seeds: Seeds) -> Tensor:
        """Raw numbers as they are: nothing can be with_seeds (see ``Layout.with_seeds``)."""
        return raw

    def _columns_of(self, group: Group, fixed: Collection[str]) -> list[_Column]:
        outline, slots, found = group.outline, list(group.slots), []
        if isinstance(outline, Path):
            found.append(_Column("points", PLACES, outline.points[0], -MARGIN, self._sizes + MARGIN))
        else:
            found.append(_Column("center", PLACES, outline.center[0], -MARGIN, self._sizes + MARGIN))
            if _are_circles(outline):
                found.append(_column("radius", EXTENT, outline.half_extents[0, :, 0]))
            else:
                found.append(_column("half_extents", EXTENT, outline.half_extents[0]))
                found.append(_column("angle", TURN, outline.angle[0]))
        found.append(_column("color", PAINT["color"], _learnable(self._drawing.color[0, slots])))
        found.append(_column("opacity", PAINT["opacity"], _learnable(self._drawing.opacity[0, slots])))
        if group.stroke_width is not None:
            found.append(_column("stroke_width", STROKE["stroke_width"], group.stroke_width[0]))
        return [_reaching(column) for column in found if column.name not in fixed]


class OverlayLayout(nn.Module):
    """A drawing with new shapes upon it.

    Args:
        below: the drawing; its background is that of all.
        above: a layout of the same channels and aspect; its background, if it learns one, is not looked at.
    """

    def __init__(self, below: SceneLayout, above: Layout) -> None:
        super().__init__()
        if below.channels != above.channels:
            raise UserError(f"channels: the drawing has {below.channels}, and the shapes upon it {above.channels}")
        if above.ordering == "depth":
            raise UserError("primitives.ordering: new shapes lie on top of a drawing; write primitives.ordering=slot")
        self.below, self.above = below, above
        self.count, self.raw_size = below.count + above.count, below.raw_size + above.raw_size
        self.channels, self.aspect, self.ordering = above.channels, above.aspect, "slot"

    @property
    def seedable(self) -> Sequence[int]:
        """Slots whose shapes may be put elsewhere: those of the new ones."""
        return range(self.below.count, self.count)

    def forward(self, raw: Tensor, crisp: bool = False) -> Scene:
        """The scene that raw numbers ``[B, raw_size]`` stand for, those of the drawing first."""
        below, above = self.below(raw[:, : self.below.raw_size]), self.above(raw[:, self.below.raw_size :], crisp)
        moved = (replace(group, slots=tuple(slot + self.below.count for slot in group.slots)) for group in above.groups)
        color, opacity, softness = (
            torch.cat([getattr(one, name) for one in (below, above)], dim=1)
            for name in ("color", "opacity", "softness")
        )
        return Scene((*below.groups, *moved), color, opacity, softness, below.background)

    def field_names(self) -> list[str]:
        """The field that each raw number belongs to, by name."""
        return self.below.field_names() + self.above.field_names()

    def quantities(self) -> Mapping[str, str]:
        """The quantity of each learned field by name."""
        return {**self.below.quantities(), **self.above.quantities()}

    def indices_of(self, slots: Sequence[int]) -> Tensor:
        """Which raw numbers are those of some seedable slots, ``[n]``."""
        return self.above.indices_of([slot - self.below.count for slot in slots]) + self.below.raw_size

    def with_seeds(self, raw: Tensor, slots: Sequence[int], seeds: Seeds) -> Tensor:
        """Raw numbers by which some seedable shapes stand where seeds are (see ``Layout.with_seeds``)."""
        below, above = raw[:, : self.below.raw_size], raw[:, self.below.raw_size :]
        placed = self.above.with_seeds(above, [slot - self.below.count for slot in slots], seeds)
        return torch.cat([below, placed], dim=1)


def _learnable(units: Tensor) -> Tensor:
    return units.clamp(PURE, 1 - PURE)


def _column(name: str, field: Field, start: Tensor) -> _Column:
    return _Column(name, field, start, field.low, field.high)


def _reaching(column: _Column) -> _Column:
    """The column with a range that its start lies in, where a shape is larger, or farther out, than ours may be."""
    start, low, high = column.start, column.low, column.high
    if column.field.quantity == "points":
        low = torch.minimum(torch.as_tensor(low), start - MARGIN)
        return replace(column, low=low, high=torch.maximum(torch.as_tensor(high), start + MARGIN))
    if column.field.quantity == "length":
        return replace(column, high=torch.maximum(torch.as_tensor(high), 1.5 * start))
    return column


def _are_circles(box: RoundedBox) -> bool:
    width, height = box.half_extents.unbind(-1)
    return bool((box.roundness == 1).all() and torch.allclose(width, height, rtol=1e-6))


def _outline(outline: Path | RoundedBox, values: dict[str, Tensor]) -> Path | RoundedBox:
    if isinstance(outline, Path):
        return replace(outline, points=values.get("points", outline.points))
    extents = values.get("half_extents", outline.half_extents)
    if "radius" in values:
        extents = values["radius"][..., None].expand(*values["radius"].shape, 2)
    center, angle = values.get("center", outline.center), values.get("angle", outline.angle)
    return replace(outline, center=center, half_extents=extents, angle=angle)
