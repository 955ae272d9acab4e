"""The state of a fit on disk, from which it continues where it was stopped."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from vectorae.config import check_resumed_settings
from vectorae.errors import UserError
from vectorae.io.atomic import write_atomic

FORMAT = 5


def write_state(path: Path, settings: Mapping[str, Any], states: Mapping[int, Any]) -> None:
    """Write the states of several batches, by number, and the flat settings of the fit by name."""
    content = BytesIO()
    torch.save({"vectorae_fit": FORMAT, "settings": dict(settings), "states": dict(states)}, content)
    write_atomic(path, content.getvalue())


def read_state(path: Path, settings: Mapping[str, Any], free: Sequence[str]) -> dict[int, Any]:
    """The states of a fit with the same settings.

    Args:
        path: the file.
        settings: of the fit that continues.
        free: names of settings that may differ.

    Raises:
        UserError: no such file, a damaged one, one of another kind, or of a fit with other settings.
    """
    if not path.is_file():
        raise UserError(f"resume: no file '{path}'")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever bytes may be in a file: torch has no one exception for them
        raise UserError(f"resume: '{path}' is damaged or not the state of a fit") from error
    if not isinstance(content, dict) or content.get("vectorae_fit") != FORMAT:
        raise UserError(f"resume: '{path}' is not the state of a fit, or that of another version")
    check_resumed_settings(path, content["settings"], settings, free)
    return content["states"]
