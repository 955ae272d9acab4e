"""The state of a fit on disk, from which it continues where it was stopped."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from vectorae.config.resume import check_resumed_settings
from vectorae.errors import UserError
from vectorae.io.torch_file import read_torch, write_torch

FORMAT = 6


def write_state(path: Path, settings: Mapping[str, Any], states: Mapping[int, Any]) -> None:
    """Write the states of several batches, by number, and the flat settings of the fit by name."""
    write_torch(path, {"vectorae_fit": FORMAT, "settings": dict(settings), "states": dict(states)})


def read_state(path: Path, settings: Mapping[str, Any], free: Collection[str]) -> dict[int, Any]:
    """The states of a fit with the same settings.

    Args:
        path: the file.
        settings: of the fit that continues.
        free: names of settings that may differ.

    Raises:
        UserError: no such file, a damaged one, one of another kind, or of a fit with other settings.
    """
    content = _read(path)
    check_resumed_settings(path, content["settings"], settings, free)
    return content["states"]


def has_settings(path: Path, settings: Mapping[str, Any], free: Collection[str]) -> bool:
    """Whether a state is of a fit with the same settings; arguments and errors as of ``read_state``."""
    before = _read(path)["settings"]
    return all(before.get(key) == settings.get(key) for key in {*before, *settings} - {*free})


def _read(path: Path) -> dict[str, Any]:
    content = read_torch(path, "resume", "the state of a fit")
    if not isinstance(content, dict) or content.get("vectorae_fit") != FORMAT:
        raise UserError(f"resume: '{path}' is not the state of a fit, or that of another version")
    return content
