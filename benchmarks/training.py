"""Workload F: one training step, and the rasterizer's share of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from benchmarks.contenders import learning
from benchmarks.timing import Clock, Pass, Times
from benchmarks.workloads import GEOMETRY, Size, Workload
from vectorae.scene import Scene
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.build import build_model

NAME = "F"

BATCH = 128


@dataclass(frozen=True)
class Step:
    """A model as `train.py` configures it, and random images, which take as long as faces.

    Attributes:
        title: description.
        config: plain resolved config of a training.
        images: ``[B, C, S, S]`` in [0, 1].
    """

    title: str
    config: Mapping[str, Any]
    images: Tensor

    def small(self) -> Step:
        """The same model with two images."""
        return Step(self.title, self.config, self.images[:2])

    def model(self, backend: str) -> VectorAutoencoder:
        """The untrained model, drawn with a backend; its weights are the same at every call."""
        torch.manual_seed(self.config["seed"])
        model = build_model({**self.config, "rasterizer": {**self.config["rasterizer"], "backend": backend}})
        return model.to(self.images.device).train()

    def drawing(self) -> Workload:
        """The rasterizer's part of this step, as a workload."""
        model = self.model("auto")
        scene, side, state = _scene(model, self.images), model.image_size, model.state
        coverage = "ramp" if state.exact else model.decoder.rasterizer.coverage
        learned = (*GEOMETRY, "color", "opacity", "background")
        return Workload(NAME, self.title, scene, side, side, float(state.softness) * side, learned, coverage)


def step(size: Size, config: Mapping[str, Any], device: torch.device) -> Step:
    """The training step of a config, with random images of its dataset's size."""
    side, channels, batch = config["dataset"]["image_size"], config["dataset"]["channels"], size.images(BATCH)
    images = torch.rand(batch, channels, side, side, generator=size.random()).to(device)
    title = f"one training step of {batch} images {side}×{side}, as train.py configures it, loss and optimizer included"
    return Step(title, {**config, "seed": size.seed}, images)


def step_pass(work: Step, backend: str) -> Pass:
    """A pass that trains one model for a step; after each, the rasterizer alone is timed on the same scene."""
    model = work.model(backend)
    optimizer = model.configure_optimizers()
    images = work.images

    def once() -> Times:
        clock = Clock(images.device)
        optimizer.zero_grad()
        cost, _ = model.training_loss(images)
        clock.tick("forward")
        cost.backward()
        clock.tick("backward")
        optimizer.step()
        clock.tick("optimizer")
        return {**clock.total(), "rasterizer": _rasterizer_alone(model, _scene(model, images), images)}

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
    torch.autograd.grad(drawing, leaves, images)
    clock.tick("rasterizer")
    return clock.times["rasterizer"]
