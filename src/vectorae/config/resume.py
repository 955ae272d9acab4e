"""A run continues with the settings that it began with."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from vectorae.errors import UserError


def check_resumed_settings(
    path: str | Path, before: Mapping[str, Any], now: Mapping[str, Any], free: Collection[str] = ()
) -> None:
    """Refuse to continue a run with other settings.

    Args:
        path: the file that the run continues from, for messages.
        before, now: flat settings by key, as ``flatten`` makes them.
        free: keys that may differ.

    Raises:
        UserError: naming the first key that differs, with both values.
    """
    for key in [*now, *(key for key in before if key not in now)]:
        if key not in free and now.get(key) != before.get(key):
            raise UserError(
                f"resume: {path} was made with {key}={before.get(key)} and this run has {key}={now.get(key)}; "
                "give it the same settings, or start without resume"
            )
