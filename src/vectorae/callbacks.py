"""Watching a run: progress bar, pictures, checkpoints, interruption, and what is written at its end."""

import math
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.callbacks import Callback, ModelCheckpoint, WeightAveraging
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor

from vectorae.animation import write_gif
from vectorae.errors import UserError
from vectorae.evaluation import baselines, contact_sheet, mean_image, to_float
from vectorae.files import write_beside, write_json
from vectorae.rasterizer.cpu import COMPILING, announced_by
from vectorae.signals import Signals
from vectorae.svg import to_animated_svg, to_svg

WATCHED = 16
"""How many validation images are drawn at every validation."""


def default_callbacks(run_dir: Path, ema: float = 0.0) -> list[Callback]:
    """Everything that a run watches and writes, into its folder.

    Args:
        run_dir: the folder.
        ema: decay of the moving average of the weights; 0 for none.
    """
    folder = run_dir / "checkpoints"
    last = LastCheckpoint(folder)
    return [
        *([MovingAverage(ema)] if ema else []),
        Interruption(folder / "last.ckpt"),
        Divergence(last),
        LastValidation(),
        ProgressBar(),
        Pictures(run_dir),
        Metrics(run_dir / "metrics.json"),
        BestCheckpoint(folder),
        last,
    ]


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


class BestCheckpoint(ModelCheckpoint):
    """``best.ckpt``: the validation with the highest crisp PSNR."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "best", monitor="val/psnr_crisp", mode="max", enable_version_counter=False)


class LastCheckpoint(ModelCheckpoint):
    """``last.ckpt``: every validation, better or not (``save_last`` would follow the best one only)."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "last", enable_version_counter=False)


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
            trainer.save_checkpoint(self.last)
            trainer.should_stop = True

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._signals.restore()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._signals.restore()


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


class LastValidation(Callback):
    """Validates after the last step, wherever it falls: a run that ends by steps ends as one that ends by time does."""

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if 0 < trainer.max_steps <= trainer.global_step:
            # Lightning validates before it stops early, but not when it has taken all its steps.
            trainer.should_stop = True


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
        self._task = self._bar.add_task("starting", total=1.0, completed=float(pl_module.progress))  # type: ignore[arg-type]
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
            progress = float(pl_module.progress)  # type: ignore[arg-type]
            self._bar.update(self._task, completed=progress, description=" · ".join(parts))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._restart_clock()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._bar is not None and float(pl_module.progress) > 0.99:  # type: ignore[arg-type]
            self._bar.update(self._task, completed=1.0)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._announced.close()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _restart_clock(self) -> None:
        self._since, self._images = time.perf_counter(), 0


class Pictures(Callback):
    """The same validation images at step 0 and at every validation: rows image, soft, crisp.

    Into TensorBoard and ``renders/step_NNNNNNN.png``; at the end ``convergence.gif`` over all of them, the same as
    moving shapes in ``convergence.svg``, and the last drawings as ``svg/NN.svg``. What the network answered lies in
    ``renders/step_NNNNNNN.npz``.
    """

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._draw(trainer, pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._draw(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        write_gif(sorted((self.run_dir / "renders").glob("step_*.png")), self.run_dir / "convergence.gif")
        model: Any = pl_module
        write_moving(model, sorted((self.run_dir / "renders").glob("step_*.npz")), self.run_dir / "convergence.svg")
        folder = self.run_dir / "svg"
        folder.mkdir(exist_ok=True)
        texts = to_svg(
            model.vectorize(_watched(trainer, model)),
            model.image_size,
            model.image_size,
            compositing=model.rasterizer.compositing,
        )
        for index, text in enumerate(texts):
            write_beside(folder / f"{index:02d}.svg", text.encode())

    @torch.no_grad()
    def _draw(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        model: Any = pl_module
        training = model.training
        model.eval()
        images = _watched(trainer, model)
        raw = model(images)
        drawings = [model.draw_scene(model.scene_of(raw, crisp), crisp) for crisp in (False, True)]
        model.train(training)
        sheet = contact_sheet([images, *drawings])
        folder = self.run_dir / "renders"
        folder.mkdir(parents=True, exist_ok=True)
        picture = folder / f"step_{trainer.global_step:07d}.png"
        Image.fromarray(sheet).save(picture.with_suffix(".part"), format="png")
        os.replace(picture.with_suffix(".part"), picture)
        answered = BytesIO()
        np.savez(answered, raw=raw.cpu().numpy(), softness=np.float64(model.softness), shown=np.int64(model.shown))
        write_beside(picture.with_suffix(".npz"), answered.getvalue())
        if trainer.logger is not None:
            trainer.logger.experiment.add_image(  # type: ignore[attr-defined]
                "image, soft, crisp", sheet, trainer.global_step, dataformats="HWC"
            )


class Metrics(Callback):
    """``metrics.json``: the last validation, the baselines on the same images, and what the run took."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0.0
        self._first_step = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._start, self._first_step = time.perf_counter(), trainer.global_step

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        dataset: Any = trainer.datamodule  # type: ignore[attr-defined]
        seconds = time.perf_counter() - self._start
        steps = trainer.global_step - self._first_step
        metrics = {
            name.removeprefix("val/"): float(value)
            for name, value in trainer.callback_metrics.items()
            if name.startswith("val/")
        }
        validated = int(trainer.num_val_batches[0]) * dataset.batch_size
        metrics |= _baseline_means(pl_module.layout, dataset.images("val")[:validated], dataset.images("train"))
        metrics |= {
            "loss": float(trainer.callback_metrics.get("train/loss", math.nan)),
            "step": trainer.global_step,
            "seconds": seconds,
            "images_per_second": steps * dataset.batch_size / max(seconds, 1e-9),
        }
        if trainer.logger is not None:
            trainer.logger.log_metrics({name: metrics[name] for name in ("psnr_crisp",) if name in metrics})
        write_json(self.path, metrics)


@torch.no_grad()
def write_moving(model: Any, answers: list[Path], path: Path) -> None:
    """The crisp drawings of what a network answered in the course of time, as one animated SVG."""
    scenes = []
    for one in answers:
        with np.load(one, allow_pickle=False) as answered:
            raw, softness, shown = (
                torch.from_numpy(answered["raw"]),
                float(answered["softness"]),
                int(answered["shown"]),
            )
        scenes.append(model.scene_at(raw.to(model.device), True, softness, shown))
    side, compositing = model.image_size, model.rasterizer.compositing
    if scenes:
        write_beside(path, to_animated_svg(scenes, side, side, compositing=compositing).encode())


def _watched(trainer: pl.Trainer, model: pl.LightningModule) -> Tensor:
    """The images that are drawn, ``[n, C, S, S]`` in [0, 1]."""
    images: Tensor = trainer.datamodule.images("val")[:WATCHED]  # type: ignore[attr-defined]
    return to_float(images).to(model.device)


def _baseline_means(layout: Any, images: Tensor, train_images: Tensor) -> dict[str, float]:
    """The baselines on uint8 images, each the mean over them."""
    train_mean = mean_image(train_images)
    totals: dict[str, float] = {}
    for part in images.split(64):  # SSIM takes two dozen times the memory of its images
        for name, values in baselines(layout, to_float(part), train_mean).items():
            totals[name] = totals.get(name, 0.0) + float(values.double().sum())
    return {name: total / len(images) for name, total in totals.items()}
