"""Between raw numbers and tokens: a vector for each slot, in painter's order, and a last one for the whole drawing."""

import torch
from torch import Tensor, nn

from vectorae.errors import UserError
from vectorae.layout import Layout


class ToTokens(nn.Module):
    """Numbers of shapes → tokens; shapes of one kind share their weights.

    Args:
        layout: whose raw numbers they are.
        width: of a token.
        sets: how many numbers there are for each raw number.
    """

    def __init__(self, layout: Layout, width: int, sets: int = 1) -> None:
        super().__init__()
        self._parts, self._background = layout.parts, layout.channels if layout.learns_background else 0
        self.shapes = nn.ModuleList(nn.Linear(sets * part.width, width) for part in self._parts)
        self.whole = nn.Linear(sets * self._background, width) if self._background else None
        order = torch.tensor([slot for part in self._parts for slot in part.slots])
        self.register_buffer("_place", order.argsort(), persistent=False)

    def forward(self, *sets: Tensor) -> Tensor:
        """Sets of numbers ``[B, raw_size]`` → tokens ``[B, count + 1, width]``."""
        rows = [
            linear(torch.cat([part.of(one) for one in sets], dim=-1))
            for part, linear in zip(self._parts, self.shapes, strict=True)
        ]
        shapes = torch.cat(rows, dim=1)[:, self.get_buffer("_place")]
        if self.whole is None:
            whole = torch.zeros_like(shapes[:, :1])
        else:
            whole = self.whole(torch.cat([one[:, -self._background :] for one in sets], dim=-1))[:, None]
        return torch.cat([shapes, whole], dim=1)


class FromTokens(nn.Module):
    """Tokens → one number for each raw number, at first all 0; shapes of one kind share their weights.

    Args:
        layout: whose raw numbers they are.
        width: of a token.
    """

    def __init__(self, layout: Layout, width: int) -> None:
        super().__init__()
        self._parts, self._background = layout.parts, layout.channels if layout.learns_background else 0
        self.shapes = nn.ModuleList(zero_linear(width, part.width) for part in self._parts)
        self.whole = zero_linear(width, self._background) if self._background else None

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens ``[B, count + 1, width]`` → numbers ``[B, raw_size]``."""
        numbers = [
            linear(tokens[:, list(part.slots)]).flatten(1)
            for part, linear in zip(self._parts, self.shapes, strict=True)
        ]
        if self.whole is not None:
            numbers.append(self.whole(tokens[:, -1]))
        return torch.cat(numbers, dim=1)


def zero_linear(features: int, numbers: int) -> nn.Linear:
    """A linear layer that answers zeros at first, so that an untrained encoder draws the starting arrangement."""
    layer = nn.Linear(features, numbers)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def transformer_block(width: int, attention_heads: int, decoder: bool = False) -> nn.Module:
    """Attention between tokens, to other vectors too if it is a decoder, and two linear layers; norms come first."""
    check_sizes(width=width, attention_heads=attention_heads)
    if width % attention_heads:
        raise UserError(f"attention_heads: {attention_heads} do not divide a width of {width}")
    kind = nn.TransformerDecoderLayer if decoder else nn.TransformerEncoderLayer
    return kind(width, attention_heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)


def check_sizes(**sizes: int) -> None:
    """Refuse what is no number of 1 or more, by its name."""
    for name, value in sizes.items():
        if value < 1:
            raise UserError(f"{name}: {value} is not a number of 1 or more")
