"""Ctrl-C and SIGTERM."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from vectorae.io.signals import Signals


class Interruption(Callback):
    """Ctrl-C or SIGTERM: save ``last`` at the end of the step, validate, draw, and stop. A second one stops at once."""

    def __init__(self, last: Path) -> None:
        self.last = last
        self._signals = Signals()
        self._saved = False

    @property
    def signal(self) -> int | None:
        """The signal that ended the run, or None."""
        return self._signals.received

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        # Before Lightning sets its own, which it takes back before it calls `teardown`.
        self._signals = Signals()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._signals.listen()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        # A signal need not reach all processes in the same step; they stop together.
        if not self._saved and trainer.strategy.reduce_boolean_decision(self.signal is not None, all=False):
            self._saved = True
            # All exit with the code of the signal that one of them received.
            numbers = trainer.strategy.all_gather(torch.tensor(float(self.signal or 0), device=pl_module.device))
            self._signals.received = int(numbers.max())
            trainer.save_checkpoint(self.last)
            trainer.should_stop = True

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._signals.restore()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._signals.restore()
