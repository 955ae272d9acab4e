"""Runs that end where they no longer gain."""

import math
from typing import Any

import pytorch_lightning as pl

from vectorae.config.arguments import NonNegativeFloat, PositiveFraction, PositiveInt, validated
from vectorae.training.run_state import EndsEarly, limit_progress, run_progress

MONITORED = "val/psnr_crisp"


class EarlyStopping(EndsEarly):
    """Ends a run where crisp drawings of the validation images no longer improve, as orderly as its limit would.

    All schedules end with the run: so it does not stop at once, but first goes through what is left of them, in a
    fraction of the steps that it has taken. Edges become sharp, drawings exact, and the learning rate falls to its end;
    then comes the last validation. A run that is resumed goes on counting.

    Args:
        patience: validations in a row without a better one after which the run ends; None: never.
        min_delta: dB, by which a validation must be better to count.
        cooldown: the fraction of the run so far in which the schedules end.
    """

    @validated
    def __init__(
        self,
        patience: PositiveInt | None = None,
        min_delta: NonNegativeFloat = 0.01,
        cooldown: PositiveFraction = 0.25,
    ) -> None:
        self.patience, self.min_delta, self.cooldown = patience, min_delta, cooldown
        self._best, self._waited = -math.inf, 0
        self._began: float | None = None
        self._over = False

    def progress(self, limit: float) -> float:
        if self._began is None:
            return limit
        end = min(1.0, self._began * (1 + self.cooldown))
        part = (limit - self._began) / max(end - self._began, 1e-9)
        return min(1.0, self._began + (1 - self._began) * max(0.0, part))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.patience is None or self._began is not None or MONITORED not in trainer.callback_metrics:
            return
        reached = float(trainer.callback_metrics[MONITORED])
        better = reached > self._best + self.min_delta
        self._best, self._waited = (reached, 0) if better else (self._best, self._waited + 1)
        if self._waited >= self.patience and (now := limit_progress(trainer)) < 1:
            self._began = now
            if trainer.is_global_zero:
                print(
                    f"early stopping at step {trainer.global_step}: no crisp PSNR more than {self.min_delta:g} dB "
                    f"above {self._best:.2f} dB in {self.patience} validations; all schedules end within "
                    f"{self.cooldown:.0%} of the steps so far",
                    flush=True,
                )

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._began is not None and run_progress(trainer) >= 1:
            self._over = True
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best, "waited": self._waited, "began": self._began, "over": self._over}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._best, self._waited = state_dict["best"], state_dict["waited"]
        self._began, self._over = state_dict["began"], state_dict["over"]
