"""Losses of blurred images, pyramids and edges: fine patterns of black and white match the grey of their mean.

Blurred and pyramid losses for drawings are by Mihai and Hare, *Differentiable Drawing and Sketching* (2021).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Annotated

import torch
import torch.nn.functional as F
from annotated_types import Ge, Le
from torch import Tensor

from vectorae.config.arguments import PositiveFloat, PositiveInt
from vectorae.losses.loss import ImageLoss, check_size
from vectorae.losses.pixel import MSE

TRUNCATE = 4
"""A gaussian is cut off at this many σ, unless a radius is given."""


def gaussian_blur(images: Tensor, sigma: float, radius: int | None = None) -> Tensor:
    """Images ``[B, C, H, W]`` blurred by a gaussian; edges are replicated.

    Args:
        images: of any size.
        sigma: σ in pixels, > 0.
        radius: of the kernel in pixels; by default four σ.
    """
    height, width = images.shape[-2:]
    radius = max(1, round(TRUNCATE * sigma)) if radius is None else radius
    down, across = (_blur_matrix(size, sigma, radius, images.dtype, images.device) for size in (height, width))
    return down @ (images @ across.T)


@lru_cache(maxsize=64)
def _blur_matrix(size: int, sigma: float, radius: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The matrix ``[size, size]`` that blurs a column. The product is ten times as fast as a convolution."""
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (offsets / sigma).square())
    kernel = kernel / kernel.sum()
    sources = (torch.arange(size)[:, None] + offsets.long()).clamp(0, size - 1)
    # A cached matrix made in inference mode could not be used in autograd later.
    with torch.inference_mode(False):
        matrix = torch.zeros(size, size, dtype=torch.float64)
        return matrix.scatter_add_(1, sources, kernel.expand(size, -1)).to(device, dtype)


def gaussian_pyramid(images: Tensor, octaves: int, intervals: int, sigma: float) -> list[list[Tensor]]:
    """A gaussian pyramid (Lowe, 2004).

    In octave o, whose pixels are 2^o wide, level i is blurred by σ 2^(i / intervals) of its pixels, i = 0 … intervals;
    every other pixel of the last level begins the next octave.

    Args:
        images: ``[B, C, H, W]``.
        octaves, intervals: 1 or more.
        sigma: σ of the first level in pixels.

    Returns:
        For each octave its intervals + 1 levels.
    """
    sigmas = [sigma * 2 ** (level / intervals) for level in range(intervals + 1)]
    base, pyramid = gaussian_blur(images, sigma), []
    for _ in range(octaves):
        levels = [base]
        for before, after in pairwise(sigmas):
            # Variances of successive blurs add up.
            levels.append(gaussian_blur(levels[-1], math.sqrt(after**2 - before**2)))
        pyramid.append(levels)
        base = levels[-1][..., ::2, ::2]
    return pyramid


@dataclass(frozen=True)
class BlurredMSE(ImageLoss):
    """Mean squared error of blurred images.

    Attributes:
        sigma: of the gaussian, pixels, > 0.
        blur_image: blur the image as well as the drawing.
    """

    sigma: PositiveFloat = 1.0
    blur_image: bool = True

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        if self.blur_image:  # a blur is linear
            return gaussian_blur(drawing - image, self.sigma).square().mean((1, 2, 3))
        return MSE()(gaussian_blur(drawing, self.sigma), image)


@dataclass(frozen=True)
class PyramidMSE(ImageLoss):
    """Mean over the levels of a gaussian pyramid of their mean squared error.

    Attributes:
        octaves: number of resolutions, each half the one before.
        intervals: levels in each octave.
        sigma: of the first level, pixels, > 0.
    """

    octaves: Annotated[int, Ge(1), Le(16)] = 3
    intervals: PositiveInt = 1
    sigma: PositiveFloat = 0.5

    def check(self, height: int, width: int) -> None:
        check_size(height, width, 2**self.octaves, f"a pyramid of {self.octaves} octaves")

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        differences = self._levels(drawing - image)  # every level is linear in the image
        return torch.stack([level.square().mean((1, 2, 3)) for level in differences]).mean(0)

    def _levels(self, images: Tensor) -> list[Tensor]:
        octaves = gaussian_pyramid(images, self.octaves, self.intervals, self.sigma)
        return [level for levels in octaves for level in levels[:-1]]


@dataclass(frozen=True)
class DifferenceOfGaussians(PyramidMSE):
    """Mean squared error of the differences between successive levels: edges and blobs of every size, not tones."""

    def _levels(self, images: Tensor) -> list[Tensor]:
        octaves = gaussian_pyramid(images, self.octaves, self.intervals, self.sigma)
        return [after - before for levels in octaves for before, after in pairwise(levels)]


@dataclass(frozen=True)
class Edges(ImageLoss):
    """Mean squared distance between the images' Sobel gradients, in values per pixel."""

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        difference = drawing - image  # both operators are linear
        planes = F.pad(difference.reshape(-1, 1, *difference.shape[-2:]), (1, 1, 1, 1), mode="replicate")
        across = planes.new_tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
        gradient = F.conv2d(planes, torch.stack([across, across.T])[:, None])
        return gradient.square().sum(1).reshape(difference.shape).mean((1, 2, 3))
