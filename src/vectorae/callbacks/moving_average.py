"""An exponential moving average of the weights."""

from functools import partial
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor, nn

from vectorae.compat import averaged_model


class MovingAverage(WeightAveraging):
    """An exponential moving average of the weights, which is what is validated, drawn and saved.

    State buffers, which modules name in ``not_averaged``, are copied instead.

    Args:
        decay: of the average. After n steps it is at most (1 + n) / (10 + n), so that the weights from before training
            do not count for long.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(avg_fn=partial(_averaged, decay))

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._copy_state(pl_module)
        super().on_validation_epoch_start(trainer, pl_module)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._copy_state(pl_module)
        super().on_save_checkpoint(trainer, pl_module, checkpoint)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._copy_state(pl_module)
        super().on_train_end(trainer, pl_module)

    @torch.no_grad()
    def _copy_state(self, model: pl.LightningModule) -> None:
        average = averaged_model(self)
        average.set_extra_state(model.get_extra_state())
        own, averaged = dict(model.named_buffers()), dict(average.named_buffers())
        for name in not_averaged(model):
            averaged[name].copy_(own[name])


def not_averaged(model: nn.Module) -> list[str]:
    """The buffers that a moving average of weights must not touch: those that modules name in ``not_averaged``."""
    return [
        f"{prefix}.{name}" if prefix else name
        for prefix, module in model.named_modules()
        for name in getattr(module, "not_averaged", ())
    ]


def _averaged(decay: float, average: Tensor, now: Tensor, steps: Tensor) -> Tensor:
    """The average after one more step, of the shape of the weights now; ``steps`` is a scalar."""
    # 9 / (10 + n) = 1 − (1 + n) / (10 + n)
    weight = (9 / (10 + steps.to(now.device))).clamp_min(1 - decay)
    return average + weight * (now - average)
