"""Outlines as SVG elements: ``<circle>``, ``<ellipse>``, ``<rect>``, and ``<path>`` with ``C`` for curves.

No tensors and nothing to install: this file is copied into exports, which draw without torch.
"""

import math
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple
from xml.sax.saxutils import escape

Point = tuple[float, float]

DECIMALS = 2
"""Of coordinates in pixels and angles in degrees: the error is at most half a hundredth of a pixel."""


class Box(NamedTuple):
    """A rounded box: see ``vectorae.RoundedBox``."""

    center: Point
    half_extents: Point
    angle: float
    roundness: float


class Curve(NamedTuple):
    """Segments or joined cubics, of one contour or several: see ``vectorae.Path``."""

    points: Sequence[Point]
    closed: bool | Sequence[bool]
    degree: int
    sizes: Sequence[int] = ()
    fill_rule: str = "nonzero"

    @property
    def contours(self) -> "list[Curve]":
        """Each contour alone."""
        sizes = self.sizes or (len(self.points),)
        closings = [self.closed] * len(sizes) if isinstance(self.closed, bool) else self.closed
        ends = list(accumulate(sizes))
        return [
            Curve(self.points[end - size : end], closed, self.degree)
            for size, end, closed in zip(sizes, ends, closings, strict=True)
        ]


def outline_element(
    outline: Box | Curve,
    paint: str,
    stroke_width: float | None = None,
    round_width: float | None = None,
    rule: str = "fill",
) -> str:
    """An outline as an element.

    Args:
        outline: in pixels.
        paint: further attributes.
        stroke_width: in pixels; None if it is not stroked.
        round_width: the same of round strokes, for which closed curves are opened.
        rule: ``fill`` or ``clip``, whose rule is that of a path.
    """
    if isinstance(outline, Curve):
        return _path(outline, paint, round_width, rule)
    return _box(outline, paint, stroke_width, round_width)


def _path(path: Curve, paint: str, stroke_width: float | None, rule: str) -> str:
    words = "" if path.fill_rule == "nonzero" else f' {rule}-rule="{path.fill_rule}"'
    return f'<path d="{path_data(path, stroke_width)}"{words}{paint}/>'


def path_data(path: Curve, stroke_width: float | None) -> str:
    """The attribute ``d`` of a path.

    Closed contours end with ``Z``. Cubic ones whose stroke is wider than they are half across are open ones that end
    where they start: these look the same, with round caps, but renderers of Skia's family would take the inner side of
    a closed curve's stroke for a hole.

    Args:
        path: in pixels.
        stroke_width: in pixels, of a round stroke; else None.
    """
    return " ".join(_contour_data(contour, stroke_width) for contour in path.contours)


def _contour_data(contour: Curve, stroke_width: float | None) -> str:
    first, *points = contour.points
    closed = contour.closed
    if contour.degree == 3:
        extent = max(max(axis) - min(axis) for axis in zip(*contour.points, strict=True))
        closed = closed and (stroke_width is None or stroke_width < extent / 2)
    end = " Z" if closed else ""
    if contour.degree == 1:
        # A dot is a line of no length, of which the caps are drawn.
        return f"M {_place(first)} {' '.join(f'L {_place(point)}' for point in points or [first])}{end}"
    words = [_place(point) for point in ([*points, first] if contour.closed else points)]
    steps = " ".join(f"C {' '.join(words[index : index + 3])}" for index in range(0, len(words), 3))
    return f"M {_place(first)} {steps}{end}"


def _box(box: Box, paint: str, stroke_width: float | None, round_width: float | None) -> str:
    (x, y), (half_width, half_height), roundness = box.center, _extents(box, stroke_width), box.roundness
    if _is_swollen(box, stroke_width, round_width):
        return f'<path d="{path_data(box_as_curve(box), round_width)}"{paint}/>'
    center = f'cx="{number(x)}" cy="{number(y)}"'
    if _is_circle(box, stroke_width):
        return f'<circle {center} r="{number(half_width)}"{paint}/>'
    turn = number(math.degrees(box.angle) % 360)
    rotation = "" if turn == "0" else f' transform="rotate({turn} {number(x)} {number(y)})"'
    if roundness == 1:
        return f'<ellipse {center} rx="{number(half_width)}" ry="{number(half_height)}"{rotation}{paint}/>'
    radii = ""
    if roundness > 0:
        radii = f' rx="{number(half_width * roundness)}" ry="{number(half_height * roundness)}"'
    corner = f'x="{number(x - half_width)}" y="{number(y - half_height)}"'
    size = f'width="{number(2 * half_width)}" height="{number(2 * half_height)}"'
    return f"<rect {corner} {size}{radii}{rotation}{paint}/>"


