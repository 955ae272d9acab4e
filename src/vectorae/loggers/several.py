"""All loggers of a run as one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vectorae.errors import UserError, reason
from vectorae.loggers.base import LoggedRun, RunLogger

if TYPE_CHECKING:
    from PIL import Image


class Loggers:
    """Hands everything to all loggers of a run; of none, to nobody. A context that ends them.

    A logger that fails while the run goes on, as of a server that is gone, is named and left out: no training ends
    because of its log.

    Args:
        loggers: by the name that the config gives them.
        run: that they begin to log.

    Raises:
        UserError: a logger cannot begin.
    """

    def __init__(self, loggers: Mapping[str, RunLogger] | None = None, run: LoggedRun | None = None) -> None:
        self._loggers: dict[str, RunLogger] = {}
        for name, logger in (loggers or {}).items():
            assert run is not None
            logger.begin(run)
            self._loggers[name] = logger

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """See ``RunLogger.log_scalars``."""
        self._each(lambda logger: logger.log_scalars(values, step))

    def log_image(self, tag: str, picture: Image.Image, step: int) -> None:
        """See ``RunLogger.log_image``."""
        self._each(lambda logger: logger.log_image(tag, picture, step))

    def log_text(self, tag: str, text: str, step: int = 0) -> None:
        """See ``RunLogger.log_text``."""
        self._each(lambda logger: logger.log_text(tag, text, step))

    def log_histogram(self, tag: str, values: NDArray[np.floating[Any]], step: int) -> None:
        """See ``RunLogger.log_histogram``."""
        self._each(lambda logger: logger.log_histogram(tag, values, step))

    def flush(self) -> None:
        """See ``RunLogger.flush``."""
        self._each(lambda logger: logger.flush())

    def viewed_by(self, folder: Path) -> list[Sequence[str | Path]]:
        """The commands that show what was logged."""
        return [words for logger in self._loggers.values() if (words := logger.viewed_by(folder))]

    def __bool__(self) -> bool:
        return bool(self._loggers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._each(lambda logger: logger.end(succeeded=error is None))

    def _each(self, log: Callable[[RunLogger], None]) -> None:
        for name, logger in list(self._loggers.items()):
            try:
                log(logger)
            except UserError:
                raise
            except Exception as error:  # of any package
                del self._loggers[name]
                print(f"vectorae: the log '{name}' is not written any more: {reason(error)}", file=sys.stderr)
