"""One shape, made visible among the others."""

from dataclasses import replace

import torch
from torch import Tensor

from vectorae.rasterizer import rasterize
from vectorae.scene import Group, Scene
from vectorae.scene.highlight import HIGHLIGHT


@torch.no_grad()
def highlighted(images: Tensor, scene: Scene, slot: int) -> Tensor:
    """Images with the outline of one shape drawn over them.

    Args:
        images: ``[B, C, H, W]`` in [0, 1], grey or in colour.
        scene: crisp, of the same B drawings.
        slot: of the shape, below ``scene.count``.

    Returns:
        ``[B, 3, H, W]``.
    """
    (group,) = (one for one in scene.groups if slot in one.slots)
    member = group.slots.index(slot)
    outline = group.map(lambda tensor: tensor[:, member : member + 1]).outline
    batch, height, width = len(images), *images.shape[-2:]
    ones = scene.opacity.new_ones(batch, 2)
    strokes = tuple(Group(outline, (index,), wide * ones[:, :1]) for index, wide in enumerate(HIGHLIGHT.values()))
    color = scene.color.new_tensor(list(HIGHLIGHT)).expand(batch, -1, -1)
    drawing = Scene(strokes, color, ones, ones, color.new_zeros(batch, 3))
    backgrounds = (torch.full_like(drawing.background, paper) for paper in (0.0, 1.0))
    on_black, on_white = (
        rasterize(replace(drawing, background=one), height, width, coverage="ramp") for one in backgrounds
    )
    # Of the image as much as of the white paper can be seen.
    return images * (on_white - on_black) + on_black
