"""Scenes: drawings made of groups of shapes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import torch
from torch import Tensor

from vectorae.config.arguments import OneOf, Validated
from vectorae.errors import UserError
from vectorae.scene.composite import Composite, nested
from vectorae.scene.group import Group, joined_slots, map_tensors
from vectorae.scene.outlines import Bounds
from vectorae.scene.record import TensorRecord
from vectorae.scene.slots import select_slots, sort_by_slot

if TYPE_CHECKING:
    from vectorae.scene.given import Color
    from vectorae.scene.shapes import Shape, Together

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey, by ITU-R BT.601."""

COMPOSITING_CHOICES = ("over", "soft_or")
"""How shapes are combined: each covers those below it, or ink adds up like light (the blend mode *screen* of SVG)."""


@dataclass(frozen=True, eq=False, repr=False)
class Scene(TensorRecord, Validated):
    """A batch of B drawings of N shapes each, in painter's order (the last is on top).

    Attributes:
        groups: the shapes' geometry by kind; their slots together are 0 … N − 1.
        color: ``[B, N, C]`` in [0, 1], sRGB, with C 1 or 3; of shapes with a gradient, which is seen instead, any.
        opacity: ``[B, N]`` in [0, 1].
        softness: ``[B, N]`` factor on the softness that the scene is drawn with, > 0.
        background: ``[B, C]`` in [0, 1]; None is transparent.
        depth: ``[B, N]``, any numbers: larger is on top, whatever the slots say; None leaves the order to the slots.
        compositing: ``over`` (each shape covers those below it) or ``soft_or`` (ink adds up like light).
        composites: shapes that are painted as one, with an opacity or clipped; the outer before the inner ones.

    Raises:
        ValueError: slots that are not 0 … N − 1, once each; composites that cross.
        UserError: another compositing; composites and a depth, or ``soft_or``, which have no order.

    Example:
        A white disc on black.

        >>> from vectorae import Group, RoundedBox, Scene
        >>> disc = RoundedBox(
        ...     center=torch.full((1, 1, 2), 0.5),
        ...     half_extents=torch.full((1, 1, 2), 0.25),
        ...     angle=torch.zeros(1, 1),
        ...     roundness=torch.ones(1, 1),
        ...     circular=True,
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
    composites: tuple[Composite, ...] = ()

    def __post_init__(self) -> None:
        _check_slots(tuple(group.slots for group in self.groups), self.count)
        for group in self.groups:
            if group.gradient is not None or group.stroke_gradient is not None:
                _check_gradients(group, (self.batch, len(group.slots), self.channels))
        if self.composites:
            if self.depth is not None or self.compositing == "soft_or":
                raise UserError("composites: shapes that are painted as one need an order; draw them over, by slot")
            object.__setattr__(self, "composites", nested(self.composites, self.count))
        if self.compositing not in COMPOSITING_CHOICES:  # looking at every annotation each time would take too long
            super().__post_init__()

    @classmethod
    def of(cls, shapes: "Sequence[Shape | Together]", background: "Color | None" = "white") -> "Scene":
        """The scene of shapes, in painter's order.

        Args:
            shapes: see ``vectorae.circle``, ``ellipse``, ``rectangle``, ``polygon``, ``line``, ``curve`` and ``path``;
                ``composite`` for several as one, ``linear_gradient`` and ``radial_gradient`` for their paint.
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
        from vectorae.scene.of_shapes import scene_of

        return scene_of(shapes, background)

    def __repr__(self) -> str:
        paints = {True: "", False: " stroked"}
        groups = [
            f"{len(group.slots)} {type(group.outline).__name__}{paints[group.stroke_width is None]}"
            f"{'' if group.stroke_color is None else ' and filled'}"
            f"{' in gradients' if group.gradient or group.stroke_gradient else ''}"
            for group in self.groups
        ]
        where = f"{self.opacity.dtype}, {self.opacity.device}"
        sizes = f"batch={self.batch}, count={self.count}, channels={self.channels}"
        more = f", composites={len(self.composites)}" if self.composites else ""
        return f"Scene({sizes}, groups=[{', '.join(groups)}]{more}, {where})"

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
        """1 for grey, 3 for RGB; one more each time that alpha is added (see ``with_alpha``)."""
        return self.color.shape[2]

    @property
    def ground(self) -> Tensor:
        """The background of a scene that has one, ``[B, C]``."""
        assert self.background is not None
        return self.background

    @property
    def slots(self) -> tuple[int, ...]:
        """The slots of all groups, one group after the other."""
        return joined_slots(self.groups)

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
        return map_tensors(self, function)

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
        offset = -factor * self.color.new_tensor(origin)
        groups = (group.zoomed(factor, offset) for group in self.groups)
        composites = (one.clipped(lambda clip: clip.zoomed(factor, offset)) for one in self.composites)
        return replace(
            self,
            groups=tuple(groups),
            softness=self.softness * factor,
            composites=tuple(composites),
        )

    def mapped(self, matrix: Tensor | Sequence[Sequence[float]], pixel: float = 1 / 1024) -> "Scene":
        """The scene under an affine map: moved, turned, scaled, mirrored or sheared, strokes and gradients with it.

        Where the map scales all lengths alike, shapes stay what they are. Otherwise boxes become paths, and strokes
        their outlines: they are wider in one direction than in another.

        Args:
            matrix: ``[2, 3]``: x' = m₀₀ x + m₀₁ y + m₀₂ and y' = m₁₀ x + m₁₁ y + m₁₂, canvas units. It gets
                no gradient.
            pixel: of the drawing before it is mapped, canvas units: outlines of strokes are within a twentieth of it.

        Example:
            >>> import vectorae
            >>> scene = vectorae.Scene.of([vectorae.line([(0.2, 0.2), (0.8, 0.8)], stroke_width=0.1)])
            >>> scene.mapped([[1, 0, 0], [0, 0.5, 0]]).groups[0].outline.bounds().half_extents
            tensor([[[0.3500, 0.1750]]])
        """
        from vectorae.scene.affine import mapped

        given = torch.as_tensor(matrix, dtype=torch.float64).detach()
        if given.shape != (2, 3):
            raise UserError(f"matrix: {list(given.shape)}; an affine map is [2, 3]")
        return mapped(self, given, pixel)

    def with_alpha(self) -> "Scene":
        """The shapes with alpha as one more channel, over nothing.

        What is drawn of it are colours multiplied with alpha, and alpha: in the last channel all shapes are 1, over 0.
        """
        background = self.color.new_zeros(self.batch, self.channels + 1)

        def opaque(color: Tensor) -> Tensor:
            return torch.cat([color, torch.ones_like(color[..., :1])], dim=-1)

        return replace(self._with_colors(opaque), background=background)

    def painted(self, color: Tensor) -> "Scene":
        """The shapes in other colours ``[B, N, C]``, fill, stroke and stops of gradients alike, on black."""

        def in_color(group: Group) -> Group:
            own = select_slots(color, group.slots)

            def instead(before: Tensor) -> Tensor:
                return own if before.dim() == 3 else own[:, :, None].expand(-1, -1, before.shape[2], -1)

            return group.with_colors(instead)

        groups = map(in_color, self.groups)
        black = color.new_zeros(len(color), color.shape[2])
        return replace(self, groups=tuple(groups), color=color, background=black)

    def _with_colors(self, function: Callable[[Tensor], Tensor]) -> "Scene":
        """The scene with ``function`` of the colours of all shapes, fill, stroke and gradients."""
        groups = tuple(group.with_colors(function) for group in self.groups)
        return replace(self, groups=groups, color=function(self.color))

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
            composites=tuple(one for whole in self.composites if (one := whole.within(start, stop))),
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


def _check_gradients(group: Group, wanted: tuple[int, int, int]) -> None:
    """Refuse gradients of other numbers of drawings, shapes and channels: kernels do not look."""
    for gradient in (group.gradient, group.stroke_gradient):
        if gradient is not None:
            batch, count, _, channels = gradient.colors.shape
            if (batch, count, channels) != wanted:
                names = "drawings", "shapes", "channels"
                words = (", ".join(map("{} {}".format, sizes, names)) for sizes in ((batch, count, channels), wanted))
                raise ValueError("gradients of {}, but the scene has {}".format(*words))


def _take(group: Group, members: tuple[int, ...]) -> Group:
    return group.map(lambda tensor: select_slots(tensor, members))
