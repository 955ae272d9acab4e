"""How a fit goes, from first step to last."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vectorae.config.arguments import NonNegativeInt, PositiveFloat, PositiveInt, Validated
from vectorae.config.components import instantiate_all
from vectorae.decoder import Growth, Relocation, Schedule, SoftnessSchedule, Strategy, TemperatureSchedule
from vectorae.errors import UserError
from vectorae.fitting.coarse import Coarse
from vectorae.fitting.rates import Rates
from vectorae.fitting.replacement import Replacement


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


def fit_schedule() -> Schedule:
    """The schedule of ``scripts/fit.py``."""
    softness = SoftnessSchedule(start=2, end=0.25, until=0.7, unit="pixel", exact=0.2)
    return Schedule(softness, TemperatureSchedule(until=0.8))


def fit_strategy() -> Strategy:
    """The strategy of ``scripts/fit.py``."""
    return Strategy(Growth(rounds=6), Relocation(times=20, until=0.8, threshold=0.1))


@dataclass(frozen=True)
class FitPlan(Validated):
    """How a fit goes; the defaults are those of ``scripts/fit.py``.

    Attributes:
        budget: what it may take.
        schedule: how drawings look during the fit.
        strategy: when shapes are added and relocated, and where they go.
        rates: learning rates of the fields.
        replacement: when shapes that are hardly needed are replaced.
        coarse: when images are drawn at a reduced size.
        palette: how many colours shapes and background have together at the end; None: any.
        restarts: random restarts per image; the best is kept.
        seed: of all random numbers.

    Example:
        >>> plan = FitPlan(Budget(max_steps=500), restarts=4)
        >>> plan.strategy.growth.rounds
        6
    """

    budget: Budget = field(default_factory=Budget)
    schedule: Schedule = field(default_factory=fit_schedule)
    strategy: Strategy = field(default_factory=fit_strategy)
    rates: Rates = field(default_factory=Rates)
    replacement: Replacement = field(default_factory=Replacement)
    coarse: Coarse = field(default_factory=Coarse)
    palette: PositiveInt | None = None
    restarts: PositiveInt = 1
    seed: NonNegativeInt = 0


def build_plan(config: Mapping[str, Any], max_time: float | None) -> FitPlan:
    """The plan of a resolved config of a fit.

    Args:
        config: with the keys of `FitConfig`.
        max_time: seconds.

    Raises:
        UserError: anything in the config that the components refuse.
    """
    rates, replacement, coarse = instantiate_all(config, "rates", "replacement", "coarse")
    return FitPlan(
        Budget(config["max_steps"], max_time, config["plateau"]),
        Schedule(*instantiate_all(config, "softness", "temperature")),
        Strategy(*instantiate_all(config, "growth", "relocation", "seeding")),
        rates,
        replacement,
        coarse,
        config["palette"],
        config["restarts"],
        config["seed"],
    )
