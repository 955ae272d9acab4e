"""When shapes enter, and when those that died are put elsewhere."""

import math
from dataclasses import dataclass

from vectorae.errors import UserError


@dataclass(frozen=True)
class Growth:
    """Shapes enter in rounds, each where the drawing so far is worst, and upon those before (LIVE, Ma et al. 2022).

    Attributes:
        rounds: 1 or more, of about as many shapes each.
        until: the progress in (0, 1] that they are spread over.
    """

    rounds: int = 6
    until: float = 0.4

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise UserError(f"rounds: {self.rounds} is not a whole number of 1 or more")
        check_part("until", self.until)

    def round_at(self, progress: float) -> int:
        """The last round that has begun, from 0."""
        return min(self.rounds - 1, int(progress / self.until * self.rounds))

    def count(self, number: int, shapes: int) -> int:
        """How many of the shapes are there once a round, from 0, has begun."""
        return max(1, round(shapes * (number + 1) / self.rounds)) if shapes else 0


@dataclass(frozen=True)
class Relocation:
    """Shapes that paint nothing are put where the drawing is worst.

    Attributes:
        times: how often they are looked for, 0 or more.
        until: the progress in (0, 1] that these times are spread over.
        part: a shape is dead that shows on less than this part of the pixels there are for each shape.
    """

    times: int = 20
    until: float = 0.8
    part: float = 0.1

    def __post_init__(self) -> None:
        if self.times < 0:
            raise UserError(f"times: {self.times} is not a whole number of 0 or more")
        if not 0 <= self.part < math.inf:
            raise UserError(f"part: {self.part} is not a number of 0 or more")
        check_part("until", self.until)

    def due(self, progress: float) -> int:
        """How many of the times have come."""
        return min(self.times, int(progress / self.until * self.times))


def check_part(name: str, value: float) -> None:
    """Refuse what is no part of a whole."""
    if not 0 < value <= 1:
        raise UserError(f"{name}: {value} is not above 0 and at most 1")
