"""Coarse to fine: a fit begins at a reduced size, where a step takes less time."""

from dataclasses import dataclass
from typing import Annotated

import torch.nn.functional as F
from torch import Tensor

from vectorae.config.arguments import Choices, PositiveFraction, Validated
from vectorae.losses import Objective


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


@dataclass(frozen=True)
class View:
    """Images at one size, and what is minimised at this size.

    Attributes:
        images: ``[B, C, H, W]`` in [0, 1].
        objective: with the importance of the pixels.
        importance: ``[B, 1, H, W]`` in [0, 1], or None.
    """

    images: Tensor
    objective: Objective
    importance: Tensor | None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, pixels."""
        return self.images.shape[-2], self.images.shape[-1]


class Views:
    """Images at their own size and, once one is asked for, at a reduced one.

    Args:
        images: ``[B, C, H, W]`` in [0, 1].
        objective: what is minimised.
        importance: of each pixel, ``[B, 1, H, W]`` in [0, 1], or None.
    """

    def __init__(self, images: Tensor, objective: Objective, importance: Tensor | None) -> None:
        self._plain = objective
        self._whole = View(images, objective if importance is None else objective.weighted(importance), importance)
        self._reduced = 1, self._whole

    def __call__(self, factor: int) -> View:
        """The images at a size that is smaller by a factor each way: means of their pixels."""
        if factor == 1:
            return self._whole
        if factor != self._reduced[0]:
            images, whole = _reduced(self._whole.images, factor), self._whole.importance
            importance = None if whole is None else _reduced(whole, factor)
            objective = self._plain if importance is None else self._plain.weighted(importance)
            self._reduced = factor, View(images, objective, importance)
        return self._reduced[1]


def _reduced(images: Tensor, factor: int) -> Tensor:
    height, width = (max(1, round(side / factor)) for side in images.shape[-2:])
    return F.interpolate(images, size=(height, width), mode="area")
