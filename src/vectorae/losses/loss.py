"""What every loss is: of images, or of the scene itself."""

from abc import ABC, abstractmethod

from torch import Tensor

from vectorae.errors import UserError
from vectorae.scene import Scene


class ImageLoss(ABC):
    """A distance between drawings and images, to be minimised."""

    @abstractmethod
    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        """Of each drawing ``[B]``, from two batches ``[B, C, H, W]`` of one dtype with values in [0, 1]."""

    def check(self, height: int, width: int) -> None:  # noqa: B027  # most losses take any image
        """Refuse what would fail later: images too small for the loss, weights that are not there.

        Raises:
            UserError: naming the smallest size, or the file to place.
        """


class Regularizer(ABC):
    """A property of scenes that costs, whatever the images are."""

    @abstractmethod
    def __call__(self, scene: Scene, height: int, width: int) -> Tensor:
        """Of each drawing ``[B]``; height and width are those of its images, in pixels."""


def check_size(height: int, width: int, least: int, what: str) -> None:
    """Refuse images whose shorter side has less than ``least`` pixels."""
    if min(height, width) < least:
        raise UserError(f"{what} needs images of {least} pixels or more; these have {min(height, width)}")
