"""CelebA: aligned faces of celebrities (Liu et al., ICCV 2015), in the official split."""

import os
from pathlib import Path
from typing import Unpack

from vectorae.datasets import cache as disk
from vectorae.datasets.data import ImageData, ImageOptions
from vectorae.datasets.folder import recipe_of_files
from vectorae.errors import UserError, reason
from vectorae.io.images import Crop, View

IMAGES, PARTITION = "img_align_celeba", "list_eval_partition.txt"
# The face without most of the background: 146 of the official 178 × 218 pixels.
FACE = Crop(side=0.82, centre=0.52)


class CelebA(ImageData):
    """The official ``img_align_celeba/`` and ``list_eval_partition.txt`` in root, or root/celeba as torchvision does.

    Images that are listed but missing are left out, so a subset of CelebA works. Files may have any size: the crop is
    relative to the image. ``resize=pad`` and ``stretch`` use the whole picture instead. Options as in `ImageOptions`.
    """

    config_name = "celeba"

    def __init__(self, root: str = "data", **options: Unpack[ImageOptions]) -> None:
        super().__init__(root, **options)
        self._root = Path(root).expanduser()
        if not self.download:
            self._required_folder()

    def fetch(self) -> None:
        """Through torchvision, into root/celeba. The host often refuses; a UserError says what to fetch by hand."""
        if self._find() is not None:
            return
        from torchvision.datasets import CelebA as Official

        try:
            Official(str(self._root), download=True)
        except Exception as error:  # network, quota, missing gdown, truncated archive: the remedy is the same
            if self._find() is None:
                raise UserError(
                    f"dataset.download: CelebA cannot be fetched ({reason(error)}); get img_align_celeba.zip and "
                    f"{PARTITION} from the CelebA project page, unpack the first, "
                    f"and put the folder {IMAGES}/ and the file {PARTITION} into '{self._root / 'celeba'}'"
                ) from error

    def recipe(self) -> disk.Recipe:
        """One cache for the images that exist."""
        folder = self._required_folder()
        return recipe_of_files(
            self.config_name, folder, partition(folder), View(self.image_size, self.channels, self.resize, FACE)
        )

    def _find(self) -> Path | None:
        """The folder that holds the images and the partition, or None."""
        for folder in (self._root, self._root / "celeba"):
            if (folder / IMAGES).is_dir() and (folder / PARTITION).is_file():
                return folder
        return None

    def _required_folder(self) -> Path:
        folder = self._find()
        if folder is None:
            raise UserError(
                f"dataset.root: no CelebA in '{self._root}'; put the folder {IMAGES}/ (img_align_celeba.zip, unpacked) "
                f"and the file {PARTITION} there, name the folder that holds both, or try dataset.download=true"
            )
        return folder


def partition(folder: Path) -> dict[str, list[str]]:
    """The images that ``list_eval_partition.txt`` names (``000001.jpg 0``: 0 train, 1 val, 2 test) and that exist.

    Returns:
        Paths below ``folder`` for each split, in the list's order.

    Raises:
        UserError: a malformed line, or a split without images.
    """
    present = {entry.name for entry in os.scandir(folder / IMAGES)}
    names: dict[str, list[str]] = {split: [] for split in disk.SPLITS}
    lines = (folder / PARTITION).read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or words[1] not in ("0", "1", "2"):
            raise UserError(
                f"dataset.root: line {number} of '{folder / PARTITION}' is not an image name and 0, 1 or 2; "
                "fetch the file anew"
            )
        if words[0] in present:
            names[disk.SPLITS[int(words[1])]].append(f"{IMAGES}/{words[0]}")
    for value, split in enumerate(disk.SPLITS):
        if not names[split]:
            raise UserError(
                f"dataset.root: '{folder / IMAGES}' has none of the {split} images, marked {value} in {PARTITION}; "
                "put some there under their official names"
            )
    return names
