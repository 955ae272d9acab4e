"""Any folder of images."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from vectorae.datasets import cache as disk
from vectorae.datasets.data import ImageData, folder_of_images
from vectorae.datasets.decode import decode_files
from vectorae.errors import UserError
from vectorae.pictures import View

# Formats that Pillow knows by name only; something else would have to be installed to read them.
_NOT_READ = {"BUFR", "FPX", "GRIB", "HDF5", "MIC", "MPEG", "WMF"}


class Folder(ImageData):
    """The images in a folder and the folders below it, split by seed: 90 % train, 5 % val, 5 % test, at least one each.

    Every format that Pillow reads, found by file name extension. Hidden files and folders are left out, links are
    followed, and the order does not depend on the file system. Parameters as in `ImageData`.
    """

    config_name = "folder"

    def __init__(
        self,
        root: str | None = None,
        image_size: int = 64,
        channels: int = 3,
        batch_size: int = 64,
        augment: bool = True,
        resize: str = "crop",
        download: bool = False,
        cache: str | None = None,
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            root=root,
            image_size=image_size,
            channels=channels,
            batch_size=batch_size,
            augment=augment,
            resize=resize,
            download=download,
            cache=cache,
            workers=workers,
            seed=seed,
        )
        self._folder = folder_of_images(self.root)
        self._files = image_files(self._folder)
        if len(self._files) < 3:
            found = f"{len(self._files)} images" if self._files else "no images"
            raise UserError(f"dataset.root: {found} in '{root}'; three are needed, for train, val and test")

    def recipe(self) -> disk.Recipe:
        """One cache for each list of files and each split of it."""
        view = View(self.image_size, self.channels, self.resize)
        order = np.random.default_rng(self.seed).permutation(len(self._files)).tolist()
        held_out = max(1, round(0.05 * len(order)))
        chosen = {"test": order[:held_out], "val": order[held_out : 2 * held_out], "train": order[2 * held_out :]}
        names = {split: [self._files[i] for i in rows] for split, rows in chosen.items()}
        return recipe_of_files(self.config_name, self._folder, names, view)


def recipe_of_files(name: str, root: Path, names: dict[str, list[str]], view: View) -> disk.Recipe:
    """The cache of image files.

    Args:
        name: of the data set.
        root: folder.
        names: paths below it, for each split.
        view: how each becomes a square.
    """

    def signature(path: str) -> list[object]:
        try:
            status = (root / path).stat()
        except OSError:  # a file that went away; decoding will name it
            return [path]
        return [path, status.st_size, status.st_mtime_ns]

    return disk.Recipe(
        name=name,
        verb="reading",
        identity=[
            str(root.resolve()),
            [view.resize, view.crop.side, view.crop.centre, view.invert],
            {split: [signature(path) for path in names[split]] for split in disk.SPLITS},
        ],
        image_shape=view.shape,
        counts={split: len(names[split]) for split in disk.SPLITS},
        blocks=lambda split: decode_files(root, names[split], view),
    )


def image_files(root: Path) -> list[str]:
    """Paths of the image files below ``root``, relative to it, with forward slashes, sorted."""
    extensions = image_extensions()
    found: list[str] = []
    seen: set[Path] = set()
    for folder, below, names in os.walk(root, followlinks=True):
        here = Path(folder)
        real = here.resolve()
        if real in seen:  # a link back to a folder further up would go round for ever
            below.clear()
            continue
        seen.add(real)
        # Sorted, so that of two ways to one folder it is always the same that counts.
        below[:] = sorted(name for name in below if not name.startswith(".") and name != "__MACOSX")
        for name in names:
            path = here / name
            # is_file follows links; one that leads nowhere, a socket or a pipe is no image.
            if not name.startswith(".") and path.suffix.lower() in extensions and path.is_file():
                found.append(path.relative_to(root).as_posix())
    return sorted(found)


def image_extensions() -> set[str]:
    """Of the files that Pillow reads by itself: ``.png`` and so on."""
    Image.init()
    formats = set(Image.OPEN) - _NOT_READ
    return {extension for extension, name in Image.registered_extensions().items() if name in formats}
