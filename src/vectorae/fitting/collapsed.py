"""Shapes that a drawing does not need."""

from dataclasses import replace

import torch
from torch import Tensor

from vectorae.decoder import Decoder, DrawState
from vectorae.fitting.contributions import removal_energy
from vectorae.scene import Scene

LEAST = 1 / 510
"""Change of a pixel that can be seen: half a level of 256."""

PROBES = 8
"""Random projections from which the change without a shape is estimated."""


def seen_shapes(decoder: Decoder, scene: Scene, height: int, width: int, state: DrawState) -> Tensor:
    """Which shapes can be seen in a crisp drawing: without all the others no pixel changes by ``LEAST``.

    The order in which they are left out is that of ``removal_energy``.

    Args:
        decoder: that draws.
        scene: one crisp drawing of N shapes.
        height, width: pixels.
        state: exact.

    Returns:
        bool ``[1, N]``.
    """
    opacity = scene.opacity.detach()
    whole, energy = removal_energy(decoder, scene, height, width, state, PROBES, crisp=True)

    def draw(opacity: Tensor) -> Tensor:
        return decoder.draw(replace(scene, opacity=opacity), height, width, state, crisp=True)

    order = energy[0].argsort()
    count = int((energy < LEAST**2).sum())
    seen = torch.ones_like(opacity, dtype=torch.bool)
    while count:
        seen[0, order[:count]] = False
        if float((draw(opacity * seen) - whole).abs().max()) < LEAST:
            break
        # Shapes that cover the same pixels are each of no consequence, but not all of them.
        seen[0] = True
        count = 3 * count // 4
    return seen
