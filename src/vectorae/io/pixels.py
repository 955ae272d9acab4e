"""Between tensors and 8-bit pixels."""

import torch
from PIL import Image
from torch import Tensor


def to_float(images: Tensor) -> Tensor:
    """uint8 images → float32 in [0, 1]; floating-point images as they are."""
    return images.float() / 255 if images.dtype == torch.uint8 else images


def to_uint8(images: Tensor) -> Tensor:
    """Images in [0, 1], of any shape → uint8 on the CPU, rounded.

    >>> to_uint8(torch.tensor([0.0, 0.5, 1.0])).tolist()
    [0, 128, 255]
    """
    return images.detach().float().clamp(0, 1).mul(255).round().byte().cpu()


def to_picture(image: Tensor) -> Image.Image:
    """An image ``[1, C, H, W]`` in [0, 1], grey or in colour → an RGB picture."""
    pixels = to_uint8(image[0]).expand(3, -1, -1)
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def to_pictures(images: Tensor) -> list[Image.Image]:
    """Images ``[B, C, H, W]`` in [0, 1], grey or in colour → B RGB pictures."""
    return [to_picture(image[None]) for image in images]
