"""Losses that compare pixel by pixel."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


class Loss(ABC):
    """The distance between drawings and images, to be minimised."""

    @abstractmethod
    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        """A scalar ≥ 0 from two batches ``[B, C, H, W]`` with values in [0, 1]."""


@dataclass(frozen=True)
class MSE(Loss):
    """Mean squared error."""

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        return F.mse_loss(drawing, image)


@dataclass(frozen=True)
class L1(Loss):
    """Mean absolute error."""

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        return F.l1_loss(drawing, image)


@dataclass(frozen=True)
class BCE(Loss):
    """Mean binary cross-entropy, the drawing's values read as probabilities of ink."""

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        # Autocast refuses binary_cross_entropy in half precision; drawings are float32 all the same. Rounding may leave
        # a drawing a hair outside [0, 1], and a pixel that is certain and wrong must not cost infinitely much.
        with torch.autocast(drawing.device.type, enabled=False):
            return F.binary_cross_entropy(drawing.clamp(1e-6, 1 - 1e-6), image.to(drawing.dtype))
