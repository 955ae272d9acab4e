"""What elements of an SVG document refer to: gradients and clip paths, with ids that follow from their contents.

So the same one is defined once, and documents that are put into one page cannot take each other's. No tensors, as this
file is copied into exports.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from vectorae.svg.markup import Box, Curve, Point, css_color, number, outline_element, turned

FINE = 4
"""Decimals of numbers by which others are multiplied."""


SHORTEST = 1e-6
"""Pixels: linear gradients of less have no length, and numbers that are written would not say where to."""

THINNEST = 1e-3
"""Pixels: radial gradients of less have no area. Single precision does not tell thinner ones from lines."""


class Stop(NamedTuple):
    """A stop of a gradient: its place in [0, 1], its colour of one channel or three, and its opacity."""

    offset: float
    color: Sequence[float]
    opacity: float


class Gradient(NamedTuple):
    """A linear or radial gradient, see ``vectorae.scene``.

    Attributes:
        points: in pixels: start and end; or centre, ends of two conjugate radii, and the focus.
        stops: from the first to the last.
        spread: ``pad``, ``repeat`` or ``reflect``.
    """

    points: Sequence[Point]
    stops: Sequence[Stop]
    spread: str = "pad"

    @property
    def is_flat(self) -> bool:
        """Whether it has no length: its last stop is seen everywhere."""
        if len(self.points) == 2:
            return math.dist(*self.points) < SHORTEST
        (x, y), (a, b), (c, d), _ = self.points
        longest = max(math.dist((x, y), (a, b)), math.dist((x, y), (c, d)))
        return abs((a - x) * (d - y) - (b - y) * (c - x)) <= THINNEST * longest

    @property
    def geometry(self) -> dict[str, str]:
        """Attribute → value of where it lies."""
        if len(self.points) == 2:
            (x1, y1), (x2, y2) = self.points
            return {"x1": _fine(x1), "y1": _fine(y1), "x2": _fine(x2), "y2": _fine(y2)}
        ellipse = self.ellipse
        if abs(ellipse.width - abs(ellipse.height)) < 1e-6 * ellipse.width:
            (x, y), _, _, (fx, fy) = self.points
            return {"cx": _fine(x), "cy": _fine(y), "r": _fine(ellipse.width), "fx": _fine(fx), "fy": _fine(fy)}
        moves = f"translate({ellipse.place}) rotate({ellipse.turn}) scale({ellipse.size})"
        return UNIT_CIRCLE | dict(zip(("fx", "fy"), ellipse.focus, strict=True)) | {"gradientTransform": moves}

    @property
    def ellipse(self) -> "Ellipse":
        """Where a radial gradient ends: what turns and scales the unit circle into it."""
        (x, y), (ax, ay), (bx, by), (fx, fy) = self.points
        a, b, c, d = ax - x, ay - y, bx - x, by - y
        # The singular values of the matrix whose columns are the radii, and by how much its factors turn.
        same, other = math.hypot(a + d, b - c) / 2, math.hypot(a - d, b + c) / 2
        first, second = math.atan2(b - c, a + d), math.atan2(b + c, a - d)
        outer, inner = (first + second) / 2, (first - second) / 2
        area = math.inf if self.is_flat else a * d - b * c
        u, v = (d * (fx - x) - c * (fy - y)) / area, (a * (fy - y) - b * (fx - x)) / area
        cos, sin = math.cos(inner), math.sin(inner)
        return Ellipse(x, y, outer, same + other, same - other, u * cos - v * sin, u * sin + v * cos)

    @property
    def ordered(self) -> list[Stop]:
        """The stops, none before one that comes before it."""
        offsets = accumulate((min(1.0, max(0.0, stop.offset)) for stop in self.stops), max)
        return [stop._replace(offset=offset) for stop, offset in zip(self.stops, offsets, strict=True)]

    def turned(self, angle: float, center: Point) -> "Gradient":
        """The gradient turned about a centre, radians, clockwise."""
        return self if angle == 0 else self._replace(points=turned(self.points, angle, center))

    def element(self, name: str) -> str:
        """The element ``<linearGradient>`` or ``<radialGradient>`` of that id."""
        tag = "linearGradient" if len(self.points) == 2 else "radialGradient"
        words = " ".join(f'{attribute}="{value}"' for attribute, value in self.geometry.items())
        spread = "" if self.spread == "pad" else f' spreadMethod="{self.spread}"'
        stops = "".join(_stop(stop) for stop in self.ordered)
        return f'<{tag} id="{name}" gradientUnits="userSpaceOnUse" {words}{spread}>{stops}</{tag}>'


class Ellipse(NamedTuple):
    """The end of a radial gradient: centre, angle in radians, half width and half height, which is negative where it is
    mirrored, in pixels; and the focus in units of these."""

    x: float
    y: float
    angle: float
    width: float
    height: float
    focus_x: float
    focus_y: float

    @property
    def place(self) -> str:
        """The arguments of ``translate``."""
        return f"{_fine(self.x)} {_fine(self.y)}"

    @property
    def turn(self) -> str:
        """The argument of ``rotate``."""
        return _fine(math.degrees(self.angle))

    @property
    def size(self) -> str:
        """The arguments of ``scale``: none is 0, or renderers would paint nothing."""
        return " ".join(_fine(math.copysign(max(abs(one), 10**-FINE), one)) for one in (self.width, self.height))

    @property
    def focus(self) -> tuple[str, str]:
        """The values of ``fx`` and ``fy``."""
        return number(self.focus_x, 6), number(self.focus_y, 6)


UNIT_CIRCLE = {"cx": "0", "cy": "0", "r": "1"}
"""Attributes of a radial gradient that its transform makes an ellipse of."""


class Definitions:
    """The definitions of a document.

    Attributes:
        elements: by id, in the order in which they were asked for.
    """

    def __init__(self) -> None:
        self.elements: dict[str, str] = {}

    def paint(self, color: Sequence[float], gradient: Gradient | None) -> tuple[str, float]:
        """The value of ``fill`` or ``stroke``, and a factor on its opacity."""
        if gradient is None:
            return css_color(color), 1.0
        if gradient.is_flat or len(gradient.stops) == 1:
            last = gradient.stops[-1]
            return css_color(last.color), last.opacity
        return self.defined("gradient", gradient.element), 1.0

    def clip(self, outlines: Sequence[Box | Curve]) -> str:
        """The value of ``clip-path``."""
        inside = "".join(outline_element(outline, "", rule="clip") for outline in outlines)
        return self.defined("clip", lambda name: f'<clipPath id="{name}">{inside}</clipPath>')

    def defined(self, kind: str, element: Callable[[str], str]) -> str:
        """A reference to an element, made by its id, which begins with ``kind``."""
        digest = hashlib.sha256(element("").encode()).digest()
        name = f"{kind}-{int.from_bytes(digest[:5])}"
        self.elements[name] = element(name)
        return f"url(#{name})"

    @property
    def lines(self) -> list[str]:
        """``<defs>`` with its contents, line by line; nothing if there are none."""
        return ["<defs>", *self.elements.values(), "</defs>"] if self.elements else []


def _stop(stop: Stop) -> str:
    opacity = number(stop.opacity, 3)
    words = f'offset="{number(stop.offset, FINE)}" stop-color="{css_color(stop.color)}"'
    return f"<stop {words}/>" if opacity == "1" else f'<stop {words} stop-opacity="{opacity}"/>'


def _fine(value: float) -> str:
    return number(value, FINE)
