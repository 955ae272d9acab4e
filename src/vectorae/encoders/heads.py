"""Heads: feature maps ``[B, F, s, s]`` → raw numbers ``[B, raw_size]``, all zero before training."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vectorae.encoders.encoder import Draw
from vectorae.encoders.refiner import bounding_boxes
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


class Places(nn.Module):
    """A feature map as tokens, one for each shape: by what it has at the place where the shape starts, and everywhere.

    Args:
        features: channels of the map, F.
        layout: of the shapes.
        width: of a token.
    """

    def __init__(self, features: int, layout: Layout, width: int) -> None:
        super().__init__()
        start, _, _ = bounding_boxes(layout(torch.zeros(1, layout.raw_size)))
        self.register_buffer("_start", 2 * start - 1, persistent=False)
        self.there, self.everywhere = nn.Linear(features, width), nn.Linear(features, width)

    def forward(self, features: Tensor) -> Tensor:
        """Map ``[B, F, s, s]`` → tokens ``[B, count + 1, width]``, the last for the whole drawing."""
        places = self.get_buffer("_start").to(features).expand(features.shape[0], -1, -1)[:, :, None]
        seen = F.grid_sample(features, places, padding_mode="border", align_corners=False)[..., 0].mT
        return F.pad(self.there(seen), (0, 0, 0, 1)) + self.everywhere(features.mean((2, 3)))[:, None]


class Grid(nn.Module):
    """Each shape by the features at the place where it starts, and by what there is everywhere.

    Args:
        features, side, layout: as for ``MLP``.
        width: units of the hidden layer, which all shapes share.
    """

    def __init__(self, features: int, side: int, layout: Layout, width: int = 256) -> None:
        super().__init__()
        check_sizes(width=width)
        self.seen = Places(features, layout, width)
        self.slots = nn.Parameter(0.02 * torch.randn(layout.count + 1, width))
        self.hidden = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.numbers = FromTokens(layout, width)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None) -> Tensor:
        raw: Tensor = self.numbers(self.hidden(self.seen(features) + self.slots))
        return raw


class Queries(nn.Module):
    """A query for each shape that attends to the other queries and to the map (Carion et al., 2020).

    A query is learned, and begins with what the map has at the place where its shape starts.

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
        self.seen, self.there = nn.Linear(features, width), Places(features, layout, width)
        self.positions = nn.Parameter(0.02 * torch.randn(side**2, width))
        self.slots = nn.Parameter(0.02 * torch.randn(layout.count + 1, width))
        self.blocks = nn.ModuleList(transformer_block(width, attention_heads, decoder=True) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.numbers = FromTokens(layout, width)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None) -> Tensor:
        seen = self.seen(features.flatten(2).mT) + self.positions
        tokens = self.slots + self.there(features)
        for block in self.blocks:
            tokens = block(tokens, seen)
        raw: Tensor = self.numbers(self.norm(tokens))
        return raw


class Recurrent(Grid):
    """Some shapes, from the bottom; a look at the drawing so far and at what it lacks; the next (Gregor et al., 2015).

    The drawing is its only memory. Each shape is told as by ``Grid``, and by what the look saw at the shape's place.

    Args:
        features, side, layout, width: as for ``Grid``.
        rounds: in how many the shapes are drawn, at most as many as there are shapes.
    """

    def __init__(self, features: int, side: int, layout: Layout, rounds: int = 4, width: int = 256) -> None:
        super().__init__(features, side, layout, width)
        check_sizes(rounds=rounds)
        rounds = min(rounds, layout.count)
        self.num_visible = [math.ceil(layout.count * (number + 1) / rounds) for number in range(rounds)]
        # Patches of patches, as convolutions that overlap would take longer than all of the rest.
        patches, wider = nn.Conv2d(2 * layout.channels, 64, 4, stride=4), nn.Conv2d(64, 128, 2, stride=2)
        looks = [patches, nn.SiLU(), wider, nn.SiLU(), Places(128, layout, width)]
        # In one round none is looked through, and DDP would wait for its gradient.
        self.look = nn.Sequential(*looks if rounds > 1 else [])

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None) -> Tensor:
        if images is None or draw is None:
            raise UserError("head: a recurrent one looks at its own drawing, and there is nothing here to draw with")
        seen = self.seen(features) + self.slots
        tokens = self.hidden(seen)
        for drawn, num_visible in pairwise(self.num_visible):
            lacking = images - draw(self.numbers(tokens).detach(), drawn).to(images)
            looked = seen + self.look(_whole_patches(torch.cat([images - 0.5, lacking], dim=1)))
            tokens = torch.cat(
                [tokens[:, :drawn], self.hidden(looked[:, drawn:num_visible]), tokens[:, num_visible:]], dim=1
            )
        raw: Tensor = self.numbers(tokens)
        return raw


def _whole_patches(images: Tensor) -> Tensor:
    """Images resized to a multiple of 8 pixels, so that a map of patches spans just them."""
    side = 8 * math.ceil(images.shape[-1] / 8)
    if side == images.shape[-1]:
        return images
    return F.interpolate(images, size=(side, side), mode="bilinear", align_corners=False)
