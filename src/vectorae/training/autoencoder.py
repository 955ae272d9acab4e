"""The autoencoder: an encoder that predicts raw numbers, and a decoder that draws them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from vectorae.config.arguments import NonNegativeFloat, NonNegativeInt, validated
from vectorae.config.plugins import needed_plugins
from vectorae.decoder import (
    Decoder,
    DrawState,
    Feedback,
    Schedule,
    Strategy,
    optimize_raw,
    worthwhile,
)
from vectorae.encoders import Encoder, RefinerBase
from vectorae.encoders.processes import synchronise_batch_norm
from vectorae.io.pixels import to_float
from vectorae.layout import Layout
from vectorae.losses import Objective
from vectorae.losses.metrics import METRICS, image_metrics, psnr
from vectorae.primitives import KINDS
from vectorae.scene import Scene
from vectorae.training.any_count import (
    check_counts,
    draw_to_target,
    loss_over_counts,
    name_of_count,
    validated_counts,
)
from vectorae.training.candidates import find_candidates
from vectorae.training.eval_mode import eval_mode
from vectorae.training.optimizer import AdamW, Optimizer, clip_fused
from vectorae.training.options import ModelOptions
from vectorae.training.relocation import relocate_dead
from vectorae.training.run_state import RunState, run_progress
from vectorae.training.squares import Resize, checked_images, squares
from vectorae.training.step_graph import HeldValues, StepGraph

CHECKPOINT_FORMAT = 6

REFINEMENT_RATE = 0.05
"""Learning rate of test-time refinement. By 100 steps, .03 to .1 differ by .03 dB on faces in 16 shapes; photographs in
64 and more are .2 to .4 dB worse with .1."""

STEPS_UNREAD = 10
"""Softness that waits for plateaus reads the losses of this many steps at once: each reading waits for the device."""


@dataclass(frozen=True)
class TrainingPlan:
    """How a model is trained.

    Attributes:
        loss: what is minimised.
        optimizer: of the weights.
        schedule: how drawings look during the run.
        strategy: which shapes there are, during the run.
    """

    loss: Objective
    optimizer: Optimizer = field(default_factory=AdamW)
    schedule: Schedule = field(default_factory=Schedule)
    strategy: Strategy = field(default_factory=Strategy)


class VectorAutoencoder(pl.LightningModule):
    """Images → raw numbers → scene → drawing; the loss compares the soft drawing with the image.

    Args:
        encoder: images ``[B, C, S, S]`` → raw numbers ``[B, raw_size]``.
        refiner: corrects them, or None if ``options`` has no steps for it.
        decoder: raw numbers → drawings.
        options: how encoder and refiner are used.
        plan: how the model is trained.
        config: the plain config this model was built from; it travels in checkpoints.

    Attributes:
        run: where its training stands.
        graph: what runs its training steps as CUDA graphs, or None.
        count: how many shapes drawings have at present, see ``limited_to``; None is all.
        held: while a step is recorded, what it reads in place of numbers on the host.
        training_began: whether a training of it has taken its first step, or a first one after a checkpoint.
        image_size: side of the images, S, in pixels.

    Example:
        >>> model = vectorae.load("outputs/…/checkpoints/best.ckpt")  # doctest: +SKIP
        >>> svgs = vectorae.to_svg(model.vectorize(images).to("cpu"), 64, 64)  # doctest: +SKIP
    """

    def __init__(
        self,
        encoder: Encoder,
        refiner: RefinerBase | None,
        decoder: Decoder,
        options: ModelOptions,
        plan: TrainingPlan,
        config: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.encoder, self.refiner, self.decoder = encoder, refiner, decoder
        self.options, self.plan, self.loss = options, plan, plan.loss
        self.config = config
        self.image_size: int = config["dataset"]["image_size"]
        self.run = RunState()
        self.count: int | None = None
        self.graph: StepGraph | None = None
        self.held: HeldValues | None = None
        self.training_began = False

    @property
    def layout(self) -> Layout:
        """The decoder's layout."""
        layout = self.decoder.layout
        assert isinstance(layout, Layout)
        return layout

    @property
    def bars(self) -> str:
        """What is put around pictures that are not square, see ``View``: black only where the training did so."""
        return "black" if self.config["dataset"].get("resize") == "pad" else "edge"

    @property
    def state(self) -> DrawState:
        """How drawings look at the present progress."""
        visible = self.plan.strategy.num_visible(self.run.progress, self.layout) if self.count is None else self.count
        state = self.plan.schedule.state(self.run.progress, self.image_size, visible, self.run.plateaus)
        return state if self.held is None else self.held.of(state)

    @contextmanager
    def limited_to(self, count: int | None) -> Iterator[None]:
        """Within it, the model draws with its ``count`` lowest shapes, in every method; None draws with all.

        Raises:
            UserError: the model was not trained for any number of shapes, or does not have so many.
        """
        check_counts(count, None, self.layout.count, self.options.any_count)
        before, self.count = self.count, count
        try:
            yield
        finally:
            self.count = before

    def forward(self, images: Tensor) -> Tensor:
        """The answer ``[B, raw_size]`` to images ``[B, C, S, S]`` in [0, 1], see ``answer``."""
        return self.answer(images)

    def answer(self, images: Tensor, refine: int = 0) -> Tensor:
        """Raw numbers ``[B, raw_size]`` with all learned corrections, the best of all hypotheses (see ``Candidates``).

        Args:
            images: ``[B, C, S, S]`` in [0, 1].
            refine: optimizer steps of the best two that follow, see ``refine``, and a regrowth before for each 100.
        """
        return find_candidates(self, images).refined(self, images, refine)

    def predictions(self, images: Tensor, complete: bool = False) -> Iterator[tuple[Tensor, Feedback | None]]:
        """The encoder's prediction, and each learned correction of it (``options.refine_steps``), as in training.

        Of several hypotheses each image has one, by its place in the batch.

        Args:
            images: ``[B, C, S, S]`` in [0, 1].
            complete: give feedback on the last prediction too, which no correction needs.

        Yields:
            Raw numbers ``[B, raw_size]``, and the feedback by which they are corrected next, or None.
        """
        images = images.to(self.dtype)
        # By its place in the batch of all processes together.
        rank, world = (0, 1) if self._trainer is None else (self.trainer.global_rank, self.trainer.world_size)
        place = torch.arange(rank, rank + world * len(images), world, device=images.device)
        hypothesis = place % self.options.num_hypotheses
        features = self.encoder.encode(images)
        yield from self.corrections(images, features, hypothesis, self.options.refine_steps, complete)

    def corrections(
        self, images: Tensor, features: Tensor, hypothesis: Tensor, steps: int, complete: bool
    ) -> Iterator[tuple[Tensor, Feedback | None]]:
        """As ``predictions``, of a feature map, of hypotheses ``[B]``, and with any number of corrections."""
        state = self.state
        raw = self.encoder.predict(features, images, self._draw_lowest, self.count, hypothesis)
        refiner, memory = self.refiner if steps else None, None
        seen = None if refiner is None else refiner.see(features)
        for left in range(0 if refiner is None else steps, -1, -1):
            feedback = self.decoder.feedback(raw, images, self.loss, state) if left or complete else None
            yield raw, feedback
            if left and refiner is not None and feedback is not None and seen is not None:
                raw, memory = refiner(raw, feedback, images, seen, memory, self.count)

    @torch.no_grad()
    def _draw_lowest(self, raw: Tensor, visible: int) -> Tensor:
        """Soft drawings of the lowest shapes, of those that are visible."""
        state = self.state
        lowest = min(visible, self.layout.count if state.visible is None else state.visible)
        return self.decoder.render(raw, *self._size, DrawState(state.softness, state.temperature, state.exact, lowest))

    @property
    def _size(self) -> tuple[int, int]:
        return self.image_size, self.image_size

    def refine(self, raw: Tensor, images: Tensor, steps: int) -> Tensor:
        """Raw numbers after optimizer steps against the images, by the loss of the training.

        Args:
            raw: where to start, ``[B, raw_size]``, such as the encoder's prediction; 0 steps return it as it is.
            images: ``[B, C, S, S]`` in [0, 1].
            steps: 0 or more.

        Returns:
            ``[B, raw_size]``; no crisp drawing is worse than that of ``raw`` by the loss.
        """
        if steps == 0:
            return raw
        state = self.state
        return optimize_raw(
            raw, images, self.decoder, self.loss, lambda progress: state, steps=steps, learning_rate=REFINEMENT_RATE
        )

    def render(self, raw: Tensor, crisp: bool) -> Tensor:
        """Drawings ``[B, C, S, S]`` of raw numbers ``[B, raw_size]``, crisp or as soft as in training."""
        return self.decoder.render(raw, *self._size, self.state, crisp)

    def draw(self, images: Tensor, crisp: bool = True) -> Tensor:
        """Drawings ``[B, C, S, S]`` of images ``[B, C, S, S]`` in [0, 1], crisp or as soft as in training."""
        return self.render(self(images), crisp).to(images.dtype)

    @validated
    @torch.no_grad()
    def vectorize(
        self,
        images: Tensor,
        refine: NonNegativeInt = 0,
        *,
        resize: Resize = "pad",
        count: int | None = None,
        target_psnr: float | None = None,
        price: NonNegativeFloat = 0.0,
    ) -> Scene:
        """The crisp scene of images, for ``rasterize`` or ``to_svg``.

        Args:
            images: ``[B, C, H, W]`` of any size, floats in [0, 1] or bytes.
            refine: optimizer steps that follow (see ``answer``).
            resize: how images that are not square become so: ``pad`` (between bars), ``crop`` (their middle) or
                ``stretch``. The scene is on the canvas of the images: draw it with their height and width; with
                ``crop`` it is square.
            count: how many shapes, for a model of any number of them (``model.any_count``); None draws with all.
            target_psnr: dB; each drawing has the fewest shapes that reach it, or all where none do (see
                ``smallest_counts``). Also for a model of any number.
            price: shapes that lower the loss of a drawing by less than this are left out (see ``worthwhile``).

        Returns:
            The scene; shapes that a single drawing goes without have no opacity, and are not written as SVG.

        Raises:
            UserError: no images, of other channels than the model's, or pixels that are NaN, infinite or far from
                [0, 1]; a count or target that the model cannot have.

        Example:
            >>> scene = model.vectorize(photos)  # [8, 3, 480, 640]  # doctest: +SKIP
            >>> drawings = vectorae.rasterize(scene, 480, 640, coverage="ramp")  # doctest: +SKIP
        """
        check_counts(count, target_psnr, self.layout.count, self.options.any_count)
        given = checked_images(images, self.layout.image_channels).to(self.device)
        seen = squares(given, self.image_size, resize, self.bars)
        images = seen.images
        with self.limited_to(count), eval_mode(self):
            if target_psnr is None:
                scene = self.decoder.scene(self.answer(images, refine), self.state, crisp=True)
            else:
                scene = draw_to_target(self, images, refine, target_psnr)
            scene = worthwhile(scene, images, self.decoder, self.loss, self.state, price) if price else scene
        return seen.on_image(scene)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.plan.optimizer.build(self.parameters())

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """As Lightning, which in mixed precision refuses fused optimizers even where no gradients are scaled."""
        if not clip_fused(self.trainer, optimizer, gradient_clip_val, gradient_clip_algorithm):
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def on_train_start(self) -> None:
        self.training_began = True
        self.run.progress = run_progress(self.trainer)

    def on_train_batch_start(self, batch: Tensor, batch_idx: int) -> None:
        if self.options.variational:
            # So that a run that is resumed samples the same latents as one that never stopped.
            # Each process draws the samples of the whole batch, and takes its own (see ``Latent``).
            torch.manual_seed((self.config["seed"] * 2**20 + self.global_step) * 2**10)
        rate = self.plan.optimizer.rate(self.run.progress)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate

    def on_train_batch_end(self, outputs: Any, batch: Tensor, batch_idx: int) -> None:
        self.run.progress = run_progress(self.trainer)
        softness = self.plan.schedule.softness
        if softness.waits:
            # Softness is to be the same in every process.
            loss = self.trainer.strategy.reduce(outputs["loss"].detach(), reduce_op="mean")
            self.run.unread.append((self.run.progress, loss))
            if len(self.run.unread) >= STEPS_UNREAD:
                self.run.read_losses(softness.until)
        if (due := self.plan.strategy.relocation.due(self.run.progress)) > self.run.relocations:
            self.run.relocations = due
            self.log("train/relocated", float(relocate_dead(self, to_float(batch))))

    def training_loss(self, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The training loss, and what is logged of it.

        Args:
            images: ``[B, C, S, S]`` in [0, 1].

        Returns:
            The cost summed over the encoder's prediction and all corrections of it, plus β·KL of a variational model;
            and by name the costs of the first and the last prediction and the terms of the last.
        """
        costs, surrogate, terms = [], torch.zeros((), device=images.device), {}
        for raw, feedback in self.predictions(images, complete=True):
            assert feedback is not None
            # Each cost's gradient is known, as the refiner's input: it need not be computed a second time.
            surrogate = surrogate + (raw * feedback.gradient).sum() / len(images)
            costs.append(feedback.cost.mean())
            terms = {f"loss/{name}": value.mean() for name, value in feedback.terms.items()}
        logged = {"loss": costs[-1], **terms}
        if len(costs) > 1:
            logged["loss_of_encoder"] = costs[0]
        cost = surrogate + (torch.stack(costs).sum() - surrogate).detach()
        if self.options.variational and self.encoder.latent is not None:
            logged["divergence"] = self.encoder.latent.divergence.mean()
            weight = self.options.kl_weight_at(self.run.progress) if self.held is None else self.held.kl_weight
            cost = cost + weight * logged["divergence"]
        return cost, logged

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        if self.options.any_count:
            cost, logged = loss_over_counts(self, to_float(batch), self.global_step)
        else:
            cost, logged = self.graph(batch) if self.graph else self.training_loss(to_float(batch))
        state = self.state
        self.log_dict({f"train/{name}": value.detach() for name, value in logged.items()})
        self.log("train/softness", state.softness)
        if self.layout.ordering == "depth":
            self.log("train/temperature", state.temperature)
        self.log("train/learning_rate", self.trainer.optimizers[0].param_groups[0]["lr"])
        return cost

    def setup(self, stage: str) -> None:
        if self.trainer.world_size > 1:
            synchronise_batch_norm(self)

    def on_validation_epoch_start(self) -> None:
        device = "cpu" if self.device.type == "mps" else self.device  # Apple's GPUs have no float64
        size = 1 + 2 * len(METRICS) + len(self._validated_counts)
        self._validated = torch.zeros(size, dtype=torch.float64, device=device)

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """As in training: an answer that is chosen from many drawings would take long."""
        images = to_float(batch)
        *_, (raw, _) = self.predictions(images)
        metrics = [image_metrics(self.render(raw, crisp).to(images.dtype), images) for crisp in (False, True)]
        values = [torch.ones_like(metrics[0]["mse"]), *(of_drawing[name] for of_drawing in metrics for name in METRICS)]
        for count in self._validated_counts:
            with self.limited_to(count):
                *_, (raw, _) = self.predictions(images)
                values.append(psnr(self.render(raw, crisp=True).to(images.dtype), images))
        self._validated += torch.stack(values).to(self._validated).sum(1)

    def on_validation_epoch_end(self) -> None:
        """Log the mean over all images, however unevenly they are split over the processes."""
        sums = self.trainer.strategy.reduce(self._validated, reduce_op="sum")
        names = [f"val/{metric}_{drawing}" for drawing in ("soft", "crisp") for metric in METRICS]
        names += [f"val/{name_of_count('psnr_crisp', count)}" for count in self._validated_counts]
        self.log_dict(dict(zip(names, (sums[1:] / sums[0]).float(), strict=True)))

    @property
    def _validated_counts(self) -> list[int]:
        """The smaller numbers of shapes that are validated too."""
        return validated_counts(self.layout.count) if self.options.any_count else []

    def get_extra_state(self) -> Tensor:
        """Where the run stands, for checkpoints."""
        return self.run.to_tensor()

    def set_extra_state(self, state: Tensor) -> None:
        """Continue where a run stood."""
        self.run = RunState.from_tensor(state)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["vectorae"] = self.description()

    def description(self) -> dict[str, Any]:
        """What a checkpoint says of itself, in plain values (see ``checkpoint.Description``)."""
        config = {key: section for key, section in self.config.items() if key not in ("logger", "callbacks")}
        plugins = needed_plugins(config, [KINDS[kind] for kind in self.layout.kinds])
        return {"format": CHECKPOINT_FORMAT, "config": dict(self.config), "plugins": plugins}
