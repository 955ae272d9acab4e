"""Base classes of losses: of images, and of scenes alone."""

from abc import ABC, abstractmethod

from torch import Tensor

from vectorae.config.arguments import Validated
from vectorae.errors import UserError
from vectorae.scene import Scene


class ImageLoss(Validated, ABC):
    """A distance between drawings and images, to be minimised."""

    @abstractmethod
    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        """The loss of each drawing, ``[B]``, from two batches ``[B, C, H, W]`` of one dtype with values in [0, 1]."""

    def check(self, height: int, width: int) -> None:  # most losses take any image
        """Check in advance that images are large enough and weights available, and fetch those.

        Raises:
            UserError: naming the smallest size, or the file to place.
        """


class Regularizer(ABC):
    """A loss of scenes that does not depend on the images."""

    @abstractmethod
    def __call__(self, scene: Scene, height: int, width: int) -> Tensor:
        """The loss of each scene, ``[B]``; height and width of its drawing in pixels."""


def check_size(height: int, width: int, least: int, what: str) -> None:
    """Refuse images whose shorter side has less than ``least`` pixels."""
    if min(height, width) < least:
        raise UserError(f"{what} needs images of {least} pixels or more; these have {min(height, width)}")
