"""Images of any shape for a model that sees squares, and its drawings back at their shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.errors import UserError
from vectorae.io.pixels import to_float
from vectorae.scene import Scene

Resize = Literal["pad", "crop", "stretch"]
"""How an image becomes square: between bars, its middle, or distorted."""

MAX_MAGNITUDE = 16.0
"""Pixels with a larger magnitude are refused: a resampled image may overshoot [0, 1], but not by that much."""


@dataclass(frozen=True)
class Squares:
    """Images as squares, and where these lie on the canvas of the images.

    Attributes:
        images: ``[B, C, S, S]``.
        origin: the left upper corner of the image in the square, x and y in units of its side.
        across, down: width and height of the square in canvas units of the image, whose shorter side is 1.
    """

    images: Tensor
    origin: tuple[float, float] = (0.0, 0.0)
    across: float = 1.0
    down: float = 1.0

    def on_image(self, scene: Scene) -> Scene:
        """A scene on the squares as one on the images, so that it is drawn at their height and width."""
        if self.across != self.down:
            return scene.mapped([[self.across, 0, 0], [0, self.down, 0]])
        return scene if self.across == 1 else scene.zoomed(self.origin, self.across)


def checked_images(images: Tensor, channels: int) -> Tensor:
    """Images for a model, as floats.

    Args:
        images: ``[B, C, H, W]``, floats in [0, 1] or bytes.
        channels: C, of the model.

    Raises:
        UserError: another type or shape, no images, or pixels that are NaN, infinite or far out of [0, 1].
    """
    if not isinstance(images, Tensor):
        raise UserError(f"images: a tensor [B, {channels}, H, W], not {type(images).__name__}; use torch.as_tensor")
    if images.dim() != 4 or images.shape[1] != channels or 0 in images.shape:
        raise UserError(
            f"images {list(images.shape)}: this model takes [B, {channels}, H, W], of some images and pixels"
        )
    if not images.is_floating_point() and images.dtype != torch.uint8:
        raise UserError(f"images: {images.dtype}; pixels are floats in [0, 1], or bytes (torch.uint8)")
    images = to_float(images)
    if not (images.abs() <= MAX_MAGNITUDE).all():
        raise UserError("images: pixels are numbers in [0, 1]; some of these are NaN, infinite or far out of it")
    return images


def squares(images: Tensor, side: int, resize: Resize, bars: str) -> Squares:
    """Images ``[B, C, H, W]`` as squares.

    Args:
        images: floats.
        side: S, of the squares.
        resize: see ``Resize``.
        bars: what is put around with ``pad``: ``black``, or ``edge``, the outermost pixels.
    """
    height, width = images.shape[-2:]
    shorter, longer = min(height, width), max(height, width)
    left, top = (longer - width) // 2, (longer - height) // 2
    found = Squares(images)
    if resize == "stretch":
        found = Squares(images, across=width / shorter, down=height / shorter)
    elif resize == "crop":
        left, top = (width - shorter) // 2, (height - shorter) // 2
        found = Squares(images[..., top : top + shorter, left : left + shorter])
    elif shorter < longer:
        around = (left, longer - width - left, top, longer - height - top)
        padded = F.pad(images, around, "replicate" if bars == "edge" else "constant")
        factor = longer / shorter
        found = Squares(padded, (left / longer, top / longer), factor, factor)
    if found.images.shape[-2:] == (side, side):
        return found
    resized = F.interpolate(found.images, size=(side, side), mode="bilinear", antialias=True)
    return Squares(resized, found.origin, found.across, found.down)
