"""Quantities: how raw numbers become points, lengths, angles and units, and back."""

from abc import ABC
from typing import Any, ClassVar

import torch
from torch import Tensor

from vectorae.primitives.seeds import Seeds

MARGIN = 0.1
"""How far beyond the canvas points may go, canvas units, so that a shape can also leave it."""

Points = tuple[tuple[float, float], ...]
"""x and y of several points."""

Row = tuple[tuple[float, ...]]
"""Several numbers."""


class Quantity(ABC):
    """What a field measures: how it is decoded from raw numbers, encoded, and seeded.

    By default a value follows a sigmoid from ``low`` to ``high`` that passes through ``start`` where the raw number is
    0, so that small lengths change by a factor and nothing leaves its range.
    """

    name: ClassVar[str]
    rate: ClassVar[str]
    """The learning rate of fits that applies (see ``fitting.Rates``)."""

    bounded: ClassVar[bool] = True
    """Whether values have a range."""

    fixable: ClassVar[bool] = True
    """Whether one value for all shapes makes sense."""

    beyond: ClassVar[float] = 0.0
    """How far the sigmoid goes beyond both ends, in units of the value; see ``within``."""

    def decode(self, raw: Tensor, start: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
        """The value that a raw number stands for: ``start`` at 0."""
        origin, least, span = self.curve(start, low, high)
        return self.within(least + span * torch.sigmoid(origin + raw), low, high)

    def curve(
        self, start: Tensor, low: Tensor | float, high: Tensor | float
    ) -> tuple[Tensor, Tensor | float, Tensor | float]:
        """Where on the sigmoid ``start`` lies, and the sigmoid's lower end and height in units of the value."""
        least, span = low - self.beyond, high - low + 2 * self.beyond
        return torch.logit(((start - least) / span).clamp(1e-4, 1 - 1e-4)), least, span

    def within(self, value: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
        """Values of a sigmoid that goes ``beyond``: there the end itself, with the gradient that it would have."""
        if not self.beyond:
            return value
        inside: dict[str, Any] = {"min": low, "max": high}  # both numbers, or both tensors
        return value + (value.clamp(**inside) - value).detach()

    def encode(self, value: Tensor, start: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
        """The raw number that stands for a value, or the nearest one where the value is out of range."""
        place, _, _ = self.curve(value, low, high)
        origin, _, _ = self.curve(start, low, high)
        return place - origin

    def seed(self, start: Any, seeds: Seeds) -> Tensor:
        """The value at ``seeds`` of a field with this ``start``: ``[..., n]``, ``[..., n, size]``, or points."""
        if isinstance(start, tuple):
            return seeds.cell.new_tensor(start[0]).expand(*seeds.cell.shape, -1)
        return torch.full_like(seeds.cell, start)

    def limits(self, low: float, high: float, canvas: Tensor) -> tuple[Tensor | float, Tensor | float]:
        """The range of a field with this ``low`` and ``high`` on a canvas ``[2]``, its width and height."""
        return low, high


class PointsQuantity(Quantity):
    """Several points, ``[..., P, 2]``, anywhere on the canvas and within ``MARGIN`` around it."""

    name, rate, fixable = "points", "point", False

    def seed(self, start: Points, seeds: Seeds) -> Tensor:
        x, y = seeds.cell.new_tensor(start).unbind(-1)  # [P]
        cos, sin = seeds.turn.cos()[..., None], seeds.turn.sin()[..., None]
        offset = torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)  # [..., n, P, 2]
        return seeds.center[..., None, :] + seeds.cell[..., None, None] * offset

    def limits(self, low: float, high: float, canvas: Tensor) -> tuple[Tensor | float, Tensor | float]:
        return -MARGIN, canvas + MARGIN


class PointQuantity(PointsQuantity):
    """One point, ``[..., 2]``."""

    name = "point"

    def seed(self, start: Points, seeds: Seeds) -> Tensor:
        return super().seed(start, seeds)[..., 0, :]


class LengthQuantity(Quantity):
    """A length in canvas units, or several, ``[..., size]``; seeds scale it by their cell."""

    name = rate = "length"

    def seed(self, start: Any, seeds: Seeds) -> Tensor:
        value = super().seed(start, seeds)
        return value * (seeds.cell[..., None] if isinstance(start, tuple) else seeds.cell)


class AngleQuantity(Quantity):
    """An angle in radians, clockwise, of any size; raw numbers and seeds turn it."""

    name = rate = "angle"
    bounded = False

    def decode(self, raw: Tensor, start: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
        return start + raw

    def encode(self, value: Tensor, start: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
        return value - start

    def seed(self, start: float, seeds: Seeds) -> Tensor:
        return super().seed(start, seeds) + seeds.turn


class UnitQuantity(Quantity):
    """A number between ``low`` and ``high``."""

    name = rate = "unit"


class ShareQuantity(UnitQuantity):
    """A number between ``low`` and ``high`` that may be exactly either, and come back from there."""

    name = "share"
    beyond = 0.02


POINT, POINTS, LENGTH, ANGLE, UNIT, SHARE = (
    PointQuantity(),
    PointsQuantity(),
    LengthQuantity(),
    AngleQuantity(),
    UnitQuantity(),
    ShareQuantity(),
)
