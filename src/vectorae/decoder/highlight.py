"""One shape, made visible among the others."""

import torch
from torch import Tensor

from vectorae.io.pixels import has_alpha
from vectorae.rasterizer import rasterize
from vectorae.scene import Group, Scene
from vectorae.scene.highlight import HIGHLIGHT


@torch.no_grad()
def highlighted(images: Tensor, scene: Scene, slot: int) -> Tensor:
    """Images with the outline of one shape drawn over them.

    Args:
        images: ``[B, C, H, W]`` in [0, 1], grey or in colour, or either with alpha (see io/pixels.py).
        scene: crisp, of the same B drawings.
        slot: of the shape, below ``scene.count``.

    Returns:
        ``[B, 3, H, W]``, or ``[B, 4, H, W]`` with alpha.
    """
    (group,) = (one for one in scene.groups if slot in one.slots)
    member = group.slots.index(slot)
    outline = group.map(lambda tensor: tensor[:, member : member + 1]).outline
    batch, height, width = len(images), *images.shape[-2:]
    ones = scene.opacity.new_ones(batch, 2)
    strokes = tuple(Group(outline, (index,), wide * ones[:, :1]) for index, wide in enumerate(HIGHLIGHT.values()))
    color = scene.color.new_tensor(list(HIGHLIGHT)).expand(batch, -1, -1)
    drawing = Scene(strokes, color, ones, ones, None).with_alpha()
    marks = rasterize(drawing, height, width, coverage="ramp")
    marks, alpha = (marks if has_alpha(images) else marks[:, :3]), marks[:, 3:]
    if images.shape[1] == 2:
        images = images[:, [0, 0, 0, 1]]
    return images * (1 - alpha) + marks
