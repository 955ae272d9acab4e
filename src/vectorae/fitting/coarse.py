"""Coarse to fine: a fit begins at a reduced size, where a step takes less time."""

from dataclasses import dataclass
from typing import Annotated

import torch.nn.functional as F
from torch import Tensor

from vectorae.config.arguments import Choices, PositiveFraction, Validated


@dataclass(frozen=True)
class Coarse(Validated):
    """Images are drawn at a reduced size at first, which doubles until it is their own.

    Attributes:
        factor: by which the first size is smaller, each way; 1: it is their own from the start.
        until: the progress at which it is their own.

    Example:
        >>> coarse = Coarse(factor=4, until=0.5)
        >>> [coarse.factor_at(progress) for progress in (0.0, 0.2, 0.3, 0.5, 1.0)]
        [4, 4, 2, 1, 1]
    """

    factor: Annotated[int, Choices((1, 2, 4, 8))] = 1
    until: PositiveFraction = 0.5

    def factor_at(self, progress: float) -> int:
        """By which the size is smaller at a progress in [0, 1]."""
        if progress >= self.until:
            return 1
        halvings = self.factor.bit_length() - 1
        return self.factor >> int(progress / self.until * halvings)


def reduced(images: Tensor, factor: int) -> Tensor:
    """Images ``[B, C, H, W]`` at a size that is smaller by a factor each way: means of their pixels."""
    if factor == 1:
        return images
    height, width = (max(1, round(side / factor)) for side in images.shape[-2:])
    return F.interpolate(images, size=(height, width), mode="area")
