"""Shapes that a drawing hardly needs are replaced by new ones on top."""

from dataclasses import dataclass

from torch import Tensor

from vectorae.config.arguments import NonNegativeFloat, NonNegativeInt, PositiveFraction, Validated


@dataclass(frozen=True)
class Replacement(Validated):
    """Shapes whose removal costs least are replaced by new ones, on top of all others where the drawing is worst.

    Attributes:
        times: how often in the fit; 0: never.
        until: the progress over which these times are spread.
        threshold: replaced is what costs less than threshold × the mean.
        part: of the shapes that are there, replaced at once at most; one shape always may be.
    """

    times: NonNegativeInt = 0
    until: PositiveFraction = 0.7
    threshold: NonNegativeFloat = 0.1
    part: PositiveFraction = 0.1

    def due(self, progress: float) -> int:
        """How often shapes should have been replaced by a progress in [0, 1]."""
        return min(self.times, int(progress / self.until * self.times))

    def chosen(self, costs: Tensor) -> Tensor:
        """Which shapes are to be replaced, bool ``[B, N]``, by what their removal would cost, ``[B, N]``."""
        rank = costs.argsort(1).argsort(1)
        mean = costs.clamp_min(0).mean(1, keepdim=True)
        return (rank < max(1, int(self.part * costs.shape[1]))) & (costs < self.threshold * mean)
