"""Fields: the parameters that describe a shape."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vectorae.primitives.quantities import ANGLE, LENGTH, POINT, POINTS, UNIT, Points, Quantity, Row


@dataclass(frozen=True)
class Field:
    """A parameter of a shape.

    Attributes:
        quantity: what it measures.
        start: its value in the starting arrangement: points and a length in units of the shape's cell, points relative
            to the cell's centre and turned by the cell's angle; an angle or a unit as it is. Several lengths or units
            are one row.
        low, high: the range of lengths (canvas units) and units.
        size: how many numbers; None stands for the number of colour channels.
        discrete: a crisp drawing takes ``low`` or ``high``, whichever is nearer.
        learned: whether the encoder predicts it unless the config says otherwise; else it stays at ``start``.
    """

    quantity: Quantity
    start: float | Points | Row
    low: float = 0.0
    high: float = 1.0
    size: int | None = 1
    discrete: bool = False
    learned: bool = True

    def nearest_end(self, value: Tensor) -> Tensor:
        """``low`` or ``high``, whichever is nearer, with the value's gradient (Bengio et al., 2013)."""
        nearest = torch.where(value >= (self.low + self.high) / 2, self.high, self.low)
        return nearest + (value - value.detach())


class Option(NamedTuple):
    """A setting that all shapes of a kind share, such as how many corners they have.

    Attributes:
        default: its value unless the config says otherwise.
        allowed: the annotation of its type and range.
    """

    default: int | bool | str
    allowed: Any


Options = Mapping[str, Any]


def point(x: float = 0.0, y: float = 0.0) -> Any:
    """A field: a point on the canvas, ``[..., 2]``."""
    return dataclasses.field(metadata={"field": lambda _: Field(POINT, ((x, y),), size=2)})


def several_points(start: Callable[[Options], Points]) -> Any:
    """A field: several points on the canvas, ``[..., P, 2]``.

    Args:
        start: the kind's options → the starting positions of the P points.
    """

    def field(options: Options) -> Field:
        points = start(options)
        return Field(POINTS, points, size=2 * len(points))

    return dataclasses.field(metadata={"field": field})


def length(start: float, high: float = 1.5) -> Any:
    """A field: a length in canvas units, ``[...]``, between 0 and ``high``."""
    return dataclasses.field(metadata={"field": lambda _: Field(LENGTH, start, high=high)})


def angle() -> Any:
    """A field: an angle in radians, clockwise, ``[...]``."""
    return dataclasses.field(metadata={"field": lambda _: Field(ANGLE, 0.0)})


def unit(start: float, *, discrete: bool = False) -> Any:
    """A field: a number in [0, 1], ``[...]``."""
    return dataclasses.field(metadata={"field": lambda _: Field(UNIT, start, discrete=discrete)})


def several_units(count: Callable[[Options], int], start: float) -> Any:
    """A field: several numbers in [0, 1], ``[..., size]``.

    Args:
        count: the kind's options → how many.
        start: of all.
    """

    def field(options: Options) -> Field:
        return Field(UNIT, ((start,) * count(options),), size=count(options))

    return dataclasses.field(metadata={"field": field})


def option(default: int | bool | str) -> Any:
    """A setting of the kind, the same for all its shapes; its annotation is its type and range."""
    return dataclasses.field(default=default, metadata={"option": default}, kw_only=True)
