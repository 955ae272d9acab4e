"""Kinds that are what a path encloses: polygons and blobs."""

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor

from vectorae.primitives.field import angle, length, option, point, several_points
from vectorae.primitives.primitive import Primitive
from vectorae.primitives.quantities import Points
from vectorae.scene import Outline, Path


def _around(count: int) -> Points:
    """On a circle, clockwise from the top."""
    turns = [2 * math.pi * index / count for index in range(count)]
    return tuple((0.42 * math.sin(turn), -0.42 * math.cos(turn)) for turn in turns)


def _around_with_handles(count: int) -> Points:
    """The control points of cubics that are a circle, clockwise from the top."""
    segments = count // 3
    reach = 4 / 3 * math.tan(math.pi / (2 * segments))
    found = []
    for index in range(segments):
        for part, ahead in ((0, 0.0), (0, reach), (1, -reach)):
            turn = 2 * math.pi * (index + part) / segments
            x, y = math.sin(turn) + ahead * math.cos(turn), -math.cos(turn) + ahead * math.sin(turn)
            found.append((0.42 * x, 0.42 * y))
    return tuple(found)


@dataclass(frozen=True)
class Triangle(Primitive):
    """A triangle by its corners."""

    vertices: Tensor = several_points(3, _around)

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
    vertices: Tensor = several_points(lambda options: options["corners"], _around)

    def outline(self) -> Outline:
        return Path(self.vertices, closed=True)


@dataclass(frozen=True)
class Blob(Primitive):
    """A closed curve of joined cubic Béziers: for each a point and two control points; the last ends at the first."""

    segments: Annotated[int, Ge(2), Le(256)] = option(4)
    control_points: Tensor = several_points(lambda options: 3 * options["segments"], _around_with_handles)

    def outline(self) -> Outline:
        return Path(self.control_points, closed=True, degree=3)
