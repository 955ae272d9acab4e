"""Kinds that are strokes: points, lines and curves."""

from dataclasses import dataclass
from itertools import chain, combinations
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor

from vectorae.primitives.field import option, point, several_points, several_units
from vectorae.primitives.primitive import Primitive
from vectorae.primitives.quantities import Points
from vectorae.scene import Outline, Path, kept_tensor


def _across(count: int) -> Points:
    """A zigzag from left to right: a curve whose points lie on a line does not know which way to bend."""
    middle = (count % 2) / count
    return tuple((0.7 * index / (count - 1) - 0.35, 0.1 * ((-1) ** index - middle)) for index in range(count))


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

    points: Annotated[int, Ge(2), Le(256)] = option(5)
    vertices: Tensor = several_points(lambda options: _across(options["points"]))

    def outline(self) -> Outline:
        return Path(self.vertices)


@dataclass(frozen=True)
class Quadratic(Primitive):
    """Joined quadratic Béziers: a point, then a control point and an end point for each segment.

    Where it is smooth only the first control point is given; the others are its reflections (SVG's ``T``).
    """

    paint = "stroke"

    segments: Annotated[int, Ge(1), Le(256)] = option(1)
    smooth: bool = option(False)
    control_points: Tensor = several_points(
        lambda options: _across(options["segments"] + 2 if options["smooth"] else 2 * options["segments"] + 1)
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

    segments: Annotated[int, Ge(1), Le(256)] = option(1)
    smooth: bool = option(False)
    control_points: Tensor = several_points(
        lambda options: _across(2 * options["segments"] + 2 if options["smooth"] else 3 * options["segments"] + 1)
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

    points: Annotated[int, Ge(2), Le(256)] = option(5)
    spacing: Literal["centripetal", "uniform", "chordal"] = option("centripetal")
    vertices: Tensor = several_points(lambda options: _across(options["points"]))

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


def _joined(ends: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Control points of joined cubics: k + 1 end points and the two control points of k segments, ``[..., k, 2]``."""
    segments = torch.stack([first, second, ends[..., 1:, :]], dim=-2)
    return torch.cat([ends[..., :1, :], segments.flatten(-3, -2)], dim=-2)


def _pairs(points: int) -> list[tuple[int, int]]:
    """Every pair of points, by their indices."""
    return list(combinations(range(points), 2))


@dataclass(frozen=True)
class Connections(Primitive):
    """Points, and a straight stroke between any two of them, with an opacity of its own for each pair.

    The pairs are those of ``itertools.combinations``: which points are connected is learned (the connection matrices of
    DifferentiableSketching, Mihai and Hare 2021).
    """

    paint = "stroke"

    points: Annotated[int, Ge(2), Le(64)] = option(5)
    vertices: Tensor = several_points(lambda options: _across(options["points"]))
    contour_opacity: Tensor = several_units(lambda options: len(_pairs(options["points"])), 0.5)

    def outline(self) -> Outline:
        pairs = kept_tensor(tuple(chain.from_iterable(_pairs(self.points))), torch.long, self.vertices.device)
        sizes = (2,) * (len(pairs) // 2)
        return Path(self.vertices[..., pairs, :], sizes=sizes if len(sizes) > 1 else ())
