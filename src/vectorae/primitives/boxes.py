"""Kinds that are rounded boxes: circles, ellipses, rectangles and all between."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vectorae.primitives.field import angle, length, point, unit
from vectorae.primitives.primitive import Primitive
from vectorae.scene import Outline, RoundedBox


@dataclass(frozen=True)
class Circle(Primitive):
    """A disc.

    Example:
        >>> disc = Circle(center=torch.tensor([[[0.5, 0.5]]]), radius=torch.tensor([[0.25]]))
        >>> disc.outline().half_extents
        tensor([[[0.2500, 0.2500]]])
    """

    center: Tensor = point()
    radius: Tensor = length(0.4, high=0.75)

    def outline(self) -> Outline:
        return replace(_box(self.center, self.radius, self.radius, torch.zeros_like(self.radius), 1.0), circular=True)


@dataclass(frozen=True)
class Ellipse(Primitive):
    """An ellipse; the first radius lies along its angle."""

    center: Tensor = point()
    radius_x: Tensor = length(0.45, high=0.75)
    radius_y: Tensor = length(0.35, high=0.75)
    angle: Tensor = angle()

    def outline(self) -> Outline:
        return _box(self.center, self.radius_x, self.radius_y, self.angle, 1.0)


@dataclass(frozen=True)
class Square(Primitive):
    """A square by the length of its side."""

    center: Tensor = point()
    side: Tensor = length(0.7)
    angle: Tensor = angle()

    def outline(self) -> Outline:
        return _box(self.center, self.side / 2, self.side / 2, self.angle, 0.0)


@dataclass(frozen=True)
class Rectangle(Primitive):
    """A rectangle by its full width and height."""

    center: Tensor = point()
    width: Tensor = length(0.8)
    height: Tensor = length(0.6)
    angle: Tensor = angle()

    def outline(self) -> Outline:
        return _box(self.center, self.width / 2, self.height / 2, self.angle, 0.0)


@dataclass(frozen=True)
class RoundedRectangle(Primitive):
    """A rectangle whose corners are quarter ellipses with radii roundness × half width and half height."""

    center: Tensor = point()
    width: Tensor = length(0.8)
    height: Tensor = length(0.6)
    angle: Tensor = angle()
    roundness: Tensor = unit(0.4)

    def outline(self) -> Outline:
        return _box(self.center, self.width / 2, self.height / 2, self.angle, self.roundness)


@dataclass(frozen=True)
class Squircle(Primitive):
    """Between a square (roundness 0) and a circle (roundness 1); crisp it is the one that is nearer."""

    center: Tensor = point()
    side: Tensor = length(0.75)
    angle: Tensor = angle()
    roundness: Tensor = unit(0.5, discrete=True)

    def outline(self) -> Outline:
        return _box(self.center, self.side / 2, self.side / 2, self.angle, self.roundness)


def _box(
    center: Tensor, half_width: Tensor, half_height: Tensor, angle: Tensor, roundness: Tensor | float
) -> RoundedBox:
    rounded = roundness if isinstance(roundness, Tensor) else torch.full_like(angle, roundness)
    return RoundedBox(center, torch.stack([half_width, half_height], dim=-1), angle, rounded)
