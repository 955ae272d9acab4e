"""Fields: what the shapes of a kind are told by, and what their raw numbers mean."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from vectorae.errors import UserError

Quantity = Literal["point", "points", "length", "angle", "unit"]
Places = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Field:
    """One quantity of a shape.

    Attributes:
        quantity: ``point`` (two coordinates on the canvas), ``points`` (several of them), ``length`` (canvas units),
            ``angle`` (radians, clockwise) or ``unit`` (a number between ``low`` and ``high``).
        start: its value in the starting arrangement: points and a length in units of the shape's cell, points relative
            to the cell's centre and turned by the cell's angle; an angle or a unit as it is.
        low, high: the range of lengths (canvas units) and units. Points range over the canvas and a margin, angles over
            all numbers.
        size: how many numbers; None stands for the number of colour channels.
        discrete: a crisp drawing takes ``low`` or ``high``, whichever is nearer.
        learned: whether the encoder predicts it unless the config says otherwise; else it stays at ``start``.
    """

    quantity: Quantity
    start: float | Places
    low: float = 0.0
    high: float = 1.0
    size: int | None = 1
    discrete: bool = False
    learned: bool = True


@dataclass(frozen=True)
class Option:
    """A setting of a kind that is no quantity of its shapes, such as how many corners they have.

    Attributes:
        default: its value unless the config says otherwise.
        low: the least, for whole numbers.
        choices: all that a text may be.
    """

    default: int | bool | str
    low: int = 1
    choices: tuple[str, ...] = ()

    def check(self, name: str, value: Any) -> None:
        """Refuse a value of another type or range.

        Raises:
            UserError: naming the option and what it may be.
        """
        if isinstance(self.default, bool):
            right, wanted = isinstance(value, bool), "true or false"
        elif isinstance(self.default, int):
            right = isinstance(value, int) and not isinstance(value, bool) and value >= self.low
            wanted = f"a whole number of {self.low} or more"
        else:
            right, wanted = value in self.choices, "one of " + ", ".join(self.choices)
        if not right:
            raise UserError(f"{name}: {value!r} is not {wanted}")


Options = Mapping[str, Any]


def point(x: float = 0.0, y: float = 0.0) -> Any:
    """A field that is a place on the canvas, ``[..., 2]``."""
    return dataclasses.field(metadata={"field": lambda _: Field("point", ((x, y),), size=2)})


def places(count: Callable[[Options], int] | int, start: Callable[[int], Places]) -> Any:
    """A field that is several places on the canvas, ``[..., P, 2]``.

    Args:
        count: P, also as a function of the kind's options.
        start: P → where they start.
    """

    def field(options: Options) -> Field:
        number = count if isinstance(count, int) else count(options)
        return Field("points", start(number), size=2 * number)

    return dataclasses.field(metadata={"field": field})


def length(start: float, high: float = 1.5) -> Any:
    """A field that is a length in canvas units, ``[...]``, between 0 and ``high``."""
    return dataclasses.field(metadata={"field": lambda _: Field("length", start, high=high)})


def angle() -> Any:
    """A field that is an angle in radians, clockwise, ``[...]``."""
    return dataclasses.field(metadata={"field": lambda _: Field("angle", 0.0)})


def unit(start: float, *, discrete: bool = False) -> Any:
    """A field that is a number in [0, 1], ``[...]``."""
    return dataclasses.field(metadata={"field": lambda _: Field("unit", start, discrete=discrete)})


def option(default: int | bool | str, *, low: int = 1, choices: tuple[str, ...] = ()) -> Any:
    """A setting of the kind, the same for all its shapes."""
    return dataclasses.field(default=default, metadata={"option": Option(default, low, choices)}, kw_only=True)


def to_value(field: Field, raw: Tensor, start: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """What a raw number means: ``start`` at 0, and within the range wherever it goes.

    Angles turn by ``raw`` radians; everything else follows a sigmoid from ``low`` to ``high`` that passes through
    ``start``, so that small lengths change by a factor and nothing leaves its range.
    """
    if field.quantity == "angle":
        return start + raw
    part = ((start - low) / (high - low)).clamp(1e-4, 1 - 1e-4)
    return low + (high - low) * torch.sigmoid(torch.logit(part) + raw)


def from_value(field: Field, value: Tensor, start: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """The raw number that means ``value``, or that which comes nearest where it is out of the range."""
    if field.quantity == "angle":
        return value - start
    place, origin = (((one - low) / (high - low)).clamp(1e-4, 1 - 1e-4) for one in (value, start))
    return torch.logit(place) - torch.logit(origin)


def nearest_end(field: Field, value: Tensor) -> Tensor:
    """``low`` or ``high``, whichever is nearer; its gradient is the value's (straight-through, Bengio et al., 2013)."""
    nearest = torch.where(value >= (field.low + field.high) / 2, field.high, field.low)
    return nearest + (value - value.detach())
