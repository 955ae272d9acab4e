"""The autoencoder: an encoder that predicts, a layout that gives meaning, a rasterizer that draws."""

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from pytorch_lightning.callbacks import Timer
from torch import Tensor, nn

from vectorae.descent import descend
from vectorae.errors import UserError
from vectorae.evaluation import image_metrics, to_float
from vectorae.layout import Layout
from vectorae.losses import Objective
from vectorae.optimizer import AdamW
from vectorae.rasterizer import Rasterizer, SoftnessSchedule, TemperatureSchedule
from vectorae.scene import Scene

CHECKPOINT_FORMAT = 3

REFINEMENT_RATE = 0.1
"""Learning rate of test-time refinement: of .02 to .15 the best by 100 steps on faces, within .05 dB."""


class VectorAutoencoder(pl.LightningModule):
    """Images → raw numbers → scene → drawing; the loss compares the soft drawing with the image.

    Args:
        encoder: images ``[B, C, S, S]`` → raw numbers ``[B, layout.raw_size]``.
        layout: raw numbers → scene.
        rasterizer: how scenes are drawn.
        softness: how soft, in the course of the run.
        temperature: how undecided the order of shapes is that have a depth, in the course of the run.
        loss: what is minimised.
        optimizer: how.
        image_size: side of the images, S, in pixels.
        config: the plain config this model was built from; it travels in checkpoints.
    """

    progress: Tensor

    def __init__(
        self,
        encoder: nn.Module,
        layout: Layout,
        rasterizer: Rasterizer,
        softness: SoftnessSchedule,
        temperature: TemperatureSchedule,
        loss: Objective,
        optimizer: AdamW,
        image_size: int,
        config: Mapping[str, Any],
    ) -> None:
        super().__init__()
        rasterizer.check_ordering(layout.ordering)
        self.encoder, self.layout, self.rasterizer = encoder, layout, rasterizer
        self.softness_schedule, self.temperature_schedule = softness, temperature
        self.loss, self.optimizer_settings = loss, optimizer
        self.image_size, self.config = image_size, config
        # Part of the state, so that a loaded model draws as softly as it did when it was saved.
        self.register_buffer("progress", torch.zeros(()))

    @property
    def softness(self) -> float:
        """The softness at the present progress, canvas units."""
        return self.softness_schedule(float(self.progress), self.image_size)

    @property
    def temperature(self) -> float:
        """The temperature at the present progress, in units of depth."""
        return self.temperature_schedule(float(self.progress))

    def forward(self, images: Tensor) -> Tensor:
        """Raw numbers ``[B, raw_size]`` from images ``[B, C, S, S]`` in [0, 1]."""
        raw: Tensor = self.encoder(images.to(self.dtype))
        return raw

    def refine(self, raw: Tensor, images: Tensor, steps: int) -> Tensor:
        """Raw numbers after ``steps`` optimizer steps against the images, by the loss of the training.

        Args:
            raw: where to begin, ``[B, raw_size]``, such as the encoder's answer; of 0 steps it is returned as it is.
            images: ``[B, C, S, S]`` in [0, 1].
            steps: 0 or more.

        Returns:
            ``[B, raw_size]``; no crisp drawing is worse than that of ``raw`` by the loss.
        """
        if steps == 0:
            return raw
        softness, temperature = self.softness, self.temperature
        return descend(
            raw,
            images,
            self.layout,
            self.rasterizer,
            self.loss,
            steps=steps,
            learning_rate=REFINEMENT_RATE,
            softness=lambda progress: softness,
            temperature=lambda progress: temperature,
        )

    def scene(self, images: Tensor, crisp: bool = False) -> Scene:
        """The scene that the encoder sees in images ``[B, C, S, S]`` in [0, 1]."""
        return self.scene_of(self(images), crisp)

    def scene_of(self, raw: Tensor, crisp: bool) -> Scene:
        """The scene that raw numbers ``[B, raw_size]`` stand for."""
        scene: Scene = self.layout(raw, crisp=crisp)
        return self.rasterizer.crisp_scene(scene, self.softness) if crisp else scene

    def draw(self, images: Tensor, crisp: bool = True) -> Tensor:
        """Drawings ``[B, C, S, S]`` of images ``[B, C, S, S]`` in [0, 1], crisp or as soft as in training."""
        return self.draw_scene(self.scene(images, crisp), crisp).to(images.dtype)

    def draw_scene(self, scene: Scene, crisp: bool) -> Tensor:
        """Drawings ``[B, C, S, S]`` of scenes that are meant to be drawn crisp, or as soft as in training."""
        size = self.image_size
        if crisp:
            return self.rasterizer.crisp(scene, size, size)
        return self.rasterizer.soft(scene, size, size, self.softness, self.temperature)

    @torch.no_grad()
    def vectorize(self, images: Tensor, refine: int = 0) -> Scene:
        """The crisp scene of images, for ``rasterize`` or ``to_svg``.

        Args:
            images: ``[B, C, H, W]`` in [0, 1], square; other sizes than the model's are resized.
            refine: optimizer steps that follow the encoder (see ``refine``).

        Raises:
            UserError: images that are not square or have other channels than the model's.
        """
        if images.dim() != 4 or images.shape[1] != self.layout.channels or images.shape[2] != images.shape[3]:
            raise UserError(f"images {list(images.shape)}: this model takes [B, {self.layout.channels}, S, S]")
        images = to_float(images).to(self.device)
        if images.shape[-1] != self.image_size:
            images = F.interpolate(images, size=(self.image_size,) * 2, mode="bilinear", antialias=True)
        training = self.training
        self.eval()
        raw = self(images)
        self.train(training)
        return self.scene_of(self.refine(raw, images, refine), crisp=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.optimizer_settings.build(self.parameters())

    def on_train_start(self) -> None:
        self.progress.fill_(run_progress(self.trainer))

    def on_train_batch_end(self, outputs: object, batch: Tensor, batch_idx: int) -> None:
        self.progress.fill_(run_progress(self.trainer))

    def on_train_batch_start(self, batch: Tensor, batch_idx: int) -> None:
        rate = self.optimizer_settings.rate(float(self.progress))
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        images = to_float(batch)
        scene = self.scene(images)
        terms = self.loss.terms(self.draw_scene(scene, crisp=False), images, scene)
        loss = self.loss.total(terms).mean()
        self.log("train/loss", loss)
        self.log_dict({f"train/loss/{name}": value.mean() for name, value in terms.items()})
        self.log("train/softness", self.softness)
        if self.layout.ordering == "depth":
            self.log("train/temperature", self.temperature)
        self.log("train/learning_rate", self.trainer.optimizers[0].param_groups[0]["lr"])
        return loss

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        images = to_float(batch)
        for name in ("soft", "crisp"):
            for metric, values in image_metrics(self.draw(images, crisp=name == "crisp"), images).items():
                self.log(f"val/{metric}_{name}", values.mean(), batch_size=len(images), sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["vectorae"] = {"format": CHECKPOINT_FORMAT, "config": dict(self.config)}


def run_progress(trainer: pl.Trainer) -> float:
    """How much of a run is done, in [0, 1]: by steps or by time, whichever is further; the same in every process."""
    done = [0.0]
    if trainer.max_steps > 0:
        done.append(trainer.global_step / trainer.max_steps)
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Timer) and callback._duration:
            # Each process has its own clock; learning rates that differ would let their weights drift apart.
            done.append(trainer.strategy.broadcast(callback.time_elapsed() / callback._duration))
    return min(1.0, max(done))
