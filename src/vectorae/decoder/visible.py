"""How much of a drawing is each shape's."""

from collections.abc import Callable

import torch
from torch import Tensor

from vectorae.scene import Scene


def visible_pixels(scene: Scene, draw: Callable[[Scene], Tensor]) -> Tensor:
    """On how many pixels each shape shows, ``[B, N]``: partly covered and partly hidden ones count for their part.

    Args:
        scene: of the shapes.
        draw: scene → drawings ``[B, C, H, W]``.
    """
    color = torch.ones_like(scene.color[..., :1]).requires_grad_()
    # How much of each pixel is a shape's is the derivative of the drawing by the shape's colour.
    alone = Scene(scene.groups, color, scene.opacity, scene.softness, scene.background[:, :1], scene.depth)
    with torch.enable_grad():
        (pixels,) = torch.autograd.grad(draw(alone).sum(), color)
    return pixels[..., 0]
