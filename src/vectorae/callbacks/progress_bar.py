"""One bar over the whole run."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from vectorae.rasterizer.cpu import COMPILING, announced_by
from vectorae.training.autoencoder import VectorAutoencoder


class ProgressBar(Callback):
    """One bar over the whole run, by steps or by time, whichever is further; logs images per second."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._announced = ExitStack()
        self._since = 0.0
        self._images = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._restart_clock()
        if not trainer.is_global_zero:
            return
        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.description}"),
        )
        self._task = self._bar.add_task("starting", total=1.0, completed=_progress(pl_module))  # type: ignore[arg-type]
        self._bar.start()
        if self._bar.console.is_terminal:
            self._announced.enter_context(announced_by(self._compiling))

    @contextmanager
    def _compiling(self) -> Iterator[None]:
        assert self._bar is not None
        description = self._bar.tasks[self._task].description
        self._bar.update(self._task, description=COMPILING)
        yield
        self._bar.update(self._task, description=description)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._images += len(batch) * trainer.world_size
        if trainer.global_step % trainer.log_every_n_steps:  # type: ignore[attr-defined]
            return
        speed = self._images / max(time.perf_counter() - self._since, 1e-9)
        self._restart_clock()
        pl_module.log("train/images_per_second", speed)
        if self._bar is not None:
            metrics = trainer.callback_metrics
            parts = [f"step {trainer.global_step}", f"{speed:.0f} images/s"]
            parts += [f"loss {metrics['train/loss']:.4f}"] if "train/loss" in metrics else []
            parts += [f"crisp {metrics['val/psnr_crisp']:.2f} dB"] if "val/psnr_crisp" in metrics else []
            self._bar.update(self._task, completed=_progress(pl_module), description=" · ".join(parts))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._restart_clock()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._bar is not None and _progress(pl_module) > 0.99:
            self._bar.update(self._task, completed=1.0)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._announced.close()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _restart_clock(self) -> None:
        self._since, self._images = time.perf_counter(), 0


def _progress(model: pl.LightningModule) -> float:
    assert isinstance(model, VectorAutoencoder)
    return model.run.progress
