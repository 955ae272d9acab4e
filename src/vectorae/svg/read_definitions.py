"""Gradients and clip paths in usvg's normal form. Plain numbers, no tensors."""

import re
from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element

from vectorae.errors import UserError
from vectorae.svg.definitions import Gradient, Stop
from vectorae.svg.markup import Box, Curve
from vectorae.svg.read_paths import Matrix, combined, curve_of, filled, matrix_of, moved, placed
from vectorae.svg.source import Source

Definitions = Mapping[str, Element]
"""Id → element."""

Clip = list[Box | Curve]
"""Outlines by whose insides something is clipped, in pixels."""


class LeftOutError(Exception):
    """What no shape can represent; the message names it."""


def referred(value: str, definitions: Definitions) -> Element | None:
    """The element that ``url(#id)`` refers to, or None."""
    found = re.match(r"url\(['\"]?#(.+?)['\"]?\)", value.strip())
    return definitions.get(found[1]) if found else None


def color_of(text: str) -> tuple[float, float, float]:
    """Red, green and blue in [0, 1] of ``#rrggbb``, which is how usvg writes colours."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def gradient_of(element: Element, matrix: Matrix) -> Gradient | None:
    """A gradient in pixels, or None for what is no gradient.

    Args:
        element: what ``fill`` or ``stroke`` refers to.
        matrix: from the place of what is painted to the canvas, in pixels.
    """
    number = {name: float(value) for name, value in element.attrib.items() if name in PLACES}
    whole = combined(matrix, matrix_of(element.get("gradientTransform")))
    if element.tag == "linearGradient":
        points = _line_of(number, whole)
    elif element.tag == "radialGradient":
        x, y, radius = (number[name] for name in ("cx", "cy", "r"))
        focus = number.get("fx", x), number.get("fy", y)
        points = [moved(whole, point) for point in ((x, y), (x + radius, y), (x, y + radius), focus)]
    else:
        return None
    stops = [
        Stop(
            float(stop.get("offset", 0)),
            color_of(stop.get("stop-color", "#000000")),
            float(stop.get("stop-opacity", 1)),
        )
        for stop in element.iter("stop")
    ]
    return Gradient(points, stops, element.get("spreadMethod", "pad")) if stops else None


PLACES = {"x1", "y1", "x2", "y2", "cx", "cy", "r", "fx", "fy"}


def _line_of(number: Mapping[str, float], matrix: Matrix) -> list[tuple[float, float]]:
    """Start and end of a linear gradient under a map: at right angles to lines of one colour, which stay parallel."""
    (x1, y1), (x2, y2) = (number["x1"], number["y1"]), (number["x2"], number["y2"])
    start, end = moved(matrix, (x1, y1)), moved(matrix, (x2, y2))
    beside = moved(matrix, (x1 - (y2 - y1), y1 + (x2 - x1)))
    across = beside[0] - start[0], beside[1] - start[1]
    square = across[0] ** 2 + across[1] ** 2
    share = ((end[0] - start[0]) * across[0] + (end[1] - start[1]) * across[1]) / square if square > 0 else 0.0
    return [start, (end[0] - share * across[0], end[1] - share * across[1])]


class Clips:
    """Reads the clip paths of a document.

    Args:
        source: the document as it was.
        definitions: what elements refer to.
    """

    def __init__(self, source: Source, definitions: Definitions) -> None:
        self._source, self._definitions, self._count = source, definitions, 0

    def of(self, element: Element, matrix: Matrix, depth: int = 0) -> list[Clip]:
        """The clips of an element, all of which apply: its clip path and those by which that is clipped itself.

        Args:
            element: what may refer to a ``<clipPath>``.
            matrix: from its place to pixels.
            depth: of clip paths within clip paths.

        Raises:
            LeftOutError: several shapes of which one is clipped by itself, or text.
            UserError: too many, or nested too deeply.
        """
        found = referred(element.get("clip-path", ""), self._definitions)
        if found is None:
            return []
        shapes = list(self._shapes(found, combined(matrix, matrix_of(found.get("transform"))), depth))
        self._count += 1 + len(shapes)
        if self._count > MOST_CLIPS or depth > MOST_NESTED_CLIPS:
            raise UserError(f"svg: clip paths of more than {MOST_CLIPS} outlines, or nested too deeply")
        outer = self.of(found, matrix, depth + 1)
        if any(own for _, own in shapes) and len(shapes) > 1:
            raise LeftOutError("a clip path of shapes that are clipped themselves")
        return [*outer, *(clip for _, own in shapes for clip in own), [outline for outline, _ in shapes]]

    def _shapes(self, element: Element, matrix: Matrix, depth: int) -> Iterator[tuple[Box | Curve, Sequence[Clip]]]:
        """The outlines in a clip path, each with the clips that apply to it alone."""
        for child in element:
            own = combined(matrix, matrix_of(child.get("transform")))
            clips = self.of(child, own, depth + 1)
            if child.tag == "g":
                for outline, inner in self._shapes(child, own, depth + 1):
                    yield outline, [*clips, *inner]
            elif child.tag == "path" and child.get("visibility", "visible") == "visible":
                curve = curve_of(child.get("d", ""), child.get("clip-rule", "nonzero"))
                if (name := self._source.marked_by(curve)) is not None:
                    raise LeftOutError(f"{name} in a clip path")
                if curve is not None and (inside := filled(curve)) is not None:
                    yield placed(inside, own), clips


MOST_CLIPS, MOST_NESTED_CLIPS = 20_000, 24
