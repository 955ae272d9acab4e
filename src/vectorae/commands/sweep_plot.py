"""The plot of a sweep as an SVG: what was reached over each number that was swept."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from xml.sax.saxutils import escape

from vectorae.commands.run_name import label_of

WIDTH, HEIGHT = 680, 420
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 24, 64
"""Of a panel, and around its axes, pixels."""

ROW = 20
"""Height of a line in the legend, pixels."""

COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2")
"""Of the lines. With more of them there are only dots."""

LOGARITHMIC_FROM = 8.0
"""Ratio of the largest to the smallest number from which on an axis may be logarithmic."""

MOST_TICKS = 10
"""Swept numbers of which each has its own tick."""

SEED = "seed"
"""A number that is none: nothing is said by its order."""


@dataclass(frozen=True)
class Point:
    """The settings of a job, values by key as text, and the number that it reached."""

    settings: Mapping[str, str]
    reached: float


@dataclass(frozen=True)
class Axis:
    """Numbers along one side of a panel: from `low` to `high`, at the pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a number."""
        low, high, value = (math.log(one) if self.logarithmic else one for one in (self.low, self.high, value))
        return self.start + (value - low) / (high - low) * (self.end - self.start)


def plot(points: Sequence[Point], reached: str) -> str | None:
    """An SVG with a panel for each key that has several numbers, or None if there is none.

    The other keys make lines; where these are many, there are only dots.

    Args:
        points: one per job.
        reached: what the jobs reached, with its unit.
    """
    keys = dict.fromkeys(key for point in points for key in point.settings)
    values = {key: [point.settings.get(key, "") for point in points] for key in keys}
    differing = [key for key in keys if len(set(values[key])) > 1]
    numeric = [key for key in differing if key.rpartition(".")[2] != SEED and _distinct_numbers(values[key]) > 1]
    if not numeric:
        return None
    panels, top = [], 0
    for key in numeric:
        others = [other for other in differing if other != key]
        panel, height = _panel(key, _lines(points, key, others), reached)
        panels.append(f'<g transform="translate(0 {top})">{panel}</g>')
        top += height
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
    style = 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-size="14" fill="#333333"'
    return "\n".join([f'{head} {style}><rect width="100%" height="100%" fill="white"/>', *panels, "</svg>\n"])


def _distinct_numbers(values: Sequence[str]) -> int:
    """How many different numbers values are; 0 if any is none."""
    try:
        numbers = {float(value.strip("'\"")) for value in values}
    except ValueError:
        return 0
    return len(numbers) if all(math.isfinite(number) for number in numbers) else 0


Line = list[tuple[float, float]]


def _lines(points: Sequence[Point], key: str, others: Sequence[str]) -> dict[str, Line]:
    """The points of a panel, swept and reached number of each, by what the other keys are."""
    lines: dict[str, Line] = {}
    for point in points:
        label = label_of({other: point.settings.get(other, "") for other in others}, 70).replace(",", ", ")
        lines.setdefault(label, []).append((float(point.settings[key].strip("'\"")), point.reached))
    return {label: sorted(line) for label, line in lines.items()}


def _panel(key: str, lines: Mapping[str, Line], reached: str) -> tuple[str, int]:
    """Axes, lines and legend, and their height in pixels."""
    swept, numbers = (sorted({point[axis] for line in lines.values() for point in line}) for axis in (0, 1))
    as_lines = len(lines) <= len(COLOURS)
    legend = list(lines) if as_lines and len(lines) > 1 else []
    height = HEIGHT + ROW * (len(legend) + 1)
    x, y = _swept_axis(swept), _reached_axis(numbers)
    parts = [f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="#333333"/>']
    parts += [_x_tick(x(value), value) for value in _apart(_swept_ticks(x, swept), x)]
    parts += [_y_tick(y(value), value) for value in _round_numbers(y.low, y.high)]
    parts += [_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, key)]
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts += [_text(20, middle, reached, rotate=True)]
    for line, colour in zip(lines.values(), COLOURS if as_lines else COLOURS[:1] * len(lines), strict=False):
        places = [(x(value), y(number)) for value, number in line]
        if as_lines:
            path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
            parts += [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
        parts += [f'<circle cx="{across:.1f}" cy="{down:.1f}" r="4" fill="{colour}"/>' for across, down in places]
    for row, (label, colour) in enumerate(zip(legend, COLOURS, strict=False)):
        down = HEIGHT + ROW * row
        parts += [f'<path d="M{LEFT} {down}h24" stroke="{colour}" stroke-width="3"/>']
        parts += [_text(LEFT + 32, down + 5, label, anchor="start")]
    return "\n".join(parts), height


def _swept_axis(swept: Sequence[float]) -> Axis:
    """The axis across, with a little room beside the first and the last number."""
    low, high = swept[0], swept[-1]
    crowded = median(swept) < 0.8 * (low + high) / 2
    logarithmic = crowded and low > 0 and high / low >= LOGARITHMIC_FROM
    if logarithmic:
        # Their ratio may be larger than any number, and the ends with the room beside them too.
        room = math.exp(0.04 * (math.log(high) - math.log(low)))
        low, high = max(low / room, math.ulp(0.0)), min(high * room, sys.float_info.max)
    else:
        room = (high - low) * 0.04
        low, high = low - room, high + room
    return Axis(low, high, LEFT, WIDTH - RIGHT, logarithmic)


def _reached_axis(numbers: Sequence[float]) -> Axis:
    """The axis upwards, which needs not begin at 0."""
    room = 0.06 * (numbers[-1] - numbers[0]) or 0.5
    return Axis(numbers[0] - room, numbers[-1] + room, HEIGHT - BOTTOM, TOP)


def _swept_ticks(axis: Axis, swept: Sequence[float]) -> list[float]:
    """The swept numbers themselves if they are few, otherwise round ones."""
    if len(swept) <= MOST_TICKS:
        return list(swept)
    if not axis.logarithmic:
        return _round_numbers(axis.low, axis.high)
    decades = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)))
    ticks = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    return [tick for tick in ticks if axis.low <= tick <= axis.high]


def _apart(ticks: Sequence[float], axis: Axis) -> list[float]:
    """Ticks without those whose labels would touch the one before."""
    kept: list[float] = []
    for tick in ticks:
        width = 9 * max(len(f"{one:.4g}") for one in (tick, *kept[-1:]))
        if not kept or axis(tick) - axis(kept[-1]) > width:
            kept.append(tick)
    return kept


def _round_numbers(low: float, high: float) -> list[float]:
    """Three to seven multiples of 1, 2 or 5 × a power of ten between two numbers."""
    rough = (high - low) / 7
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough)
    return [round(index * step, 12) for index in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _x_tick(across: float, value: float) -> str:
    bottom = HEIGHT - BOTTOM
    mark = f'<path d="M{across:.1f} {bottom}v5" stroke="#333333"/>'
    return mark + _text(across, bottom + 22, f"{value:.4g}")


def _y_tick(down: float, value: float) -> str:
    mark = f'<path d="M{LEFT} {down:.1f}H{WIDTH - RIGHT}" stroke="#e5e5e5"/>'
    return mark + _text(LEFT - 10, down + 5, f"{value:.5g}", anchor="end")


def _text(across: float, down: float, text: str, anchor: str = "middle", rotate: bool = False) -> str:
    turn = f' transform="rotate(-90 {across:.1f} {down:.1f})"' if rotate else ""
    return f'<text x="{across:.1f}" y="{down:.1f}" text-anchor="{anchor}"{turn}>{escape(text)}</text>'
