"""Blocks of attention between tokens; their weights are named as in torch's transformer layers."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vectorae.config.arguments import PositiveInt, validated
from vectorae.errors import UserError


class Attention(nn.MultiheadAttention):
    """Attention in several heads (Vaswani et al., 2017), without torch's copies of tokens into another order."""

    def forward(self, tokens: Tensor, others: Tensor | None = None) -> Tensor:  # type: ignore[override]
        """Tokens ``[B, N, width]`` that have attended to each other, or to others ``[B, M, width]``."""
        weight, bias, width = self.in_proj_weight, self.in_proj_bias, self.embed_dim
        if others is None:
            queries, keys, values = F.linear(tokens, weight, bias).chunk(3, dim=-1)
        else:
            queries = F.linear(tokens, weight[:width], bias[:width])
            keys, values = F.linear(others, weight[width:], bias[width:]).chunk(2, dim=-1)
        heads = [numbers.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for numbers in (queries, keys, values)]
        attended: Tensor = self.out_proj(_attend(*heads).transpose(1, 2).flatten(2))
        return attended


class SelfAttentionBlock(nn.Module):
    """Attention between tokens, then two linear layers; norms come first (Xiong et al., 2020).

    Args:
        width: of a token.
        attention_heads: which divide the width.
    """

    @validated
    def __init__(self, width: PositiveInt, attention_heads: PositiveInt) -> None:
        super().__init__()
        _check_heads(width, attention_heads)
        self.self_attn = Attention(width, attention_heads)
        self.linear1, self.linear2 = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens ``[B, N, width]`` → as many."""
        tokens = tokens + self.self_attn(self.norm1(tokens))
        return tokens + self.linear2(F.gelu(self.linear1(self.norm2(tokens))))


class CrossAttentionBlock(nn.Module):
    """As ``SelfAttentionBlock``, and attention to other vectors before the linear layers.

    Args:
        width, attention_heads: as there.
    """

    @validated
    def __init__(self, width: PositiveInt, attention_heads: PositiveInt) -> None:
        super().__init__()
        _check_heads(width, attention_heads)
        self.self_attn, self.multihead_attn = Attention(width, attention_heads), Attention(width, attention_heads)
        self.linear1, self.linear2 = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, tokens: Tensor, others: Tensor) -> Tensor:
        """Tokens ``[B, N, width]`` and other vectors ``[B, M, width]`` → as many tokens."""
        tokens = tokens + self.self_attn(self.norm1(tokens))
        tokens = tokens + self.multihead_attn(self.norm2(tokens), others)
        return tokens + self.linear2(F.gelu(self.linear1(self.norm3(tokens))))


def _attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Attention within heads, ``[B, heads, N, width of a head]``."""
    if queries.device.type == "cpu" and queries.dtype == torch.bfloat16:
        # Torch's kernel takes thirteen times as long to differentiate in sixteen bits: tokens are few.
        with torch.autocast("cpu", enabled=False):
            heads = queries.float(), keys.float(), values.float()
            return F.scaled_dot_product_attention(*heads).to(queries.dtype)
    return F.scaled_dot_product_attention(queries, keys, values)


def _check_heads(width: int, attention_heads: int) -> None:
    if width % attention_heads:
        raise UserError(f"attention_heads: {attention_heads} do not divide a width of {width}")
