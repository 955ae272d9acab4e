"""Gradients and clip paths in usvg's normal form. Plain numbers, no tensors."""

import re
from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element

from vectorae.svg.definitions import Gradient, Stop
from vectorae.svg.markup import Box, Curve
from vectorae.svg.read_paths import Matrix, combined, curve_of, filled, matrix_of, moved, placed

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


def clips_of(element: Element, definitions: Definitions, matrix: Matrix) -> list[Clip]:
    """The clips of a ``<clipPath>``, all of which apply: its own and those by which it is clipped itself.

    Args:
        element: the ``<clipPath>``.
        definitions: what it may refer to.
        matrix: from the place of what is clipped to the canvas, in pixels.

    Raises:
        LeftOutError: several shapes of which one is clipped by itself.
    """
    inner = combined(matrix, matrix_of(element.get("transform")))
    shapes = list(_clip_shapes(element, definitions, inner))
    around = referred(element.get("clip-path", ""), definitions)
    outer = [] if around is None else clips_of(around, definitions, matrix)
    if any(own for _, own in shapes) and len(shapes) > 1:
        raise LeftOutError("a clip path of shapes that are clipped themselves")
    return [*outer, *(clip for _, own in shapes for clip in own), [outline for outline, _ in shapes]]


def _clip_shapes(
    element: Element, definitions: Definitions, matrix: Matrix
) -> Iterator[tuple[Box | Curve, Sequence[Clip]]]:
    """The outlines in a clip path, each with the clips that apply to it alone."""
    for child in element:
        own = combined(matrix, matrix_of(child.get("transform")))
        around = referred(child.get("clip-path", ""), definitions)
        clips = [] if around is None else clips_of(around, definitions, own)
        if child.tag == "g":
            for outline, inner in _clip_shapes(child, definitions, own):
                yield outline, [*clips, *inner]
        elif child.tag == "path" and child.get("visibility", "visible") == "visible":
            curve = curve_of(child.get("d", ""), child.get("clip-rule", "nonzero"))
            if curve is not None and (inside := filled(curve)) is not None:
                yield placed(inside, own), clips
