"""Learning rates of the fields."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from vectorae.errors import UserError, choose
from vectorae.geometry import canvas_size
from vectorae.layout import MARGIN

OWN = ("color", "opacity", "stroke_width", "background", "depth")
"""Fields that have a rate of their own; all others have that of their quantity."""


@dataclass(frozen=True)
class Rates:
    """How far a step goes at first, each 0 or more; 0 leaves a field as it is.

    Attributes:
        place: of points, in cells: the side of the square that a shape has to itself, were they spread evenly.
        length, angle, unit: of raw numbers: a length by about that part of itself, an angle in radians.
        color, opacity, stroke_width, background, depth: of raw numbers.
        fields: of raw numbers (points: cells), for single fields by name: ``{radius: 0.2}``.
    """

    place: float = 0.2
    length: float = 0.2
    angle: float = 0.1
    unit: float = 0.05
    color: float = 0.1
    opacity: float = 0.1
    stroke_width: float = 0.2
    background: float = 0.1
    depth: float = 0.05
    fields: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = {name: value for name, value in vars(self).items() if name != "fields"}
        for name, value in (named | {f"fields.{name}": value for name, value in self.fields.items()}).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise UserError(f"{name}: {value!r} is not a number of 0 or more")

    def scale(self, layout: Any) -> Tensor:
        """The rate of each raw number of a layout, ``[raw_size]``.

        Raises:
            UserError: a name in ``fields`` that the layout does not have.
        """
        quantities = layout.quantities()
        for name in self.fields:
            if name not in quantities:
                raise UserError(f"rates.fields.{name}: no such learned field; {choose(name, quantities)}")
        width, height = canvas_size(layout.aspect)
        cell = math.sqrt(width * height / max(1, layout.count))
        # In the middle of the canvas a point moves by a quarter of its range for each raw number.
        place = cell / (math.sqrt((width + 2 * MARGIN) * (height + 2 * MARGIN)) / 4)

        def rate(name: str) -> float:
            quantity = quantities[name]
            if quantity in ("point", "points"):
                return place * self.fields.get(name, self.place)
            by_quantity = {"length": self.length, "angle": self.angle, "unit": self.unit}[quantity]
            return self.fields.get(name, getattr(self, name) if name in OWN else by_quantity)

        by_name = {name: rate(name) for name in quantities}
        return torch.tensor([by_name[name] for name in layout.field_names()])
