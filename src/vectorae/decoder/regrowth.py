"""Half of a drawing's shapes are drawn anew, where they gain most: a way past the optimum that is next."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.decoder.contributions import removal_costs
from vectorae.decoder.decoder import Decoder
from vectorae.decoder.placement import SEEDS, Placement
from vectorae.decoder.raw_optimizer import RawOptimizer, half_cosine
from vectorae.decoder.state import DrawState
from vectorae.layout.base import BlockLayout
from vectorae.losses import Objective

ROUNDS, ROUND_STEPS, LAST_STEPS = 8, 8, 40
"""In which shapes are added; optimizer steps after each round, on images of half the size, and at the end."""

RATE = 0.1
"""Learning rate of all steps."""

PLACED = 16
"""Side of the images on which shapes are placed, pixels."""

SMALLEST = 32
"""Side of the smallest images that are halved, pixels."""

PROBES = 16
"""Of what each shape is worth, see ``removal_costs``."""

WORTH_NOISE, PLACE_NOISE = 0.3, 0.02
"""By which regrowths of the same drawing differ: in the logarithm of what shapes are worth, and in what seeds gain."""


@torch.no_grad()
def regrow(
    raw: Tensor, images: Tensor, decoder: Decoder, objective: Objective, state: DrawState, seed: int
) -> tuple[Tensor, Tensor]:
    """Drawings whose least useful half of shapes is drawn anew.

    Half of the shapes go, of each kind those whose removal costs least. As many are added in rounds, each on top of all
    others and where it lowers the squared error most (see ``Placement``), and all are optimized after each round.

    Several drawings of an image are regrown differently; each in the same way, whatever other images there are.

    Args:
        raw: K drawings of each image, ``[K, B, raw_size]``.
        images: ``[B, C, S, S]`` in [0, 1].
        decoder, objective: that draw, and compare in the end.
        state: how the drawings look, and how many shapes they have.
        seed: of what is random.

    Returns:
        Raw numbers ``[K, B, raw_size]``, and the costs of their crisp drawings ``[K, B]``, which may be higher than
        before.
    """
    several, batch = raw.shape[:2]
    generator = torch.Generator().manual_seed(seed)
    shapes = decoder.layout.count if state.visible is None else state.visible
    kept, many = shapes // 2, images.repeat(several, 1, 1, 1).to(raw.dtype)
    half = _reduced(many, images.shape[-1] // 2) if images.shape[-1] >= SMALLEST else many
    wider = state.softness * images.shape[-1] / half.shape[-1]
    rough = state if state.exact else replace(state, softness=wider)

    def random(size: int) -> Tensor:
        """Normally distributed numbers of each drawing, ``[K B, size]``."""
        return torch.randn(several, size, generator=generator).to(raw).repeat_interleave(batch, dim=0)

    raised = _least_useful_on_top(raw.flatten(0, 1), kept, half, decoder, rough, random(shapes))
    optimizer = RawOptimizer(raised, half, decoder, Objective({"mse": 1}))
    small = _reduced(many, min(PLACED, images.shape[-1]))
    placement = Placement(decoder, state, small.shape[-1], raw.device)
    rounds = min(ROUNDS, shapes - kept)
    ends = [kept + round((shapes - kept) * (number + 1) / rounds) for number in range(rounds)]
    for first, end in zip([kept, *ends], ends, strict=False):
        numbers = optimizer.raw
        for slot in range(first, end):
            drawn = _drawn(decoder, numbers, slot, small, state)
            seeds = placement.best(slot, drawn, small, PLACE_NOISE * random(SEEDS))
            numbers = decoder.layout.with_seeds(numbers, [slot], seeds)
        changed = torch.zeros_like(numbers, dtype=torch.bool)
        changed[:, decoder.layout.indices_of(range(first, end)).to(raw.device)] = True
        optimizer.place(numbers, changed)
        for _ in range(ROUND_STEPS if end < shapes else 0):
            optimizer.step(RATE, replace(rough, visible=end))
    last = RawOptimizer(optimizer.raw, many, decoder, objective)
    for step in range(LAST_STEPS):
        last.step(RATE * half_cosine(step / LAST_STEPS), state)
    last.keep_best(state)
    return last.best.view_as(raw).to(raw.dtype), last.least.view(several, batch).to(raw.dtype)


def _reduced(images: Tensor, side: int) -> Tensor:
    return F.interpolate(images, size=(side, side), mode="area")


def _drawn(decoder: Decoder, raw: Tensor, visible: int, images: Tensor, state: DrawState) -> Tensor:
    """Crisp drawings of the lowest shapes, as large as the images."""
    height, width = images.shape[-2:]
    return decoder.render(raw, height, width, replace(state, visible=visible), crisp=True)


def _least_useful_on_top(
    raw: Tensor, kept: int, images: Tensor, decoder: Decoder, state: DrawState, noise: Tensor
) -> Tensor:
    """Raw numbers in which the slots from ``kept`` on have the shapes whose removal costs least, of each kind."""
    layout = decoder.layout
    assert isinstance(layout, BlockLayout)
    _, costs = removal_costs(decoder, raw, images, state, PROBES)
    worth = costs.clamp_min(1e-6).log() + WORTH_NOISE * noise
    chosen = torch.zeros(len(raw), layout.count, dtype=torch.bool, device=raw.device)
    for block in layout.kind_blocks:
        slots = [slot for slot in block.slots if slot < worth.shape[1]]
        if going := sum(slot >= kept for slot in slots):
            index = torch.tensor(slots, device=raw.device)
            chosen.scatter_(1, index[worth[:, index].argsort(1)[:, :going]], True)
    index, offset, _ = layout.raised(range(worth.shape[1]), chosen)
    return raw.gather(1, index) + offset
