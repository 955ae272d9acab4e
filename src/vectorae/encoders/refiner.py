"""Learned refinement: a network that corrects raw numbers from feedback on their drawing."""

import math
from abc import ABC, abstractmethod
from typing import Annotated

import torch
import torch.nn.functional as F
from annotated_types import Ge, Le
from torch import Tensor, nn

from vectorae.config.arguments import PositiveFloat, PositiveInt, validated
from vectorae.decoder import Feedback
from vectorae.encoders.attention import SelfAttentionBlock
from vectorae.encoders.counts import CountedSlots, visible_tokens, with_hidden_tokens
from vectorae.encoders.processes import mean_over_processes
from vectorae.encoders.tokens import FromTokens, Layers, ToTokens, sample_cells
from vectorae.errors import UserError
from vectorae.layout import Layout
from vectorae.layout.base import full_precision

MOMENTUM = 0.02
"""Of the running mean of squared gradients, by which gradients are normalised."""

SMALLEST = 0.03
"""Half extents of the smallest window, canvas units: about four pixels of 64."""


class RefinerBase(nn.Module, ABC):
    """Corrects the raw numbers of drawings from feedback on them, several times with the same weights."""

    def see(self, features: Tensor) -> Tensor:
        """What every correction of a drawing reads of the encoder's map ``[B, F, s, s]``; by default all of it.

        It is computed once for all corrections.

        Returns:
            A tensor whose first axis is B.
        """
        return features

    @abstractmethod
    def forward(
        self,
        raw: Tensor,
        feedback: Feedback,
        images: Tensor,
        seen: Tensor,
        memory: Tensor | None,
        visible: int | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Corrected raw numbers.

        Args:
            raw: ``[B, raw_size]``.
            feedback: on their drawing.
            images: ``[B, C, S, S]`` in [0, 1].
            seen: what ``see`` returned of the encoder's map of the images.
            memory: what the step before returned, or None.
            visible: how many shapes the drawing has, with ``any_count``; None stands for all.

        Returns:
            ``[B, raw_size]``, and the memory for the next step, a tensor whose first axis is B, or None.
        """


class Refiner(RefinerBase):
    """Iterative amortised inference (Marino, Yue and Mandt, 2018) on the raw numbers of drawings.

    Each shape is a token: its raw numbers, the gradient of the cost with respect to them, image and error in a window
    around it (as Ba, Mnih and Kavukcuoglu 2015), the encoder's features at its position and their mean, and the token
    of the step before. Shapes attend to each other; each then predicts a correction of its raw numbers, part of which
    is a step along the gradient.

    Args:
        layout: of the raw numbers.
        features: channels of the encoder's feature map.
        width: of a token.
        layers: blocks of attention.
        attention_heads: in each block.
        window: side of the grid on which a window is sampled, pixels.
        reach: size of a window, in extents of its shape.
        any_count: whether the number of visible shapes differs from call to call; hidden ones then change nothing.
    """

    @validated
    def __init__(
        self,
        layout: Layout,
        features: int,
        width: PositiveInt = 128,
        layers: Layers = 1,
        attention_heads: PositiveInt = 4,
        window: Annotated[int, Ge(1), Le(64)] = 6,
        reach: PositiveFloat = 1.5,
        any_count: bool = False,
    ) -> None:
        super().__init__()
        self._reach, self._features = reach, features
        self.numbers = ToTokens(layout, width, sets=2)
        self.slots = nn.Parameter(0.02 * torch.randn(layout.count + 1, width))
        self.counts = CountedSlots(layout, width) if any_count else None
        self.grad_norm = nn.Linear(1, width)
        self.local_features, self.global_features = nn.Linear(features, width), nn.Linear(features, width)
        pixels = 2 * layout.image_channels * window**2
        self.windows = nn.Sequential(nn.Linear(pixels, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        self.memory = nn.Linear(width, width)
        self.blocks = nn.Sequential(*(SelfAttentionBlock(width, attention_heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.shift, self.step_size = FromTokens(layout, width), FromTokens(layout, width)
        # Where drawings of 1 … N shapes start; and the mean squares for each doubling of their number.
        self.register_buffer(
            "_starts", layout.starts() if any_count else torch.zeros(1, layout.raw_size), persistent=False
        )
        doublings = (1 + math.ceil(math.log2(layout.count)),) if any_count else ()
        self.register_buffer("mean_square", torch.zeros(*doublings, layout.raw_size))
        side = (torch.arange(window) + 0.5) / window * 2 - 1
        self.register_buffer("_grid", torch.cartesian_prod(side, side).flip(-1), persistent=False)

    def see(self, features: Tensor) -> Tensor:
        """The map as vectors of a token's width, ``[B, s² + 1, width]``: those of its cells, and that of their mean.

        A sample of the map's cells can be taken before or after a linear layer, its bias left out.

        Raises:
            UserError: the map is that of another encoder, of other features.
        """
        if features.shape[1] != self._features:
            raise UserError(
                f"encoder: a feature map of {features.shape[1]} features, and the refiner of this model takes "
                f"{self._features}; build the model anew with that encoder"
            )
        cells = features.flatten(2).mT
        whole = self.global_features(cells.mean(1, keepdim=True))
        return torch.cat([F.linear(cells, self.local_features.weight), whole], dim=1)

    def forward(
        self,
        raw: Tensor,
        feedback: Feedback,
        images: Tensor,
        seen: Tensor,
        memory: Tensor | None,
        visible: int | None = None,
    ) -> tuple[Tensor, Tensor]:
        """See ``RefinerBase``; the memory is ``[B, count + 1, width]``."""
        gradient, grad_norm = self._normalised(feedback.gradient, visible)
        center, half_extents, angle = feedback.scene.bounds()
        with torch.no_grad():
            extents = half_extents.clamp(SMALLEST, 1.0) * self._reach
            points = window_points(center, extents, angle, self.get_buffer("_grid"))
            image, drawn = (sample_pixels(pictures.to(raw.dtype), points) for pictures in (images, feedback.drawing))
            windows = torch.cat([image - 0.5, 2 * (image - drawn)], dim=-1)
        local = sample_cells(seen[:, :-1], center) + self.local_features.bias
        slots = self.slots if self.counts is None else self.counts(self.slots, visible)
        start = self.get_buffer("_starts")[-1 if visible is None else visible - 1]
        tokens = self.numbers(raw - start, gradient) + slots + self.grad_norm(grad_norm)[:, None]
        tokens = tokens + seen[:, -1:]
        tokens = tokens + F.pad(self.windows(windows) + local, (0, 0, 0, 1))
        # Without a memory too, so that every weight takes part in every step, as DDP wants it.
        tokens = tokens + self.memory(torch.zeros_like(tokens) if memory is None else memory)
        memory = self.norm(self.blocks(visible_tokens(tokens, visible)))
        memory = with_hidden_tokens(memory, len(self.slots) - 1)
        return full_precision(raw + self.shift(memory) - self.step_size(memory) * gradient), memory

    @torch.no_grad()
    def _normalised(self, gradient: Tensor, visible: int | None) -> tuple[Tensor, Tensor]:
        """The gradient relative to its running mean, large values by their logarithm; and its norm, ``[B, 1]``."""
        mean_square = self.get_buffer("mean_square")
        if self.counts is not None:
            # Shapes that are few are large, and so are their gradients.
            shapes = len(self.slots) - 1 if visible is None else visible
            mean_square = mean_square[round(math.log2(shapes))]
        if self.training:
            square = mean_over_processes(gradient.square().mean(0))
            began = mean_square.sum() > 0
            if self.counts is not None:
                # Hidden shapes, which have no gradient, keep the mean of when they were drawn.
                square, began = torch.where(square > 0, square, mean_square), mean_square > 0
            mean_square.copy_(torch.where(began, mean_square.lerp(square, MOMENTUM), square))
        gradient = torch.asinh(gradient / (mean_square.sqrt() + 1e-12))
        return gradient, (gradient.square().mean(1, keepdim=True) + 1e-6).log()


def window_points(center: Tensor, half_extents: Tensor, angle: Tensor, grid: Tensor) -> Tensor:
    """The points of windows, each on a grid, canvas units.

    Args:
        center, half_extents, angle: of N windows, as ``Scene.bounds`` returns them.
        grid: positions in a window from −1 to 1, ``[P, 2]``.

    Returns:
        ``[B, N, P, 2]``.
    """
    x, y = (grid * half_extents[:, :, None]).unbind(-1)  # [B, N, P]
    cos, sin = angle.cos()[..., None], angle.sin()[..., None]
    return torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1) + center[:, :, None]


def sample_pixels(images: Tensor, points: Tensor) -> Tensor:
    """Bilinear samples of square images (Jaderberg et al., 2015), which continue beyond their edges as at the edge.

    Args:
        images: ``[B, C, S, S]``.
        points: ``[B, N, P, 2]`` canvas units.

    Returns:
        ``[B, N, C P]``.
    """
    seen = F.grid_sample(images, (2 * points - 1).to(images), padding_mode="border", align_corners=False)
    return seen.permute(0, 2, 1, 3).flatten(2)
