"""An exponential moving average of the weights."""

from functools import partial
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor


class MovingAverage(WeightAveraging):
    """An exponential moving average of the weights, which is what is validated, drawn and kept.

    Args:
        decay: of the average. After n steps it is at most (1 + n) / (10 + n), or what the weights were when nothing
            was learned would weigh for long.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(avg_fn=partial(_averaged, decay))

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._keep_counts(pl_module)
        super().on_validation_epoch_start(trainer, pl_module)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._keep_counts(pl_module)
        super().on_save_checkpoint(trainer, pl_module, checkpoint)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._keep_counts(pl_module)
        super().on_train_end(trainer, pl_module)

    def _keep_counts(self, model: pl.LightningModule) -> None:
        """What is no weight is not averaged."""
        assert self._average_model is not None
        averaged = dict(self._average_model.module.named_buffers())
        for name, buffer in model.named_buffers():
            if name in ("progress", "revivals", "plateaus", "encoder.offset"):
                averaged[name].copy_(buffer)


def _averaged(decay: float, average: Tensor, now: Tensor, steps: Tensor) -> Tensor:
    """The average after one more step, of the shape of the weights now; ``steps`` is a scalar."""
    # 9 / (10 + n) = 1 − (1 + n) / (10 + n)
    weight = (9 / (10 + steps.to(now.device))).clamp_min(1 - decay)
    return average + weight * (now - average)
