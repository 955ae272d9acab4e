"""Raw numbers to tokens and back: a vector per slot, in painter's order, and a last one for the whole drawing."""

from typing import Annotated

import torch
import torch.nn.functional as F
from annotated_types import Ge, Le
from torch import Tensor, nn

from vectorae.config.arguments import PositiveInt, validated
from vectorae.errors import UserError
from vectorae.layout import Layout
from vectorae.layout.kind_block import in_order

Layers = Annotated[int, Ge(1), Le(64)]
"""How many blocks of attention follow each other."""


class ToTokens(nn.Module):
    """Numbers of shapes → tokens; shapes of one kind share their weights.

    Args:
        layout: of the raw numbers.
        width: of a token.
        sets: how many numbers there are for each raw number.
    """

    def __init__(self, layout: Layout, width: int, sets: int = 1) -> None:
        super().__init__()
        self._blocks, self._background = layout.kind_blocks, layout.channels if layout.learns_background else 0
        self.shapes = nn.ModuleList(nn.Linear(sets * block.width, width) for block in self._blocks)
        self.whole = nn.Linear(sets * self._background, width) if self._background else None
        self.register_buffer("_place", in_order(self._blocks), persistent=False)

    def forward(self, *sets: Tensor) -> Tensor:
        """Sets of numbers ``[B, raw_size]`` → tokens ``[B, count + 1, width]``."""
        rows = [
            linear(torch.cat([block.of(one) for one in sets], dim=-1))
            for block, linear in zip(self._blocks, self.shapes, strict=True)
        ]
        shapes = torch.cat(rows, dim=1).index_select(1, self.get_buffer("_place"))
        if self.whole is None:
            whole = torch.zeros_like(shapes[:, :1])
        else:
            whole = self.whole(torch.cat([one[:, -self._background :] for one in sets], dim=-1))[:, None]
        return torch.cat([shapes, whole], dim=1)


class FromTokens(nn.Module):
    """Tokens → one number for each raw number, at first all 0; shapes of one kind share their weights.

    Args:
        layout: of the raw numbers.
        width: of a token.
    """

    def __init__(self, layout: Layout, width: int) -> None:
        super().__init__()
        blocks, background = layout.kind_blocks, layout.channels if layout.learns_background else 0
        self.shapes = nn.ModuleList(zero_linear(width, block.width) for block in blocks)
        self.whole = zero_linear(width, background) if background else None
        for index, block in enumerate(blocks):
            self.register_buffer(f"_slots_{index}", torch.tensor(block.slots), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens ``[B, count + 1, width]`` → numbers ``[B, raw_size]``."""
        numbers = [
            linear(tokens.index_select(1, self.get_buffer(f"_slots_{index}"))).flatten(1)
            for index, linear in enumerate(self.shapes)
        ]
        if self.whole is not None:
            numbers.append(self.whole(tokens[:, -1]))
        return torch.cat(numbers, dim=1)


class LocalFeatures(nn.Module):
    """A feature map as tokens, one per shape: features at its starting position, and the mean of all.

    Args:
        features: channels of the map, F.
        layout: of the shapes.
        width: of a token.
        any_count: starting positions differ with the number of shapes (see ``Layout.starts``).
    """

    def __init__(self, features: int, layout: Layout, width: int, any_count: bool = False) -> None:
        super().__init__()
        starts = layout.starts() if any_count else torch.zeros(1, layout.raw_size)
        start, _, _ = layout(starts).bounds()
        self.register_buffer("_start", start, persistent=False)
        self.local_features, self.global_features = nn.Linear(features, width), nn.Linear(features, width)

    def forward(self, features: Tensor, visible: int | None = None) -> Tensor:
        """Map ``[B, F, s, s]`` → tokens ``[B, count + 1, width]``, the last for the whole drawing."""
        starts = self.get_buffer("_start")
        start = starts[-1:] if visible is None else starts[visible - 1 : visible]
        seen = sample_features(features, start, extend=True)
        return F.pad(self.local_features(seen), (0, 0, 0, 1)) + self.global_features(features.mean((2, 3)))[:, None]


def sample_features(features: Tensor, points: Tensor, extend: bool = False) -> Tensor:
    """Bilinear samples of feature maps.

    As a product of matrices, whose derivative takes a tenth of the time of ``grid_sample``'s: maps are small.

    Args:
        features: ``[B, F, s, s]``.
        points: where in the image, ``[B or 1, N, 2]`` in [0, 1]; without gradient.
        extend: whether maps continue beyond their edges as at the edge; else there are zeros.

    Returns:
        ``[B, N, F]``.
    """
    side = features.shape[-1]
    cells = torch.arange(side, dtype=features.dtype, device=features.device)
    place = points.detach().to(features) * side - 0.5
    place = place.clamp(0, side - 1) if extend else place
    across, down = (1 - (place[..., None] - cells).abs()).clamp_min(0).unbind(-2)
    weights = (down[..., :, None] * across[..., None, :]).flatten(-2)
    return weights @ features.flatten(2).mT


def zero_linear(features: int, numbers: int) -> nn.Linear:
    """A linear layer that is 0 at first, so that an untrained encoder draws the starting arrangement."""
    layer = nn.Linear(features, numbers)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


@validated
def transformer_block(width: PositiveInt, attention_heads: PositiveInt, decoder: bool = False) -> nn.Module:
    """Attention between tokens, to other vectors too if it is a decoder, and two linear layers; norms come first."""
    if width % attention_heads:
        raise UserError(f"attention_heads: {attention_heads} do not divide a width of {width}")
    kind = nn.TransformerDecoderLayer if decoder else nn.TransformerEncoderLayer
    return kind(width, attention_heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
