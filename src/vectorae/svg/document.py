"""SVG documents of plain numbers: ``<circle>``, ``<ellipse>``, ``<rect>``, and ``<path>`` with ``C`` for curves.

No tensors and nothing to install: this file is copied into exports, which draw without torch.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, groupby
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from vectorae.io.frame import Frame

Point = tuple[float, float]

DECIMALS = 2
"""Of coordinates in pixels and angles in degrees: the error is at most half a hundredth of a pixel."""


VIEW_DECIMALS = 4
"""Of the size of the view box: shown a hundred times as large, it is off by less than a hundredth of a pixel."""


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


class Ends(NamedTuple):
    """Ends and corners of a stroke: see ``StrokeStyle``; lengths in pixels."""

    cap: str = "round"
    join: str = "round"
    miter_limit: float = 4.0
    dashes: Sequence[float] = ()
    dash_offset: float = 0.0

    @property
    def is_plain(self) -> bool:
        """Whether they are round, and there are no dashes."""
        return self.cap == self.join == "round" and not self.dashes

    @property
    def attributes(self) -> str:
        """The attributes of an element."""
        words = [f'stroke-linecap="{self.cap}"', f'stroke-linejoin="{self.join}"']
        if self.join == "miter" and self.miter_limit != 4:
            words.append(f'stroke-miterlimit="{number(self.miter_limit, 4)}"')
        if self.dashes:
            words.append(f'stroke-dasharray="{" ".join(number(length, 4) for length in self.dashes)}"')
        if self.dashes and self.dash_offset:
            words.append(f'stroke-dashoffset="{number(self.dash_offset, 4)}"')
        return " ".join(words)


class Shape(NamedTuple):
    """A painted outline; coordinates and lengths in pixels, colour and opacity in [0, 1].

    Attributes:
        outline: the geometry.
        color: one channel or three.
        opacity: of the paint.
        stroke_width: None fills the outline.
        layer: the id of the group ``<g>`` that consecutive shapes of the same layer are put into.
        stroke_color: of an outline that is filled and stroked; its fill has ``color``.
        stroke_below: whether such a stroke lies below the fill.
        contour_opacity: of contours that are stroked each for itself, a factor on ``opacity``.
        ends: of the stroke.
    """

    outline: Box | Curve
    color: Sequence[float]
    opacity: float
    stroke_width: float | None
    layer: str | None = None
    stroke_color: Sequence[float] | None = None
    stroke_below: bool = False
    contour_opacity: Sequence[float] | None = None
    ends: Ends = Ends()

    def parts(self, screen: bool) -> "list[Shape]":
        """The shapes that are painted for themselves, from the bottom to the top; by *screen*, fill and stroke are."""
        if screen and self.stroke_color is not None:
            fill = self._replace(stroke_width=None, stroke_color=None)
            stroke = self._replace(color=self.stroke_color, stroke_color=None)
            return [stroke, fill] if self.stroke_below else [fill, stroke]
        if self.contour_opacity is None or not isinstance(self.outline, Curve):
            return [self]
        return [
            self._replace(outline=contour, opacity=self.opacity * own, contour_opacity=None)
            for contour, own in zip(self.outline.contours, self.contour_opacity, strict=True)
        ]


def document(
    shapes: Sequence[Shape],
    background: Sequence[float] | None,
    frame: Frame,
    title: str | None = None,
    screen: bool = False,
) -> str:
    """An SVG document.

    Args:
        shapes: from the bottom to the top.
        background: its colour, one channel or three in [0, 1]; None is transparent.
        frame: the part of the drawing to show, and how large; coordinates of shapes begin at its corner.
        title: the document's ``<title>``.
        screen: whether shapes are blended by *screen*, as ink that adds up like light.
    """
    style = ' style="isolation:isolate"' if screen else ""
    blend = ' style="mix-blend-mode:screen"' if screen else ""
    aspect = ' preserveAspectRatio="none"' if frame.stretched else ""
    shown_width, shown_height = frame.attributes
    shown = f'width="{shown_width}" height="{shown_height}"'
    width, height = (number(side, VIEW_DECIMALS) for side in (frame.part.width, frame.part.height))
    view = f'viewBox="0 0 {width} {height}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {shown} {view}{aspect}{style}>']
    if title is not None:
        lines.append(f"<title>{text(title)}</title>")
    if background is not None:
        lines.append(f'<rect width="{width}" height="{height}" fill="{css_color(background)}"/>')
    times: Counter[str] = Counter()
    for layer, own in groupby(shapes, lambda shape: shape.layer):
        elements = [element(part).replace("/>", f"{blend}/>") for shape in own for part in shape.parts(screen)]
        if layer is not None:
            times[layer] += 1
            # Shapes that are ordered by depth may interrupt a layer, and an id must be unique.
            name = layer if times[layer] == 1 else f"{layer}-part-{times[layer]}"
            elements = [f"<g id={quoteattr(_printable(name))}>", *elements, "</g>"]
        lines += elements
    return "\n".join([*lines, "</svg>"]) + "\n"


def text(content: str) -> str:
    """Text escaped for XML, without the characters that XML does not allow."""
    return escape(_printable(content))


def _printable(content: str) -> str:
    return re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", content)


def element(shape: Shape) -> str:
    """A shape as an SVG element; its contours are one (see ``Shape.parts``)."""
    opacity, is_filled = number(shape.opacity, 3), shape.stroke_width is None or shape.stroke_color is not None
    paint = f'fill="{css_color(shape.color)}" fill-opacity="{opacity}"' if is_filled else 'fill="none"'
    if shape.stroke_width is not None:
        ink = css_color(shape.color if shape.stroke_color is None else shape.stroke_color)
        paint += (
            f' stroke="{ink}" stroke-opacity="{opacity}" stroke-width="{number(shape.stroke_width)}" '
            f"{shape.ends.attributes}"
        )
        paint += ' paint-order="stroke"' if shape.stroke_color is not None and shape.stroke_below else ""
    # Closed curves are opened for round strokes alone.
    width = shape.stroke_width if shape.ends.is_plain else None
    if isinstance(shape.outline, Curve):
        return _path(shape.outline, paint, width)
    return _box(shape.outline, paint, shape.stroke_width, width)


def _path(path: Curve, paint: str, stroke_width: float | None) -> str:
    rule = "" if path.fill_rule == "nonzero" else f' fill-rule="{path.fill_rule}"'
    return f'<path d="{path_data(path, stroke_width)}"{rule} {paint}/>'


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
    x, y = box.center
    # SVG draws no stroke around a shape of no size.
    smallest = 0.0 if stroke_width is None else 10**-DECIMALS
    half_width, half_height = (max(value, smallest) for value in box.half_extents)
    roundness, angle = box.roundness, box.angle
    if roundness > 0 and round_width is not None and round_width > max(half_width, half_height):
        return f'<path d="{path_data(box_as_curve(box), round_width)}" {paint}/>'
    turn = number(math.degrees(angle) % 360)
    center = f'cx="{number(x)}" cy="{number(y)}"'
    if roundness == 1 and math.isclose(half_width, half_height, rel_tol=1e-6):  # as in RoundedBox.is_circle
        return f'<circle {center} r="{number(half_width)}" {paint}/>'
    rotation = "" if turn == "0" else f' transform="rotate({turn} {number(x)} {number(y)})"'
    if roundness == 1:
        return f'<ellipse {center} rx="{number(half_width)}" ry="{number(half_height)}"{rotation} {paint}/>'
    radii = ""
    if roundness > 0:
        radii = f' rx="{number(half_width * roundness)}" ry="{number(half_height * roundness)}"'
    corner = f'x="{number(x - half_width)}" y="{number(y - half_height)}"'
    size = f'width="{number(2 * half_width)}" height="{number(2 * half_height)}"'
    return f"<rect {corner} {size}{radii}{rotation} {paint}/>"


def box_as_curve(box: Box) -> Curve:
    """The outline of a rounded box as joined cubics that end where they start."""
    smallest = 10**-DECIMALS
    half_width, half_height = (max(value, smallest) for value in box.half_extents)
    points = _turned(_rounded(half_width, half_height, box.roundness), box.angle, box.center)
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


def _turned(points: list[Point], angle: float, center: Point) -> list[Point]:
    cos, sin = math.cos(angle), math.sin(angle)
    return [(center[0] + cos * x - sin * y, center[1] + sin * x + cos * y) for x, y in points]


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
