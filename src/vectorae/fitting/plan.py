"""How a fit goes, from first step to last."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vectorae.config.arguments import NonNegativeInt, PositiveInt, Validated
from vectorae.config.components import instantiate
from vectorae.decoder import Growth, Relocation, Schedule, SoftnessSchedule, Strategy, TemperatureSchedule
from vectorae.fitting.budget import Budget
from vectorae.fitting.rates import Rates


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
    names = ("softness", "temperature", "growth", "relocation", "seeding", "rates")
    parts = {name: instantiate(config[name], name) for name in names}
    return FitPlan(
        Budget(config["max_steps"], max_time, config["plateau"]),
        Schedule(parts["softness"], parts["temperature"]),
        Strategy(parts["growth"], parts["relocation"], parts["seeding"]),
        parts["rates"],
        config["restarts"],
        config["seed"],
    )
