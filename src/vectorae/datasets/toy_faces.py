"""Faces that the project's own rasterizer draws: the default data set, which needs no file."""

from collections.abc import Iterator
from typing import ClassVar, Unpack

import torch

from vectorae.config.arguments import PositiveInt, validated
from vectorae.datasets import cache as disk
from vectorae.datasets.data import ImageData, ImageOptions
from vectorae.datasets.procedural_faces import draw_faces, eye_masks
from vectorae.errors import UserError

_BLOCK = 64


class ToyFaces(ImageData):
    """Faces varied in skin, hair, clothes, eyes, mouth, pose, beard, glasses, hat and background.

    Drawn once into the cache. Face i of a split depends on (seed, split, i) alone. Options as in `ImageOptions`;
    ``root`` must be None, and ``resize`` and ``download`` have no effect.

    Args:
        train_count, val_count, test_count: faces of each split.
    """

    config_name = "toy_faces"

    defaults: ClassVar[ImageOptions] = {"batch_size": 32}

    @validated
    def __init__(
        self,
        root: str | None = None,
        train_count: PositiveInt = 8000,
        val_count: PositiveInt = 512,
        test_count: PositiveInt = 512,
        **options: Unpack[ImageOptions],
    ) -> None:
        super().__init__(root, **options)
        if root is not None:
            raise UserError(
                f"dataset.root: '{root}' would not be read, toy faces are drawn; choose the data set of those images, "
                "such as dataset=folder"
            )
        self._counts = {"train": train_count, "val": val_count, "test": test_count}

    def recipe(self) -> disk.Recipe:
        """One cache for each seed; a few small faces in its key renew it when the drawing code changes."""
        return disk.Recipe(
            name=self.config_name,
            verb="drawing",
            identity=[self.seed, draw_faces(self.seed, "train", 0, 4, 16).flatten().tolist()],
            image_shape=(self.channels, self.image_size, self.image_size),
            counts=self._counts,
            blocks=self._drawn,
        )

    def regions(self, split: str) -> dict[str, torch.Tensor]:
        return {"eyes": eye_masks(self.seed, split, 0, self._counts[split], self.image_size)}

    def _drawn(self, split: str, first: int) -> Iterator[disk.Block]:
        for start in range(first, self._counts[split], _BLOCK):
            # Always whole blocks: vectorised arithmetic may round the last few numbers of a tensor differently.
            faces = draw_faces(self.seed, split, start, start + _BLOCK, self.image_size, self.channels)
            yield disk.Block(faces[: self._counts[split] - start].numpy())
