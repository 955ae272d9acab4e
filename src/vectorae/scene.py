"""Scenes: a batch of drawings, each a list of painted outlines over a background.

All drawings of a batch have the same topology (kinds, counts, number of control points), so that a scene is a handful
of tensors. Shapes of the same kind lie together in a group; ``slots`` tells where in painter's order each stands.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
"""Red, green, blue."""


@dataclass(frozen=True)
class RoundedBox:
    """A rectangle whose corners are quarter ellipses with radii roundness × half extents, as SVG's ``<rect rx ry>``.

    Attributes:
        center: ``[B, n, 2]`` canvas units.
        half_extents: half width and half height, ``[B, n, 2]``, canvas units, ≥ 0.
        angle: ``[B, n]`` radians, clockwise on screen.
        roundness: ``[B, n]`` in [0, 1]; 0 is a rectangle, 1 an ellipse.
    """

    center: Tensor
    half_extents: Tensor
    angle: Tensor
    roundness: Tensor


@dataclass(frozen=True)
class Path:
    """Straight segments, or joined cubic Béziers, along control points.

    Attributes:
        points: ``[B, n, P, 2]`` canvas units. Of degree 1, P ≥ 1; one point alone is a dot when it is stroked. Of
            degree 3, P is 3k + 1 for k joined cubics, 3k where the path is closed.
        closed: whether a last segment leads back to the first point.
        degree: 1 or 3.
    """

    points: Tensor
    closed: bool = False
    degree: int = 1

    def __post_init__(self) -> None:
        count = self.points.shape[-2]
        if self.degree not in (1, 3):
            raise ValueError(f"a Path has degree 1 or 3, not {self.degree}")
        if self.degree == 1 and count < 1 or self.degree == 3 and (count < 3 or count % 3 != (not self.closed)):
            raise ValueError(
                f"{count} points make no {'closed' if self.closed else 'open'} path of degree {self.degree}"
            )


Outline = RoundedBox | Path


@dataclass(frozen=True)
class Group:
    """Shapes of one kind.

    Attributes:
        outline: the geometry of n shapes.
        slots: for each of them its place in painter's order, 0 at the bottom.
        stroke_width: full width, ``[B, n]``, canvas units, with round caps and joins; None fills the outline, by
            non-zero winding where it crosses itself.
    """

    outline: Outline
    slots: tuple[int, ...]
    stroke_width: Tensor | None = None

    def __post_init__(self) -> None:
        if isinstance(self.outline, Path) and not self.outline.closed and self.stroke_width is None:
            raise ValueError("an open Path is stroked: give its group a stroke_width")

    def map(self, function: Callable[[Tensor], Tensor]) -> "Group":
        """The group with every tensor replaced by ``function(tensor)``."""
        mapped: Group = _map(self, function)
        return mapped


@dataclass(frozen=True)
class Scene:
    """A batch of B drawings of N shapes each, in painter's order (the last is on top).

    Attributes:
        groups: the shapes' geometry by kind; their slots together are 0 … N − 1.
        color: ``[B, N, C]`` in [0, 1], sRGB, with C 1 or 3.
        opacity: ``[B, N]`` in [0, 1].
        softness: ``[B, N]`` factor on the softness that the scene is drawn with, > 0.
        background: ``[B, C]`` in [0, 1].
        depth: ``[B, N]``, any numbers: larger is on top, whatever the slots say; None leaves the order to the slots.
    """

    groups: tuple[Group, ...]
    color: Tensor
    opacity: Tensor
    softness: Tensor
    background: Tensor
    depth: Tensor | None = None
    compositing: str = "over"

    def __post_init__(self) -> None:
        slots = sorted(slot for group in self.groups for slot in group.slots)
        if slots != list(range(self.count)):
            raise ValueError(f"the groups' slots must be 0 … {self.count - 1}, once each; got {slots}")

    @property
    def batch(self) -> int:
        """Number of drawings, B."""
        return self.background.shape[0]

    @property
    def count(self) -> int:
        """Number of shapes in each drawing, N."""
        return self.color.shape[1]

    @property
    def channels(self) -> int:
        """1 for grey, 3 for RGB."""
        return self.background.shape[1]

    def order(self) -> Tensor:
        """The slots of each drawing from the bottom to the top, ``[B, N]``: by depth, equal depths by slot."""
        slots = torch.arange(self.count, device=self.color.device).expand(self.batch, -1)
        return slots if self.depth is None else self.depth.argsort(dim=1, stable=True)

    def map(self, function: Callable[[Tensor], Tensor]) -> "Scene":
        """The scene with every tensor replaced by ``function(tensor)``."""
        mapped: Scene = _map(self, function)
        return mapped

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

    def grey(self) -> "Scene":
        """The scene in one channel: luma by ITU-R BT.601, as Pillow's conversion to grey."""
        if self.channels == 1:
            return self
        weights = self.color.new_tensor(LUMA)
        return replace(self, color=(self.color @ weights)[..., None], background=(self.background @ weights)[..., None])

    def select(self, start: int, stop: int) -> "Scene":
        """The shapes in slots start … stop − 1, renumbered from 0."""
        groups = []
        for group in self.groups:
            members = [i for i, slot in enumerate(group.slots) if start <= slot < stop]
            if members:
                geometry = replace(group, slots=()) if len(members) == len(group.slots) else _take(group, members)
                groups.append(replace(geometry, slots=tuple(group.slots[i] - start for i in members)))
        inside = slice(start, stop)
        depth = None if self.depth is None else self.depth[:, inside]
        return Scene(
            tuple(groups),
            self.color[:, inside],
            self.opacity[:, inside],
            self.softness[:, inside],
            self.background,
            depth,
        )

    def widen_strokes(self, width: Tensor | float) -> "Scene":
        """The scene with every stroke wider by ``width``, a number or ``[B, N]``, canvas units."""
        extra = torch.as_tensor(width, dtype=self.opacity.dtype, device=self.opacity.device).expand_as(self.opacity)
        return replace(
            self,
            groups=tuple(
                group
                if group.stroke_width is None
                else replace(group, stroke_width=group.stroke_width + extra[:, list(group.slots)])
                for group in self.groups
            ),
        )


def _take(group: Group, members: list[int]) -> Group:
    return replace(group, slots=()).map(lambda tensor: tensor[:, members])


def _map(value, function):  # type: ignore[no-untyped-def]  # a walk over any of the dataclasses above
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, tuple):
        return tuple(_map(item, function) for item in value)
    if isinstance(value, Scene | Group | RoundedBox | Path):
        return replace(value, **{f.name: _map(getattr(value, f.name), function) for f in fields(value)})
    return value
