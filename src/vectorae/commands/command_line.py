"""The command line, before Hydra's lexer sees it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

from vectorae.compat import hydra_parser
from vectorae.config.arguments import Requires
from vectorae.errors import UserError

PATH_KEYS = {
    "input",
    "folder",
    "image",
    "init",
    "weight",
    "output",
    "checkpoint",
    "classifier",
    "resume",
    "dataset.root",
    "dataset.cache",
    "hydra.run.dir",
    "hydra.sweep.dir",
}


def conf_folder() -> Path:
    """`conf/`: inside the package where it was installed from a wheel, at the top of a checkout otherwise."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "conf"
    return installed if installed.is_dir() else package.parents[1] / "conf"


def arrange(arguments: Sequence[str]) -> list[str]:
    """The command line in Hydra's syntax: flags first, paths and times quoted, new keys of components allowed.

    Raises:
        UserError: an unknown flag, an empty path or a NUL character.
    """
    if nul := next((one for one in arguments if "\0" in one), None):
        raise UserError(f"{nul.partition('=')[0]}: has a NUL character")
    flags, overrides = split_flags(arguments)
    return [*flags, *(_rewrite(override) for override in overrides)]


def split_flags(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Separate flags, with their values, from overrides, which argparse accepts only in one piece."""
    parser = hydra_parser()

    def fail(message: str) -> NoReturn:
        raise UserError(f"{message}; overrides are key=value, and --help lists the flags")

    parser.error = fail  # type: ignore[method-assign]
    overrides = list(parser.parse_intermixed_args(list(arguments)).overrides)
    remaining = overrides.copy()
    flags = []
    for argument in arguments:
        if argument in remaining:
            remaining.remove(argument)
        else:
            flags.append(argument)
    return flags, overrides


def _rewrite(override: str) -> str:
    match = re.fullmatch(r"(\+{0,2})([A-Za-z_][\w./@-]*)=(.*)", override, re.DOTALL)
    if match is None:
        return override
    prefix, key, value = match.groups()
    if key in PATH_KEYS:
        if not value:
            raise UserError(f"{key}: empty; name a path, or leave {key}= out")
        value = quote(value)
    elif re.fullmatch(r"\d+(\.\d+)?|true|false|null", value) and (conf_folder() / key).is_dir():
        none = value == "null" and (conf_folder() / key / "none.yaml").is_file()
        value = "none" if none else f"'{value}'"  # the name of a choice
    elif key == "trainer.max_time" and re.fullmatch(r"[\d:.,]+", value):
        value = ",".join(f"'{part}'" for part in value.split(","))
    # The schema of a component is its signature, not the keys in its yaml: let Hydra add any key; `vectorae.config`
    # refuses unknown ones by name.
    if "." in key and "/" not in key and not prefix and not key.startswith("hydra."):
        prefix = "++"
    return f"{prefix}{key}={value}"


def quote(value: str) -> str:
    """Quote a value so that Hydra reads back exactly this text; quoted values and null stay as they are.

    >>> quote("it's (1).png")
    "'it\\\\'s (1).png'"
    """
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    if quoted or value.lower() == "null":
        return value
    # Hydra's quoted strings: a backslash counts only in front of a quote, where it is doubled.
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", value)
    escaped = re.sub(r"(\\+)$", r"\1\1", escaped)
    return f"'{escaped}'"


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(value: Any, key: str) -> str | None:
    """A time as Lightning writes it, DD:HH:MM:SS, from the same or from `90s`, `15m`, `2h`, `1d`; null is no limit.

    >>> duration("15m", "trainer.max_time")
    '00:00:15:00'

    Raises:
        UserError: less than a second; anything else, also the integer that yaml makes of an unquoted 00:00:15:00.
    """
    if value is None:
        return None
    text = str(value).strip()
    if isinstance(value, str) and re.fullmatch(r"\d+:\d\d:\d\d:\d\d", text):
        return text
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not isinstance(value, str) or match is None:
        raise UserError(
            f'{key}: {value!r} is not a time; write 90s, 15m, 2h or "00:00:15:00" (days:hours:minutes:seconds)'
        )
    seconds = round(float(match[1]) * UNITS[match[2]])
    if seconds < 1:
        raise UserError(f"{key}: {value!r} is less than a second")
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days:02}:{hours:02}:{minutes:02}:{seconds:02}"


Duration = Annotated[Any, Requires(lambda key, value: duration(value, key))]
"""A limit of time as ``duration`` reads it, or null."""


def seconds_of(time: str) -> int:
    """The seconds of a time written as DD:HH:MM:SS."""
    days, hours, minutes, seconds = (int(part) for part in time.split(":"))
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
