"""The canvas: the shorter side spans [0, 1], x to the right, y down."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def canvas_size(aspect: float) -> tuple[float, float]:
    """Width and height of the canvas in canvas units, for an aspect (width / height); the shorter side is 1.

    Example:
        >>> canvas_size(1.5), canvas_size(0.5)
        ((1.5, 1.0), (1.0, 2.0))
    """
    return (aspect, 1.0) if aspect >= 1 else (1.0, 1.0 / aspect)


def pixel_centers(height: int, width: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Canvas coordinates of the pixel centres, (i + ½) / min(height, width).

    Args:
        height, width: size of the image in pixels.
        like: a tensor of the dtype and on the device of the result.

    Returns:
        x ``[width]`` and y ``[height]``, canvas units.

    Example:
        >>> pixel_centers(2, 4, like=torch.zeros(()))
        (tensor([0.2500, 0.7500, 1.2500, 1.7500]), tensor([0.2500, 0.7500]))
    """
    side = min(height, width)
    x = (torch.arange(width, dtype=like.dtype, device=like.device) + 0.5) / side
    y = (torch.arange(height, dtype=like.dtype, device=like.device) + 0.5) / side
    return x, y


def to_local(x: Tensor, y: Tensor, center: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Pixel centres in the local frame of each shape: its centre is the origin, its width lies along the first axis.

    Args:
        x: ``[W]``, y: ``[H]``, canvas units.
        center: ``[..., 2]`` canvas units.
        angle: ``[...]`` radians, clockwise on screen (y points down), as SVG's ``rotate``.

    Returns:
        x and y in the local frame, ``[..., H, W]`` each, canvas units.
    """
    dx = (x - center[..., 0, None])[..., None, :]
    dy = (y - center[..., 1, None])[..., :, None]
    cos, sin = torch.cos(angle)[..., None, None], torch.sin(angle)[..., None, None]
    return cos * dx + sin * dy, cos * dy - sin * dx


def turn_of(angle: Tensor) -> Tensor:
    """Cosine and sine of angles in radians, ``[..., 2]``."""
    turn: Tensor = _Turn.apply(angle)
    return turn


class _Turn(torch.autograd.Function):
    """``turn_of``.

    For torch's own, and those in their derivatives, a library wakes all threads, which takes longer than all else that
    is done with a thousand angles.
    """

    @staticmethod
    def forward(ctx: Any, angle: Tensor) -> Tensor:
        turn = torch.view_as_real(torch.polar(torch.ones_like(angle), angle))
        ctx.save_for_backward(turn)
        return turn

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        cos, sin = ctx.saved_tensors[0].unbind(-1)
        by_cos, by_sin = gradient.unbind(-1)
        return by_sin * cos - by_cos * sin
