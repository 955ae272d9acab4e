"""The canvas: the shorter side spans [0, 1], x to the right, y down."""

import torch
from torch import Tensor


def canvas_size(aspect: float) -> tuple[float, float]:
    """Width and height of the canvas in canvas units, for an aspect (width / height): the shorter of them is 1."""
    return (aspect, 1.0) if aspect >= 1 else (1.0, 1.0 / aspect)


def pixel_centers(height: int, width: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Canvas coordinates of the pixel centres, (i + ½) / min(height, width).

    Returns:
        x ``[width]`` and y ``[height]``, of the dtype and on the device of ``like``.
    """
    side = min(height, width)
    x = (torch.arange(width, dtype=like.dtype, device=like.device) + 0.5) / side
    y = (torch.arange(height, dtype=like.dtype, device=like.device) + 0.5) / side
    return x, y


def to_local(x: Tensor, y: Tensor, center: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Pixel centres in the frame of each shape: the shape's centre is the origin, its width lies along the first axis.

    Args:
        x: ``[W]``, y: ``[H]``, canvas units.
        center: ``[..., 2]`` canvas units.
        angle: ``[...]`` radians, clockwise on screen (y points down), as SVG's ``rotate``.

    Returns:
        Two tensors ``[..., H, W]``, canvas units.
    """
    dx = (x - center[..., 0, None])[..., None, :]
    dy = (y - center[..., 1, None])[..., :, None]
    cos, sin = torch.cos(angle)[..., None, None], torch.sin(angle)[..., None, None]
    return cos * dx + sin * dy, cos * dy - sin * dx
