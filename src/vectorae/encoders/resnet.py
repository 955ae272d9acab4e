"""ResNet-18 (He et al. 2015) from torchvision as an encoder."""

from torch import Tensor, nn
from torchvision.models import resnet18

from vectorae.encoders.head import zero_head


class ResNet18(nn.Module):
    """torchvision's ResNet-18, trained from scratch.

    Args:
        channels: of the images.
        image_size: side of the images in pixels, ≥ 16.
        raw_size: how many numbers to answer with.
    """

    def __init__(self, channels: int, image_size: int, raw_size: int) -> None:
        super().__init__()
        self.network = resnet18(weights=None)
        if channels != 3:
            self.network.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
        if image_size < 64:
            # On small images the first pooling would throw away what there is to see.
            self.network.maxpool = nn.Identity()
        self.network.fc = zero_head(self.network.fc.in_features, raw_size)

    def forward(self, images: Tensor) -> Tensor:
        """Images ``[B, C, S, S]`` in [0, 1] → raw numbers ``[B, raw_size]``."""
        raw: Tensor = self.network((images - 0.5) / 0.25)
        return raw
