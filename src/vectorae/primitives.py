"""The kinds of shapes: one short class each. Its fields are the schema; everything else follows from them.

A field says how many raw numbers it takes, what it may range over, and what it is where all raw numbers are zero. The
encoder's width, the mapping from raw numbers to canvas units, random samples, config checks and the SVG need no more.
"""

import dataclasses
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.scene import Outline, Path, RoundedBox

Quantity = Literal["point", "points", "length", "angle", "unit"]
Paint = Literal["fill", "stroke"]
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


PAINT = {
    "color": Field("unit", 0.7, size=None),
    "opacity": Field("unit", 0.8),
    "softness": Field("unit", 1.0, low=0.25, high=4.0, learned=False),
}
"""What every shape has beside its outline: colour and opacity in [0, 1], and a factor on the drawing's softness."""

STROKE = {"stroke_width": Field("length", 0.2, high=0.25)}
"""What stroked shapes have beside: the full width in canvas units."""

DEPTH = {"depth": Field("unit", 0.5)}
"""What shapes have beside whose order is learned: larger is on top. It starts in the order of the slots."""

KINDS: dict[str, type["Primitive"]] = {}
"""Name → class, every primitive there is."""


@dataclass(frozen=True)
class Primitive(ABC):
    """Shapes of one kind: each attribute a tensor ``[B, n]`` (points ``[B, n, 2]``), declared with the field it is.

    A subclass that is not abstract is registered in ``KINDS`` under its name in lower case, ``RoundedRectangle`` as
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
        return {f.name: f.metadata["option"] for f in dataclasses.fields(cls) if "option" in f.metadata}

    @classmethod
    def fields(cls, options: Options | None = None, paint: Paint = "fill") -> dict[str, Field]:
        """Name → field: of the outline first, then of the paint.

        Args:
            options: those that differ from their defaults.
            paint: ``stroke`` for the outline of what is filled otherwise.
        """
        chosen = {name: one.default for name, one in cls.options().items()} | dict(options or {})
        geometry = {f.name: f.metadata["field"](chosen) for f in dataclasses.fields(cls) if "field" in f.metadata}
        if "stroke" not in (cls.paint, paint):
            return geometry | PAINT
        # Many points stand close together: a stroke that is wider than they are apart hides how they lie.
        count = max((len(field.start) for field in geometry.values() if isinstance(field.start, tuple)), default=1)
        ((name, stroke_width),) = STROKE.items()
        return geometry | PAINT | {name: dataclasses.replace(stroke_width, start=min(0.2, 0.6 / count))}


# Where the points of a kind start, in units of its cell.


def _across(count: int) -> Places:
    """A zigzag from left to right: a curve whose points lie on a line does not know which way to bend."""
    middle = (count % 2) / count
    return tuple((0.7 * index / (count - 1) - 0.35, 0.1 * ((-1) ** index - middle)) for index in range(count))


def _around(count: int) -> Places:
    """On a circle, clockwise from the top."""
    turns = [2 * math.pi * index / count for index in range(count)]
    return tuple((0.42 * math.sin(turn), -0.42 * math.cos(turn)) for turn in turns)


def _around_with_handles(count: int) -> Places:
    """The control points of cubics that are a circle, clockwise from the top."""
    segments = count // 3
    reach = 4 / 3 * math.tan(math.pi / (2 * segments))
    places = []
    for index in range(segments):
        for part, ahead in ((0, 0.0), (0, reach), (1, -reach)):
            turn = 2 * math.pi * (index + part) / segments
            x, y = math.sin(turn) + ahead * math.cos(turn), -math.cos(turn) + ahead * math.sin(turn)
            places.append((0.42 * x, 0.42 * y))
    return tuple(places)


@dataclass(frozen=True)
class Point(Primitive):
    """A dot, as wide as its stroke."""

    paint = "stroke"

    center: Tensor = point()

    def outline(self) -> Outline:
        return Path(self.center[..., None, :])


@dataclass(frozen=True)
class Line(Primitive):
    """A straight stroke with round caps."""

    paint = "stroke"

    start: Tensor = point(-0.35, 0.0)
    end: Tensor = point(0.35, 0.0)

    def outline(self) -> Outline:
        return Path(torch.stack([self.start, self.end], dim=-2))


@dataclass(frozen=True)
class Polyline(Primitive):
    """Straight strokes from point to point."""

    paint = "stroke"

    points: int = option(5, low=2)
    vertices: Tensor = places(lambda options: options["points"], _across)

    def outline(self) -> Outline:
        return Path(self.vertices)


@dataclass(frozen=True)
class Quadratic(Primitive):
    """Joined quadratic Béziers: a point, then a control point and an end point for each segment.

    Where it is smooth only the first control point is given; the others are its reflections (SVG's ``T``).
    """

    paint = "stroke"

    segments: int = option(1)
    smooth: bool = option(False)
    control_points: Tensor = places(
        lambda options: options["segments"] + 2 if options["smooth"] else 2 * options["segments"] + 1, _across
    )

    def outline(self) -> Outline:
        given = self.control_points
        if self.smooth:
            ends, control = torch.cat([given[..., :1, :], given[..., 2:, :]], dim=-2), [given[..., 1, :]]
            for joint in ends[..., 1:-1, :].unbind(-2):
                control.append(2 * joint - control[-1])
            middle = torch.stack(control, dim=-2)
        else:
            ends, middle = given[..., ::2, :], given[..., 1::2, :]
        # The same curves as cubics: two thirds of the way to the control point.
        first = (ends[..., :-1, :] + 2 * middle) / 3
        second = (ends[..., 1:, :] + 2 * middle) / 3
        return Path(_joined(ends, first, second), degree=3)


@dataclass(frozen=True)
class Cubic(Primitive):
    """Joined cubic Béziers: a point, then two control points and an end point for each segment.

    Where it is smooth the first control point of all but the first segment is the reflection of the one before it
    (SVG's ``S``).
    """

    paint = "stroke"

    segments: int = option(1)
    smooth: bool = option(False)
    control_points: Tensor = places(
        lambda options: 2 * options["segments"] + 2 if options["smooth"] else 3 * options["segments"] + 1, _across
    )

    def outline(self) -> Outline:
        given = self.control_points
        if not self.smooth:
            return Path(given, degree=3)
        ends = torch.cat([given[..., :1, :], given[..., 3::2, :]], dim=-2)
        second = given[..., 2::2, :]
        first = torch.cat([given[..., 1:2, :], 2 * ends[..., 1:-1, :] - second[..., :-1, :]], dim=-2)
        return Path(_joined(ends, first, second), degree=3)


@dataclass(frozen=True)
class CatmullRom(Primitive):
    """A Catmull-Rom spline through its points (Catmull & Rom 1974; knots after Yuksel, Schaefer & Keyser 2011).

    Knots lie |P_i+1 − P_i|^a apart: ``uniform`` a = 0, ``centripetal`` a = ½ (no cusps), ``chordal`` a = 1. Before the
    first and after the last point the nearest one is reflected.
    """

    paint = "stroke"

    points: int = option(5, low=2)
    spacing: str = option("centripetal", choices=("centripetal", "uniform", "chordal"))
    vertices: Tensor = places(lambda options: options["points"], _across)

    def outline(self) -> Outline:
        given = self.vertices
        before, after = 2 * given[..., :1, :] - given[..., 1:2, :], 2 * given[..., -1:, :] - given[..., -2:-1, :]
        along = torch.cat([before, given, after], dim=-2).diff(dim=-2)
        power = {"uniform": 0.0, "centripetal": 0.5, "chordal": 1.0}[self.spacing]
        # A thousandth of the canvas: points may coincide, and where they nearly do the gradient stays moderate.
        knot = (along.square().sum(-1, keepdim=True) + 1e-6) ** (power / 2)
        one, two, slope = knot[..., :-1, :], knot[..., 1:, :], along / knot
        # The spline's derivative at its points, by Barry & Goldman's recursion (1988).
        tangent = (two * slope[..., :-1, :] + one * slope[..., 1:, :]) / (one + two)
        inner = knot[..., 1:-1, :] / 3
        first = given[..., :-1, :] + inner * tangent[..., :-1, :]
        second = given[..., 1:, :] - inner * tangent[..., 1:, :]
        return Path(_joined(given, first, second), degree=3)


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


@dataclass(frozen=True)
class Triangle(Primitive):
    """A triangle by its corners."""

    vertices: Tensor = places(3, _around)

    def outline(self) -> Outline:
        return Path(self.vertices, closed=True)


@dataclass(frozen=True)
class RegularPolygon(Primitive):
    """A polygon of equal sides by its centre and the radius of the circle through its corners."""

    sides: int = option(6, low=3)
    center: Tensor = point()
    radius: Tensor = length(0.42, high=0.75)
    angle: Tensor = angle()

    def outline(self) -> Outline:
        corner = torch.arange(self.sides, dtype=self.angle.dtype, device=self.angle.device)
        turn = self.angle[..., None] + corner * (2 * math.pi / self.sides)
        around = torch.stack([turn.sin(), -turn.cos()], dim=-1)
        return Path(self.center[..., None, :] + self.radius[..., None, None] * around, closed=True)


@dataclass(frozen=True)
class Polygon(Primitive):
    """A polygon by its corners; it may cross itself, and is filled by non-zero winding."""

    corners: int = option(5, low=3)
    vertices: Tensor = places(lambda options: options["corners"], _around)

    def outline(self) -> Outline:
        return Path(self.vertices, closed=True)


@dataclass(frozen=True)
class Blob(Primitive):
    """A closed curve of joined cubic Béziers: for each a point and two control points; the last ends at the first."""

    segments: int = option(4, low=2)
    control_points: Tensor = places(lambda options: 3 * options["segments"], _around_with_handles)

    def outline(self) -> Outline:
        return Path(self.control_points, closed=True, degree=3)


def _box(
    center: Tensor, half_width: Tensor, half_height: Tensor, angle: Tensor, roundness: Tensor | float
) -> RoundedBox:
    rounded = torch.as_tensor(roundness, dtype=angle.dtype, device=angle.device).expand_as(angle)
    return RoundedBox(center, torch.stack([half_width, half_height], dim=-1), angle, rounded)


def _joined(ends: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Control points of joined cubics: k + 1 end points and the two control points of k segments, ``[..., k, 2]``."""
    segments = torch.stack([first, second, ends[..., 1:, :]], dim=-2)
    return torch.cat([ends[..., :1, :], segments.flatten(-3, -2)], dim=-2)


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
