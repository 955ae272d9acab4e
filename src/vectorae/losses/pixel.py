"""Losses that compare pixel by pixel."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.losses.loss import ImageLoss


@dataclass(frozen=True)
class MSE(ImageLoss):
    """Mean squared error.

    Example:
        >>> import torch
        >>> MSE()(torch.full((2, 3, 8, 8), 0.5), torch.zeros(2, 3, 8, 8))
        tensor([0.2500, 0.2500])
    """

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        squares: Tensor = _MeanSquares.apply(drawing, image)
        return squares


class _MeanSquares(torch.autograd.Function):
    """Mean squares of differences ``[B]``.

    A tensor of all pixels is made once each way. Torch's own losses make three on the way back, and a new tensor of a
    photograph takes more time than the arithmetic.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(drawing: Tensor, image: Tensor) -> Tensor:
        return (drawing - image).square_().mean((1, 2, 3))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        drawing, image = ctx.saved_tensors
        (by_squares,) = gradients
        scale = (by_squares * (2 / drawing.shape[1:].numel())).view(-1, 1, 1, 1)
        difference = drawing - image
        # In place, unless this is differentiated too.
        by_drawing = difference * scale if torch.is_grad_enabled() else difference.mul_(scale)
        return by_drawing, -by_drawing if ctx.needs_input_grad[1] else None


@dataclass(frozen=True)
class L1(ImageLoss):
    """Mean absolute error."""

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        return (drawing - image).abs().mean((1, 2, 3))


@dataclass(frozen=True)
class BCE(ImageLoss):
    """Mean binary cross-entropy, the drawing's values read as probabilities of ink."""

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        # Rounding may leave values slightly outside [0, 1], and a wrong 0 or 1 would have an infinite loss.
        likely = drawing.clamp(1e-6, 1 - 1e-6)
        return F.binary_cross_entropy(likely, image, reduction="none").mean((1, 2, 3))
