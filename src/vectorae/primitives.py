"""The kinds of shapes: one short class each. Its fields are the schema; everything else follows from them.

A field says how many raw numbers it takes, what it may range over, and what it is where all raw numbers are zero. The
encoder's width, the mapping from raw numbers to canvas units, random samples, config checks and the SVG need no more.
"""

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from vectorae.scene import Outline, Path, RoundedBox

Quantity = Literal["point", "length", "angle", "unit"]


@dataclass(frozen=True)
class Field:
    """One quantity of a shape.

    Attributes:
        quantity: ``point`` (two coordinates on the canvas), ``length`` (canvas units), ``angle`` (radians, clockwise)
            or ``unit`` (a number between ``low`` and ``high``).
        start: its value in the starting arrangement: a point and a length in units of the shape's cell, a point
            relative to the cell's centre and turned by the cell's angle; an angle or a unit as it is.
        low, high: the range of lengths (canvas units) and units. Points range over the canvas and a margin, angles over
            all numbers.
        size: how many numbers, for units; None stands for the number of colour channels.
        discrete: a crisp drawing takes ``low`` or ``high``, whichever is nearer.
        learned: whether the encoder predicts it unless the config says otherwise; else it stays at ``start``.
    """

    quantity: Quantity
    start: float | tuple[float, float]
    low: float = 0.0
    high: float = 1.0
    size: int | None = 1
    discrete: bool = False
    learned: bool = True


def point(x: float = 0.0, y: float = 0.0) -> Any:
    """A field that is a place on the canvas, ``[..., 2]``."""
    return dataclasses.field(metadata={"field": Field("point", (x, y), size=2)})


def length(start: float, high: float = 1.5) -> Any:
    """A field that is a length in canvas units, ``[...]``, between 0 and ``high``."""
    return dataclasses.field(metadata={"field": Field("length", start, high=high)})


def angle() -> Any:
    """A field that is an angle in radians, clockwise, ``[...]``."""
    return dataclasses.field(metadata={"field": Field("angle", 0.0)})


def unit(start: float, *, discrete: bool = False) -> Any:
    """A field that is a number in [0, 1], ``[...]``."""
    return dataclasses.field(metadata={"field": Field("unit", start, discrete=discrete)})


PAINT = {
    "color": Field("unit", 0.7, size=None),
    "opacity": Field("unit", 0.8),
    "softness": Field("unit", 1.0, low=0.25, high=4.0, learned=False),
}
"""What every shape has beside its outline: colour and opacity in [0, 1], and a factor on the drawing's softness."""

STROKE = {"stroke_width": Field("length", 0.2, high=0.25)}
"""What stroked shapes have beside: the full width in canvas units."""

KINDS: dict[str, type["Primitive"]] = {}
"""Name → class, every primitive there is."""


@dataclass(frozen=True)
class Primitive(ABC):
    """Shapes of one kind: each attribute a tensor ``[B, n]`` (points ``[B, n, 2]``), declared with the field it is.

    A subclass that is not abstract is registered in ``KINDS`` under its name in lower case.
    """

    paint: ClassVar[Literal["fill", "stroke"]] = "fill"

    def __init_subclass__(cls) -> None:
        KINDS[cls.__name__.lower()] = cls

    @abstractmethod
    def outline(self) -> Outline:
        """The canonical geometry."""

    @classmethod
    def fields(cls) -> dict[str, Field]:
        """Name → field: of the outline first, then of the paint."""
        geometry = {f.name: f.metadata["field"] for f in dataclasses.fields(cls)}
        return geometry | PAINT | (STROKE if cls.paint == "stroke" else {})


@dataclass(frozen=True)
class Circle(Primitive):
    """A disc."""

    center: Tensor = point()
    radius: Tensor = length(0.4, high=0.75)

    def outline(self) -> Outline:
        return _box(self.center, self.radius, self.radius, torch.zeros_like(self.radius), 1.0)


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
class Squircle(Primitive):
    """Between a square (roundness 0) and a circle (roundness 1); crisp it is the one that is nearer."""

    center: Tensor = point()
    side: Tensor = length(0.75)
    angle: Tensor = angle()
    roundness: Tensor = unit(0.5, discrete=True)

    def outline(self) -> Outline:
        return _box(self.center, self.side / 2, self.side / 2, self.angle, self.roundness)


@dataclass(frozen=True)
class Line(Primitive):
    """A straight stroke with round caps."""

    paint = "stroke"

    start: Tensor = point(-0.35, 0.0)
    end: Tensor = point(0.35, 0.0)

    def outline(self) -> Outline:
        return Path(torch.stack([self.start, self.end], dim=-2))


def _box(
    center: Tensor, half_width: Tensor, half_height: Tensor, angle: Tensor, roundness: Tensor | float
) -> RoundedBox:
    rounded = torch.as_tensor(roundness, dtype=angle.dtype, device=angle.device).expand_as(angle)
    return RoundedBox(center, torch.stack([half_width, half_height], dim=-1), angle, rounded)


def to_value(field: Field, raw: Tensor, start: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """What a raw number means: ``start`` at 0, and within the range wherever it goes.

    Angles turn by ``raw`` radians; everything else follows a sigmoid from ``low`` to ``high`` that passes through
    ``start``, so that small lengths change by a factor and nothing leaves its range.
    """
    if field.quantity == "angle":
        return start + raw
    part = ((start - low) / (high - low)).clamp(1e-4, 1 - 1e-4)
    return low + (high - low) * torch.sigmoid(torch.logit(part) + raw)


def nearest_end(field: Field, value: Tensor) -> Tensor:
    """``low`` or ``high``, whichever is nearer."""
    return torch.where(value >= (field.low + field.high) / 2, field.high, field.low)
