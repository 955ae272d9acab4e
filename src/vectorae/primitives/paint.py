"""Paint: what shapes are painted with beside their outline, and the fields that it has."""

import dataclasses
from dataclasses import dataclass
from typing import Literal

from vectorae.primitives.field import Field
from vectorae.primitives.quantities import LENGTH, POINTS, UNIT, Points

Coats = Literal["fill", "stroke", "both", "both_stroke_below"]
"""Of ``both`` the stroke lies on top of the fill, in a colour of its own."""

Ink = Literal["flat", "linear", "radial"]
"""One colour, or a gradient."""

MOST_STOPS = 16
"""Of gradients that are learned."""

PAINT = {
    "color": Field(UNIT, 0.7, size=None),
    "opacity": Field(UNIT, 0.8),
    "softness": Field(UNIT, 1.0, low=0.25, high=4.0, learned=False),
}
"""Fields of every shape, beside its outline: colour and opacity in [0, 1], and a factor on the drawing's softness."""

STROKE = {"stroke_width": Field(LENGTH, 0.2, high=0.25)}
"""A further field of stroked shapes: the full width in canvas units."""

STROKE_COLOR = {"stroke_color": Field(UNIT, 0.7, size=None)}
"""A further field of shapes that are filled and stroked; ``color`` is that of the fill."""

DEPTH = {"depth": Field(UNIT, 0.5)}
"""A further field of shapes whose order is learned: larger is on top. It starts in the order of the slots."""

GRADIENT_POINTS: dict[str, Points] = {
    "linear": ((-0.35, 0.0), (0.35, 0.0)),
    "radial": ((0.0, 0.0), (0.35, 0.0), (0.0, 0.35)),
}
"""The points of a gradient in the starting arrangement: start and end, or centre and ends of two radii."""

FAINT = 0.9
"""The opacity with which stops start."""


@dataclass(frozen=True)
class Paint:
    """How the shapes of a kind are painted.

    Attributes:
        coats: ``fill``, ``stroke``, ``both`` or ``both_stroke_below``.
        fill, stroke: ``flat``, or a ``linear`` or ``radial`` gradient: of the one or of the other.
        stops: of gradients.
    """

    coats: Coats = "fill"
    fill: Ink = "flat"
    stroke: Ink = "flat"
    stops: int = 2

    @property
    def is_both(self) -> bool:
        """Whether shapes are filled and stroked."""
        return self.coats in ("both", "both_stroke_below")

    @property
    def stroke_below(self) -> bool:
        """Whether the stroke lies below the fill."""
        return self.coats == "both_stroke_below"

    @property
    def own(self) -> Ink:
        """The ink of what has the shapes' own colour: the fill, or the stroke of what is not filled."""
        return self.stroke if self.coats == "stroke" else self.fill

    def fields(self, points: int) -> dict[str, Field]:
        """Name → field of shapes with so many points: colours, opacity and softness, stroke, gradients."""
        found = dict(PAINT)
        if self.coats != "fill":
            # Many points stand close together: a stroke that is wider than they are apart hides how they lie.
            width = min(0.2, 0.6 / points)
            found |= {name: dataclasses.replace(field, start=width) for name, field in STROKE.items()}
        found |= STROKE_COLOR if self.is_both else {}
        found |= gradient_fields("", self.own, self.stops)
        return found | (gradient_fields("stroke_", self.stroke, self.stops) if self.is_both else {})


def gradient_fields(prefix: str, ink: Ink, stops: int) -> dict[str, Field]:
    """Name → field of gradients, each with a prefix; the colour of the first stop is that of the shape, or its stroke.

    The first stop is at the beginning of the gradient and the last at its end; only those between have an offset.
    """
    if ink == "flat":
        return {}
    places = GRADIENT_POINTS[ink]
    fields = {"gradient": Field(POINTS, places, size=2 * len(places))}
    fields |= {f"color_{number}": Field(UNIT, 0.7, size=None) for number in range(2, stops + 1)}
    fields |= {"stop_opacity": Field(UNIT, ((FAINT,) * stops,), size=stops)}
    if stops > 2:
        even = tuple(stop / (stops - 1) for stop in range(1, stops - 1))
        fields |= {"stop_offset": Field(UNIT, (even,), size=stops - 2)}
    return {prefix + name: field for name, field in fields.items()}


def base_color(name: str) -> str:
    """The colour that a field is a stop of: ``color`` or ``stroke_color``; any other name as it is.

    >>> base_color("stroke_color_2"), base_color("radius")
    ('stroke_color', 'radius')
    """
    base, _, number = name.rpartition("_")
    return base if base in ("color", "stroke_color") and number.isdecimal() else name
