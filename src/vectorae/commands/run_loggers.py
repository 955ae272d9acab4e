"""The loggers of a run, from the section `logger` of its config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorae.commands.run_name import changes
from vectorae.config.components import flatten, instantiate
from vectorae.errors import UserError

if TYPE_CHECKING:
    from vectorae.loggers import Loggers, RunLogger

SECTION = "logger"


def build_loggers(section: Mapping[str, Any]) -> dict[str, RunLogger]:
    """The loggers of a section, by name, before their run begins.

    Raises:
        UserError: a package that is not installed; a class that is no logger.
    """
    from vectorae.loggers import RunLogger

    found = {}
    for name, values in section.items():
        key = f"{SECTION}.{name}"
        try:
            logger = instantiate(values, key)
        except UserError as error:
            raise UserError(str(error) if str(error).startswith(key) else f"{key}: {error}") from error
        if not isinstance(logger, RunLogger):
            raise UserError(f"{key}: {values['_target_']} is no RunLogger")
        found[name] = logger
    return found


def begin_loggers(config: Mapping[str, Any], folder: Path, groups: Sequence[str], step: int | None = None) -> Loggers:
    """The loggers of a config, which log a run from now on.

    Args:
        config: plain resolved config, with the section `logger`.
        folder: of the run.
        groups: of the config, whose choices tell runs of different folders from each other.
        step: where it goes on in the same folder; None for a new run.

    Raises:
        UserError: see ``build_loggers``; or a server that cannot be reached.
    """
    from vectorae.loggers import LoggedRun, Loggers

    return Loggers(build_loggers(config[SECTION]), LoggedRun(folder, config, _settings(config, groups), step))


def viewed_by(section: Mapping[str, Any], folder: Path) -> list[Sequence[str | Path]]:
    """The commands that show what the loggers of a section have written into a run's folder."""
    return [words for logger in build_loggers(section).values() if (words := logger.viewed_by(folder))]


def _settings(config: Mapping[str, Any], groups: Sequence[str]) -> dict[str, Any]:
    """What tells a run from others: what the command line changed, and outside of a sweep the groups."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    hydra, values = HydraConfig.get(), flatten(config)
    settings = {key: values.get(key, value) for key, value in changes().items()}
    if hydra.mode != RunMode.MULTIRUN:
        settings |= {group: hydra.runtime.choices[group] for group in groups}
    return settings


def without_loggers(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config without what changes no number of a run: where it is logged."""
    return {key: value for key, value in config.items() if key != SECTION}
