"""How soft the shapes are in the course of training."""

from dataclasses import dataclass

from vectorae.errors import UserError


@dataclass(frozen=True)
class SoftnessSchedule:
    """Softness falls exponentially from ``start`` to ``end``, and stays there for the last part of the run.

    Attributes:
        start: canvas units, > 0: how far shapes reach at first.
        end: canvas units, > 0; None is a quarter of a pixel, where a sigmoid is as steep as the crisp drawing's ramp.
        until: the progress in (0, 1] at which the end is reached.
    """

    start: float = 0.06
    end: float | None = None
    until: float = 0.8

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            if value is not None and not value > 0:
                raise UserError(f"{name}: {value} is not a width above 0")
        if not 0 < self.until <= 1:
            raise UserError(f"until: {self.until} is not above 0 and at most 1")

    def __call__(self, progress: float, image_size: int) -> float:
        """Softness in canvas units at a progress in [0, 1], for images of ``image_size`` pixels."""
        end = 0.25 / image_size if self.end is None else self.end
        part = min(1.0, max(0.0, progress) / self.until)
        return float(self.start ** (1 - part) * end**part)
