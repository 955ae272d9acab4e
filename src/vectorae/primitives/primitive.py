"""The base of all kinds, and their registry."""

import dataclasses
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, get_type_hints

from vectorae.primitives.field import Field, Option, Options
from vectorae.primitives.quantities import LENGTH, UNIT
from vectorae.scene import Outline

Paint = Literal["fill", "stroke", "both", "both_stroke_below"]
"""Of ``both`` the stroke lies on top of the fill, in a colour of its own."""

BOTH: tuple[Paint, ...] = ("both", "both_stroke_below")

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

KINDS: dict[str, type["Primitive"]] = {}
"""Name → class of every primitive."""


@dataclass(frozen=True)
class Primitive(ABC):
    """Shapes of one kind: each attribute a tensor ``[B, n]`` (points ``[B, n, 2]``), declared with the field it is.

    Every subclass is registered in ``KINDS`` under its name in lower case, ``RoundedRectangle`` as
    ``rounded_rectangle``.
    """

    paint: ClassVar[Paint] = "fill"
    """``stroke`` for what has no inside. All others are filled, unless a layout has them stroked."""

    def __init_subclass__(cls) -> None:
        KINDS[re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()] = cls

    @abstractmethod
    def outline(self) -> Outline:
        """The canonical geometry."""

    @classmethod
    def options(cls) -> dict[str, Option]:
        """Name → option of this kind."""
        allowed = get_type_hints(cls, include_extras=True)
        given = {
            field.name: field.metadata["option"] for field in dataclasses.fields(cls) if "option" in field.metadata
        }
        return {name: Option(default, allowed[name]) for name, default in given.items()}

    @classmethod
    def fields(cls, options: Options | None = None, paint: Paint = "fill") -> dict[str, Field]:
        """Name → field: of the outline first, then of the paint.

        Args:
            options: those that differ from their defaults.
            paint: of what has an inside; all else is stroked.
        """
        chosen = {name: one.default for name, one in cls.options().items()} | dict(options or {})
        geometry = {f.name: f.metadata["field"](chosen) for f in dataclasses.fields(cls) if "field" in f.metadata}
        if cls.paint == "fill" and paint == "fill":
            return geometry | PAINT
        # Many points stand close together: a stroke that is wider than they are apart hides how they lie.
        count = max((len(field.start) for field in geometry.values() if isinstance(field.start, tuple)), default=1)
        ((name, stroke_width),) = STROKE.items()
        own = STROKE_COLOR if cls.paint == "fill" and paint in BOTH else {}
        return geometry | PAINT | {name: dataclasses.replace(stroke_width, start=min(0.2, 0.6 / count))} | own
