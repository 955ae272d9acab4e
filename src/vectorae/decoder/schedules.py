"""How soft the shapes, and how undecided their order, are in the course of training."""

import math
from dataclasses import dataclass

from vectorae.errors import UserError, choose

UNITS = ("canvas", "pixel")

SHARP = 0.18
"""Softness at the end, pixels: crisp drawings of faces are then as good as soft ones; at a quarter, 0.2 dB worse."""

SHAPES = ("exponential", "linear", "cosine", "plateau")

STAGES = 10
"""In how many steps softness falls that waits for plateaus."""

PATIENCE = 0.02
"""The part of a run without gain after which it waits no more."""

GAIN = 0.01
"""Part of the loss by which it must fall, or it stands on a plateau."""

MEMORY = 0.95
"""Of the running mean of losses, from step to step."""


@dataclass(frozen=True)
class SoftnessSchedule:
    """Softness falls from ``start`` to ``end``, and stays there for the last part of the run.

    Attributes:
        start: > 0: how far shapes reach at first.
        end: > 0; None is ``SHARP`` pixels.
        until: the progress in (0, 1] at which the end is reached.
        unit: of start and end: ``canvas`` (the shorter side of the image) or ``pixel``.
        shape: how it falls: ``exponential``, ``linear``, ``cosine`` (half a wave), or ``plateau``: exponentially in ten
            steps, of which each waits until the loss falls no more (see ``Plateaus``).
        exact: the last part of the run, in [0, 1], in which edges are those of crisp drawings (``Rasterizer.soft``).
    """

    start: float = 0.06
    end: float | None = None
    until: float = 0.8
    unit: str = "canvas"
    shape: str = "exponential"
    exact: float = 0.0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise UserError(f"shape: no {self.shape!r}; {choose(self.shape, SHAPES)}")
        _check(self.start, 1.0 if self.end is None else self.end, self.until)
        if self.unit not in UNITS:
            raise UserError(f"unit: no {self.unit!r}; {choose(self.unit, UNITS)}")
        if not 0 <= self.exact <= 1:
            raise UserError(f"exact: {self.exact} is not between 0 and 1")

    @property
    def waits(self) -> bool:
        """Whether the progress that it goes by is that of ``Plateaus``."""
        return self.shape == "plateau"

    def is_exact(self, progress: float) -> bool:
        """Whether drawings are exact at a progress in [0, 1]."""
        return self.exact > 0 and progress >= 1 - self.exact

    def __call__(self, progress: float, image_size: int) -> float:
        """Softness in canvas units at a progress in [0, 1], for images whose shorter side has ``image_size`` pixels."""
        unit = 1 / image_size if self.unit == "pixel" else 1.0
        end = SHARP / image_size if self.end is None else self.end * unit
        start, part = self.start * unit, min(1.0, max(0.0, progress) / self.until)
        if self.shape == "linear":
            return start + (end - start) * part
        if self.shape == "cosine":
            return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
        return _fall(start, end, self.until, progress)


@dataclass
class Plateaus:
    """Progress that goes on in stages, whenever the loss has stopped to fall, and ends at the part ``until`` of a run.

    Attributes:
        stage: how many have gone by.
        mean: running mean of the losses.
        best: the lowest mean of this stage.
        since: the progress at which that was.
    """

    stage: float = 0.0
    mean: float = math.inf
    best: float = math.inf
    since: float = 0.0

    def observe(self, loss: float, progress: float, until: float) -> None:
        """Take note of a step's loss, at a progress in [0, 1]."""
        self.mean = loss if math.isinf(self.mean) else MEMORY * self.mean + (1 - MEMORY) * loss
        if self.mean < self.best * (1 - GAIN):
            self.best, self.since = self.mean, progress
        # There must be time for what is left.
        late = progress >= until - PATIENCE * (STAGES - 1 - self.stage)
        if self.stage < STAGES and (progress - self.since >= PATIENCE or late):
            self.stage, self.best, self.since = self.stage + 1, math.inf, progress

    def progress(self, until: float) -> float:
        """The progress in [0, 1] that stands for the stages gone by."""
        return self.stage / STAGES * until


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
