"""From the plain config of a fit to its plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vectorae.config import instantiate

if TYPE_CHECKING:
    from vectorae.fitting import Plan


def build_plan(config: Mapping[str, Any], max_time: float | None) -> Plan:
    """The plan of a resolved config of a fit: its sections softness, temperature, growth, seeding, revival and rates.

    Args:
        config: with the keys of `FitConfig`.
        max_time: seconds.

    Raises:
        UserError: anything in the config that the components refuse.
    """
    from vectorae.fitting import Budget, Plan

    names = ("softness", "temperature", "growth", "seeding", "relocation", "rates")
    return Plan(
        Budget(config["max_steps"], max_time, config["plateau"]),
        **{name: instantiate(config[name], name) for name in names},
        restarts=config["restarts"],
        seed=config["seed"],
    )
