"""Relocation: shapes that are dead on a whole batch are moved to where its drawings are worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vectorae.decoder import Target, draw_and_measure
from vectorae.encoders.processes import mean_over_processes
from vectorae.training.eval_mode import eval_mode

if TYPE_CHECKING:
    from vectorae.training.autoencoder import VectorAutoencoder


@torch.no_grad()
def relocate_dead(model: VectorAutoencoder, images: Tensor) -> int:
    """Move shapes that are dead on all of some images ``[B, C, S, S]`` in [0, 1]: the encoder learns an offset.

    Returns:
        How many were moved.
    """
    with eval_mode(model):
        predictions = [raw for raw, _ in model.predictions(images)]
    strategy, side = model.plan.strategy, model.image_size
    drawn, pixels = draw_and_measure(model.decoder, predictions[-1], side, side, model.state)
    visible = mean_over_processes(pixels.mean(0))
    dead = strategy.relocation.dead(visible, side**2).nonzero()[:, 0].tolist()
    if dead:
        mean = mean_over_processes(images.mean(0, keepdim=True))
        error = mean_over_processes((drawn - images).square().mean(0, keepdim=True)).sqrt()
        target = Target(mean, mean - error, among=pixels.shape[1])
        generator = torch.Generator().manual_seed(model.run.relocations)
        start = torch.zeros_like(predictions[0][:1])
        wanted = strategy.seed(model.layout, start, dead, target, generator)[0]
        indices = model.layout.indices_of(dead).to(images.device)
        model.encoder.add_offset(indices, (wanted - mean_over_processes(predictions[0].mean(0)))[indices])
    return len(dead)
