"""A small convolutional encoder, fast on a few processor cores."""

import math

import torch
from torch import Tensor, nn

from vectorae.encoders.head import zero_head
from vectorae.errors import UserError


class CNN(nn.Module):
    """Stages of a strided convolution, batch normalisation and SiLU, down to 4 to 7 pixels, then two linear layers.

    Args:
        channels: of the images.
        image_size: side of the images in pixels, ≥ 16.
        raw_size: how many numbers to answer with.
        width: channels after the first stage; each further stage has twice as many, at most 8 × width.
        hidden: units between the two linear layers.
    """

    def __init__(self, channels: int, image_size: int, raw_size: int, width: int = 32, hidden: int = 512) -> None:
        super().__init__()
        for name, value in (("width", width), ("hidden", hidden)):
            if value < 1:
                raise UserError(f"{name}: {value} is not a number of 1 or more")
        stages: list[nn.Module] = []
        side, features = image_size, channels
        for stage in range(int(math.log2(image_size / 4))):
            wider = width * min(2**stage, 8)
            stages += [nn.Conv2d(features, wider, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(wider), nn.SiLU()]
            side, features = side // 2, wider
        # The memory format in which convolutions on processors are a quarter faster.
        self.stages = nn.Sequential(*stages).to(memory_format=torch.channels_last)
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(features * side * side, hidden), nn.SiLU())
        self.head = zero_head(hidden, raw_size)

    def forward(self, images: Tensor) -> Tensor:
        """Images ``[B, C, S, S]`` in [0, 1] → raw numbers ``[B, raw_size]``."""
        seen = ((images - 0.5) / 0.25).contiguous(memory_format=torch.channels_last)
        raw: Tensor = self.head(self.hidden(self.stages(seen)))
        return raw
