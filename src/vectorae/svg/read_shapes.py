"""Shapes as they are read from SVG, one by one, and the groups of a scene that they make."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vectorae.geometry.stroke_style import PLAIN, StrokeStyle
from vectorae.scene import Gradient, Group, Outline, cat_groups


@dataclass(frozen=True)
class ReadShape:
    """One painted outline, with B and n 1; its stroke width is ``[1, 1]`` or None, dashes in canvas units."""

    outline: Outline
    stroke_width: Tensor | None
    color: list[float]
    opacity: float
    layer: str | None
    style: StrokeStyle = PLAIN
    stroke_color: list[float] | None = None  # where it is filled and stroked
    stroke_below: bool = False
    gradient: Gradient | None = None
    stroke_gradient: Gradient | None = None

    def group(self, slot: int) -> Group:
        """The shape alone."""
        ink = None if self.stroke_color is None else torch.tensor([[self.stroke_color]])
        gradients = self.gradient, self.stroke_gradient
        return Group(self.outline, (slot,), self.stroke_width, ink, self.stroke_below, None, self.style, *gradients)


def groups_of(shapes: Sequence[ReadShape]) -> tuple[Group, ...]:
    """Groups of shapes of one kind; circles have one of their own."""
    families: dict[tuple[object, ...], list[Group]] = {}
    for slot, shape in enumerate(shapes):
        group = shape.group(slot)
        families.setdefault((*group.kind, bool(shape.outline.is_circle)), []).append(group)
    return tuple(cat_groups(groups) for groups in families.values())
