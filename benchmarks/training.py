"""Workloads F, T1 and T2: one training step, and the rasterizer's share of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from benchmarks.contenders import learning
from benchmarks.timing import Clock, Pass, Times
from benchmarks.workloads import GEOMETRY, Size, Workload
from vectorae.datasets.procedural_faces import draw_faces
from vectorae.io.pixels import to_float
from vectorae.scene import Scene
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.build import build_model


@dataclass(frozen=True)
class Training:
    """A training whose step is timed.

    Attributes:
        title: of the step, after the number and the size of its images.
        overrides: of the config of `train.py`.
        batch: images of a step.
        progress: of the training, in [0, 1].
    """

    title: str
    overrides: tuple[str, ...]
    batch: int
    progress: float = 0.0


TRAININGS = {
    "F": Training(
        "an encoder alone, as train.py configures it",
        ("dataset=celeba", "primitives=shapes_4x4", "encoder=cnn", "head=mlp", "model.refine_steps=0"),
        batch=128,
    ),
    "T1": Training("as `python train.py`, with four corrections, while drawings are soft", (), batch=64, progress=0.3),
    "T2": Training("as `python train.py`, with four corrections, while drawings are exact", (), batch=64, progress=0.9),
}


@dataclass(frozen=True)
class Step:
    """A model as `train.py` configures it, and toy faces.

    Attributes:
        name: of ``TRAININGS``.
        title: description.
        config: plain resolved config of a training.
        images: ``[B, C, S, S]`` in [0, 1].
    """

    name: str
    title: str
    config: Mapping[str, Any]
    images: Tensor

    def small(self) -> Step:
        """The same model with two images."""
        return replace(self, images=self.images[:2])

    def model(self, backend: str) -> VectorAutoencoder:
        """The untrained model, drawn with a backend; its weights are the same at every call."""
        torch.manual_seed(self.config["seed"])
        model = build_model({**self.config, "rasterizer": {**self.config["rasterizer"], "backend": backend}})
        model.run.progress = TRAININGS[self.name].progress
        return model.to(self.images.device).train()

    def drawing(self) -> Workload:
        """The rasterizer's part of this step, as a workload."""
        model = self.model("auto")
        scene, side, state = _scene(model, self.images), model.image_size, model.state
        coverage = "ramp" if state.exact else model.decoder.rasterizer.coverage
        learned = (*GEOMETRY, "color", "opacity", "background")
        return Workload(self.name, self.title, scene, side, side, float(state.softness) * side, learned, coverage)


def step(name: str, size: Size, config: Mapping[str, Any], device: torch.device) -> Step:
    """The step of one of ``TRAININGS``, by its config."""
    side, channels = config["dataset"]["image_size"], config["dataset"]["channels"]
    batch = size.images(TRAININGS[name].batch)
    images = to_float(draw_faces(size.seed, "train", 0, batch, side, channels)).to(device)
    title = f"one training step of {batch} images {side}×{side}, loss and optimizer included: {TRAININGS[name].title}"
    return Step(name, title, {**config, "seed": size.seed}, images)


def step_pass(work: Step, backend: str) -> Pass:
    """A pass that trains one model for a step; after each, the rasterizer alone is timed on the same scene."""
    model = work.model(backend)
    optimizer = model.configure_optimizers()
    images, drawings = work.images, 1 + model.options.refine_steps

    def once() -> Times:
        clock = Clock(images.device)
        optimizer.zero_grad()
        cost, _ = model.training_loss(images)
        clock.tick("forward")
        cost.backward()
        clock.tick("backward")
        optimizer.step()
        clock.tick("optimizer")
        return {**clock.total(), "rasterizer": drawings * _rasterizer_alone(model, _scene(model, images), images)}

    return once


@torch.no_grad()
def _scene(model: VectorAutoencoder, images: Tensor) -> Scene:
    """The scene that a training step draws last."""
    *_, (raw, _) = model.predictions(images)
    return model.decoder.scene(raw, model.state)


def _rasterizer_alone(model: VectorAutoencoder, scene: Scene, images: Tensor) -> float:
    """Seconds to draw a scene and its gradient."""
    alone, leaves = learning(scene, (*GEOMETRY, "color", "opacity", "background"))
    clock = Clock(images.device)
    drawing = model.decoder.draw(alone, model.image_size, model.image_size, model.state)
    torch.autograd.grad(drawing, leaves, images, allow_unused=True)  # exact drawings do not depend on everything
    clock.tick("rasterizer")
    return clock.times["rasterizer"]
