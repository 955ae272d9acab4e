"""Kinds that are what a path encloses: polygons and blobs, with holes or without."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor

from vectorae.primitives.field import angle, length, option, point, several_points, unit
from vectorae.primitives.primitive import Primitive
from vectorae.primitives.quantities import Points
from vectorae.scene import Outline, Path, kept_tensor

RADIUS = 0.42
"""Of the circle that a shape starts as, in units of its cell."""


def _around(count: int) -> Points:
    """On a circle, clockwise from the top."""
    turns = [2 * math.pi * index / count for index in range(count)]
    return tuple((RADIUS * math.sin(turn), -RADIUS * math.cos(turn)) for turn in turns)


def _around_with_handles(segments: int) -> Points:
    """The control points of cubics that are as good as a circle, clockwise from the top."""
    reach = 4 / 3 * math.tan(math.pi / (2 * segments))
    found = []
    for index in range(segments):
        for part, ahead in ((0, 0.0), (0, reach), (1, -reach)):
            turn = 2 * math.pi * (index + part) / segments
            x, y = math.sin(turn) + ahead * math.cos(turn), -math.cos(turn) + ahead * math.sin(turn)
            found.append((RADIUS * x, RADIUS * y))
    return tuple(found)


def _one_in_another(contours: int, segments: int) -> Points:
    """The control points of circles around each other, from the outermost on, every other counter-clockwise."""
    found: list[tuple[float, float]] = []
    for index in range(contours):
        points, size = _around_with_handles(segments), 1 - index / contours
        points = points if index % 2 == 0 else (points[0], *reversed(points[1:]))
        found += [(size * x, size * y) for x, y in points]
    return tuple(found)


@dataclass(frozen=True)
class Triangle(Primitive):
    """A triangle by its corners."""

    vertices: Tensor = several_points(lambda _: _around(3))

    def outline(self) -> Outline:
        return Path(self.vertices, closed=True)


@dataclass(frozen=True)
class RegularPolygon(Primitive):
    """A polygon of equal sides by its centre and the radius of the circle through its corners."""

    sides: Annotated[int, Ge(3), Le(256)] = option(6)
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

    corners: Annotated[int, Ge(3), Le(256)] = option(5)
    vertices: Tensor = several_points(lambda options: _around(options["corners"]))

    def outline(self) -> Outline:
        return Path(self.vertices, closed=True)


@dataclass(frozen=True)
class Blob(Primitive):
    """A closed curve of joined cubic Béziers: for each a point and two control points; the last ends at the first."""

    segments: Annotated[int, Ge(2), Le(256)] = option(4)
    control_points: Tensor = several_points(lambda options: _around_with_handles(options["segments"]))

    def outline(self) -> Outline:
        return Path(self.control_points, closed=True, degree=3)


@dataclass(frozen=True)
class Ring(Primitive):
    """A disc with a round hole in its middle, whose radius is ``hole`` × that of the disc."""

    center: Tensor = point()
    radius: Tensor = length(0.45, high=0.75)
    hole: Tensor = unit(0.5)

    def outline(self) -> Outline:
        # Four cubics are off the circle by at most 2.7e-4 of its radius.
        circles = kept_tensor(_one_in_another(1, 4), self.radius.dtype, self.radius.device) / RADIUS
        radii = torch.stack([self.radius, self.radius * self.hole], dim=-1)
        points = self.center[..., None, None, :] + radii[..., None, None] * circles
        return Path(points.flatten(-3, -2), closed=True, degree=3, sizes=(12, 12), fill_rule="evenodd")


@dataclass(frozen=True)
class Compound(Primitive):
    """Closed curves of joined cubic Béziers that are filled together: what one encloses within another is a hole.

    They start around each other. By ``evenodd`` a pixel is filled that an odd number of them goes around, by
    ``nonzero`` one that they do not go around as often clockwise as counter-clockwise.
    """

    contours: Annotated[int, Ge(1), Le(64)] = option(2)
    segments: Annotated[int, Ge(2), Le(256)] = option(4)
    fill_rule: Literal["evenodd", "nonzero"] = option("evenodd")
    control_points: Tensor = several_points(lambda options: _one_in_another(options["contours"], options["segments"]))

    def outline(self) -> Outline:
        sizes = (3 * self.segments,) * self.contours if self.contours > 1 else ()
        return Path(self.control_points, closed=True, degree=3, sizes=sizes, fill_rule=self.fill_rule)
