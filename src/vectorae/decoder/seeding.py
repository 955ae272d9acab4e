"""Where shapes start: locations, sizes, directions and colours taken from the image that they are to draw."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.config.arguments import Validated
from vectorae.geometry.canvas import canvas_size
from vectorae.io.pixels import has_alpha, straight
from vectorae.layout import Seeds
from vectorae.losses.blurred import gaussian_blur

SIDE = 256
"""Larger images are reduced to this shorter side, pixels."""

SPREAD = 0.7
"""Initial cell size relative to an even spacing."""

LARGEST = 1.5
"""The largest cell relative to the initial one: where there is nothing to draw, density would ask for more."""


@dataclass(frozen=True)
class Seeding(Validated):
    """Samples where shapes start from the image.

    Strokes and boxes are laid along the edges of the image (its structure tensor, Förstner and Gülch 1987).

    Attributes:
        places: sampled from the ``residual`` (where shapes would gain most) or the image's ``gradient`` (its edges); or
            those of the ``layout`` (``primitives.start``), with its sizes, directions and colours.
        sizes: by ``density`` (small where there are many), or ``equal``.
        colors: of the ``image`` under the shape, or of the ``layout``.
    """

    places: Literal["residual", "gradient", "layout"] = "residual"
    sizes: Literal["density", "equal"] = "density"
    colors: Literal["image", "layout"] = "image"

    def __call__(
        self,
        images: Tensor,
        drawn: Tensor,
        count: int,
        ink: Tensor | None,
        generator: torch.Generator,
        among: int | None = None,
    ) -> Seeds:
        """Seeds for new shapes.

        Args:
            images: ``[B, C, H, W]`` in [0, 1]; see io/pixels.py for those with alpha.
            drawn: what is drawn already, of the same shape.
            count: n new shapes in each drawing.
            ink: the colour of the shapes, ``[C]``, if it is fixed.
            generator: of the samples, on the CPU.
            among: how many shapes share the canvas, which decides their size; None is ``count``.

        Returns:
            Seeds ``[B, n]``.
        """
        images, drawn = _reduced(images), _reduced(drawn)
        height, width = images.shape[-2:]
        side = min(height, width)
        among = among or count
        cell = SPREAD * math.sqrt(math.prod(canvas_size(width / height)) / among)
        seen = gaussian_blur(images, max(1.0, 0.25 * cell * side))
        if has_alpha(images):  # of an opaque shape; colours are multiplied with it
            seen = torch.cat([straight(seen)[:, :-1], torch.ones_like(seen[:, -1:])], dim=1)
            ink = ink if ink is None else torch.cat([ink, torch.ones_like(ink[:1])])
        weight = self._weight(images, drawn, seen if ink is None else ink[:, None, None], max(1.0, 0.35 * cell * side))
        places, pixels = _sample(weight, count, generator)
        cells = torch.full_like(weight[:, :count].flatten(1)[:, :1], cell).expand(-1, count)
        if self.sizes == "density":
            density = weight.flatten(1) * (among / weight.flatten(1).sum(1, keepdim=True))
            own = density.gather(1, pixels).rsqrt() / side
            cells = own.clamp(min(2 / side, cell), LARGEST * cell)
        turn = _tangents(images, max(1.0, 0.15 * cell * side)).flatten(1).gather(1, pixels)
        color = seen.flatten(2).gather(2, pixels[:, None].expand(-1, seen.shape[1], -1)).transpose(1, 2)
        color = (color[..., :-1] if has_alpha(images) else color).clamp(0.02, 0.98)  # a sigmoid has a slope there
        return Seeds(places / side, cells, turn, color if self.colors == "image" else None)

    def _weight(self, images: Tensor, drawn: Tensor, color: Tensor, sigma: float) -> Tensor:
        """The sampling weight of each pixel, ``[B, H, W]``, > 0."""
        if self.places == "gradient":
            wanted = _gradient(images).square().sum(1)
        else:
            # The squared error's slope as the pixel goes from what is drawn to the shape's colour.
            wanted = ((drawn - images) * (drawn - color)).sum(1).clamp_min(0)
        wanted = gaussian_blur(wanted[:, None], sigma)[:, 0]
        return wanted + 1e-3 * wanted.mean((1, 2), keepdim=True) + 1e-9


def _reduced(images: Tensor) -> Tensor:
    height, width = images.shape[-2:]
    factor = SIDE / min(height, width)
    if factor >= 1:
        return images
    return F.interpolate(images, size=(round(height * factor), round(width * factor)), mode="area")


def _sample(weight: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Sampled locations in pixels ``[B, n, 2]``, and the index of the pixel that each lies in ``[B, n]``."""
    width = weight.shape[-1]
    chances = weight.flatten(1).double().cpu()
    pixels = torch.multinomial(chances, count, replacement=count > chances.shape[1] // 2, generator=generator)
    within = torch.rand(*pixels.shape, 2, generator=generator)
    places = torch.stack([pixels % width, pixels.div(width, rounding_mode="floor")], dim=-1) + within
    return places.to(weight), pixels.to(weight.device)


def _gradient(images: Tensor) -> Tensor:
    """Central differences of the mean channel, across and down, ``[B, 2, H, W]``."""
    grey = F.pad(images.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    across = grey[..., 1:-1, 2:] - grey[..., 1:-1, :-2]
    down = grey[..., 2:, 1:-1] - grey[..., :-2, 1:-1]
    return torch.cat([across, down], dim=1) / 2


def _tangents(images: Tensor, sigma: float) -> Tensor:
    """The direction along the edges around each pixel, ``[B, H, W]``, radians, clockwise."""
    across, down = _gradient(gaussian_blur(images, 1.0)).split(1, dim=1)
    xx, yy, xy = (gaussian_blur(product, sigma)[:, 0] for product in (across**2, down**2, across * down))
    return torch.atan2(2 * xy, xx - yy) / 2 + math.pi / 2
