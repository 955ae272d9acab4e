"""How softness, and how undecided the order of shapes is, change during a run."""

import math
from dataclasses import dataclass, field
from typing import Literal

from vectorae.config.arguments import Fraction, PositiveFloat, PositiveFraction, Validated
from vectorae.decoder.state import DrawState

SHARP = 0.18
"""Softness at the end, pixels: crisp drawings of faces are then as good as soft ones; at a quarter, 0.2 dB worse."""

STAGES = 10
"""Steps in which softness falls that waits for plateaus."""

PATIENCE = 0.02
"""The fraction of a run without improvement after which a stage ends."""

GAIN = 0.01
"""Relative decrease of the loss that counts as an improvement."""

MEMORY = 0.95
"""Of the running mean of losses, per step."""


@dataclass(frozen=True)
class SoftnessSchedule(Validated):
    """Softness falls from ``start`` to ``end``, and stays there for the last part of the run.

    Attributes:
        start: how far shapes reach at first.
        end: None is ``SHARP`` pixels.
        until: the progress at which the end is reached.
        unit: of start and end: ``canvas`` (the shorter side of the image) or ``pixel``.
        shape: how it falls: ``exponential``, ``linear``, ``cosine`` (half a wave), or ``plateau``: exponentially in ten
            steps, each taken when the loss stops improving (see ``Plateaus``).
        exact: the last fraction of the run, in which soft drawings are exact (see ``DrawState``).

    Example:
        >>> schedule = SoftnessSchedule(start=0.08, end=0.02, until=0.5)
        >>> schedule(0.0, 64), schedule(0.25, 64), schedule(1.0, 64)
        (0.08, 0.04, 0.02)
    """

    start: PositiveFloat = 0.04
    end: PositiveFloat | None = None
    until: PositiveFraction = 0.6
    unit: Literal["canvas", "pixel"] = "canvas"
    shape: Literal["exponential", "linear", "cosine", "plateau"] = "exponential"
    exact: Fraction = 0.4

    @property
    def waits(self) -> bool:
        """Whether softness follows the progress of ``Plateaus``."""
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
    """Advances one stage each time the smoothed loss stops improving, and is done by the progress ``until``.

    Attributes:
        stage: stages completed.
        mean: running mean of the losses.
        best: the lowest mean of this stage.
        since: the progress at which it was reached.
    """

    stage: float = 0.0
    mean: float = math.inf
    best: float = math.inf
    since: float = 0.0

    def observe(self, loss: float, progress: float, until: float) -> None:
        """Record the loss of a step at a progress in [0, 1]."""
        self.mean = loss if math.isinf(self.mean) else MEMORY * self.mean + (1 - MEMORY) * loss
        if self.mean < self.best * (1 - GAIN):
            self.best, self.since = self.mean, progress
        # There must be time for what is left.
        late = progress >= until - PATIENCE * (STAGES - 1 - self.stage)
        if self.stage < STAGES and (progress - self.since >= PATIENCE or late):
            self.stage, self.best, self.since = self.stage + 1, math.inf, progress

    def progress(self, until: float) -> float:
        """The progress in [0, 1] that the completed stages stand for."""
        return self.stage / STAGES * until


@dataclass(frozen=True)
class TemperatureSchedule(Validated):
    """The temperature at which shapes are ordered by depth falls exponentially from ``start`` to ``end``.

    Attributes:
        start: in units of depth; all shapes share depths in [0, 1].
        end: at a tenth of the distance between two shapes their order is all but decided.
        until: the progress at which the end is reached.

    Example:
        >>> schedule = TemperatureSchedule(start=0.1, end=0.001, until=0.5)
        >>> [round(schedule(progress), 6) for progress in (0.0, 0.25, 0.5, 1.0)]
        [0.1, 0.01, 0.001, 0.001]
    """

    start: PositiveFloat = 0.1
    end: PositiveFloat = 0.001
    until: PositiveFraction = 0.6

    def __call__(self, progress: float) -> float:
        """Temperature in units of depth at a progress in [0, 1]."""
        return _fall(self.start, self.end, self.until, progress)


@dataclass(frozen=True)
class Schedule:
    """How drawings look from the first step of a run to the last.

    Attributes:
        softness: of the edges.
        temperature: of the order of shapes that have a depth.
    """

    softness: SoftnessSchedule = field(default_factory=SoftnessSchedule)
    temperature: TemperatureSchedule = field(default_factory=TemperatureSchedule)

    def state(
        self,
        progress: float,
        side: int,
        visible: int | None = None,
        plateaus: Plateaus | None = None,
        exact: bool = False,
    ) -> DrawState:
        """The draw state at a progress in [0, 1].

        Args:
            progress: of the run.
            side: the shorter side of the images, pixels.
            visible: how many shapes are drawn; None draws all.
            plateaus: of the run's losses, which softness of shape ``plateau`` follows.
            exact: whatever the schedule says.
        """
        exact = exact or self.softness.is_exact(progress)
        waited = progress if plateaus is None or not self.softness.waits else plateaus.progress(self.softness.until)
        softness = self.softness(1.0 if exact else waited, side)
        return DrawState(softness, self.temperature(progress), exact, visible)


def _fall(start: float, end: float, until: float, progress: float) -> float:
    part = min(1.0, max(0.0, progress) / until)
    return float(start ** (1 - part) * end**part)
