"""How soft the shapes, and how undecided their order, are in the course of training."""

import math
from dataclasses import dataclass

from vectorae.errors import UserError, choose

UNITS = ("canvas", "pixel")


@dataclass(frozen=True)
class SoftnessSchedule:
    """Softness falls exponentially from ``start`` to ``end``, and stays there for the last part of the run.

    Attributes:
        start: > 0: how far shapes reach at first.
        end: > 0; None is a quarter of a pixel, where a sigmoid is as steep as the crisp drawing's ramp.
        until: the progress in (0, 1] at which the end is reached.
        unit: of start and end: ``canvas`` (the shorter side of the image) or ``pixel``.
    """

    start: float = 0.06
    end: float | None = None
    until: float = 0.8
    unit: str = "canvas"

    def __post_init__(self) -> None:
        _check(self.start, 1.0 if self.end is None else self.end, self.until)
        if self.unit not in UNITS:
            raise UserError(f"unit: no {self.unit!r}; {choose(self.unit, UNITS)}")

    def __call__(self, progress: float, image_size: int) -> float:
        """Softness in canvas units at a progress in [0, 1], for images whose shorter side has ``image_size`` pixels."""
        unit = 1 / image_size if self.unit == "pixel" else 1.0
        end = 0.25 / image_size if self.end is None else self.end * unit
        return _fall(self.start * unit, end, self.until, progress)


@dataclass(frozen=True)
class TemperatureSchedule:
    """The temperature at which shapes are ordered by depth falls exponentially from ``start`` to ``end``, as softness.

    Attributes:
        start: > 0, in units of depth, of which all shapes share the range [0, 1].
        end: > 0: at a tenth of the distance between two shapes their order is all but decided.
        until: the progress in (0, 1] at which the end is reached.
    """

    start: float = 0.1
    end: float = 0.001
    until: float = 0.8

    def __post_init__(self) -> None:
        _check(self.start, self.end, self.until)

    def __call__(self, progress: float) -> float:
        """Temperature in units of depth at a progress in [0, 1]."""
        return _fall(self.start, self.end, self.until, progress)


def _check(start: float, end: float, until: float) -> None:
    for name, value in (("start", start), ("end", end)):
        if not 0 < value < math.inf:
            raise UserError(f"{name}: {value} is not a number above 0")
    if not 0 < until <= 1:
        raise UserError(f"until: {until} is not above 0 and at most 1")


def _fall(start: float, end: float, until: float, progress: float) -> float:
    part = min(1.0, max(0.0, progress) / until)
    return float(start ** (1 - part) * end**part)
