"""Scenes and the groups of shapes that they are made of."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import torch
from torch import Tensor

from vectorae.config.arguments import OneOf, Validated
from vectorae.geometry.stroke_style import PLAIN, StrokeStyle
from vectorae.scene.outlines import Bounds, Outline, Path, RoundedBox, cat_outlines
from vectorae.scene.record import TensorRecord
from vectorae.scene.slots import select_slots, sort_by_slot

if TYPE_CHECKING:
    from vectorae.scene.shapes import Ink, Shape

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey, by ITU-R BT.601."""

COMPOSITING_CHOICES = ("over", "soft_or")
"""How shapes are combined: each covers those below it, or ink adds up like light (the blend mode *screen* of SVG)."""


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

    Raises:
        ValueError: what does not go together.
    """

    outline: Outline
    slots: tuple[int, ...]
    stroke_width: Tensor | None = None
    stroke_color: Tensor | None = None
    stroke_below: bool = False
    contour_opacity: Tensor | None = None
    style: StrokeStyle = PLAIN

    def __post_init__(self) -> None:
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
        """Whether each shape is one outline, filled or stroked round, in one colour: what backends draw."""
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
        outline = self.outline.transformed(center, scale, angle)
        return replace(self, outline=outline, stroke_width=width, style=style)

    @property
    def kind(self) -> tuple[Hashable, ...]:
        """The same for all groups that can be joined by ``cat_groups``."""
        paints = (self.stroke_width is None, self.stroke_color is None, self.stroke_below, self.contour_opacity is None)
        return self.outline.topology, *paints, self.style

    def map(self, function: Callable[[Tensor], Tensor]) -> "Group":
        """The group with every tensor replaced by ``function(tensor)``."""
        return _map(self, lambda _, tensor: function(tensor))


def cat_groups(groups: Sequence[Group]) -> Group:
    """Join groups along the shape dimension, painted alike; see ``cat_outlines``."""
    first = groups[0]
    if len(groups) == 1:
        return first
    if len({group.kind[1:] for group in groups}) > 1:
        raise ValueError("groups that are not painted alike cannot be joined: fill, stroke, their order and style")
    outline = cat_outlines([group.outline for group in groups])
    tensors: dict[str, Any] = {
        name: torch.cat([getattr(group, name) for group in groups], dim=1)
        for name, value in vars(first).items()
        if isinstance(value, Tensor)
    }
    return replace(first, outline=outline, slots=_joined_slots(groups), **tensors)


@dataclass(frozen=True, eq=False, repr=False)
class Scene(TensorRecord, Validated):
    """A batch of B drawings of N shapes each, in painter's order (the last is on top).

    Attributes:
        groups: the shapes' geometry by kind; their slots together are 0 … N − 1.
        color: ``[B, N, C]`` in [0, 1], sRGB, with C 1 or 3.
        opacity: ``[B, N]`` in [0, 1].
        softness: ``[B, N]`` factor on the softness that the scene is drawn with, > 0.
        background: ``[B, C]`` in [0, 1]; None is transparent.
        depth: ``[B, N]``, any numbers: larger is on top, whatever the slots say; None leaves the order to the slots.
        compositing: ``over`` (each shape covers those below it) or ``soft_or`` (ink adds up like light).

    Raises:
        ValueError: slots that are not 0 … N − 1, once each.
        UserError: another compositing.

    Example:
        A white disc on black.

        >>> from vectorae import Group, RoundedBox, Scene
        >>> disc = RoundedBox(
        ...     center=torch.full((1, 1, 2), 0.5),
        ...     half_extents=torch.full((1, 1, 2), 0.25),
        ...     angle=torch.zeros(1, 1),
        ...     roundness=torch.ones(1, 1),
        ... )
        >>> scene = Scene(
        ...     groups=(Group(disc, slots=(0,)),),
        ...     color=torch.ones(1, 1, 3),
        ...     opacity=torch.ones(1, 1),
        ...     softness=torch.ones(1, 1),
        ...     background=torch.zeros(1, 3),
        ... )
        >>> scene.batch, scene.count, scene.channels, scene.compositing
        (1, 1, 3, 'over')

        The same in two lines, as ``of`` makes it of shapes.

        >>> import vectorae
        >>> scene == Scene.of([vectorae.circle((0.5, 0.5), 0.25, fill="white")], background="black")
        True
    """

    groups: tuple[Group, ...]
    color: Tensor
    opacity: Tensor
    softness: Tensor
    background: Tensor | None
    depth: Tensor | None = None
    compositing: Annotated[str, OneOf(COMPOSITING_CHOICES)] = "over"

    def __post_init__(self) -> None:
        _check_slots(tuple(group.slots for group in self.groups), self.count)
        if self.compositing not in COMPOSITING_CHOICES:  # looking at every annotation each time would take too long
            super().__post_init__()

    @classmethod
    def of(cls, shapes: "Sequence[Shape]", background: "Ink | None" = "white") -> "Scene":
        """The scene of shapes, in painter's order.

        Args:
            shapes: see ``vectorae.circle``, ``ellipse``, ``rectangle``, ``polygon``, ``line``, ``curve`` and ``path``.
                Numbers may be tensors with those of B drawings, through which gradients flow.
            background: a colour, as of shapes; None is transparent.

        Raises:
            UserError: tensors of different numbers of drawings, or colours of different numbers of channels.

        Example:
            >>> import vectorae
            >>> eye = [vectorae.ellipse((0.5, 0.5), 0.3, 0.2, fill="white", stroke="black", stroke_width=0.02)]
            >>> eye += [vectorae.circle((0.5, 0.5), radius, fill=ink) for radius, ink in ((0.12, "teal"), (0.05, 0))]
            >>> vectorae.Scene.of(eye, background="#f2c9a0").count
            3
        """
        from vectorae.scene.shapes import scene_of

        return scene_of(shapes, background)

    def __repr__(self) -> str:
        paints = {True: "", False: " stroked"}
        groups = [
            f"{len(group.slots)} {type(group.outline).__name__}{paints[group.stroke_width is None]}"
            f"{'' if group.stroke_color is None else ' and filled'}"
            for group in self.groups
        ]
        where = f"{self.opacity.dtype}, {self.opacity.device}"
        sizes = f"batch={self.batch}, count={self.count}, channels={self.channels}"
        return f"Scene({sizes}, groups=[{', '.join(groups)}], {where})"

    def _repr_svg_(self) -> str:
        """The first drawings on a square canvas, for notebooks."""
        # Documents are written on a higher floor; a notebook asks the scene, by this name.
        text: str = import_module("vectorae.svg.sheet").sheet(self)
        return text

    @property
    def batch(self) -> int:
        """Number of drawings, B."""
        return self.color.shape[0]

    @property
    def count(self) -> int:
        """Number of shapes in each drawing, N."""
        return self.color.shape[1]

    @property
    def channels(self) -> int:
        """1 for grey, 3 for RGB; with one more for alpha (see ``with_alpha``)."""
        return self.color.shape[2]

    @property
    def ground(self) -> Tensor:
        """The background of a scene that has one, ``[B, C]``."""
        assert self.background is not None
        return self.background

    @property
    def slots(self) -> tuple[int, ...]:
        """The slots of all groups, one group after the other."""
        return _joined_slots(self.groups)

    def order(self) -> Tensor:
        """The slots of each drawing from the bottom to the top, ``[B, N]``: by depth, equal depths by slot."""
        slots = torch.arange(self.count, device=self.color.device).expand(self.batch, -1)
        return slots if self.depth is None else self.depth.argsort(dim=1, stable=True)

    def bounds(self) -> Bounds:
        """A box around each shape, its stroke included: by slot, without gradient history."""
        if not self.groups:
            point = self.color.new_zeros(self.batch, 0, 2)
            return Bounds(point, point, point[..., 0])
        bounds = (map(Tensor.detach, group.bounds()) for group in self.groups)
        return Bounds(*sort_by_slot(self.slots, *zip(*bounds, strict=True)))

    def map(self, function: Callable[[Tensor], Tensor]) -> "Scene":
        """The scene with every tensor replaced by ``function(tensor)``."""
        return self.map_named(lambda _, tensor: function(tensor))

    def map_named(self, function: Callable[[str, Tensor], Tensor]) -> "Scene":
        """The scene with every tensor replaced by ``function(name, tensor)``, of names like ``color``"""
        return _map(self, function)

    def __getitem__(self, index: int | slice) -> "Scene":
        """One drawing or several, as a scene (an integer keeps the batch dimension, of size 1)."""
        if isinstance(index, int):
            if not -self.batch <= index < self.batch:
                raise IndexError(f"drawing {index} of a scene of {self.batch}")
            index = slice(index, index + 1 or None)
        return self.map(lambda tensor: tensor[index])

    def to(self, target: torch.device | torch.dtype | str) -> "Scene":
        """The scene on another device or with another floating-point dtype, as ``Tensor.to``."""
        return self.map(lambda tensor: tensor.to(target))

    def detach(self) -> "Scene":
        """The scene without its gradient history."""
        return self.map(Tensor.detach)

    def zoomed(self, origin: tuple[float, float], factor: float) -> "Scene":
        """The scene enlarged: ``origin``, x and y in canvas units, becomes (0, 0), and lengths ``factor`` as long."""
        corner = self.color.new_tensor(origin)
        groups = (group.transformed((group.outline.bounds().center - corner) * factor, factor) for group in self.groups)
        return replace(self, groups=tuple(groups), softness=self.softness * factor)

    def with_alpha(self) -> "Scene":
        """The shapes with alpha as one more channel, over nothing.

        What is drawn of it are colours multiplied with alpha, and alpha: in the last channel all shapes are 1, over 0.
        """
        background = self.color.new_zeros(self.batch, self.channels + 1)

        def opaque(color: Tensor) -> Tensor:
            return torch.cat([color, torch.ones_like(color[..., :1])], dim=-1)

        return replace(self._with_colors(opaque), background=background)

    def painted(self, color: Tensor) -> "Scene":
        """The shapes in other colours ``[B, N, C]``, fill and stroke alike, on black."""
        groups = (
            group if group.stroke_color is None else replace(group, stroke_color=select_slots(color, group.slots))
            for group in self.groups
        )
        black = color.new_zeros(len(color), color.shape[2])
        return replace(self, groups=tuple(groups), color=color, background=black)

    def _with_colors(self, function: Callable[[Tensor], Tensor]) -> "Scene":
        """The scene with ``function`` of the colours of all shapes, fill and stroke."""
        groups = (
            group if group.stroke_color is None else replace(group, stroke_color=function(group.stroke_color))
            for group in self.groups
        )
        return replace(self, groups=tuple(groups), color=function(self.color))

    def grey(self) -> "Scene":
        """The scene in one channel: luma by ITU-R BT.601, as Pillow's conversion to grey."""
        if self.channels == 1:
            return self
        weights = self.color.new_tensor(LUMA)

        def luma(color: Tensor) -> Tensor:
            return (color @ weights)[..., None]

        background = None if self.background is None else luma(self.background)
        return replace(self._with_colors(luma), background=background)

    def select(self, start: int, stop: int) -> "Scene":
        """The shapes in slots start … stop − 1, renumbered from 0."""
        groups = []
        for group in self.groups:
            members, slots = _members(group.slots, start, stop)
            if members:
                groups.append(replace(_take(group, members), slots=slots))
        inside = slice(start, stop)
        return replace(
            self,
            groups=tuple(groups),
            color=self.color[:, inside],
            opacity=self.opacity[:, inside],
            softness=self.softness[:, inside],
            depth=None if self.depth is None else self.depth[:, inside],
        )

    def widen_strokes(self, width: Tensor | float) -> "Scene":
        """The scene with every round stroke wider by ``width``, a number or ``[B, N]``, canvas units.

        Others are drawn by their outlines, whose soft edges do not make them wider.
        """
        extra = torch.as_tensor(width, dtype=self.opacity.dtype, device=self.opacity.device).expand_as(self.opacity)
        groups = (
            group
            if group.stroke_width is None or not group.style.is_plain
            else replace(group, stroke_width=group.stroke_width + select_slots(extra, group.slots))
            for group in self.groups
        )
        return replace(self, groups=tuple(groups))


