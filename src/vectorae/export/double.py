"""Operators that ONNX Runtime computes in float32 alone, made of such as it computes in float64 too."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.polynomial import chebyshev
from torch import Tensor
from torch._decomp import get_decompositions

Operators = Mapping[Any, Callable[..., Any]]
"""Operator → a function that takes its place in a graph."""

aten = torch.ops.aten

DEGREE = 24
"""Of the polynomial in ``erf``, which is then exact to 1e-13."""


def _erf_polynomial() -> tuple[float, ...]:
    """The coefficients of p in 2t − 1, the highest power first: through the Chebyshev points, where it is known."""
    places = chebyshev.chebpts1(DEGREE + 1)
    t = (places + 1) / 2
    scaled = torch.special.erfcx(torch.from_numpy(2 / t - 2)).numpy()
    return tuple(chebyshev.cheb2poly(chebyshev.chebfit(places, np.log(scaled / t), DEGREE))[::-1].tolist())


ERF = _erf_polynomial()


def convolution(
    images: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    is_transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    """A convolution of two dimensions as a product of matrices: ``[B, C, H, W]`` → ``[B, O, h, w]``."""
    if is_transposed or len(stride) != 2:
        return NotImplemented
    height, width = (
        (images.shape[2 + dim] + 2 * padding[dim] - dilation[dim] * (weight.shape[2 + dim] - 1) - 1) // stride[dim] + 1
        for dim in range(2)
    )
    padded = F.pad(images, (padding[1], padding[1], padding[0], padding[0]))
    patches = []
    for down in range(0, dilation[0] * weight.shape[2], dilation[0]):
        for across in range(0, dilation[1] * weight.shape[3], dilation[1]):
            rows = slice(down, down + (height - 1) * stride[0] + 1, stride[0])
            patches.append(padded[:, :, rows, across : across + (width - 1) * stride[1] + 1 : stride[1]])
    columns = torch.stack(patches, 2).reshape(images.shape[0], groups, -1, height * width)
    product = weight.reshape(groups, weight.shape[0] // groups, -1) @ columns
    product = product.reshape(images.shape[0], weight.shape[0], height, width)
    return product if bias is None else product + bias[:, None, None]


def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    dropout: float = 0.0,
    is_causal: bool = False,
    *,
    attn_mask: Tensor | None = None,
    scale: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Attention, and its logarithm of sums.

    Queries are scaled by a vector of equal numbers: scaled by one number, ONNX Runtime would make one operator of scale
    and product, which keeps the number in float32.
    """
    if dropout or is_causal:
        return NotImplemented
    side = query.shape[-1]
    scales = torch.full((side,), side**-0.5 if scale is None else scale, dtype=query.dtype, device=query.device)
    scores = (query * scales) @ key.transpose(-2, -1)
    scores = scores if attn_mask is None else scores + attn_mask
    return scores.softmax(-1) @ value, scores.logsumexp(-1)


def gelu(numbers: Tensor, approximate: str = "none") -> Tensor:
    """The exact one."""
    if approximate != "none":
        return NotImplemented
    return numbers / 2 * (1 + erf(numbers / 2**0.5))


def silu(numbers: Tensor) -> Tensor:
    """x · sigmoid(x), but not as that product, of which ONNX Runtime makes an operator that is of float32 alone."""
    return numbers / (1 + (-numbers).exp())


def erf(numbers: Tensor) -> Tensor:
    """The error function: 1 − t·exp(p(t) − x²) for x ≥ 0, with t = 2 / (2 + x) and a polynomial p."""
    size = numbers.abs()
    t = 2 / (2 + size)
    place, polynomial = 2 * t - 1, torch.zeros_like(t)
    for coefficient in ERF:
        polynomial = polynomial * place + coefficient
    return numbers.sign() * (1 - t * (polynomial - size * size).exp())


def asinh(numbers: Tensor) -> Tensor:
    """The inverse hyperbolic sine."""
    size = numbers.abs()
    return numbers.sign() * (size + (size * size + 1).sqrt()).log()


FLOAT32: Operators = {}

FLOAT64: Operators = {
    **get_decompositions([aten.elu, aten.hardsigmoid, aten.hardswish, aten.leaky_relu, aten.softplus]),
    aten.convolution.default: convolution,
    aten._scaled_dot_product_flash_attention_for_cpu.default: attention,
    aten.gelu.default: gelu,
    aten.silu.default: silu,
    aten.erf.default: erf,
    aten.asinh.default: asinh,
}
