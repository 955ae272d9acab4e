"""Blocks of attention compute what torch's transformer layers do, with the same weights."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vectorae.encoders.attention import CrossAttentionBlock, SelfAttentionBlock
from vectorae.errors import UserError

LIKE_OURS: dict[str, Any] = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}


@pytest.mark.parametrize(
    ("ours", "theirs", "others"),
    [(SelfAttentionBlock, nn.TransformerEncoderLayer, False), (CrossAttentionBlock, nn.TransformerDecoderLayer, True)],
)
def test_blocks_are_those_of_torch(ours: type[nn.Module], theirs: type[nn.Module], others: bool) -> None:
    torch.manual_seed(0)
    block, layer = ours(16, 4).double(), theirs(16, 4, 32, **LIKE_OURS).double()
    for weight in layer.parameters():
        nn.init.normal_(weight, std=0.3)
    block.load_state_dict(layer.state_dict())
    tokens = torch.randn(2, 5, 16, dtype=torch.float64, requires_grad=True)
    given = (tokens, torch.randn(2, 7, 16, dtype=torch.float64)) if others else (tokens,)
    found, expected = block(*given), layer(*given)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(_gradients(found, tokens, block), _gradients(expected, tokens, layer))


def _gradients(result: Tensor, tokens: Tensor, network: nn.Module) -> dict[str, Tensor]:
    weights = {"tokens": tokens, **dict(network.named_parameters())}
    return dict(zip(weights, torch.autograd.grad(result.square().sum(), list(weights.values())), strict=True))


def test_half_precision_is_close() -> None:
    torch.manual_seed(0)
    block, tokens = SelfAttentionBlock(16, 4), torch.randn(2, 5, 16)
    with torch.autocast("cpu", torch.bfloat16):
        found = block(tokens)
    torch.testing.assert_close(found.float(), block(tokens), atol=0.03, rtol=0.03)
    found.float().sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in block.parameters())


@pytest.mark.parametrize("block", [SelfAttentionBlock, CrossAttentionBlock])
def test_heads_divide_the_width(block: type[nn.Module]) -> None:
    with pytest.raises(UserError, match=r"^attention_heads: 3 do not divide a width of 16"):
        block(16, 3)
