"""When shapes are added, and which are relocated to where: one strategy for training and fitting."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from vectorae.config.arguments import NonNegativeFloat, NonNegativeInt, PositiveFraction, PositiveInt, Validated
from vectorae.decoder.decoder import Decoder
from vectorae.decoder.seeding import Seeding
from vectorae.decoder.state import DrawState
from vectorae.layout import LayoutBase


@dataclass(frozen=True)
class Growth(Validated):
    """Shapes are added in rounds, where the drawing is worst, on top of those before (LIVE, Ma et al. 2022).

    Attributes:
        rounds: how many.
        until: the progress over which the rounds are spread.
        sizes: of the rounds: ``equal``, or ``doubling``, each with as many shapes as there are before it (Vector
            Scaffolding, 2026).

    Example:
        >>> growth = Growth(rounds=4, until=0.4)
        >>> [growth.count(growth.round_at(progress), 16) for progress in (0.0, 0.15, 0.35, 1.0)]
        [4, 8, 16, 16]
    """

    rounds: PositiveInt = 1
    until: PositiveFraction = 0.4
    sizes: Literal["equal", "doubling"] = "equal"

    def round_at(self, progress: float) -> int:
        """The last round that has begun at a progress in [0, 1], from 0."""
        return min(self.rounds - 1, int(progress / self.until * self.rounds))

    def count(self, number: int, shapes: int) -> int:
        """How many of the shapes have been added once a round, from 0, has begun."""
        part = (number + 1) / self.rounds if self.sizes == "equal" else 2.0 ** (number + 1 - self.rounds)
        return max(1, round(shapes * part)) if shapes else 0


@dataclass(frozen=True)
class Relocation(Validated):
    """Dead shapes, which hardly show, are moved to where the drawing is worst.

    Attributes:
        times: how often dead shapes are looked for.
        until: the progress over which these times are spread.
        threshold: a shape is dead if visible on fewer than threshold × pixels / shapes.
    """

    times: NonNegativeInt = 0
    until: PositiveFraction = 0.5
    threshold: NonNegativeFloat = 0.02

    def due(self, progress: float) -> int:
        """How often dead shapes should have been looked for by a progress in [0, 1]."""
        return min(self.times, int(progress / self.until * self.times))

    def dead(self, pixels: Tensor, size: int) -> Tensor:
        """Which shapes are dead, bool ``[..., N]``.

        Args:
            pixels: on how many each shape is visible, ``[..., N]`` (see ``draw_and_measure``).
            size: pixels of the drawing.
        """
        return pixels < self.threshold * (size / pixels.shape[-1])


@dataclass(frozen=True)
class Strategy:
    """When shapes are added, which are relocated, and where both go.

    Attributes:
        growth: when shapes are added.
        relocation: when shapes are relocated, and which.
        seeding: where added and relocated shapes go.
    """

    growth: Growth = field(default_factory=Growth)
    relocation: Relocation = field(default_factory=Relocation)
    seeding: Seeding = field(default_factory=Seeding)

    def num_visible(self, progress: float, layout: LayoutBase) -> int:
        """How many shapes there are at a progress in [0, 1]; those that are drawn already are there from the start."""
        new = layout.count - layout.drawn
        return layout.drawn + self.growth.count(self.growth.round_at(progress), new)

    def rounds(self, layout: LayoutBase) -> list[int]:
        """The round in which each shape is added, ``[N]``, from 1; 0 for those that are there from the start."""
        new = layout.count - layout.drawn
        ends = [self.growth.count(number, new) for number in range(self.growth.rounds)]
        added = [1 + next(n for n, end in enumerate(ends) if slot < end) for slot in range(new)]
        return [0] * layout.drawn + added

    def seed(
        self, layout: LayoutBase, raw: Tensor, slots: Sequence[int], target: "Target", generator: torch.Generator
    ) -> Tensor:
        """Raw numbers ``[B, raw_size]`` with some shapes moved to where the image wants them.

        Args:
            layout: of the raw numbers.
            raw: ``[B, raw_size]``.
            slots: of the shapes to move.
            target: images and what is drawn of them so far.
            generator: on the CPU.
        """
        ink = None
        if "color" not in layout.quantities():
            ink = layout(raw[:1]).color[0, slots[0]]
        seeds = self.seeding(target.images, target.drawn, len(slots), ink, generator, target.among)
        return layout.with_seeds(raw, slots, seeds)


@dataclass(frozen=True)
class Target:
    """What seeded shapes are to draw.

    Attributes:
        images: ``[B, C, H, W]`` in [0, 1].
        drawn: what is drawn of them already, of the same shape.
        among: how many shapes share the canvas; they are as large as if spread evenly.
    """

    images: Tensor
    drawn: Tensor
    among: int


@torch.no_grad()
def draw_and_measure(decoder: Decoder, raw: Tensor, height: int, width: int, state: DrawState) -> tuple[Tensor, Tensor]:
    """The soft drawings ``[B, C, H, W]`` of raw numbers, and on how many pixels each shape is visible, ``[B, N]``.

    Pixels that are partly covered, or covered by shapes that are partly hidden, count for their part.
    """
    scene = decoder.scene(raw, state)
    drawn = decoder.draw(scene, height, width, state)
    color = torch.ones_like(scene.color[..., :1]).requires_grad_()
    # How much of each pixel is a shape's is the derivative of the drawing by the shape's colour.
    with torch.enable_grad():
        white = decoder.draw(scene.painted(color), height, width, state)
        (pixels,) = torch.autograd.grad(white.sum(), color)
    return drawn, pixels[..., 0]
