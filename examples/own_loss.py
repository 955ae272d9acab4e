"""A loss of your own: squared error that counts dark pixels more.

vectorae train plugins=[own_loss] '++loss.terms.dark={kind: own_loss.DarkMSE, weight: 0.5, power: 2}'
"""

from typing import Annotated

from annotated_types import Ge
from torch import Tensor

from vectorae.losses import ImageLoss


class DarkMSE(ImageLoss):
    """Squared error with the weight (1 − image) to a power.

    Args:
        power: 0 is the squared error itself.
    """

    def __init__(self, power: Annotated[float, Ge(0)] = 1.0) -> None:
        self.power = power

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        weight = (1 - image).pow(self.power)
        return (weight * (drawing - image).square()).mean((1, 2, 3))
