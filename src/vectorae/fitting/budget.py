"""When a fit ends."""

from dataclasses import dataclass

from vectorae.config.arguments import PositiveFloat, PositiveInt, Validated
from vectorae.errors import UserError


@dataclass(frozen=True)
class Budget(Validated):
    """What a fit may take: whichever is used up first ends it, and all schedules with it.

    Attributes:
        max_steps: of the optimizer; None is any number.
        max_time: seconds; None is any time.
        plateau: stop after this many steps in which no drawing improved by a thousandth (and before that, make the
            drawings exact, if they are to end so); None goes on.
    """

    max_steps: PositiveInt | None = 1000
    max_time: PositiveFloat | None = None
    plateau: PositiveInt | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_steps is None and self.max_time is None:
            raise UserError("max_steps: null, and so is max_time; give one of them")

    def progress(self, step: int, seconds: float) -> float:
        """How much is used up, in [0, 1]: by steps or by time, whichever is further."""
        by_steps = 0.0 if self.max_steps is None else step / self.max_steps
        by_time = 0.0 if self.max_time is None else seconds / self.max_time
        return min(1.0, max(by_steps, by_time))
