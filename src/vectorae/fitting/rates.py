"""Learning rates of the fields."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vectorae.config.arguments import NonNegativeFloat, Validated
from vectorae.errors import UserError, choose
from vectorae.geometry.canvas import canvas_size
from vectorae.layout import MARGIN, LayoutBase
from vectorae.primitives import base_color

OWN = {name: name for name in ("color", "opacity", "stroke_width", "background", "depth")}
OWN |= {"stroke_color": "color"}
OWN |= dict.fromkeys(("contour_opacity", "stop_opacity", "stroke_stop_opacity"), "opacity")
"""Fields whose rate is not that of their quantity, and its name."""


WIDEST_CELL = 0.15
"""Of few shapes, canvas units: in steps as wide as what each has to itself, points would never find their places."""


@dataclass(frozen=True)
class Rates(Validated):
    """Learning rates of a fit at its start; 0 leaves a field as it is.

    Attributes:
        point: of points, in cells: the side of the square that a shape has to itself, were they spread evenly, or
            0.15 canvas units if that is less.
        length, angle, unit: of raw numbers: a length changes by about that part of itself, an angle by radians.
        color, opacity, stroke_width, background, depth: of raw numbers.
        fields: of raw numbers (points: cells), for single fields by name: ``{radius: 0.2}``.
        factor: on all of them.
    """

    point: NonNegativeFloat = 0.2
    length: NonNegativeFloat = 0.2
    angle: NonNegativeFloat = 0.1
    unit: NonNegativeFloat = 0.05
    color: NonNegativeFloat = 0.1
    opacity: NonNegativeFloat = 0.1
    stroke_width: NonNegativeFloat = 0.2
    background: NonNegativeFloat = 0.1
    depth: NonNegativeFloat = 0.05
    fields: Mapping[str, NonNegativeFloat] = field(default_factory=dict)
    factor: NonNegativeFloat = 1.0

    def scale(self, layout: LayoutBase) -> Tensor:
        """The rate of each raw number of a layout, ``[raw_size]``.

        Raises:
            UserError: a name in ``fields`` that the layout does not have.
        """
        quantities = layout.quantities()
        for name in self.fields:
            if name not in quantities:
                raise UserError(f"rates.fields.{name}: no such learned field; {choose(name, quantities)}")
        width, height = canvas_size(layout.aspect)
        cell = min(WIDEST_CELL, math.sqrt(width * height / max(1, layout.count)))
        # In the middle of the canvas a point moves by a quarter of its range for each raw number.
        point = cell / (math.sqrt((width + 2 * MARGIN) * (height + 2 * MARGIN)) / 4)

        def rate(name: str) -> float:
            own: float = getattr(self, OWN.get(base_color(name), quantities[name].rate))
            return self.fields.get(name, own) * (point if quantities[name].rate == "point" else 1.0)

        by_name = {name: rate(name) for name in quantities}
        return self.factor * torch.tensor([by_name[name] for name in layout.field_names()])
