"""Keys of earlier versions, and what they are called now."""

from collections.abc import Iterable

from vectorae.errors import UserError, choose

RENAMED = {
    "revival": "relocation",
    "looks": "snapshots",
    "rates.place": "rates.point",
    "relocation.part": "relocation.threshold",
    "encoder.hidden": "head.hidden",
}
"""Old key → new key."""


def no_such_key(key: str, choices: Iterable[str]) -> UserError:
    """The refusal of a key: it has another name now, or the choices.

    >>> str(no_such_key("revival.times", []))
    'revival.times: is called relocation.times now'
    """
    for old, new in RENAMED.items():
        if key == old or key.startswith(f"{old}."):
            return UserError(f"{key}: is called {new}{key.removeprefix(old)} now")
    return UserError(f"{key}: no such key; {choose(key.rpartition('.')[2], choices)}")
