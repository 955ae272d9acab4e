"""Learned refinement: a network that looks at its own drawing, and at how to make it better, and corrects it."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vectorae.decoder import Feedback
from vectorae.encoders.tokens import FromTokens, ToTokens, check_sizes, transformer_block
from vectorae.errors import UserError
from vectorae.layout import Layout
from vectorae.scene import RoundedBox, Scene

MOMENTUM = 0.02
"""Of the running mean of squared gradients, by which gradients are measured."""

SMALLEST = 0.03
"""Half extents of the smallest window that is looked through, canvas units: about four pixels of 64."""


class Refiner(nn.Module):
    """Iterative amortised inference (Marino, Yue and Mandt, 2018) on the raw numbers of drawings.

    Each shape is a token. It knows its numbers, the gradient of the cost with respect to them, what the image and the
    drawing's error look like in a window around it (as Ba, Mnih and Kavukcuoglu 2015 look), what the encoder has seen
    at its place and everywhere, and what it thought in the step before. Shapes attend to each other; each then answers
    with a correction of its numbers, part of which is a step along the gradient.

    Args:
        layout: whose numbers they are.
        features: channels of the encoder's feature map.
        width: of a token.
        layers: blocks of attention.
        attention_heads: in each block.
        window: side of the grid through which a shape looks at its surroundings, pixels.
        reach: how far it looks, in extents of the shape.
    """

    def __init__(
        self,
        layout: Layout,
        features: int,
        width: int = 128,
        layers: int = 1,
        attention_heads: int = 4,
        window: int = 6,
        reach: float = 1.5,
    ) -> None:
        super().__init__()
        check_sizes(width=width, layers=layers, attention_heads=attention_heads, window=window)
        if not reach > 0:
            raise UserError(f"reach: {reach} is not a factor above 0")
        self._reach = reach
        self.numbers = ToTokens(layout, width, sets=2)
        self.slots = nn.Parameter(0.02 * torch.randn(layout.count + 1, width))
        self.steepness = nn.Linear(1, width)
        self.there, self.everywhere = nn.Linear(features, width), nn.Linear(features, width)
        seen = 2 * layout.channels * window**2
        self.windows = nn.Sequential(nn.Linear(seen, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        self.memory = nn.Linear(width, width)
        self.blocks = nn.Sequential(*(transformer_block(width, attention_heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.shift, self.pace = FromTokens(layout, width), FromTokens(layout, width)
        self.register_buffer("mean_square", torch.zeros(layout.raw_size))
        side = (torch.arange(window) + 0.5) / window * 2 - 1
        self.register_buffer("_grid", torch.cartesian_prod(side, side).flip(-1), persistent=False)

    def forward(
        self, raw: Tensor, look: Feedback, images: Tensor, features: Tensor, memory: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Corrected numbers.

        Args:
            raw: ``[B, raw_size]``.
            look: at the drawing that they stand for.
            images: ``[B, C, S, S]`` in [0, 1].
            features: the encoder's map of the images, ``[B, F, s, s]``.
            memory: what the step before returned, or None.

        Returns:
            ``[B, raw_size]``, and the memory for the next step, ``[B, count + 1, width]``.
        """
        slope, steepness = self._measured(look.gradient)
        center, half_extents, angle = bounding_boxes(look.scene)
        with torch.no_grad():
            extents = half_extents.clamp(SMALLEST, 1.0) * self._reach
            looked_at = torch.cat([images - 0.5, 2 * (images - look.drawing)], dim=1).to(raw.dtype)
            windows = sample_windows(looked_at, center, extents, angle, self.get_buffer("_grid"))
        place = F.grid_sample(features, 2 * center[:, :, None].to(features) - 1, align_corners=False)[..., 0].mT
        tokens = self.numbers(raw, slope) + self.slots + self.steepness(steepness)[:, None]
        tokens = tokens + self.everywhere(features.mean((2, 3)))[:, None]
        tokens = tokens + F.pad(self.windows(windows) + self.there(place), (0, 0, 0, 1))
        # Without a memory too, so that every weight takes part in every step, as DDP wants it.
        tokens = tokens + self.memory(torch.zeros_like(tokens) if memory is None else memory)
        memory = self.norm(self.blocks(tokens))
        return raw + self.shift(memory) - self.pace(memory) * slope, memory

    @torch.no_grad()
    def _measured(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient by what it usually is, large ones by their logarithm; and how long it is, ``[B, 1]``."""
        usual = self.get_buffer("mean_square")
        if self.training:
            square = gradient.square().mean(0)
            usual.copy_(torch.where(usual.sum() > 0, usual.lerp(square, MOMENTUM), square))
        slope = torch.asinh(gradient / (usual.sqrt() + 1e-12))
        return slope, (slope.square().mean(1, keepdim=True) + 1e-6).log()


def bounding_boxes(scene: Scene) -> tuple[Tensor, Tensor, Tensor]:
    """A box around each shape, in painter's order, without gradient history.

    Returns:
        Centre ``[B, N, 2]``, half extents ``[B, N, 2]`` (both canvas units) and angle ``[B, N]`` (radians).
    """
    boxes = []
    for group in scene.groups:
        outline = group.outline
        if isinstance(outline, RoundedBox):
            center, half, angle = outline.center, outline.half_extents, outline.angle
        else:
            low, high = outline.points.amin(2), outline.points.amax(2)
            center, half, angle = (low + high) / 2, (high - low) / 2, torch.zeros_like(low[..., 0])
        if group.stroke_width is not None:
            half = half + group.stroke_width[..., None] / 2
        boxes.append((center.detach(), half.detach(), angle.detach()))
    place = _places(tuple(slot for group in scene.groups for slot in group.slots), scene.color.device)
    center, half, angle = (torch.cat(parts, dim=1)[:, place] for parts in zip(*boxes, strict=True))
    return center, half, angle


@lru_cache(maxsize=16)
def _places(slots: tuple[int, ...], device: torch.device) -> Tensor:
    """Where each slot is found. Kept, as a GPU waits for what is sent to it."""
    return torch.tensor(slots, device=device).argsort()


def sample_windows(images: Tensor, center: Tensor, half_extents: Tensor, angle: Tensor, grid: Tensor) -> Tensor:
    """What lies in boxes upon square images, sampled bilinearly at places of a grid (Jaderberg et al., 2015).

    Args:
        images: ``[B, C, S, S]``; beyond their edges they go on as at the edge.
        center, half_extents, angle: of N boxes, as ``surroundings`` returns them.
        grid: places in a box from −1 to 1, ``[P, 2]``.

    Returns:
        ``[B, N, C P]``.
    """
    x, y = (grid * half_extents[:, :, None]).unbind(-1)  # [B, N, P]
    cos, sin = angle.cos()[..., None], angle.sin()[..., None]
    places = torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1) + center[:, :, None]
    seen = F.grid_sample(images, (2 * places - 1).to(images), padding_mode="border", align_corners=False)
    return seen.permute(0, 2, 1, 3).flatten(2)
