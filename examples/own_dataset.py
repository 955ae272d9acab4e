"""A dataset of your own: stripes, or whatever a generator yields.

    vectorae train plugins=[own_dataset] dataset._target_=own_dataset.Stripes dataset.count=2000 dataset.image_size=32

Images are made once, block by block, into a cache whose name depends on ``identity``.
"""

from collections.abc import Iterator
from typing import ClassVar, Unpack

import numpy as np
from numpy.typing import NDArray

from vectorae.config.arguments import PositiveInt
from vectorae.datasets import Block, ImageData, ImageOptions, Recipe

BLOCK = 256


class Stripes(ImageData):
    """Stripes of a random colour, width and direction. Options as in ``ImageOptions``.

    Args:
        root: not used.
        count: training images; a tenth as many are for validation, and for the test.
    """

    config_name = "stripes"
    defaults: ClassVar[ImageOptions] = {"batch_size": 32}

    def __init__(self, root: str | None = None, count: PositiveInt = 2000, **options: Unpack[ImageOptions]) -> None:
        super().__init__(root, **options)
        fewer = max(1, count // 10)
        self.counts = {"train": count, "val": fewer, "test": fewer}

    def recipe(self) -> Recipe:
        return Recipe(
            name=self.config_name,
            verb="drawing",
            identity=[self.seed],
            image_shape=(self.channels, self.image_size, self.image_size),
            counts=self.counts,
            blocks=self.made,
        )

    def made(self, split: str, first: int) -> Iterator[Block]:
        """The images of a split from the first one on, as uint8 ``[k, C, S, S]``."""
        for start in range(first, self.counts[split], BLOCK):
            stop = min(start + BLOCK, self.counts[split])
            yield Block(np.stack([self.image(split, number) for number in range(start, stop)]))

    def image(self, split: str, number: int) -> NDArray[np.uint8]:
        """One image, the same whenever it is made."""
        random = np.random.default_rng([self.seed, len(split), number])
        y, x = np.mgrid[: self.image_size, : self.image_size] / self.image_size
        angle, period = random.uniform(0, np.pi), random.uniform(0.2, 0.5)
        inked = (np.cos(angle) * x + np.sin(angle) * y) % period < period / 2
        one, other = random.integers(0, 256, (2, self.channels, 1, 1), dtype=np.uint8)
        drawn: NDArray[np.uint8] = np.where(inked, one, other)
        return drawn
