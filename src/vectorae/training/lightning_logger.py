"""The loggers of a run as Lightning's trainer knows them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger

from vectorae.loggers import Loggers


class LightningLogger(Logger):
    """Hands what Lightning logs to the loggers of a run.

    Args:
        loggers: of the run; none where another process logs.
        folder: of the run.
    """

    def __init__(self, loggers: Loggers, folder: Path) -> None:
        super().__init__()
        self.loggers, self.folder = loggers, folder

    @property
    def name(self) -> str:
        return ""

    @property
    def version(self) -> str:
        return ""

    @property
    def save_dir(self) -> str:
        return str(self.folder)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log numbers, but the epoch, which says nothing: batches are an endless stream."""
        values = {name: value for name, value in metrics.items() if name != "epoch"}
        if values:
            self.loggers.log_scalars(values, step or 0)

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Nothing: loggers have the run's config from its beginning."""

    def save(self) -> None:
        self.loggers.flush()


def loggers_of(trainer: pl.Trainer) -> Loggers:
    """The loggers of the run that a trainer runs, none for a trainer of another kind."""
    return trainer.logger.loggers if isinstance(trainer.logger, LightningLogger) else Loggers()
