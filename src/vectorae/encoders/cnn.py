"""A small convolutional backbone, fast on a few processor cores."""

import math

import torch
from torch import Tensor, nn

from vectorae.config.arguments import PositiveInt, validated


class CNN(nn.Module):
    """Stages of a strided convolution, batch normalisation and SiLU, down to 4 to 7 pixels.

    Args:
        channels: of the images.
        image_size: side of the images in pixels, ≥ 16.
        width: channels after the first stage; each further stage has twice as many, at most 8 × width.

    Attributes:
        features: channels of the feature map, F.
        side: of the feature map, s.
    """

    @validated
    def __init__(self, channels: int, image_size: int, width: PositiveInt = 32) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        self.side, self.features = image_size, channels
        for stage in range(int(math.log2(image_size / 4))):
            wider = width * min(2**stage, 8)
            convolution = nn.Conv2d(self.features, wider, 4, stride=2, padding=1, bias=False)
            stages += [convolution, nn.BatchNorm2d(wider), nn.SiLU()]
            self.side, self.features = self.side // 2, wider
        # The memory format in which convolutions on processors are a quarter faster.
        self.stages = nn.Sequential(*stages).to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Images ``[B, C, S, S]`` in [0, 1] → feature map ``[B, F, s, s]``."""
        return self.stages(((images - 0.5) / 0.25).contiguous(memory_format=torch.channels_last))
