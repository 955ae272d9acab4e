"""When a fit ends."""

import math
from dataclasses import dataclass

from vectorae.errors import UserError


@dataclass(frozen=True)
class Budget:
    """What a fit may take: whichever is used up first ends it, and all schedules with it.

    Attributes:
        max_steps: of the optimizer, 1 or more; None is any number.
        max_time: seconds, > 0; None is any time.
        plateau: stop after so many steps in which no drawing became better by a thousandth (and before that, make the
            drawings exact, if they are to end so); None goes on.
    """

    max_steps: int | None = None
    max_time: float | None = None
    plateau: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("max_steps", self.max_steps), ("plateau", self.plateau)):
            if value is not None and value < 1:
                raise UserError(f"{name}: {value} is not a whole number of 1 or more")
        if self.max_time is not None and not 0 < self.max_time < math.inf:
            raise UserError(f"max_time: {self.max_time} is not a time above 0")
        if self.max_steps is None and self.max_time is None:
            raise UserError("max_steps: null, and so is max_time; give one of them")

    def progress(self, step: int, seconds: float) -> float:
        """How much is done, in [0, 1]: by steps or by time, whichever is further."""
        by_steps = 0.0 if self.max_steps is None else step / self.max_steps
        by_time = 0.0 if self.max_time is None else seconds / self.max_time
        return min(1.0, max(by_steps, by_time))
