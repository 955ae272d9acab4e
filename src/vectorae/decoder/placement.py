"""Where one more shape lowers the squared error of a drawing most: many seeds are tried at once."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from vectorae.decoder.decoder import Decoder
from vectorae.decoder.state import DrawState
from vectorae.layout import Seeds
from vectorae.layout.base import BlockLayout

SEEDS = 2048
"""That are tried for each shape."""

SIZES = (0.5, 5.0)
"""Of cells, relative to those of as many shapes spread evenly: from details to what lies behind everything."""

COLORS = (0.02, 0.98)
"""Range of the colours of new shapes: a sigmoid has a slope there."""


class Placement:
    """Finds the seed from which a new shape, on top of all others, lowers the squared error most.

    Random seeds are the same for all shapes of a kind, and what each of them covers is drawn once, in few pixels. A
    drawing D with a shape of coverage α and colour c on top is D + α (c - D). With T = I - D for an image I, the
    squared error falls by 2 c·b - |c|² Σα² - Σ(2α T·D + α²|D|²), where b = Σ(α T + α² D): for all seeds these are two
    products of matrices, and the best colour is b / Σα².

    Args:
        decoder: that draws.
        state: in which it draws; how many shapes share the canvas.
        side: of the small images, pixels.
        device: of the drawings.
    """

    def __init__(self, decoder: Decoder, state: DrawState, side: int, device: torch.device) -> None:
        layout = decoder.layout
        assert isinstance(layout, BlockLayout)
        shapes = layout.count if state.visible is None else state.visible
        self._transparent, self._ink = layout.is_transparent, "color" not in layout.quantities()
        self._colors = layout(torch.zeros(1, layout.raw_size, device=device)).color[0]
        self._seeds = _random_seeds(shapes, device)
        self._coverage: dict[int, Tensor] = {}
        for block in layout.kind_blocks:
            coverage = _coverage(decoder, state, block.slots[0], self._seeds, side)
            self._coverage |= dict.fromkeys(block.slots, coverage)

    def best(self, slot: int, drawn: Tensor, images: Tensor, noise: Tensor) -> tuple[Seeds, Tensor]:
        """The best seed of a shape for each drawing, and the drawings with that shape.

        Args:
            slot: of the shape.
            drawn: the drawings without it, ``[B, C, side, side]``.
            images: ``[B, C, side, side]``, see ``io.pixels`` for those with alpha.
            noise: that is added to what seeds gain, relative to the largest gain, ``[B, SEEDS]``.

        Returns:
            Seeds ``[B, 1]``, and drawings as ``drawn``; in tiles without what reaches beyond them.
        """
        coverage = self._coverage[slot]
        square, area = coverage.square(), coverage.square().sum(0)
        before, missing, drawn = drawn, (images - drawn).flatten(2), drawn.flatten(2)
        first = torch.cat([missing, (missing * drawn).sum(1, keepdim=True)], dim=1) @ coverage
        second = torch.cat([drawn, drawn.square().sum(1, keepdim=True)], dim=1) @ square
        wanted, constant = (first + second)[:, :-1], 2 * first[:, -1] + second[:, -1]
        color = (wanted / (area + 1e-6)).clamp(*COLORS)
        if self._ink:
            color[:, : len(self._colors[slot])] = self._colors[slot][:, None]
        if self._transparent:
            color[:, -1] = 1.0
        gain = 2 * (color * wanted).sum(1) - color.square().sum(1) * area - constant
        best = (gain + noise * gain.amax(1, keepdim=True).clamp_min(0)).argmax(1)
        chosen = color.gather(2, best[:, None, None].expand(-1, color.shape[1], 1))
        after = torch.lerp(before, chosen[..., None], coverage.T[best].view(-1, 1, *before.shape[2:]))
        seeds, chosen = self._seeds, chosen.transpose(1, 2)[..., : self._colors.shape[1]]
        return Seeds(seeds.center[best], seeds.cell[best], seeds.turn[best], chosen), after


def _random_seeds(shapes: int, device: torch.device) -> Seeds:
    """Seeds ``[SEEDS, 1]`` all over a square canvas."""
    x, y, size, turn = torch.rand(4, SEEDS, 1, generator=torch.Generator().manual_seed(0)).to(device)
    low, high = SIZES
    return Seeds(torch.stack([x, y], dim=-1), low * (high / low) ** size / math.sqrt(shapes), math.pi * turn)


def _coverage(decoder: Decoder, state: DrawState, slot: int, seeds: Seeds, side: int) -> Tensor:
    """How much of each pixel a shape covers alone, from each of the seeds, ``[side², SEEDS]``."""
    layout = decoder.layout
    raw = layout.with_seeds(torch.zeros(SEEDS, layout.raw_size, device=seeds.cell.device), [slot], seeds)
    everything = replace(state, visible=None)
    scene = decoder.scene(raw, everything, crisp=True).select(slot, slot + 1)
    white = scene.painted(torch.ones_like(scene.color))
    return decoder.draw(white, side, side, everything, crisp=True)[:, 0].flatten(1).T.contiguous()
