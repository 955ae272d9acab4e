"""``metrics.json``."""

import math
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from vectorae.evaluation.baselines import mean_baselines
from vectorae.io.atomic import write_json
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.lightning_logger import loggers_of


class Metrics(Callback):
    """``metrics.json``: the last validation, the baselines on the same images, and what the run took.

    Args:
        path: of the file.
        started: when the command began, by ``time.perf_counter``; imports, data and compilation count from there on.
    """

    def __init__(self, path: Path, started: float) -> None:
        self.path, self.started = path, started
        self._start = 0.0
        self._first_step = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._start, self._first_step = time.perf_counter(), trainer.global_step

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        assert isinstance(pl_module, VectorAutoencoder)
        dataset: Any = trainer.datamodule  # type: ignore[attr-defined]
        seconds = time.perf_counter() - self._start
        steps = trainer.global_step - self._first_step
        metrics = {
            name.removeprefix("val/"): float(value)
            for name, value in trainer.callback_metrics.items()
            if name.startswith("val/")
        }
        validated = int(trainer.num_val_batches[0]) * dataset.batch_size
        metrics |= mean_baselines(pl_module.layout, dataset.images("val")[:validated], dataset.images("train"))
        metrics |= {
            "loss": float(trainer.callback_metrics.get("train/loss", math.nan)),
            "step": trainer.global_step,
            "seconds": seconds,
            "seconds_total": time.perf_counter() - self.started,
            "images_per_second": steps * dataset.batch_size / max(seconds, 1e-9),
        }
        if "psnr_crisp" in metrics:
            # The first column beside TensorBoard's hyperparameters, which are sorted by name.
            loggers_of(trainer).log_scalars({"psnr_crisp": metrics["psnr_crisp"]}, trainer.global_step)
        write_json(self.path, metrics)
