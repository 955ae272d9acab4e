"""Shapes that a drawing does not need."""

from dataclasses import replace

import torch
from torch import Tensor

from vectorae.decoder import Decoder, DrawState
from vectorae.scene import Scene

LEAST = 1 / 510
"""Change of a pixel that can be seen: half a level of 256."""


def seen_shapes(decoder: Decoder, scene: Scene, height: int, width: int, state: DrawState) -> Tensor:
    """Which shapes can be seen in crisp drawings: without all the others no pixel changes by ``LEAST``.

    They are left out in the order of what they contribute.

    Args:
        decoder: that draws.
        scene: B crisp drawings of N shapes.
        height, width: pixels.
        state: exact.

    Returns:
        bool ``[B, N]``.
    """
    opacity = scene.opacity.detach()
    found = decoder.contributions(scene, opacity.new_zeros(1, 1, height, width), state, crisp=True)
    whole, energy = found.drawn, found.squares
    rank, count = energy.argsort(1).argsort(1), (energy < LEAST**2).sum(1)
    seen = rank >= count[:, None]
    while bool(count.any()):
        drawn = decoder.draw(replace(scene, opacity=opacity * seen), height, width, state, crisp=True)
        differs = (drawn - whole).abs().flatten(1).amax(1) >= LEAST
        if not bool((differs & (count > 0)).any()):
            break
        # Shapes that cover the same pixels are each of no consequence, but not all of them.
        count = torch.where(differs, 3 * count // 4, count)
        seen = rank >= count[:, None]
    return seen
