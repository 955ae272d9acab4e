"""What the folder of a run is called: its time, or its number in a sweep, and what the command line changed.

Importing this module makes `${run_name:…}` known to the configs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from omegaconf import OmegaConf

LONGEST = 100
"""Bytes of a folder's name, at most: Windows allows 260 characters for a whole path."""

ETC = ",etc"
"""Stands for what was left out of a name."""


def run_name(prefix: str | int) -> str:
    """`2026-11-28_14-03-22_primitives.rows=2`: a prefix, and the changes of the run that Hydra is starting."""
    label = label_of(changes(), LONGEST - len(f"{prefix}_"))
    return f"{prefix}_{label}" if label else f"{prefix}"


def changes() -> dict[str, str]:
    """What the command line changed in the run that Hydra is starting: values by key, as they were written.

    In a sweep those that it sweeps over; otherwise all except `hydra.job.config.override_dirname.exclude_keys`.
    """
    from hydra.core.hydra_config import HydraConfig

    job = HydraConfig.get()
    # An interpolation in a value need not lead anywhere yet.
    overrides: Any = OmegaConf.to_container(job.overrides.task, resolve=False)
    pairs = (override.lstrip("+~").partition("=") for override in overrides)
    left_out = job.job.config.override_dirname.exclude_keys
    return {
        key: value or "null" for key, _, value in pairs if not any(fnmatchcase(key, pattern) for pattern in left_out)
    }


def label_of(settings: Mapping[str, str], longest: int = LONGEST) -> str:
    """Settings as a part of a file's name on any system, at most `longest` bytes long, which are 10 or more.

    >>> label_of({"primitives.kinds": "[kite,circle]", "optimizer.lr": "0.0012345678", "image": "'photos/a b.jpg'"})
    'primitives.kinds=kite+circle,optimizer.lr=0.001235,image=a_b.jpg'

    Where that is too long, keys lose their sections as far as they can be told apart; then `etc` stands for the last.
    """
    label = _joined({key: short_value(value) for key, value in settings.items()})
    if len(label.encode()) > longest:
        names = [key.rpartition(".")[2] for key in settings]
        unique = {key: name if names.count(name) == 1 else key for key, name in zip(settings, names, strict=True)}
        label = _joined({unique[key]: short_value(value) for key, value in settings.items()})
    if len(label.encode()) > longest:
        cut = label.encode()[:longest].decode(errors="ignore")
        whole = label.encode()[: longest - len(ETC) + 1].decode(errors="ignore").rpartition(",")[0]
        label = whole + ETC if whole else cut
    return label.rstrip("._,=")


def short_value(value: str) -> str:
    """A value as it is shown: without quotes, of a path the last part, of a number four digits.

    >>> short_value("'photos/alley.jpg'"), short_value("0.012345678"), short_value("[circle, square]")
    ('alley.jpg', '0.01235', 'circle+square')
    """
    text = value.strip().strip("'\"")
    if re.fullmatch(r"\[.*\]", text):
        return "+".join(short_value(part) for part in text[1:-1].split(","))
    if re.fullmatch(r"-?\d*\.\d+(e[+-]?\d+)?", text, re.IGNORECASE) and len(text) > 6:
        return f"{float(text):.4g}"
    return re.split(r"[/\\]", text.rstrip("/\\"))[-1]


def _joined(settings: Mapping[str, str]) -> str:
    """`a=1,b=2`, of letters, digits and `.+=@-` alone."""
    return ",".join(re.sub(r"[^\w.+=@-]+", "_", f"{key}={value}").strip("_") for key, value in settings.items())


OmegaConf.register_new_resolver("run_name", run_name, replace=True)
