"""A dataset of your own from Hugging Face: any with a column of images, by its name on the hub or from a folder.

    pip install datasets
    vectorae train plugins=[huggingface_dataset] dataset._target_=huggingface_dataset.HuggingFace dataset.name=cifar10 \
        dataset.column=img dataset.image_size=32

Splits that it does not have are taken from its training images.
"""

from collections.abc import Iterator
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from vectorae import UserError
from vectorae.datasets import Block, ImageData, ImageOptions, Recipe
from vectorae.io.images import View, read_picture

BLOCK = 256

NAMES = {"train": ("train",), "val": ("validation", "valid", "val"), "test": ("test",)}
"""What splits are called there."""


class HuggingFace(ImageData):
    """Images of a dataset of Hugging Face. Options as in ``ImageOptions``.

    Args:
        root: a folder that ``save_to_disk`` has written; or
        name: on the hub.
        column: of the images.
    """

    config_name = "huggingface"

    def __init__(
        self,
        root: str | None = None,
        name: str | None = None,
        column: str = "image",
        **options: Unpack[ImageOptions],
    ) -> None:
        super().__init__(root, **options)
        if (root is None) == (name is None):
            raise UserError("dataset.name: give either the name of a dataset on the hub, or dataset.root=FOLDER")
        hub: Any = import_module("datasets")
        loaded = hub.load_dataset(name) if root is None else hub.load_from_disk(str(Path(root).expanduser()))
        given = {"train": loaded} if isinstance(loaded, hub.Dataset) else dict(loaded)
        splits = {split: given[known] for split, names in NAMES.items() for known in names if known in given}
        for split in ("val", "test"):
            if split not in splits:
                parts = splits["train"].train_test_split(test_size=0.05, seed=self.seed)
                splits["train"], splits[split] = parts["train"], parts["test"]
        if column not in splits["train"].column_names:
            raise UserError(f"dataset.column: no '{column}'; choose from {', '.join(splits['train'].column_names)}")
        self.column = column
        # As files, of which every picture is read as all others are.
        self.splits = {split: one.cast_column(column, hub.Image(decode=False)) for split, one in splits.items()}

    def recipe(self) -> Recipe:
        view = View(self.image_size, self.channels, self.resize)
        return Recipe(
            name=self.config_name,
            verb="reading",
            identity=[*(one._fingerprint for one in self.splits.values()), self.column, view.mapping],
            image_shape=view.shape,
            counts={split: len(one) for split, one in self.splits.items()},
            blocks=self.read,
        )

    def read(self, split: str, first: int) -> Iterator[Block]:
        """The images of a split from the first one on, as uint8 ``[k, C, S, S]``."""
        rows, view = self.splits[split], View(self.image_size, self.channels, self.resize)
        for start in range(first, len(rows), BLOCK):
            files = rows[start : start + BLOCK][self.column]
            pictures = [read_picture(BytesIO(one["bytes"]) if one["bytes"] else one["path"], view) for one in files]
            yield Block(np.stack([picture.pixels for picture in pictures]))
