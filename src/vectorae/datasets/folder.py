"""Any folder of images."""

import contextlib
import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Unpack

import numpy as np

from vectorae.config.arguments import PositiveInt
from vectorae.config.paths import FolderOfImages, check_image_folder
from vectorae.datasets import cache as disk
from vectorae.datasets.data import ImageData, ImageOptions
from vectorae.datasets.decode import decode_crops, decode_files
from vectorae.errors import UserError
from vectorae.io.colour import Ground
from vectorae.io.image_files import image_files
from vectorae.io.images import NONE, View

CROPS = 20_000
"""Random crops of all training images together, unless as many are chosen for each."""


class Folder(ImageData):
    """The images in a folder and the folders below it, split by seed: 90 % train, 5 % val, 5 % test, at least one each.

    Every format that Pillow reads, found by file name extension. Hidden files and folders are left out, links are
    followed, and the order does not depend on the file system.

    Args:
        root: the folder.
        crop: the centred square of each image, or random squares of any size from image_size pixels up.
        crops: how many random squares of each image; None: as many as make `CROPS` of the training images.
        background: the colour behind what is transparent; ``none`` keeps alpha as one more channel (see ``View``).
        options: see `ImageOptions`.

    Raises:
        UserError: fewer than three images; random crops of images that are not to be cropped.
    """

    config_name = "folder"

    def __init__(
        self,
        root: FolderOfImages = None,
        crop: Literal["center", "random"] = "center",
        crops: PositiveInt | None = None,
        background: Ground = "white",
        **options: Unpack[ImageOptions],
    ) -> None:
        super().__init__(root, **options)
        if crop == "random" and self.resize != "crop":
            raise UserError(f"dataset.crop: random, with dataset.resize={self.resize}; leave resize at crop")
        if crop == "center" and crops is not None:
            raise UserError(f"dataset.crops: {crops}, with dataset.crop=center; write dataset.crop=random")
        self._random, self._crops, self._background = crop == "random", crops, background
        check_image_folder("dataset.root", root)
        self._folder = Path(root or "").expanduser()
        self._files = image_files(self._folder)
        if len(self._files) < 3:
            found = f"{len(self._files)} images" if self._files else "no images"
            raise UserError(f"dataset.root: {found} in '{root}'; three are needed, for train, val and test")

    @property
    def image_channels(self) -> int:
        return self.channels + (self._background == NONE)

    def recipe(self) -> disk.Recipe:
        """One cache for each list of files and each split of it."""
        view = View(self.image_size, self.channels, self.resize, background=self._background)
        chosen = split_of(len(self._files), self.seed)
        names = {split: [self._files[i] for i in rows] for split, rows in chosen.items()}
        each = None
        if self._random:
            each = self._crops or math.ceil(CROPS / len(names["train"]))
        return recipe_of_files(self.config_name, self._folder, names, view, self.workers, each, self.seed)


def split_of(count: int, seed: int, most: int | None = None) -> dict[str, list[int]]:
    """Random rows of 0 … count − 1 for each split: 5 % val and 5 % test, at least one and not above ``most``."""
    order = np.random.default_rng(seed).permutation(count).tolist()
    held_out = min(max(1, round(0.05 * count)), count if most is None else most)
    return {"test": order[:held_out], "val": order[held_out : 2 * held_out], "train": order[2 * held_out :]}


def recipe_of_files(
    name: str,
    root: Path,
    names: dict[str, list[str]],
    view: View,
    workers: int,
    crops: int | None = None,
    seed: int = 0,
) -> disk.Recipe:
    """The cache of image files.

    Args:
        name: of the data set.
        root: folder.
        names: paths below it, for each split.
        view: how each image is cropped and scaled to a square.
        workers: processes that decode; 0 decodes in threads of this one.
        crops: random crops of each file, instead of one view of it (see ``read_crops``).
        seed: of these.
    """

    def blocks(split: str, first: int) -> Iterator[disk.Block]:
        rest = names[split][first:]
        if crops is None:
            return decode_files(root, rest, view, workers)
        return decode_crops(root, rest, view, crops, seed, first, workers)

    def signature(paths: Sequence[str]) -> str:
        """Hash of what tells whether any of the files changed; one after the other, as there may be millions."""
        digest = hashlib.sha256()
        for path in paths:
            line: list[object] = [path]
            with contextlib.suppress(OSError):  # the file was removed meanwhile; decoding will report it
                status = (root / path).stat()
                line += [status.st_size, status.st_mtime_ns]
            digest.update(json.dumps(line).encode() + b"\n")
        return digest.hexdigest()

    return disk.Recipe(
        name=name,
        verb="reading",
        identity=[
            str(root.resolve()),
            [view.mapping, view.crop.side, view.crop.centre, view.invert, *view.ground],
            {split: signature(names[split]) for split in disk.SPLITS},
            *([] if crops is None else [[crops, seed]]),
        ],
        image_shape=view.shape,
        counts={split: len(names[split]) for split in disk.SPLITS},
        blocks=blocks,
        each=crops or 1,
    )
