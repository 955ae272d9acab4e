"""An encoder of your own: patches, mixed by their place.

    vectorae train plugins=[own_encoder] encoder._target_=own_encoder.Patches encoder.patch=8

An encoder is any module that is made with ``channels`` and ``image_size``, has the attributes ``features`` and
``side``, and maps images ``[B, C, S, S]`` in [0, 1] to a feature map ``[B, features, side, side]``.
"""

from torch import Tensor, nn

from vectorae.config.arguments import PositiveInt


class Patches(nn.Module):
    """A layer for each patch, and two that mix patches.

    Args:
        channels: of the images.
        image_size: side of the images in pixels.
        patch: side of a patch in pixels.
        features: numbers of each patch.
    """

    def __init__(self, channels: int, image_size: int, patch: PositiveInt = 4, features: PositiveInt = 64) -> None:
        super().__init__()
        self.features, self.side = features, image_size // patch
        self.embed = nn.Conv2d(channels, features, patch, stride=patch)
        self.mix = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1), nn.SiLU(), nn.Conv2d(features, features, 3, padding=1)
        )

    def forward(self, images: Tensor) -> Tensor:
        """``[B, C, S, S]`` → ``[B, features, side, side]``."""
        seen: Tensor = self.embed(images - 0.5)
        mixed: Tensor = seen + self.mix(seen)
        return mixed
