"""A validation after the last step."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback


class LastValidation(Callback):
    """Validates after the last step, wherever it falls: a run that ends by steps ends as one that ends by time does."""

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if 0 < trainer.max_steps <= trainer.global_step:
            # Lightning validates before it stops early, but not when it has taken all its steps.
            trainer.should_stop = True
