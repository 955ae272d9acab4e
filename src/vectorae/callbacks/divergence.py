"""Loss and gradients that are no longer numbers."""

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from vectorae.callbacks.checkpoints import LastCheckpoint
from vectorae.errors import UserError


class Divergence(Callback):
    """Stops a run whose loss or gradient is no longer a number, before the weights take harm."""

    def __init__(self, last: LastCheckpoint) -> None:
        self.last = last

    def on_before_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor) -> None:
        self._check("loss", loss.detach(), trainer.global_step)

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        # A gradient scaler lets float16 gradients overflow, skips such a step and goes on with a smaller scale.
        if getattr(trainer.precision_plugin, "scaler", None) is None:
            gradients = [one.grad for one in pl_module.parameters() if one.grad is not None]
            self._check("gradient", torch.nn.utils.get_total_norm(gradients), trainer.global_step)

    def _check(self, name: str, value: Tensor, step: int) -> None:
        if not torch.isfinite(value):
            good = self.last.best_model_path or "none was written yet"
            raise UserError(
                f"the {name} became {value.item()} at step {step}; last good checkpoint: {good}; "
                "try a smaller optimizer.lr"
            )
