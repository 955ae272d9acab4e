"""Groups: shapes of one kind, painted alike."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from vectorae.geometry.stroke_style import PLAIN, StrokeStyle
from vectorae.scene.gradients import Gradient, cat_gradients
from vectorae.scene.outlines import Bounds, Outline, Path, RoundedBox, cat_outlines
from vectorae.scene.record import TensorRecord


@dataclass(frozen=True, eq=False, repr=False)
class Group(TensorRecord):
    """Shapes of one kind.

    Attributes:
        outline: the geometry of n shapes.
        slots: for each of them its place in painter's order, 0 at the bottom.
        stroke_width: full width, ``[B, n]``, canvas units; None fills the outline.
        stroke_color: ``[B, n, C]`` in [0, 1]: the outline is filled in the shape's own colour and stroked in this one,
            both with the shape's opacity. None: a stroke has the shape's own colour, and there is no fill.
        stroke_below: the fill lies on top of the stroke, not the stroke on top of the fill.
        contour_opacity: ``[B, n, m]`` in [0, 1], of stroked paths of m contours, a factor on the shape's own: each
            contour is painted for itself, the first at the bottom. None: all together, as one.
        style: caps, joins and dashes of strokes.
        gradient: of n shapes, what is painted in their own colours: these are not seen then.
        stroke_gradient: of shapes that are filled and stroked, the same for the stroke.

    Raises:
        ValueError: what does not go together.

    Example:
        Two drawings of three strokes each, the lowest shapes of their scene.

        >>> from vectorae import Group, Path
        >>> points = torch.rand(2, 3, 4, 2)  # [B, n, P, 2]: a cubic Bézier each
        >>> strokes = Group(Path(points, degree=3), slots=(0, 1, 2), stroke_width=torch.full((2, 3), 0.02))
        >>> strokes.outline.points.shape
        torch.Size([2, 3, 4, 2])
    """

    outline: Outline
    slots: tuple[int, ...]
    stroke_width: Tensor | None = None
    stroke_color: Tensor | None = None
    stroke_below: bool = False
    contour_opacity: Tensor | None = None
    style: StrokeStyle = PLAIN
    gradient: Gradient | None = None
    stroke_gradient: Gradient | None = None

    def __post_init__(self) -> None:
        if self.stroke_gradient is not None and self.stroke_color is None:
            raise ValueError("a stroke_gradient is for what is filled and stroked, with a stroke_color")
        if self.stroke_width is None and (self.stroke_color is not None or self.contour_opacity is not None):
            raise ValueError("a stroke_color, or an opacity of each contour, needs a stroke_width")
        if self.contour_opacity is None:
            return
        if self.stroke_color is not None or isinstance(self.outline, RoundedBox):
            raise ValueError("contour_opacity is for paths that are stroked alone")
        contours = len(self.outline.contours)
        if self.contour_opacity.shape[-1] != contours:
            raise ValueError(f"contour_opacity: {self.contour_opacity.shape[-1]} of them for {contours} contours")

    @property
    def is_plain(self) -> bool:
        """Whether each shape is one outline, filled or stroked round, in one paint: what backends draw."""
        return self.stroke_color is None and self.contour_opacity is None and self.style.is_plain

    def bounds(self) -> Bounds:
        """A box around each shape, its stroke included."""
        center, half, angle = self.outline.bounds()
        if self.stroke_width is not None:
            half = half + self.style.reach * self.stroke_width[..., None] / 2
        return Bounds(center, half, angle)

    def transformed(self, center: Tensor, scale: Tensor | float = 1.0, angle: Tensor | float = 0.0) -> "Group":
        """The shapes scaled, strokes included, and turned about their centres, and moved; see ``RoundedBox``."""
        width, style = None if self.stroke_width is None else self.stroke_width * scale, self.style
        if style.dashes:
            if isinstance(scale, Tensor) and scale.numel() != 1:
                raise ValueError("dashes are those of all shapes of a group; scale them by one number")
            style = style.scaled(float(scale))
        before = self.outline.bounds().center
        outline, move = self.outline.transformed(center, scale, angle), _mover(before, center, scale, angle)
        gradient, of_stroke = (
            None if one is None else one.moved(move) for one in (self.gradient, self.stroke_gradient)
        )
        return replace(
            self,
            outline=outline,
            stroke_width=width,
            style=style,
            gradient=gradient,
            stroke_gradient=of_stroke,
        )

    def zoomed(self, factor: float, offset: Tensor) -> "Group":
        """The shapes on a canvas that is enlarged, strokes included, and moved; see ``RoundedBox``."""

        def moved(gradient: Gradient | None) -> Gradient | None:
            return None if gradient is None else gradient.moved(lambda points: points * factor + offset)

        return replace(
            self,
            outline=self.outline.zoomed(factor, offset),
            stroke_width=None if self.stroke_width is None else self.stroke_width * factor,
            style=self.style.scaled(factor) if self.style.dashes else self.style,
            gradient=moved(self.gradient),
            stroke_gradient=moved(self.stroke_gradient),
        )

    @property
    def kind(self) -> tuple[Hashable, ...]:
        """The same for all groups that can be joined by ``cat_groups``."""
        paints = (self.stroke_width is None, self.stroke_color is None, self.stroke_below, self.contour_opacity is None)
        gradients = (None if one is None else one.topology for one in (self.gradient, self.stroke_gradient))
        return self.outline.topology, *paints, self.style, *gradients

    def with_colors(self, function: Callable[[Tensor], Tensor]) -> "Group":
        """The group with ``function`` of its colours, ``[B, n, C]`` of strokes and ``[B, n, S, C]`` of gradients."""
        changed: dict[str, Any] = {}
        for name in ("gradient", "stroke_gradient"):
            if (gradient := getattr(self, name)) is not None:
                changed[name] = gradient.with_colors(function)
        if self.stroke_color is not None:
            changed["stroke_color"] = function(self.stroke_color)
        return replace(self, **changed) if changed else self

    def map(self, function: Callable[[Tensor], Tensor]) -> "Group":
        """The group with every tensor replaced by ``function(tensor)``."""
        return map_tensors(self, lambda _, tensor: function(tensor))


def cat_groups(groups: Sequence[Group]) -> Group:
    """Join groups along the shape dimension, painted alike; see ``cat_outlines``."""
    first = groups[0]
    if len(groups) == 1:
        return first
    if len({group.kind[1:] for group in groups}) > 1:
        raise ValueError("groups that are not painted alike cannot be joined: fill, stroke, their order and style")
    outline = cat_outlines([group.outline for group in groups])
    joined: dict[str, Any] = {}
    for name, value in vars(first).items():
        parts = [getattr(group, name) for group in groups]
        if isinstance(value, Tensor):
            joined[name] = torch.cat(parts, dim=1)
        elif isinstance(value, Gradient):
            joined[name] = cat_gradients(parts)
    return replace(first, outline=outline, slots=joined_slots(groups), **joined)


def joined_slots(groups: Sequence[Group]) -> tuple[int, ...]:
    """The slots of groups, one after the other."""
    return tuple(chain.from_iterable(group.slots for group in groups))


def map_tensors(value, function):  # type: ignore[no-untyped-def]  # a walk over scenes, groups and outlines
    """The value with every tensor replaced by ``function(name, tensor)``."""
    changed = {}
    for name, part in vars(value).items():
        if isinstance(part, Tensor):
            changed[name] = function(name, part)
        elif isinstance(part, RoundedBox | Path | Gradient):
            changed[name] = map_tensors(part, function)
        elif name == "groups":
            changed[name] = tuple(map_tensors(group, function) for group in part)
        elif name == "composites":
            changed[name] = tuple(one.map_named(function) for one in part)
    return replace(value, **changed)


def _mover(before: Tensor, center: Tensor, scale: Tensor | float, angle: Tensor | float) -> Callable[[Tensor], Tensor]:
    """Points ``[B, n, 2]`` → points that are scaled and turned with shapes whose centres are moved."""

    def move(points: Tensor) -> Tensor:
        factor, turn = (torch.as_tensor(value).to(points)[..., None] for value in (scale, angle))
        x, y = ((points - before) * factor).split(1, dim=-1)
        cos, sin = turn.cos(), turn.sin()
        return center.to(points) + torch.cat([x * cos - y * sin, x * sin + y * cos], dim=-1)

    return move
