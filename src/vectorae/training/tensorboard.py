"""TensorBoard's curves of a training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import TensorBoardLogger


class Curves(TensorBoardLogger):
    """Lightning's logger without what says nothing here: the epoch, as batches are an endless stream, and hparams.yaml.

    Args:
        folder: of the run, in which the events are written.
        purge_step: of a run that goes on, its first step; TensorBoard forgets what was logged from there on.
    """

    def __init__(self, folder: Path, purge_step: int | None = None) -> None:
        super().__init__(folder, name="", version="", default_hp_metric=False, purge_step=purge_step)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Write numbers, each as a point of its own curve."""
        super().log_metrics({name: value for name, value in metrics.items() if name != "epoch"}, step)

    def save(self) -> None:
        """Write what is waiting to be written."""
        self.experiment.flush()
