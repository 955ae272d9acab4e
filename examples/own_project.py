"""A whole project in one file: images, an encoder and a shape of your own.

    vectorae train plugins=[own_project] dataset._target_=own_project.Moons encoder._target_=own_project.Stages \
        primitives.kinds=[moon] dataset.image_size=32 hydra.run.dir=moons
    vectorae vectorize plugins=[own_project] checkpoint=moons/checkpoints/best.ckpt input=photos output=drawings
    vectorae export plugins=[own_project] checkpoint=moons/checkpoints/best.ckpt output=exported
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vectorae import Path
from vectorae.config.arguments import PositiveInt
from vectorae.datasets import Block, ImageData, ImageOptions, Recipe
from vectorae.primitives import Primitive, angle, length, point


class Moons(ImageData):
    """Bright discs, each with a dark one in front. Options as in ``ImageOptions``.

    Args:
        root: not used.
        count: training images; a tenth as many are for validation, and for the test.
    """

    config_name = "moons"

    def __init__(self, root: str | None = None, count: PositiveInt = 2000, **options: Unpack[ImageOptions]) -> None:
        super().__init__(root, **options)
        self.counts = {"train": count, "val": max(1, count // 10), "test": max(1, count // 10)}

    def recipe(self) -> Recipe:
        shape = self.channels, self.image_size, self.image_size
        return Recipe(self.config_name, "drawing", [self.seed], shape, self.counts, self.made)

    def made(self, split: str, first: int) -> Iterator[Block]:
        """The images of a split from the first one on, as uint8 ``[1, C, S, S]``."""
        for number in range(first, self.counts[split]):
            yield Block(self.image(np.random.default_rng([self.seed, len(split), number]))[None])

    def image(self, random: np.random.Generator) -> NDArray[np.uint8]:
        """One image, uint8 ``[C, S, S]``."""
        y, x = np.mgrid[: self.image_size, : self.image_size] / self.image_size
        inside = [np.hypot(x - a, y - b) < r for a, b, r in random.uniform([0.4, 0.4, 0.2], [0.6, 0.6, 0.4], (2, 3))]
        image = np.where(inside[0] & ~inside[1], random.uniform(150, 255, (self.channels, 1, 1)), 20.0)
        return image.astype(np.uint8)


class Stages(nn.Module):
    """Strided convolutions down to 4 × 4 pixels.

    Args:
        channels: of the images.
        image_size: side of the images in pixels, 16, 32, 64 …
        features: channels of each stage.
    """

    def __init__(self, channels: int, image_size: int, features: PositiveInt = 32) -> None:
        super().__init__()
        self.features, self.side = features, image_size
        stages: list[nn.Module] = []
        while self.side > 4:
            stages += [nn.Conv2d(channels, features, 4, stride=2, padding=1), nn.SiLU()]
            channels, self.side = features, self.side // 2
        self.stages = nn.Sequential(*stages)

    def forward(self, images: Tensor) -> Tensor:
        """``[B, C, S, S]`` → ``[B, features, 4, 4]``."""
        seen: Tensor = self.stages(images - 0.5)
        return seen


@dataclass(frozen=True)
class Moon(Primitive):
    """A crescent: an arc of twelve points outside, and one inside."""

    center: Tensor = point()  # [..., 2]
    radius: Tensor = length(0.4)  # [...]; canvas units, the shorter side being 1
    angle: Tensor = angle()

    def outline(self) -> Path:
        turn = torch.linspace(-2.0, 2.0, 12, device=self.radius.device)
        outer = torch.stack([turn.cos(), turn.sin()], dim=-1)  # [12, 2]
        inner = torch.stack([0.4 * turn.cos() - 0.25, turn.sin()], dim=-1).flip(0)
        points = torch.cat([outer, inner]) * self.radius[..., None, None]  # [..., 24, 2]
        cos, sin = self.angle.cos()[..., None], self.angle.sin()[..., None]
        x, y = points.unbind(-1)
        turned = torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)
        return Path(self.center[..., None, :] + turned, closed=True)
