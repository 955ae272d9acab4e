"""Encoders: a backbone that encodes images as feature maps, and a head that predicts raw numbers."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from vectorae.encoders.latent import Latent
from vectorae.errors import UserError
from vectorae.layout.base import full_precision

Draw = Callable[[Tensor, int], Tensor]
"""Raw numbers ``[B, raw_size]`` and a number of shapes, from the bottom → soft drawings ``[B, C, S, S]``."""


SPREAD = 0.5
"""Of the raw numbers around the layout's starting arrangement, from which hypotheses start."""


class Hypotheses(nn.Module):
    """Learned starts: from each of them the same network predicts another drawing of an image.

    Descent ends near where it began, so that of drawings from several starts the best is better than most (the multiple
    choices of Guzman-Rivera, Batra and Kohli, 2012, with shared weights).

    Args:
        count: K of them; the first starts as the layout does.
        raw_size: of the layout.
        features: channels of the feature map.

    Attributes:
        starts: raw numbers ``[K, raw_size]``, to which the prediction is added.
        views: ``[K, F]``, added to the feature map, so that the prediction knows its start.
    """

    def __init__(self, count: int, raw_size: int, features: int) -> None:
        super().__init__()
        self.starts = nn.Parameter(torch.cat([torch.zeros(1, raw_size), SPREAD * torch.randn(count - 1, raw_size)]))
        self.views = nn.Parameter(0.02 * torch.randn(count, features))


class Encoder(nn.Module):
    """Images → raw numbers; before training all are 0.

    Example:
        >>> from vectorae import Layout
        >>> from vectorae.encoders import CNN, MLP
        >>> layout, backbone = Layout(["circle"], count=4), CNN(channels=3, image_size=16)
        >>> encoder = Encoder(backbone, MLP(backbone.features, backbone.side, layout), layout.raw_size)
        >>> encoder(torch.rand(2, 3, 16, 16)).shape
        torch.Size([2, 31])

    Args:
        backbone: images ``[B, C, S, S]`` → feature map ``[B, F, s, s]``.
        head: feature map, images, a way to draw and how many shapes are visible → raw numbers ``[B, raw_size]``.
        latent: a bottleneck between backbone and head, or None.
        rates: ``[raw_size]`` factors on the head's numbers: how fast each learns. All 1 by default.
        starts: ``[N, raw_size]`` where drawings of 1 … N shapes start (see ``Layout.starts``); None is 0 for all.
        hypotheses: several learned starts, or None.
    """

    not_averaged: ClassVar[tuple[str, ...]] = ("offset",)
    """Buffers that a moving average of the weights must not touch."""

    def __init__(
        self,
        backbone: nn.Module,
        head: nn.Module,
        raw_size: int,
        latent: Latent | None = None,
        rates: Tensor | None = None,
        starts: Tensor | None = None,
        hypotheses: Hypotheses | None = None,
    ) -> None:
        super().__init__()
        self.backbone, self.head, self.latent, self.hypotheses = backbone, head, latent, hypotheses
        self._seen = seen_by(backbone)
        self.register_buffer("rates", torch.ones(raw_size) if rates is None else rates, persistent=False)
        self.register_buffer("starts", torch.zeros(1, raw_size) if starts is None else starts, persistent=False)
        # Where dead shapes were relocated to (see ``add_offset``).
        self.register_buffer("offset", torch.zeros(raw_size))

    def forward(self, images: Tensor, draw: Draw | None = None, visible: int | None = None) -> Tensor:
        """Raw numbers ``[B, raw_size]`` of images ``[B, C, S, S]`` in [0, 1], of several hypotheses the first."""
        return self.predict(self.encode(images), images, draw, visible)

    def encode(self, images: Tensor) -> Tensor:
        """The feature map ``[B, F, s, s]`` of images ``[B, C, S, S]`` in [0, 1].

        Raises:
            UserError: the backbone was replaced by one of other ``features`` or another ``side``, or returns something
                else than it says.
        """
        name, seen = type(self.backbone).__name__, seen_by(self.backbone)
        if seen != self._seen:
            raise UserError(
                f"encoder: {name} makes feature maps {list(seen)}, and the head of this model takes "
                f"{list(self._seen)}; build the model anew with that encoder"
            )
        features: Tensor = self.backbone(images)
        if features.shape[1:] != seen:
            raise UserError(
                f"encoder: {name} returned {list(features.shape)}; by its features and side it is [B, "
                f"{', '.join(map(str, seen))}]"
            )
        return features

    def decode_latent(self, latents: Tensor) -> Tensor:
        """Raw numbers ``[B, raw_size]`` of latents ``[B, size]``, without an image.

        Raises:
            UserError: there is no latent, or a head that needs an image.
        """
        if self.latent is None:
            raise UserError("model.latent: this model has none; train one with model.latent=64")
        return self._scaled(self.head(self.latent.decode(latents), None, None)) + self.get_buffer("starts")[-1]

    def add_offset(self, indices: Tensor, offset: Tensor) -> None:
        """Add an offset ``[n]`` to the raw numbers with these indices ``[n]``, for all images alike."""
        self.get_buffer("offset")[indices] += offset

    def predict(
        self,
        features: Tensor,
        images: Tensor,
        draw: Draw | None = None,
        visible: int | None = None,
        hypothesis: Tensor | None = None,
    ) -> Tensor:
        """Raw numbers ``[B, raw_size]`` from the feature map ``[B, F, s, s]`` of images.

        Args:
            features, images: of the same B.
            draw: for heads that draw while they predict.
            visible: how many shapes the drawing has, for an encoder of any number of them; None stands for all.
            hypothesis: which of several each image gets, ``[B]``, int64; None is the first.
        """
        start = self.get_buffer("starts")[-1 if visible is None else visible - 1]
        if self.hypotheses is not None:
            which = slice(0, 1) if hypothesis is None else hypothesis
            start = start + self.hypotheses.starts[which]
            features = features + self.hypotheses.views[which][:, :, None, None]
        if self.latent is not None:
            features = self.latent(features)

        def drawing(numbers: Tensor, lowest: int) -> Tensor:
            assert draw is not None
            return draw(self._scaled(numbers) + start, lowest)

        return self._scaled(self.head(features, images, draw and drawing, visible)) + start

    def _scaled(self, numbers: Tensor) -> Tensor:
        return full_precision(self.get_buffer("rates") * numbers + self.get_buffer("offset"))


def seen_by(backbone: Any) -> tuple[int, int, int]:
    """The feature map of an image, (F, s, s), as a backbone says it: its ``features`` and its ``side``.

    Raises:
        UserError: it does not say so.
    """
    for name in ("features", "side"):
        if not isinstance(size := getattr(backbone, name, None), int) or size < 1:
            raise UserError(
                f"encoder: {type(backbone).__name__}.{name} is {size!r}; an encoder says in features and side, "
                "integers ≥ 1, which feature map [B, features, side, side] it returns"
            )
    return backbone.features, backbone.side, backbone.side
