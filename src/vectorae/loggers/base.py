"""What every logger is, and what it learns of a run."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

QUANTILES = {"min": 0.0, "q25": 0.25, "median": 0.5, "q75": 0.75, "max": 1.0}
"""What stands for a histogram where there are none."""


@dataclass(frozen=True)
class LoggedRun:
    """A run that is logged.

    Attributes:
        folder: of the run; it exists, or may be made.
        config: the plain resolved config.
        settings: flat values by key, of what tells this run from others.
        step: where it goes on in the same folder, its first step; None for a new run.
    """

    folder: Path
    config: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    step: int | None = None

    @property
    def name(self) -> str:
        """A short name: the last three parts of the folder's path, as runs lie in outputs/DATASET/PRIMITIVES/TIME."""
        return "/".join(self.folder.parts[-3:]).lstrip("/")

    def recall(self, service: str) -> str | None:
        """What a service called this run before it was stopped, see ``remember``; None for a new run."""
        path = self.folder / f"{service}_run.txt"
        return path.read_text(encoding="utf-8").strip() if self.step is not None and path.is_file() else None

    def remember(self, service: str, name: str) -> None:
        """Leave in the run's folder what a service calls it, so that the same run goes on when it is resumed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{service}_run.txt").write_text(f"{name}\n", encoding="utf-8")


class RunLogger(ABC):
    """Logs numbers, pictures, texts and histograms of a run by tag and step. Only the first of several processes logs.

    A logger is made with the keys of its config section, and must cost next to nothing until ``begin``.
    """

    @abstractmethod
    def begin(self, run: LoggedRun) -> None:
        """Begin to log a run, or go on with it, and log its config.

        Raises:
            UserError: what it logs to cannot be reached.
        """

    @abstractmethod
    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Log numbers, each as a point of its own curve."""

    @abstractmethod
    def log_image(self, tag: str, picture: Image.Image, step: int) -> None:
        """Log a picture."""

    @abstractmethod
    def log_text(self, tag: str, text: str, step: int = 0) -> None:
        """Log a text of one line or several."""

    def log_histogram(self, tag: str, values: NDArray[np.floating[Any]], step: int) -> None:
        """Log the distribution of numbers of any shape; where there are no histograms, five quantiles of them."""
        found = np.quantile(values, list(QUANTILES.values()))
        self.log_scalars({f"{tag}/{name}": float(value) for name, value in zip(QUANTILES, found, strict=True)}, step)

    def flush(self) -> None:
        """Write what is waiting to be written; most write at once."""
        return

    @abstractmethod
    def end(self, succeeded: bool) -> None:
        """End the log of a run that came to its end, or did not."""

    def viewed_by(self, folder: Path) -> Sequence[str | Path]:
        """The words of a command that shows what was logged into the run's folder; none if there is no such command."""
        return ()


def as_yaml(config: Mapping[str, Any]) -> str:
    """A plain config as text."""
    import yaml

    return yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)


def plain_tag(tag: str) -> str:
    """A tag of letters, digits and ``_-./ `` alone, as services and file systems take it.

    >>> plain_tag("drawings/Wer? Ich: É")
    'drawings/Wer_ Ich_ É'
    """
    return re.sub(r"[^\w\-./ ]+", "_", tag)