@lru_cache(maxsize=256)
def _members(slots: tuple[int, ...], start: int, stop: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The positions of slots start … stop − 1, and these slots renumbered from 0."""
    members = tuple(position for position, slot in enumerate(slots) if start <= slot < stop)
    return members, tuple(slots[member] - start for member in members)


@lru_cache(maxsize=256)
def _check_slots(groups: tuple[tuple[int, ...], ...], count: int) -> None:
    slots = sorted(slot for group in groups for slot in group)
    if slots != list(range(count)):
        raise ValueError(f"the groups' slots must be 0 … {count - 1}, once each; got {slots}")


def _joined_slots(groups: Sequence[Group]) -> tuple[int, ...]:
    return tuple(chain.from_iterable(group.slots for group in groups))


def _take(group: Group, members: tuple[int, ...]) -> Group:
    return group.map(lambda tensor: select_slots(tensor, members))


def _map(value, function):  # type: ignore[no-untyped-def]  # a walk over scenes, groups and outlines
    changed = {}
    for name, part in vars(value).items():
        if isinstance(part, Tensor):
            changed[name] = function(name, part)
        elif isinstance(part, RoundedBox | Path):
            changed[name] = _map(part, function)
        elif name == "groups":
            changed[name] = tuple(_map(group, function) for group in part)
    return replace(value, **changed)
