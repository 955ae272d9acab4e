"""Paths in SVG's data, as ``M``, ``L``, ``Q``, ``C`` and ``Z``, as shapes."""

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.pydiffvg.shapes import IDENTITY, Path
from vectorae.svg.usvg import simplified

Point = tuple[float, float]

CONTROLS = {"L": 0, "Q": 1, "C": 2}
"""Control points of a segment before its end."""


class Contour(NamedTuple):
    """The segments of a contour: numbers of control points, and all points, the last one only where it is open."""

    counts: list[int]
    points: list[Point]
    closed: bool


def contours_of(data: str) -> Iterator[Contour]:
    """The contours of an attribute ``d`` of absolute M, L, Q, C and Z, as usvg writes it; none of no segments."""
    counts: list[int] = []
    points: list[Point] = []
    words = data.split()
    index = 0
    while index < len(words):
        command = words[index]
        many = 0 if command == "Z" else CONTROLS.get(command, 0) + 1
        numbers = [float(word) for word in words[index + 1 : index + 1 + 2 * many]]
        places = list(zip(numbers[::2], numbers[1::2], strict=True))
        index += 1 + 2 * many
        if command in CONTROLS:
            counts.append(CONTROLS[command])
            points += places
            continue
        if counts:
            yield _contour(counts, points, command == "Z")
        # What follows a Z without a new beginning goes on from the start.
        counts, points = [], places or points[:1]
    if counts:
        yield _contour(counts, points, False)


def _contour(counts: list[int], points: list[Point], closed: bool) -> Contour:
    if points[-1] == points[0] and sum(counts) + len(counts) > 1:
        return Contour(counts, points[:-1], True)
    return Contour([*counts, 0], points, True) if closed else Contour(counts, points, False)


def path_of(contour: Contour, stroke_width: Tensor, matrix: Tensor | None = None) -> Path:
    """A contour as a shape, its points moved by a map ``[3, 3]``."""
    points = torch.tensor(contour.points)
    if matrix is not None:
        points = points @ matrix[:2, :2].T + matrix[:2, 2]
    return Path(torch.tensor(contour.counts, dtype=torch.int32), points, contour.closed, stroke_width)


def from_svg_path(path_str: str, shape_to_canvas: Tensor = IDENTITY, force_close: bool = False) -> list[Path]:
    """The contours of an attribute ``d``.

    Args:
        path_str: any data that SVG allows; arcs become cubics.
        shape_to_canvas: an affine map ``[3, 3]`` by which their points are moved.
        force_close: close those that are open, by a line.

    Raises:
        UserError: data that makes no path.
    """
    if not path_str.strip():
        return []
    words = f"<path fill='none' stroke='#000' d={quoteattr(path_str)}/>"
    text = f'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1">{words}</svg>'
    found, warnings = simplified(text.encode())
    element = ElementTree.fromstring(found).find(".//{*}path")
    if element is None or warnings:
        raise UserError(f"from_svg_path: {path_str!r} is no data of a path; it begins with M, and has numbers")
    contours = list(contours_of(element.attrib["d"]))
    if force_close:
        contours = [one if one.closed else one._replace(counts=[*one.counts, 0], closed=True) for one in contours]
    return [path_of(one, torch.tensor(1.0), shape_to_canvas) for one in contours]
