"""Losses that compare pixel by pixel."""

from dataclasses import dataclass

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
        return F.mse_loss(drawing, image, reduction="none").mean((1, 2, 3))  # one pass over the pixels each way


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
