"""Raw numbers to tokens and back: a vector per slot, in painter's order, and a last one for the whole drawing."""

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from annotated_types import Ge, Le
from torch import Tensor, nn

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
        seen = sample_cells(features.flatten(2).mT, start, extend=True)
        return F.pad(self.local_features(seen), (0, 0, 0, 1)) + self.global_features(features.mean((2, 3)))[:, None]


def sample_cells(cells: Tensor, points: Tensor, extend: bool = False) -> Tensor:
    """Bilinear samples of square maps.

    As a product of matrices, whose derivative takes a tenth of the time of ``grid_sample``'s: maps are small.

    Args:
        cells: of the maps, row by row, ``[B, s², F]``.
        points: where in the image, ``[B or 1, N, 2]`` in [0, 1]; without gradient.
        extend: whether maps continue beyond their edges as at the edge; else there are zeros.

    Returns:
        ``[B, N, F]``.
    """
    side = math.isqrt(cells.shape[1])
    places = torch.arange(side, dtype=cells.dtype, device=cells.device)
    point = points.detach().to(cells) * side - 0.5
    point = point.clamp(0, side - 1) if extend else point
    across, down = (1 - (point[..., None] - places).abs()).clamp_min(0).unbind(-2)
    return (down[..., :, None] * across[..., None, :]).flatten(-2) @ cells


def zero_linear(features: int, numbers: int) -> nn.Linear:
    """A linear layer that is 0 at first, so that an untrained encoder draws the starting arrangement."""
    layer = nn.Linear(features, numbers)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
