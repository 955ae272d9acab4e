"""Half of a drawing's shapes, or all, are drawn anew, where they gain most: a way past the optimum that is next."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.decoder.decoder import Decoder
from vectorae.decoder.placement import SEEDS, Placement
from vectorae.decoder.raw_optimizer import RawOptimizer, half_cosine
from vectorae.decoder.state import DrawState
from vectorae.layout.base import BlockLayout
from vectorae.losses import Objective

ROUNDS, ROUND_STEPS, LAST_STEPS = 8, 8, 60
"""In which shapes are added; optimizer steps after each round, on images of half the size, and at the end."""

RATE, LAST_RATE = 0.1, 0.04
"""Learning rates of the rounds, and of the steps at the end. With .1 there too, drawings of 64 shapes lose .7 dB."""

HALF = 0.5
"""Part of the shapes that is kept, unless nothing is."""

PLACED = 16
"""Side of the images on which shapes are placed, pixels."""

SMALLEST = 32
"""Side of the smallest images that are halved, pixels."""

WORTH_NOISE, PLACE_NOISE = 0.3, 0.02
"""By which regrowths of the same drawing differ: in the logarithm of what shapes are worth, and in what seeds gain."""


@dataclass(frozen=True)
class Parts:
    """The squares that drawings are made of, T each: tiles of a canvas, or the whole drawing.

    Attributes:
        layout: of a part, whose raw numbers follow each other in those of the drawing.
        cut: pictures ``[B, C, H, W]`` → their parts ``[B T, C, S, S]``.
        count: T.
        side: of a part, canvas units.
        lowest: shapes of the drawing below those of all parts; then come the lowest of each part, and so on.
    """

    layout: BlockLayout
    cut: Callable[[Tensor], Tensor]
    count: int = 1
    side: float = 1.0
    lowest: int = 0

    @classmethod
    def whole(cls, decoder: Decoder) -> "Parts":
        """Square drawings of one layout as their own parts."""
        layout = decoder.layout
        assert isinstance(layout, BlockLayout)
        return cls(layout, lambda pictures: pictures)

    def state(self, state: DrawState) -> DrawState:
        """A draw state of drawings as one of their parts."""
        visible = None if state.visible is None else (state.visible - self.lowest) // self.count
        return replace(state, softness=state.softness / self.side, visible=visible)

    def visible(self, shapes: int) -> int:
        """How many shapes a drawing has whose parts have so many each."""
        return self.lowest + shapes * self.count

    def of_raw(self, raw: Tensor) -> Tensor:
        """Raw numbers of drawings, ``[B, raw_size]``, as those of their parts."""
        return raw.reshape(len(raw) * self.count, -1)


@torch.no_grad()
def keep_regrown(
    raw: Tensor,
    images: Tensor,
    decoder: Decoder,
    objective: Objective,
    state: DrawState,
    seeds: Iterable[int],
    parts: Parts | None = None,
) -> tuple[Tensor, Tensor]:
    """Drawings after regrowths, one for each seed, each kept where it is better; arguments and result as of ``regrow``.

    Of several drawings of an image the last one is drawn anew as a whole with seed 0: a network may have drawn all of
    them in the same way, and not in the best one. No cost is higher than before.
    """
    many = images.repeat(len(raw), 1, 1, 1)
    cost = decoder.cost(raw.flatten(0, 1), many, objective, state, crisp=True).view(raw.shape[:2])
    for seed in seeds:
        new, new_cost = torch.empty_like(raw), torch.empty_like(cost)
        for some, kept in _ways(len(raw), seed):
            new[some], new_cost[some] = regrow(raw[some], images, decoder, objective, state, seed, parts, kept)
        better = new_cost < cost
        raw, cost = torch.where(better[..., None], new, raw), torch.where(better, new_cost, cost)
    return raw, cost


def _ways(several: int, seed: int) -> list[tuple[slice, float]]:
    """Which of an image's drawings are regrown together, and the part of their shapes that is kept."""
    if several == 1 or seed > 0:
        return [(slice(None), HALF)]
    return [(slice(several - 1), HALF), (slice(several - 1, None), 0.0)]


