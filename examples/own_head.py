"""A head and a refiner of your own.

    vectorae train plugins=[own_head] head._target_=own_head.Linear refiner._target_=own_head.Step

A head makes raw numbers of the encoder's feature map, a refiner corrects them from feedback on their drawing.
"""

import torch
from torch import Tensor, nn

from vectorae import Layout
from vectorae.config.arguments import PositiveInt
from vectorae.decoder import Feedback
from vectorae.encoders import Draw, Head, RefinerBase


class Linear(Head):
    """One linear layer, from the mean of the features.

    Args:
        layout: of the raw numbers.
        features: channels of the feature map.
    """

    def __init__(self, layout: Layout, features: int) -> None:
        super().__init__()
        self.numbers = nn.Linear(features, layout.raw_size)
        nn.init.zeros_(self.numbers.weight)  # an untrained model draws the starting arrangement
        nn.init.zeros_(self.numbers.bias)

    def forward(self, features: Tensor, images: Tensor | None, draw: Draw | None, visible: int | None = None) -> Tensor:
        numbers: Tensor = self.numbers(features.mean((2, 3)))
        return numbers


class Step(RefinerBase):
    """A step along the gradient of the cost, of a learned size for each raw number.

    Args:
        layout: of the raw numbers.
        width: units of the hidden layer.
    """

    def __init__(self, layout: Layout, width: PositiveInt = 32) -> None:
        super().__init__()
        self.sizes = nn.Sequential(nn.Linear(layout.raw_size, width), nn.SiLU(), nn.Linear(width, layout.raw_size))

    def forward(
        self,
        raw: Tensor,
        feedback: Feedback,
        images: Tensor,
        features: Tensor,
        memory: Tensor | None,
        visible: int | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        direction = torch.nn.functional.normalize(feedback.gradient, dim=1)
        return raw - 0.1 * self.sizes(raw) * direction, None
