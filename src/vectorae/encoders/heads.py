"""Heads: feature maps ``[B, F, s, s]`` → raw numbers ``[B, raw_size]``, all zero before training.

With ``any_count`` they take the number of visible shapes, and those that are hidden change nothing.
"""

import math
from abc import ABC, abstractmethod
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vectorae.config.arguments import PositiveInt, validated
from vectorae.encoders.attention import CrossAttentionBlock
from vectorae.encoders.counts import CountedSlots, CountEmbedding, visible_tokens, with_hidden_tokens
from vectorae.encoders.encoder import Draw
from vectorae.encoders.tokens import FromTokens, Layers, LocalFeatures, zero_linear
from vectorae.errors import UserError
from vectorae.layout import Layout


class Head(nn.Module, ABC):
    """A feature map, and how many shapes are visible → raw numbers, at first 0, so that drawings begin as the layout.

    Attributes:
        draws: whether it draws while it predicts, so that it needs an image and cannot be exported.
    """

    draws: ClassVar[bool] = False

    @abstractmethod
    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None, visible: int | None = None) -> Tensor:
        """Raw numbers ``[B, raw_size]``.

        Args:
            features: ``[B, F, s, s]``.
            images: ``[B, C, S, S]`` in [0, 1]; None where a latent is sampled.
            draw: raw numbers and a number of shapes, from the bottom → soft drawings ``[B, C, S, S]``; None where
                nothing can be drawn.
            visible: how many shapes the drawing has, with ``any_count``; None stands for all.
        """


class MLP(Head):
    """All raw numbers at once, from the whole feature map as one vector and a hidden layer.

    Args:
        features, side: of the map, F and s.
        layout: of the raw numbers.
        hidden: units of the hidden layer.
        any_count: whether the number of visible shapes differs from call to call.
    """

    @validated
    def __init__(
        self, features: int, side: int, layout: Layout, hidden: PositiveInt = 512, any_count: bool = False
    ) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(features * side**2, hidden), nn.SiLU())
        self.counts = CountEmbedding(layout.count, hidden) if any_count else None
        self.numbers = zero_linear(hidden, layout.raw_size)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None, visible: int | None = None) -> Tensor:
        hidden = self.hidden[:-1](features)
        if self.counts is not None:
            hidden = hidden + self.counts(visible)
        return self.numbers(self.hidden[-1](hidden))


class Grid(Head):
    """Predicts each shape from the features at the position where it starts, and from their mean.

    Args:
        features, side, layout, any_count: as for ``MLP``.
        width: units of the hidden layer, which all shapes share.
    """

    @validated
    def __init__(
        self, features: int, side: int, layout: Layout, width: PositiveInt = 256, any_count: bool = False
    ) -> None:
        super().__init__()
        self.features = LocalFeatures(features, layout, width, any_count)
        self.counts = CountedSlots(layout, width) if any_count else None
        self.slots = nn.Parameter(0.02 * torch.randn(layout.count + 1, width))
        self.hidden = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.numbers = FromTokens(layout, width)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None, visible: int | None = None) -> Tensor:
        return self.numbers(self.hidden(self._tokens(features, visible)))

    def _tokens(self, features: Tensor, visible: int | None) -> Tensor:
        slots = self.slots if self.counts is None else self.counts(self.slots, visible)
        return self.features(features, visible) + slots


class Queries(Head):
    """A query per shape that attends to the other queries and to the map (Carion et al., 2020).

    A query is learned, and starts with the features at the position where its shape starts.

    Args:
        features, side, layout, any_count: as for ``MLP``.
        width: of a query.
        layers: blocks of attention.
        attention_heads: in each block.
    """

    @validated
    def __init__(
        self,
        features: int,
        side: int,
        layout: Layout,
        width: PositiveInt = 128,
        layers: Layers = 2,
        attention_heads: PositiveInt = 4,
        any_count: bool = False,
    ) -> None:
        super().__init__()
        self.seen, self.local = nn.Linear(features, width), LocalFeatures(features, layout, width, any_count)
        self.counts = CountedSlots(layout, width) if any_count else None
        self.positions = nn.Parameter(0.02 * torch.randn(side**2, width))
        self.slots = nn.Parameter(0.02 * torch.randn(layout.count + 1, width))
        self.blocks = nn.ModuleList(CrossAttentionBlock(width, attention_heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.numbers = FromTokens(layout, width)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None, visible: int | None = None) -> Tensor:
        seen = self.seen(features.flatten(2).mT) + self.positions
        slots = self.slots if self.counts is None else self.counts(self.slots, visible)
        queries = visible_tokens(slots + self.local(features, visible), visible)
        for block in self.blocks:
            queries = block(queries, seen)
        return self.numbers(with_hidden_tokens(self.norm(queries), len(self.slots) - 1))


class Recurrent(Grid):
    """Predicts shapes bottom-up in rounds, re-encoding the residual after each (Gregor et al., 2015).

    Predicted as in ``Grid``, plus features of the residual at the shape's position. The drawing is the only memory.

    Args:
        features, side, layout, width, any_count: as for ``Grid``.
        rounds: at most as many as there are shapes.
    """

    draws = True

    @validated
    def __init__(
        self,
        features: int,
        side: int,
        layout: Layout,
        rounds: PositiveInt = 4,
        width: PositiveInt = 256,
        any_count: bool = False,
    ) -> None:
        super().__init__(features, side, layout, width, any_count)
        rounds = min(rounds, layout.count)
        self.ends = [math.ceil(layout.count * (number + 1) / rounds) for number in range(rounds)]
        # Patches of patches, as convolutions that overlap would take longer than all of the rest.
        patches, wider = nn.Conv2d(2 * layout.image_channels, 64, 4, stride=4), nn.Conv2d(64, 128, 2, stride=2)
        residual = [patches, nn.SiLU(), wider, nn.SiLU(), LocalFeatures(128, layout, width, any_count)]
        # With one round it is not used, and DDP would wait for its gradient.
        self.residual = nn.Sequential(*residual if rounds > 1 else [])

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None, visible: int | None = None) -> Tensor:
        if images is None or draw is None:
            raise UserError("head: recurrent draws while it predicts, which needs an image")
        seen = self._tokens(features, visible)
        tokens = self.hidden(seen)
        for start, end in pairwise(self.ends):
            residual = images - draw(self.numbers(tokens).detach(), start).to(images)
            features = self.residual[:-1](_whole_patches(torch.cat([images - 0.5, residual], dim=1)))
            encoded = seen + self.residual[-1](features, visible)
            tokens = torch.cat([tokens[:, :start], self.hidden(encoded[:, start:end]), tokens[:, end:]], dim=1)
        return self.numbers(tokens)


def _whole_patches(images: Tensor) -> Tensor:
    """Images resized to a multiple of 8 pixels, so that a map of patches spans just them."""
    side = 8 * math.ceil(images.shape[-1] / 8)
    if side == images.shape[-1]:
        return images
    return F.interpolate(images, size=(side, side), mode="bilinear", align_corners=False)
