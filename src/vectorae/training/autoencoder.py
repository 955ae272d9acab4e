"""The autoencoder: an encoder that predicts, a layout that gives meaning, a rasterizer that draws."""

from collections.abc import Iterator, Mapping
from dataclasses import astuple, replace
from typing import Any

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from pytorch_lightning.callbacks import Timer
from torch import Tensor

from vectorae.decoder import Plateaus, visible_pixels
from vectorae.decoder.course import Course
from vectorae.decoder.raw_optimizer import descend
from vectorae.encoders import Encoder, Feedback, Refiner
from vectorae.errors import UserError
from vectorae.io.pixels import to_float
from vectorae.layout import Layout
from vectorae.losses import Objective
from vectorae.losses.metrics import image_metrics
from vectorae.rasterizer import Rasterizer
from vectorae.scene import Scene
from vectorae.training.optimizer import AdamW
from vectorae.training.options import ModelOptions

CHECKPOINT_FORMAT = 5

REFINEMENT_RATE = 0.1
"""Learning rate of test-time refinement: of .02 to .15 the best by 100 steps on faces, within .05 dB."""


class VectorAutoencoder(pl.LightningModule):
    """Images → raw numbers → scene → drawing; the loss compares the soft drawing with the image.

    Args:
        encoder: images ``[B, C, S, S]`` → raw numbers ``[B, layout.raw_size]``.
        refiner: corrects them, or None if ``inference`` has no steps for it.
        inference: how both are used.
        layout: raw numbers → scene.
        rasterizer: how scenes are drawn.
        course: how soft they are, and which shapes there are, in the course of the run.
        loss: what is minimised.
        optimizer: how.
        image_size: side of the images, S, in pixels.
        config: the plain config this model was built from; it travels in checkpoints.
    """

    progress: Tensor
    revivals: Tensor
    plateaus: Tensor

    def __init__(
        self,
        encoder: Encoder,
        refiner: Refiner | None,
        inference: ModelOptions,
        layout: Layout,
        rasterizer: Rasterizer,
        course: Course,
        loss: Objective,
        optimizer: AdamW,
        image_size: int,
        config: Mapping[str, Any],
    ) -> None:
        super().__init__()
        rasterizer.check_ordering(layout.ordering)
        self.encoder, self.refiner, self.inference = encoder, refiner, inference
        self.layout, self.rasterizer = layout, rasterizer
        self.course = course
        self.loss, self.optimizer_settings = loss, optimizer
        self.image_size, self.config = image_size, config
        # Part of the state, so that a loaded model draws as softly as it did when it was saved.
        self.register_buffer("progress", torch.zeros(()))
        self.register_buffer("revivals", torch.zeros((), dtype=torch.long))
        self.register_buffer("plateaus", torch.tensor(astuple(Plateaus()), dtype=torch.float64))

    @property
    def softness(self) -> float:
        """The softness at the present progress, canvas units."""
        schedule = self.course.softness
        if self.exact:
            return schedule(1.0, self.image_size)
        waited = Plateaus(*self.plateaus.tolist()).progress(schedule.until) if schedule.waits else float(self.progress)
        return schedule(waited, self.image_size)

    @property
    def exact(self) -> bool:
        """Whether soft drawings have the edges of crisp ones at the present progress."""
        return self.course.softness.is_exact(float(self.progress))

    @property
    def num_visible(self) -> int:
        """How many shapes are drawn at the present progress, from the bottom."""
        return self.course.growth.count(self.course.growth.round_at(float(self.progress)), self.layout.count)

    @property
    def temperature(self) -> float:
        """The temperature at the present progress, in units of depth."""
        return self.course.temperature(float(self.progress))

    def forward(self, images: Tensor) -> Tensor:
        """Raw numbers ``[B, raw_size]`` from images ``[B, C, S, S]`` in [0, 1]: the encoder's, as they were refined."""
        *_, (raw, _) = self.answers(images)
        return raw

    def answers(self, images: Tensor, judged: bool = False) -> Iterator[tuple[Tensor, Feedback | None]]:
        """The encoder's answer, and each learned correction of it (``inference.refine_steps``).

        Args:
            images: ``[B, C, S, S]`` in [0, 1].
            judged: look at the last drawing too.

        Yields:
            Raw numbers ``[B, raw_size]``, and the look at their drawing by which they are corrected next, or None.
        """
        images = images.to(self.dtype)
        features = self.encoder.backbone(images)
        raw = _full_precision(self.encoder.answer(features, images, self._draw_lowest))
        memory = None
        for left in range(0 if self.refiner is None else self.inference.refine_steps, -1, -1):
            look = self._look(raw, images) if left or judged else None
            yield raw, look
            if left and self.refiner is not None and look is not None:
                raw, memory = self.refiner(raw, look, images, features, memory)
                raw = _full_precision(raw)

    @torch.enable_grad()
    def _look(self, raw: Tensor, images: Tensor) -> Feedback:
        leaf = raw.detach().requires_grad_()
        scene = self.scene_of(leaf, crisp=False)
        drawing = self.draw_scene(scene, crisp=False)
        terms = self.loss.terms(drawing, images, scene)
        cost = self.loss.total(terms)
        (gradient,) = torch.autograd.grad(cost.sum(), leaf)
        terms = {name: value.detach() for name, value in terms.items()}
        return Feedback(scene.detach(), drawing.detach(), cost.detach(), terms, gradient)

    @torch.no_grad()
    def _draw_lowest(self, raw: Tensor, num_visible: int) -> Tensor:
        return self.draw_scene(self.scene_of(_full_precision(raw), crisp=False).select(0, num_visible), crisp=False)

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
        softness, temperature, exact = self.softness, self.temperature, self.exact
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
            exact=lambda progress: exact,
        )

    def scene(self, images: Tensor, crisp: bool = False) -> Scene:
        """The scene that the encoder sees in images ``[B, C, S, S]`` in [0, 1]."""
        return self.scene_of(self(images), crisp)

    def scene_of(self, raw: Tensor, crisp: bool) -> Scene:
        """The scene that raw numbers ``[B, raw_size]`` stand for."""
        return self.scene_at(raw, crisp, self.softness, self.num_visible)

    def scene_at(self, raw: Tensor, crisp: bool, softness: float, num_visible: int) -> Scene:
        """The same at another softness, and with another number of shapes shown: the others have no opacity."""
        scene: Scene = self.layout(raw, crisp=crisp or self.exact)
        if num_visible < scene.count:
            there = torch.arange(scene.count, device=raw.device) < num_visible
            scene = replace(scene, opacity=scene.opacity * there)
        return self.rasterizer.crisp_scene(scene, softness) if crisp else scene

    def draw(self, images: Tensor, crisp: bool = True) -> Tensor:
        """Drawings ``[B, C, S, S]`` of images ``[B, C, S, S]`` in [0, 1], crisp or as soft as in training."""
        return self.draw_scene(self.scene(images, crisp), crisp).to(images.dtype)

    def draw_scene(self, scene: Scene, crisp: bool) -> Tensor:
        """Drawings ``[B, C, S, S]`` of scenes that are meant to be drawn crisp, or as soft as in training."""
        size = self.image_size
        if crisp:
            return self.rasterizer.crisp(scene, size, size)
        return self.rasterizer.soft(scene, size, size, self.softness, self.temperature, self.exact)

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

    @torch.no_grad()
    def revive(self, images: Tensor) -> int:
        """Put shapes that paint nothing on all of these images where the drawings are worst.

        Args:
            images: ``[B, C, S, S]`` in [0, 1].

        Returns:
            How many.
        """
        training = self.training
        self.eval()
        answers = [raw for raw, _ in self.answers(images)]
        self.train(training)
        scene, num_visible = self.scene_of(answers[-1], crisp=False), self.num_visible
        pixels = visible_pixels(scene, lambda some: self.draw_scene(some, crisp=False)).mean(0)
        dead = [
            slot
            for slot in range(num_visible)
            if pixels[slot] < self.course.relocation.part * self.image_size**2 / num_visible
        ]
        if dead:
            mean = images.mean(0, keepdim=True)
            error = (self.draw_scene(scene, crisp=False) - images).square().mean(0, keepdim=True).sqrt()
            generator = torch.Generator().manual_seed(int(self.revivals))
            seeds = self.course.seeding(mean, mean - error, len(dead), None, generator, num_visible)
            numbers = self.layout.indices_of(dead).to(images.device)
            wanted = self.layout.seeded(torch.zeros_like(answers[0][:1]), dead, seeds)[0]
            self.encoder.move(numbers, (wanted - answers[0].mean(0))[numbers])
        return len(dead)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.optimizer_settings.build(self.parameters())

    def on_train_start(self) -> None:
        self.progress.fill_(run_progress(self.trainer))

    def on_train_batch_end(self, outputs: Any, batch: Tensor, batch_idx: int) -> None:
        self.progress.fill_(run_progress(self.trainer))
        progress = float(self.progress)
        if self.course.softness.waits:
            plateaus = Plateaus(*self.plateaus.tolist())
            # Softness is to be the same in every process.
            loss = self.trainer.strategy.reduce(outputs["loss"].detach(), reduce_op="mean")
            plateaus.observe(float(loss), progress, self.course.softness.until)
            self.plateaus.copy_(torch.tensor(astuple(plateaus)))
        if (due := self.course.relocation.due(progress)) > int(self.revivals):
            self.revivals.fill_(due)
            self.log("train/revived", float(self.revive(to_float(batch))))

    def on_train_batch_start(self, batch: Tensor, batch_idx: int) -> None:
        if self.inference.variational:
            # So that a run that is resumed draws the lots of one that never stopped.
            torch.manual_seed((self.config["seed"] * 2**20 + self.global_step) * 2**10 + self.global_rank)
        rate = self.optimizer_settings.rate(float(self.progress))
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate

    def learn(self, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """What training minimises, and its parts.

        Args:
            images: ``[B, C, S, S]`` in [0, 1].

        Returns:
            The cost, summed over the encoder's answer and all corrections of it, with what else is minimised; and by
            name the costs alone and the terms of the last of them.
        """
        costs, push, terms = [], torch.zeros((), device=images.device), {}
        for raw, look in self.answers(images, judged=True):
            assert look is not None
            # Each cost's gradient is known, as the refiner's input: it need not be computed a second time.
            push = push + (raw * look.gradient).sum() / len(images)
            costs.append(look.cost.mean())
            terms = {f"loss/{name}": value.mean() for name, value in look.terms.items()}
        parts = {"loss": costs[-1], **terms}
        if len(costs) > 1:
            parts["loss_of_encoder"] = costs[0]
        cost = push + (torch.stack(costs).sum() - push).detach()
        if self.inference.variational and self.encoder.latent is not None:
            parts["divergence"] = self.encoder.latent.divergence.mean()
            cost = cost + self.inference.kl_weight_at(float(self.progress)) * parts["divergence"]
        return cost, parts

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        cost, parts = self.learn(to_float(batch))
        self.log_dict({f"train/{name}": value.detach() for name, value in parts.items()})
        self.log("train/softness", self.softness)
        if self.layout.ordering == "depth":
            self.log("train/temperature", self.temperature)
        self.log("train/learning_rate", self.trainer.optimizers[0].param_groups[0]["lr"])
        return cost

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        images = to_float(batch)
        raw = self(images)
        for name in ("soft", "crisp"):
            drawing = self.draw_scene(self.scene_of(raw, name == "crisp"), name == "crisp")
            for metric, values in image_metrics(drawing.to(images.dtype), images).items():
                self.log(f"val/{metric}_{name}", values.mean(), batch_size=len(images), sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["vectorae"] = {"format": CHECKPOINT_FORMAT, "config": dict(self.config)}


def _full_precision(raw: Tensor) -> Tensor:
    return raw if raw.dtype == torch.float64 else raw.float()


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
