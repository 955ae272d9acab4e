"""What backbones have in common that were made for RGB images normalised as their weights expect it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's colours, by which most weights expect images to be normalised."""

LEAST_SIDE = 4
"""Smallest side of the feature map, pixels: of 64 pixels the last stage of most networks leaves 2 × 2, too few."""

SMALL = 64
"""Side of images below which an untrained network does without its first pooling, pixels."""


class RGBBackbone(nn.Module, ABC):
    """A network of other packages as a backbone: images are resized, made RGB and normalised; grey ones are repeated.

    Args:
        channels: of the images, 1 to 4; 2 and 4 with alpha.
        image_size: side of the images in pixels.
        network: RGB images → whatever ``feature_map`` makes a map of.
        view: side to which images are resized, pixels.
        mean, deviation: of the three colours, by which they are normalised.

    Attributes:
        features: channels of the feature map, F.
        side: of the feature map, s.
    """

    def __init__(
        self,
        channels: int,
        image_size: int,
        network: nn.Module,
        view: int,
        mean: Sequence[float] = IMAGENET_MEAN,
        deviation: Sequence[float] = IMAGENET_DEVIATION,
    ) -> None:
        super().__init__()
        self.network, self.view = network, view
        self.colors = _from_alpha(channels, mean) if channels in (2, 4) else None
        self.register_buffer("_mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("_deviation", torch.tensor(deviation)[:, None, None], persistent=False)
        self.eval()
        with torch.no_grad():
            _, self.features, self.side, _ = self(torch.zeros(1, channels, image_size, image_size)).shape
        self.train()

    def forward(self, images: Tensor) -> Tensor:
        """Images ``[B, C, S, S]`` in [0, 1] → feature map ``[B, F, s, s]``."""
        if self.colors is not None:
            images = self.colors(images)
        if images.shape[-1] != self.view:
            images = F.interpolate(images, size=(self.view, self.view), mode="bilinear", align_corners=False)
        return self.feature_map((images - self.get_buffer("_mean")) / self.get_buffer("_deviation"))

    @abstractmethod
    def feature_map(self, images: Tensor) -> Tensor:
        """Normalised images ``[B, 3, view, view]`` → feature map ``[B, F, s, s]``."""


def _from_alpha(channels: int, mean: Sequence[float]) -> nn.Conv2d:
    """What makes RGB of images with alpha, for networks of three channels: at first the images over the mean colour."""
    made = nn.Conv2d(channels, 3, 1)
    below, color = torch.tensor(mean), torch.eye(3) if channels == 4 else torch.ones(3, 1)
    made.weight.data = torch.cat([color, -below[:, None]], dim=1)[..., None, None]
    made.bias = nn.Parameter(below)
    return made


def keep_details(network: nn.Module, view: int) -> None:
    """Leave out the first pooling of an untrained network of small images, which would throw away most details."""
    if view < SMALL and isinstance(getattr(network, "maxpool", None), nn.MaxPool2d):
        network.maxpool = nn.Identity()


def last_large(sides: Sequence[int]) -> int:
    """Which of the maps of a network, by their sides, is the last of ``LEAST_SIDE`` pixels, or else the largest.

    >>> last_large([16, 8, 4, 2]), last_large([3, 2])
    (2, 0)
    """
    enough = min(LEAST_SIDE, max(sides))
    return max(index for index, side in enumerate(sides) if side >= enough)
