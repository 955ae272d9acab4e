"""Heads: feature maps ``[B, F, s, s]`` → raw numbers ``[B, raw_size]``, all zero before training."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vectorae.encoders.encoder import Draw
from vectorae.encoders.refiner import surroundings
from vectorae.encoders.tokens import FromTokens, check_sizes, transformer_block, zero_linear
from vectorae.errors import UserError
from vectorae.layout import Layout


class MLP(nn.Module):
    """The whole map as one vector, a hidden layer, and all numbers of all shapes at once.

    Args:
        features, side: of the map, F and s.
        layout: whose raw numbers are answered.
        hidden: units of the hidden layer.
    """

    def __init__(self, features: int, side: int, layout: Layout, hidden: int = 512) -> None:
        super().__init__()
        check_sizes(hidden=hidden)
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(features * side**2, hidden), nn.SiLU())
        self.numbers = zero_linear(hidden, layout.raw_size)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None) -> Tensor:
        raw: Tensor = self.numbers(self.hidden(features))
        return raw


class Grid(nn.Module):
    """Each shape by the features at the place where it starts, and by what there is everywhere.

    Args:
        features, side, layout: as for ``MLP``.
        width: units of the hidden layer, which all shapes share.
    """

    def __init__(self, features: int, side: int, layout: Layout, width: int = 256) -> None:
        super().__init__()
        check_sizes(width=width)
        start, _, _ = surroundings(layout(torch.zeros(1, layout.raw_size)))
        self.register_buffer("_start", 2 * start - 1, persistent=False)
        self.there, self.everywhere = nn.Linear(features, width), nn.Linear(features, width)
        self.slots = nn.Parameter(0.02 * torch.randn(layout.count + 1, width))
        self.hidden = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.numbers = FromTokens(layout, width)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None) -> Tensor:
        places = self.get_buffer("_start").to(features).expand(features.shape[0], -1, -1)[:, :, None]
        seen = F.grid_sample(features, places, padding_mode="border", align_corners=False)[..., 0].mT
        tokens = F.pad(self.there(seen), (0, 0, 0, 1)) + self.everywhere(features.mean((2, 3)))[:, None] + self.slots
        raw: Tensor = self.numbers(self.hidden(tokens))
        return raw


class Queries(nn.Module):
    """A query for each shape, learned, that attends to the other queries and to the map (Carion et al., 2020).

    Args:
        features, side, layout: as for ``MLP``.
        width: of a query.
        layers: blocks of attention.
        attention_heads: in each block.
    """

    def __init__(
        self, features: int, side: int, layout: Layout, width: int = 128, layers: int = 2, attention_heads: int = 4
    ) -> None:
        super().__init__()
        check_sizes(width=width, layers=layers, attention_heads=attention_heads)
        self.seen = nn.Linear(features, width)
        self.places = nn.Parameter(0.02 * torch.randn(side**2, width))
        self.slots = nn.Parameter(0.02 * torch.randn(layout.count + 1, width))
        self.blocks = nn.ModuleList(transformer_block(width, attention_heads, decoder=True) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.numbers = FromTokens(layout, width)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None) -> Tensor:
        seen = self.seen(features.flatten(2).mT) + self.places
        tokens = self.slots.expand(features.shape[0], -1, -1)
        for block in self.blocks:
            tokens = block(tokens, seen)
        raw: Tensor = self.numbers(self.norm(tokens))
        return raw


class Recurrent(nn.Module):
    """Some shapes, from the bottom; a look at the drawing so far and at what it lacks; the next (Gregor et al., 2015).

    Args:
        features, side, layout: as for ``MLP``.
        rounds: in how many the shapes are drawn, at most as many as there are shapes.
        width: of the memory from round to round.
    """

    def __init__(self, features: int, side: int, layout: Layout, rounds: int = 4, width: int = 256) -> None:
        super().__init__()
        check_sizes(rounds=rounds, width=width)
        self.shown = [math.ceil(layout.count * (number + 1) / rounds) for number in range(min(rounds, layout.count))]
        self.seen = nn.Sequential(nn.Flatten(), nn.Linear(features * side**2, width), nn.SiLU())
        stages: list[nn.Module] = []
        channels = 2 * layout.channels
        for wider in (32, 64, 128):
            stages += [nn.Conv2d(channels, wider, 4, stride=2, padding=1), nn.SiLU()]
            channels = wider
        self.drawn = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(channels * 16, width))
        self.memory = nn.GRUCell(2 * width, width)
        self.slots = nn.Parameter(0.02 * torch.randn(layout.count + 1, width))
        self.hidden = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.numbers = FromTokens(layout, width)
        rounds_of = torch.tensor([sum(slot >= shown for shown in self.shown) for slot in range(layout.count)])
        # The background, last, belongs to the first round.
        self.register_buffer("_round", F.pad(rounds_of, (0, 1)), persistent=False)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None) -> Tensor:
        if images is None or draw is None:
            raise UserError("head: a recurrent one looks at its own drawing, and there is nothing here to draw with")
        seen = self.seen(features)
        memory, tokens = torch.zeros_like(seen), torch.zeros_like(self.slots).expand(seen.shape[0], -1, -1)
        drawing = torch.zeros_like(images)
        for number, shown in enumerate(self.shown):
            looked_at = torch.cat([images - 0.5, images - drawing], dim=1)
            memory = self.memory(torch.cat([seen, self.drawn(looked_at)], dim=1), memory)
            now = (self.get_buffer("_round") == number)[:, None]
            tokens = torch.where(now, self.hidden(memory[:, None] + self.slots), tokens)
            raw: Tensor = self.numbers(tokens)
            if shown < self.shown[-1]:
                drawing = draw(raw.detach(), shown).to(images)
        return raw
