"""Between tensors and 8-bit pixels.

Images of 2 or 4 channels have alpha in the last one, and grey or colours multiplied with it.
"""

import torch
from PIL import Image
from torch import Tensor

FAINT = 1e-4
"""Alpha below which colours are divided by this, not by alpha: rounding would be all that they show."""

SQUARES = 16
"""Along the shorter side of an image, of the board that shows through what is transparent."""


def to_float(images: Tensor) -> Tensor:
    """uint8 images → float32 in [0, 1]; floating-point images as they are."""
    return images.float() / 255 if images.dtype == torch.uint8 else images


def to_uint8(images: Tensor) -> Tensor:
    """Images in [0, 1], of any shape → uint8 on the CPU, rounded.

    >>> to_uint8(torch.tensor([0.0, 0.5, 1.0])).tolist()
    [0, 128, 255]
    """
    return images.detach().float().clamp(0, 1).mul(255).round().byte().cpu()


def has_alpha(images: Tensor) -> bool:
    """Whether the last channel of images ``[..., C, H, W]`` is alpha."""
    return images.shape[-3] in (2, 4)


def straight(images: Tensor) -> Tensor:
    """Images ``[B, C, H, W]`` with alpha → the same with colours that are not multiplied with it; 0 where it is 0.

    >>> straight(torch.tensor([0.2, 0.1, 0.0, 0.4]).view(1, 4, 1, 1)).flatten()
    tensor([0.5000, 0.2500, 0.0000, 0.4000])
    """
    color, alpha = images[:, :-1], images[:, -1:]
    return torch.cat([color / alpha.clamp_min(FAINT), alpha], dim=1)


def to_picture(image: Tensor) -> Image.Image:
    """An image ``[1, C, H, W]`` in [0, 1] → an RGB picture; what is transparent lies over a board of squares."""
    if has_alpha(image):
        image = image[:, :-1] + (1 - image[:, -1:]) * _board(*image.shape[-2:]).to(image)
    pixels = to_uint8(image[0]).expand(3, -1, -1)
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def to_transparent_picture(image: Tensor) -> Image.Image:
    """An image ``[1, C, H, W]`` in [0, 1] → an RGB picture, or RGBA where it has alpha."""
    if not has_alpha(image):
        return to_picture(image)
    color, alpha = straight(image).split([image.shape[1] - 1, 1], dim=1)
    pixels = to_uint8(torch.cat([color.expand(-1, 3, -1, -1), alpha], dim=1)[0])
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def on_board(picture: Image.Image) -> Image.Image:
    """A picture, RGB or RGBA, as RGB; what is transparent lies over a board of squares."""
    if picture.mode != "RGBA":
        return picture
    board = to_picture(_board(picture.height, picture.width)[None, None])
    board.paste(picture, mask=picture)
    return board


def _board(height: int, width: int) -> Tensor:
    """White and light grey squares, ``[height, width]``."""
    side = max(1, round(min(height, width) / SQUARES))
    row, column = torch.arange(height)[:, None] // side, torch.arange(width) // side
    return 1 - 0.2 * ((row + column) % 2)


def to_pictures(images: Tensor) -> list[Image.Image]:
    """Images ``[B, C, H, W]`` in [0, 1] → B RGB pictures, each as ``to_picture`` makes it."""
    return [to_picture(image[None]) for image in images]