@torch.no_grad()
def regrow(
    raw: Tensor,
    images: Tensor,
    decoder: Decoder,
    objective: Objective,
    state: DrawState,
    seed: int,
    parts: Parts | None = None,
    part_kept: float = HALF,
) -> tuple[Tensor, Tensor]:
    """Drawings whose least useful half of shapes is drawn anew.

    Half of the shapes go, or another part, of each kind those whose removal costs least. As many are added in rounds,
    each on top of all others and where it lowers the squared error most (see ``Placement``), and all are optimized
    after each round. What is made of parts gets as many shapes in each of them, and is optimized as a whole.

    Several drawings of an image are regrown differently; each in the same way, whatever other images there are.

    Args:
        raw: K drawings of each image, ``[K, B, raw_size]``.
        images: ``[B, C, H, W]`` in [0, 1].
        decoder, objective: that draw, and compare in the end.
        state: how the drawings look, and how many shapes they have.
        seed: of what is random.
        parts: of the drawings; None: they are squares of one layout.
        part_kept: of the shapes of each part, in [0, 1).

    Returns:
        Raw numbers ``[K, B, raw_size]``, and the costs of their crisp drawings ``[K, B]``, which may be higher than
        before.
    """
    parts = Parts.whole(decoder) if parts is None else parts
    several, batch = raw.shape[:2]
    generator = torch.Generator().manual_seed(seed)
    own = parts.state(state)
    shapes = parts.layout.count if own.visible is None else own.visible
    kept, many = int(part_kept * shapes), images.repeat(several, 1, 1, 1).to(raw.dtype)
    half = _halved(many)
    wider = state.softness * images.shape[-1] / half.shape[-1]
    rough = state if state.exact else replace(state, softness=wider)

    def random(size: int) -> Tensor:
        """Normally distributed numbers of each part of each drawing, ``[K B T, size]``."""
        return torch.randn(several, size, generator=generator).to(raw).repeat_interleave(batch * parts.count, dim=0)

    raised = _least_useful_on_top(raw.flatten(0, 1), kept, half, decoder, rough, random(shapes), parts)
    optimizer = RawOptimizer(raised, half, decoder, Objective({"mse": 1}))
    small = _small(parts.cut(many))
    placement = Placement(Decoder(parts.layout, decoder.rasterizer), own, small.shape[-1], raw.device)
    rounds = min(ROUNDS, shapes - kept)
    ends = [kept + round((shapes - kept) * (number + 1) / rounds) for number in range(rounds)]
    for first, end in zip([kept, *ends], ends, strict=False):
        numbers = optimizer.raw
        drawn = _drawn(decoder, numbers, replace(state, visible=parts.visible(first)), many, small, parts)
        for slot in range(first, end):
            seeds, drawn = placement.best(slot, drawn, small, PLACE_NOISE * random(SEEDS))
            numbers = parts.layout.with_seeds(parts.of_raw(numbers), [slot], seeds).view_as(numbers)
        changed = torch.zeros_like(parts.of_raw(numbers), dtype=torch.bool)
        changed[:, parts.layout.indices_of(range(first, end)).to(raw.device)] = True
        optimizer.place(numbers, changed.view_as(numbers))
        for _ in range(ROUND_STEPS if end < shapes else 0):
            optimizer.step(RATE, replace(rough, visible=parts.visible(end)))
    last = RawOptimizer(optimizer.raw, many, decoder, objective)
    for step in range(LAST_STEPS):
        last.step(LAST_RATE * half_cosine(step / LAST_STEPS), state)
    last.keep_best(state)
    return last.best.view_as(raw).to(raw.dtype), last.least.view(several, batch).to(raw.dtype)


def _halved(images: Tensor) -> Tensor:
    """The images at half their size, unless they are small."""
    height, width = images.shape[-2:]
    return images if min(height, width) < SMALLEST else F.interpolate(images, (height // 2, width // 2), mode="area")


def _small(squares: Tensor) -> Tensor:
    """Square pictures as shapes are placed on them."""
    side = min(PLACED, squares.shape[-1])
    return F.interpolate(squares, size=(side, side), mode="area")


def _drawn(decoder: Decoder, raw: Tensor, state: DrawState, images: Tensor, small: Tensor, parts: Parts) -> Tensor:
    """The parts of crisp drawings, as large as ``small``."""
    height, width = (small if parts.count == 1 else images).shape[-2:]
    drawn = decoder.render(raw, height, width, state, crisp=True)
    return drawn if parts.count == 1 else _small(parts.cut(drawn))


def _least_useful_on_top(
    raw: Tensor, kept: int, images: Tensor, decoder: Decoder, state: DrawState, noise: Tensor, parts: Parts
) -> Tensor:
    """Raw numbers whose slots from ``kept`` on have, in each part and of each kind, what costs least to remove."""
    layout = parts.layout
    costs = decoder.contributions(decoder.scene(raw, state), images, state).removal_costs
    of_parts = costs[:, parts.lowest :].unflatten(1, (-1, parts.count)).transpose(1, 2).flatten(0, 1)
    worth = of_parts.clamp_min(1e-6).log() + WORTH_NOISE * noise
    chosen = torch.zeros(len(worth), layout.count, dtype=torch.bool, device=raw.device)
    for block in layout.kind_blocks:
        slots = [slot for slot in block.slots if slot < worth.shape[1]]
        if going := sum(slot >= kept for slot in slots):
            index = torch.tensor(slots, device=raw.device)
            chosen.scatter_(1, index[worth[:, index].argsort(1)[:, :going]], True)
    index, offset, _ = layout.raised(range(worth.shape[1]), chosen)
    return (parts.of_raw(raw).gather(1, index) + offset).view_as(raw)
