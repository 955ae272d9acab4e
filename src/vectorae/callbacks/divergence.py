"""Loss and gradients that are no longer finite."""

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from vectorae.callbacks.checkpoints import LastCheckpoint
from vectorae.errors import UserError


class Divergence(Callback):
    """Stops a run whose loss or gradient is no longer finite, before such weights are saved.

    On a CPU at once, before the weights take harm. On other devices that would wait in every step for what has not
    been computed yet: there the device itself notes the first such step, which is read when the run logs, validates
    or saves.
    """

    def __init__(self, last: LastCheckpoint) -> None:
        self.last = last
        self._first: dict[str, Tensor] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        finite = torch.tensor([-1.0, 0.0], device=pl_module.device)
        self._first = {"loss": finite, "gradient": finite}

    def on_before_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor) -> None:
        self._note("loss", loss.detach(), trainer.global_step)

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        # A gradient scaler lets float16 gradients overflow, skips such a step and goes on with a smaller scale.
        if getattr(trainer.precision_plugin, "scaler", None) is None:
            gradients = [one.grad for one in pl_module.parameters() if one.grad is not None]
            self._note("gradient", torch.nn.utils.get_total_norm(gradients), trainer.global_step)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        if trainer.global_step % trainer.log_every_n_steps == 0:  # type: ignore[attr-defined]
            self._check()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._check()

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, object]
    ) -> None:
        self._check()

    def _note(self, name: str, value: Tensor, step: int) -> None:
        """Keep step and value of the first that is not finite: step −1 as long as there is none."""
        first = self._first[name]
        now = torch.stack([torch.full_like(value, step), value]).to(first)
        self._first[name] = torch.where((first[0] >= 0) | torch.isfinite(value), first, now)
        if value.device.type == "cpu":
            self._check()

    def _check(self) -> None:
        for name, first in self._first.items():
            step, value = first.tolist()
            if step >= 0:
                good = self.last.best_model_path or "none was written yet"
                raise UserError(
                    f"the {name} became {value} at step {step:.0f}; last good checkpoint: {good}; "
                    "try a smaller optimizer.lr"
                )
