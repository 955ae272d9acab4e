"""The base of all kinds, and their registry."""

import dataclasses
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, get_type_hints

from vectorae.primitives.field import Field, Option, Options
from vectorae.primitives.paint import Coats, Paint
from vectorae.scene import Outline

KINDS: dict[str, type["Primitive"]] = {}
"""Name → class of every primitive."""


@dataclass(frozen=True)
class Primitive(ABC):
    """Shapes of one kind: each attribute a tensor ``[B, n]`` (points ``[B, n, 2]``), declared with the field it is.

    Every subclass is registered in ``KINDS`` under its name in lower case, ``RoundedRectangle`` as
    ``rounded_rectangle``.
    """

    paint: ClassVar[Literal["fill", "stroke"]] = "fill"
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
    def fields(cls, options: Options | None = None, paint: Paint | Coats = "fill") -> dict[str, Field]:
        """Name → field: of the outline first, then of the paint.

        Args:
            options: those that differ from their defaults.
            paint: of what has an inside; all else is stroked.
        """
        paint = Paint(paint) if isinstance(paint, str) else paint
        chosen = {name: one.default for name, one in cls.options().items()} | dict(options or {})
        geometry = {f.name: f.metadata["field"](chosen) for f in dataclasses.fields(cls) if "field" in f.metadata}
        points = max((len(field.start) for field in geometry.values() if isinstance(field.start, tuple)), default=1)
        return geometry | cls.painted(paint).fields(points)

    @classmethod
    def painted(cls, paint: Paint) -> Paint:
        """The paint that shapes of this kind have where a layout wants ``paint``."""
        return dataclasses.replace(paint, coats="stroke") if cls.paint == "stroke" else paint
