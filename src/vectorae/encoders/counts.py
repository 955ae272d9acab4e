"""Drawings of any number of shapes: what tokens know of it, and how hidden shapes are kept out."""

import math

import torch
from torch import Tensor, nn

from vectorae.geometry.canvas import canvas_size
from vectorae.layout import Layout

SPREAD = 0.5
"""Distance at which a place's share falls to 1 / e, in cells of the layout with all shapes."""


class CountEmbedding(nn.Module):
    """What is added to tokens for the number of shapes that are drawn; at first 0.

    It is learned for 1, 2, 4, 8, … shapes, and interpolated by their logarithm in between.

    Args:
        count: shapes of the layout, N.
        shape: of what is added.
    """

    def __init__(self, count: int, *shape: int) -> None:
        super().__init__()
        self.count = count
        self.doublings = nn.Parameter(torch.zeros(math.ceil(math.log2(count)) + 1, *shape))

    def forward(self, visible: int | None) -> Tensor:
        """What is added for so many visible shapes, 1 … N; None stands for all."""
        place = math.log2(self.count if visible is None else visible)
        below, above = math.floor(place), math.ceil(place)
        return torch.lerp(self.doublings[below], self.doublings[above], place - below)


class CountedSlots(nn.Module):
    """The learned vectors of the slots of drawings of fewer shapes.

    With k of N shapes a slot begins elsewhere (see ``Layout.starts``): its vector is the mean of those of the slots
    that begin there when all are drawn, near ones first; and a ``CountEmbedding``.

    Args:
        layout: of N shapes.
        width: of a vector.
    """

    def __init__(self, layout: Layout, width: int) -> None:
        super().__init__()
        self.embedding = CountEmbedding(layout.count, layout.count + 1, width)
        places, _, _ = layout(layout.starts()).bounds()
        across, down = canvas_size(layout.aspect)
        self._spread = SPREAD * math.sqrt(across * down / layout.count)
        self.register_buffer("_places", places, persistent=False)

    def forward(self, slots: Tensor, visible: int | None) -> Tensor:
        """Vectors ``[N + 1, width]`` of all slots and the whole drawing → those with so many visible shapes."""
        places = self.get_buffer("_places")
        # Not torch.cdist, which ONNX does not know.
        apart = places[-1 if visible is None else visible - 1][:, None] - places[-1]
        distance = apart.norm(dim=-1) / self._spread
        own = (-distance.square()).softmax(dim=1).to(slots) @ slots[:-1]
        return torch.cat([own, slots[-1:]]) + self.embedding(visible)


def visible_tokens(tokens: Tensor, visible: int | None) -> Tensor:
    """The tokens of the lowest shapes and of the whole drawing, of tokens ``[B, count + 1, width]``; None keeps all."""
    return tokens if visible is None else torch.cat([tokens[:, :visible], tokens[:, -1:]], dim=1)


def with_hidden_tokens(tokens: Tensor, count: int) -> Tensor:
    """The inverse of ``visible_tokens``, ``[B, count + 1, width]``: the tokens of hidden shapes are 0."""
    # `len(tokens)` would make the batch of an export a constant.
    hidden = tokens.new_zeros(tokens.shape[0], count + 1 - tokens.shape[1], tokens.shape[2])
    return torch.cat([tokens[:, :-1], hidden, tokens[:, -1:]], dim=1) if hidden.shape[1] else tokens
