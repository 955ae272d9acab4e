"""A price for each shape: those that a drawing hardly needs are left out."""

from dataclasses import replace

import torch
from torch import Tensor

from vectorae.decoder.decoder import Decoder
from vectorae.decoder.state import DrawState
from vectorae.losses import Objective
from vectorae.scene import Scene


@torch.no_grad()
def worthwhile(
    scene: Scene, images: Tensor, decoder: Decoder, objective: Objective, state: DrawState, price: float
) -> Scene:
    """A crisp scene without the shapes that lower the cost of their drawing by less than a price.

    Each drawing is seen alone. Its shapes are tried in the order of what the drawing would lose without each of them
    alone, the least first; a shape goes if the cost without it, and without those that went before, rises by less than
    the price. So a drawing that goes without n shapes costs less than n prices more.

    Args:
        scene: as ``Decoder.scene`` makes it of the state, crisp.
        images: ``[B, C, H, W]`` in [0, 1].
        decoder, objective: that draw and compare.
        state: of the drawings.
        price: in units of the objective, > 0.

    Returns:
        The scene; shapes that are left out have no opacity.
    """
    height, width = images.shape[-2:]

    def cost(kept: Tensor) -> Tensor:
        some = replace(scene, opacity=scene.opacity * kept)
        return objective(decoder.draw(some, height, width, state, crisp=True), images, some)

    kept = scene.opacity > 0
    least = cost(kept)
    slots = torch.arange(scene.count, device=kept.device)
    rises = [cost(kept & (slots != slot)) - least for slot in range(scene.count)]
    for tried in torch.stack(rises, dim=1).argsort(dim=1, stable=True).unbind(1):
        without = kept & (slots != tried[:, None])
        without_cost = cost(without)
        goes = without_cost - least < price
        kept, least = torch.where(goes[:, None], without, kept), torch.where(goes, without_cost, least)
    return replace(scene, opacity=scene.opacity * kept)
