"""Encoders: a backbone that sees, and a head that says what to draw."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from vectorae.encoders.latent import Latent
from vectorae.errors import UserError

Draw = Callable[[Tensor, int], Tensor]
"""Raw numbers ``[B, raw_size]`` and how many shapes, from the bottom → soft drawings ``[B, C, S, S]``."""


class Encoder(nn.Module):
    """Images → raw numbers, which before training are all 0.

    Args:
        backbone: images ``[B, C, S, S]`` → feature map ``[B, F, s, s]``.
        head: feature map, images and a way to draw → raw numbers ``[B, raw_size]``.
        latent: what the feature map goes through on its way to the head, or None.
        rates: ``[raw_size]`` factors on the head's numbers: how fast each learns. All 1 by default.
    """

    not_averaged = ("offset",)

    def __init__(
        self,
        backbone: nn.Module,
        head: nn.Module,
        raw_size: int,
        latent: Latent | None = None,
        rates: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.backbone, self.head, self.latent = backbone, head, latent
        self.register_buffer("rates", torch.ones(raw_size) if rates is None else rates, persistent=False)
        # Where shapes are put that painted nothing (see ``move``).
        self.register_buffer("offset", torch.zeros(raw_size))

    def forward(self, images: Tensor, draw: Draw | None = None) -> Tensor:
        """Raw numbers ``[B, raw_size]`` of images ``[B, C, S, S]`` in [0, 1]."""
        return self.predict(self.backbone(images), images, draw)

    def decode_latent(self, latents: Tensor) -> Tensor:
        """Raw numbers ``[B, raw_size]`` of latents ``[B, size]``, without an image.

        Raises:
            UserError: there is no latent, or a head that needs an image.
        """
        if self.latent is None:
            raise UserError("model.latent: there is none")
        return self._scaled(self.head(self.latent.decode(latents), None, None))

    def add_offset(self, numbers: Tensor, to: Tensor) -> None:
        """Shift some raw numbers, by their place ``[n]``, for all images alike by ``to`` ``[n]``."""
        self.get_buffer("offset")[numbers] += to

    def predict(self, features: Tensor, images: Tensor, draw: Draw | None = None) -> Tensor:
        """Raw numbers ``[B, raw_size]`` by what the backbone has seen in images, ``[B, F, s, s]``."""
        if self.latent is not None:
            features = self.latent(features)
        return self._scaled(self.head(features, images, draw and self._drawing(draw)))

    def _scaled(self, numbers: Tensor) -> Tensor:
        return self.get_buffer("rates") * numbers + self.get_buffer("offset")

    def _drawing(self, draw: Draw) -> Draw:
        return lambda numbers, num_visible: draw(self._scaled(numbers), num_visible)