def turn_of(outline: Box | Curve, stroke_width: float | None, round_width: float | None) -> float:
    """The angle by which an element is turned about the centre of its outline, radians; arguments as above.

    What it refers to is turned with it.
    """
    if (
        isinstance(outline, Curve)
        or _is_swollen(outline, stroke_width, round_width)
        or _is_circle(outline, stroke_width)
    ):
        return 0.0
    return outline.angle


def _extents(box: Box, stroke_width: float | None) -> Point:
    # SVG draws no stroke around a shape of no size.
    smallest = 0.0 if stroke_width is None else 10**-DECIMALS
    half_width, half_height = box.half_extents
    return max(half_width, smallest), max(half_height, smallest)


def _is_swollen(box: Box, stroke_width: float | None, round_width: float | None) -> bool:
    """Whether a round stroke is wider than the box, so that it is written as a path."""
    return box.roundness > 0 and round_width is not None and round_width > max(_extents(box, stroke_width))


def _is_circle(box: Box, stroke_width: float | None) -> bool:
    """As ``RoundedBox.is_circle``."""
    half_width, half_height = _extents(box, stroke_width)
    return box.roundness == 1 and math.isclose(half_width, half_height, rel_tol=1e-6)


def box_as_curve(box: Box) -> Curve:
    """The outline of a rounded box as joined cubics that end where they start."""
    smallest = 10**-DECIMALS
    half_width, half_height = (max(value, smallest) for value in box.half_extents)
    around = _rounded(half_width, half_height, box.roundness)
    points = turned([(box.center[0] + x, box.center[1] + y) for x, y in around], box.angle, box.center)
    return Curve(points, closed=False, degree=3)


def _rounded(half_width: float, half_height: float, roundness: float) -> list[Point]:
    """A rounded box around the origin as joined cubics: four times a quarter ellipse and a straight side."""
    reach = 1 - roundness * (1 - 4 / 3 * math.tan(math.pi / 8))
    flat = 1 - roundness
    points = [(half_width, half_height * flat)]
    for x, y in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        # Clockwise on screen around the corner (x, y): every other corner begins at its top or bottom.
        arc = [(1.0, reach), (reach, 1.0), (flat, 1.0)]
        arc = arc if x == y else [(reach, 1.0), (1.0, reach), (1.0, flat)]
        points += [(x * across * half_width, y * down * half_height) for across, down in arc]
        end = points[-1]
        next_x, next_y = (-x, y) if x == y else (x, -y)
        start = (next_x * abs(end[0]), next_y * abs(end[1]))
        points += [end, start, start]
    return points


def turned(points: Sequence[Point], angle: float, center: Point) -> list[Point]:
    """Points turned about a centre, radians, clockwise."""
    cos, sin, (left, top) = math.cos(angle), math.sin(angle), center
    local = [(x - left, y - top) for x, y in points]
    return [(left + cos * x - sin * y, top + sin * x + cos * y) for x, y in local]


def _place(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def css_color(color: Sequence[float]) -> str:
    """``#rrggbb`` of one channel or three, in [0, 1]."""
    channels = [round(255 * min(1.0, max(0.0, value))) for value in color]
    return "#" + "".join(f"{value:02x}" for value in (channels * 3 if len(channels) == 1 else channels))


def number(value: float, decimals: int = DECIMALS) -> str:
    """A number in its shortest form."""
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def text(content: str) -> str:
    """Text escaped for XML, without the characters that XML does not allow."""
    return escape(printable(content))


def printable(content: str) -> str:
    return re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", content)
