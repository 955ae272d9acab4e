"""Between tensors and 8-bit pixels."""

from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

if TYPE_CHECKING:
    pass


def to_float(images: Tensor) -> Tensor:
    """uint8 images → float32 in [0, 1]; floating-point images as they are."""
    return images.float() / 255 if images.dtype == torch.uint8 else images


def to_picture(image: Tensor) -> Image.Image:
    """An image ``[1, C, H, W]`` in [0, 1] as a picture in RGB."""
    pixels = image[0].detach().clamp(0, 1).mul(255).round().byte().cpu().expand(3, -1, -1)
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())
