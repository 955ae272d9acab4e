"""Any folder of images."""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import numpy as np

from vectorae.config.paths import FolderOfImages, check_image_folder
from vectorae.datasets import cache as disk
from vectorae.datasets.data import ImageData, ImageOptions
from vectorae.datasets.decode import decode_files
from vectorae.errors import UserError
from vectorae.io.image_files import image_files
from vectorae.io.images import View


class Folder(ImageData):
    """The images in a folder and the folders below it, split by seed: 90 % train, 5 % val, 5 % test, at least one each.

    Every format that Pillow reads, found by file name extension. Hidden files and folders are left out, links are
    followed, and the order does not depend on the file system. Options as in `ImageOptions`.
    """

    config_name = "folder"

    def __init__(self, root: FolderOfImages = None, **options: Unpack[ImageOptions]) -> None:
        super().__init__(root, **options)
        check_image_folder("dataset.root", root)
        self._folder = Path(root or "").expanduser()
        self._files = image_files(self._folder)
        if len(self._files) < 3:
            found = f"{len(self._files)} images" if self._files else "no images"
            raise UserError(f"dataset.root: {found} in '{root}'; three are needed, for train, val and test")

    def recipe(self) -> disk.Recipe:
        """One cache for each list of files and each split of it."""
        view = View(self.image_size, self.channels, self.resize)
        chosen = split_of(len(self._files), self.seed)
        names = {split: [self._files[i] for i in rows] for split, rows in chosen.items()}
        return recipe_of_files(self.config_name, self._folder, names, view, self.workers)


def split_of(count: int, seed: int, most: int | None = None) -> dict[str, list[int]]:
    """Random rows of 0 … count − 1 for each split: 5 % val and 5 % test, at least one and not above ``most``."""
    order = np.random.default_rng(seed).permutation(count).tolist()
    held_out = min(max(1, round(0.05 * count)), count if most is None else most)
    return {"test": order[:held_out], "val": order[held_out : 2 * held_out], "train": order[2 * held_out :]}


def recipe_of_files(name: str, root: Path, names: dict[str, list[str]], view: View, workers: int) -> disk.Recipe:
    """The cache of image files.

    Args:
        name: of the data set.
        root: folder.
        names: paths below it, for each split.
        view: how each image is cropped and scaled to a square.
        workers: processes that decode; 0 decodes in threads of this one.
    """

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
            [view.mapping, view.crop.side, view.crop.centre, view.invert],
            {split: signature(names[split]) for split in disk.SPLITS},
        ],
        image_shape=view.shape,
        counts={split: len(names[split]) for split in disk.SPLITS},
        blocks=lambda split, first: decode_files(root, names[split][first:], view, workers),
    )
