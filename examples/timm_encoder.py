"""An encoder of your own from timm: the maps of several stages, seen together.

    pip install timm
    vectorae train plugins=[timm_encoder] encoder._target_=timm_encoder.Pyramid encoder.name=resnet18

``encoder=timm`` takes the last map that is large enough; this one keeps fine and coarse ones.
"""

from collections.abc import Sequence

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional


class Pyramid(nn.Module):
    """Feature maps of a network of timm, brought to the size of the first of them.

    Args:
        channels: of the images.
        image_size: side of the images in pixels.
        name: of a network that has feature maps, see ``timm.list_models``.
        stages: which of its maps, counted from the finest, 0.
        weights: any text for those that timm has for the network; None for none.
    """

    def __init__(
        self,
        channels: int,
        image_size: int,
        name: str = "resnet18",
        stages: Sequence[int] = (2, 3),
        weights: str | None = None,
        fetch: bool = True,
    ) -> None:
        super().__init__()
        self.network = timm.create_model(
            name, pretrained=weights is not None and fetch, features_only=True, in_chans=channels, out_indices=stages
        )
        with torch.no_grad():
            _, self.features, self.side, _ = self.eval()(torch.zeros(1, channels, image_size, image_size)).shape
        self.train()

    def forward(self, images: Tensor) -> Tensor:
        """``[B, C, S, S]`` → ``[B, features, side, side]``."""
        finest, *others = self.network((images - 0.5) / 0.25)
        size = finest.shape[-2:]
        return torch.cat([finest, *(functional.interpolate(one, size=size, mode="bilinear") for one in others)], dim=1)
