"""A plot of one line as a picture."""

import math
from collections.abc import Mapping

from PIL import Image, ImageDraw, ImageFont

from vectorae.io.sheets import INK

SIZE = (680, 420)
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 24, 64
"""Around the axes, pixels."""

LINE, FAINT = "#1f77b4", "#e5e5e5"
FONT, DOT = 14, 4
"""Size of the text, and radius of the points, pixels."""


def line_plot(points: Mapping[int, float], across: str, upwards: str) -> Image.Image:
    """Numbers over positive integers on a logarithmic axis, each marked and named at the axis.

    Args:
        points: integer ≥ 1 → number.
        across: what the integers are.
        upwards: what the numbers are, with their unit.
    """
    width, height = SIZE
    picture = Image.new("RGB", SIZE, "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(FONT)
    xs, ys = sorted(points), [points[x] for x in sorted(points)]
    low, high = min(ys), max(ys)
    low, high = low - 0.06 * (high - low or 1), high + 0.06 * (high - low or 1)
    span = math.log(xs[-1] / xs[0]) or 1.0

    def place(x: int, y: float) -> tuple[float, float]:
        part = 0.03 + 0.94 * math.log(x / xs[0]) / span
        up = (y - low) / (high - low)
        return LEFT + part * (width - LEFT - RIGHT), height - BOTTOM - up * (height - TOP - BOTTOM)

    step = _round_step((high - low) / 7)
    for tick in range(math.ceil(low / step), math.floor(high / step) + 1):
        _, y = place(xs[0], tick * step)
        pen.line([(LEFT, y), (width - RIGHT, y)], FAINT)
        pen.text((LEFT - 10, y), f"{tick * step:.5g}", INK, font, "rm")
    free = 0.0
    for x in xs:
        centre, _ = place(x, low)
        half = font.getlength(str(x)) / 2
        pen.line([(centre, height - BOTTOM), (centre, height - BOTTOM + 5)], INK)
        if centre - half > free:
            pen.text((centre, height - BOTTOM + 8), str(x), INK, font, "ma")
            free = centre + half + 4
    pen.line([(LEFT, TOP), (LEFT, height - BOTTOM), (width - RIGHT, height - BOTTOM)], INK)
    places = [place(x, y) for x, y in zip(xs, ys, strict=True)]
    pen.line(places, LINE, 2)
    for right, down in places:
        pen.ellipse((right - DOT, down - DOT, right + DOT, down + DOT), LINE)
    pen.text(((LEFT + width - RIGHT) / 2, height - 16), across, INK, font, "ms")
    pen.text((8, 4), upwards, INK, font, "la")
    return picture


def _round_step(rough: float) -> float:
    """The smallest of 1, 2 or 5 × a power of ten that is not below a number."""
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough)
