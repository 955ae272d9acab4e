"""One bar over the whole run."""

import time
from contextlib import ExitStack
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from vectorae.io.progress import RunBar
from vectorae.io.speed import speed
from vectorae.rasterizer import show_compiling
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.run_state import run_progress


class ProgressBar(Callback):
    """One bar over the whole run, by steps or by time, whichever is further; logs images per second.

    Args:
        steps: of the run, if they do not follow from the trainer's `max_steps`.
    """

    def __init__(self, steps: int | None = None) -> None:
        self.steps = steps
        self._bar: RunBar | None = None
        self._open = ExitStack()
        self._since = 0.0
        self._images = 0
        self._speed = ""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._restart_clock()
        if not trainer.is_global_zero:
            return
        self._bar = self._open.enter_context(RunBar(self._progress(trainer), "", "starting"))
        self._open.enter_context(show_compiling(self._bar.showing))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        images = batch if isinstance(batch, torch.Tensor) else batch[0]
        self._images += len(images) * trainer.world_size
        logs = trainer.global_step % trainer.log_every_n_steps == 0  # type: ignore[attr-defined]
        if logs:
            seconds = max(time.perf_counter() - self._since, 1e-9)
            self._speed = speed(self._images, seconds, "image")
            pl_module.log("train/images_per_second", self._images / seconds)
            self._restart_clock()
        if self._bar is not None and (logs or self._bar.is_due):
            self._update(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._restart_clock()
        if self._bar is not None:
            self._update(trainer, now=True)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._bar is not None and self._progress(trainer) > 0.99:
            self._bar.update(1.0)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._close()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._close()

    def _progress(self, trainer: pl.Trainer) -> float:
        model = trainer.lightning_module
        if isinstance(model, VectorAutoencoder):
            return model.run.progress  # the same in all processes, which need not be asked again
        return max(trainer.global_step / self.steps if self.steps else 0.0, run_progress(trainer))

    def _update(self, trainer: pl.Trainer, now: bool = False) -> None:
        assert self._bar is not None
        metrics = trainer.callback_metrics
        parts = [f"step {trainer.global_step}"]
        parts += [f"crisp {metrics['val/psnr_crisp']:.2f} dB"] if "val/psnr_crisp" in metrics else []
        parts += [f"loss {metrics['train/loss']:.4f}"] if "train/loss" in metrics else []
        parts += [self._speed] if self._speed else []
        self._bar.update(self._progress(trainer), *parts, now=now)

    def _close(self) -> None:
        self._open.close()
        self._bar = None

    def _restart_clock(self) -> None:
        self._since, self._images = time.perf_counter(), 0
