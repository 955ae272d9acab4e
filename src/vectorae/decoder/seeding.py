"""Where shapes begin: places, sizes, directions and colours by the image that they are to draw."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.errors import UserError, choose
from vectorae.geometry import canvas_size
from vectorae.layout import Seeds
from vectorae.losses import gaussian_blur

PLACES, SIZES, COLORS = ("residual", "gradient", "layout"), ("density", "equal"), ("image", "layout")

SIDE = 256
"""Of larger images only so many pixels of the shorter side are looked at."""

SPREAD = 0.7
"""Side of a new shape's cell, in that of the square it had to itself were they spread evenly: it does not fill it."""

LARGEST = 1.5
"""The largest cell, in those of even size: where there is nothing to draw, density knows no limit."""


@dataclass(frozen=True)
class Seeding:
    """How the image decides where shapes begin.

    Strokes and boxes begin along the edges of the image (its structure tensor, Förstner and Gülch 1987).

    Attributes:
        places: drawn by lot: ``residual``, where they would gain most; ``gradient``, where the image has edges; or
            ``layout``: as ``primitives.start`` has it, and size, direction and colour too.
        sizes: ``density``: small where many stand; or ``equal``.
        colors: of the ``image`` under the shape; or of the ``layout``.
    """

    places: str = "residual"
    sizes: str = "density"
    colors: str = "image"

    def __post_init__(self) -> None:
        for name, choices in (("places", PLACES), ("sizes", SIZES), ("colors", COLORS)):
            if getattr(self, name) not in choices:
                raise UserError(f"{name}: no {getattr(self, name)!r}; {choose(getattr(self, name), choices)}")

    def __call__(
        self,
        images: Tensor,
        drawn: Tensor,
        count: int,
        ink: Tensor | None,
        generator: torch.Generator,
        among: int | None = None,
    ) -> Seeds:
        """Seeds for some new shapes.

        Args:
            images: ``[B, C, H, W]`` in [0, 1].
            drawn: what is there already, of the same shape.
            count: n new shapes in each drawing.
            ink: the colour that they have, ``[C]``, if they may not have any.
            generator: of the lots, on the CPU.
            among: how many shapes share the canvas, by which they are as large; None is ``count``.

        Returns:
            Seeds ``[B, n]``.
        """
        images, drawn = _reduced(images), _reduced(drawn)
        height, width = images.shape[-2:]
        side = min(height, width)
        among = among or count
        cell = SPREAD * math.sqrt(math.prod(canvas_size(width / height)) / among)
        seen = gaussian_blur(images, max(1.0, 0.25 * cell * side))
        weight = self._weight(images, drawn, seen if ink is None else ink[:, None, None], max(1.0, 0.35 * cell * side))
        places, pixels = _by_lot(weight, count, generator)
        cells = torch.full_like(weight[:, :count].flatten(1)[:, :1], cell).expand(-1, count)
        if self.sizes == "density":
            density = weight.flatten(1) * (among / weight.flatten(1).sum(1, keepdim=True))
            own = density.gather(1, pixels).rsqrt() / side
            cells = own.clamp(min(2 / side, cell), LARGEST * cell)
        turn = _tangents(images, max(1.0, 0.15 * cell * side)).flatten(1).gather(1, pixels)
        color = seen.flatten(2).gather(2, pixels[:, None].expand(-1, seen.shape[1], -1)).transpose(1, 2)
        color = color.clamp(0.02, 0.98)  # a sigmoid has a slope there
        return Seeds(places / side, cells, turn, color if self.colors == "image" else None)

    def _weight(self, images: Tensor, drawn: Tensor, color: Tensor, sigma: float) -> Tensor:
        """How much a shape is wanted at each pixel, ``[B, H, W]``, > 0."""
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


def _by_lot(weight: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Places in pixels ``[B, n, 2]``, and the number of the pixel that each lies in ``[B, n]``."""
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
