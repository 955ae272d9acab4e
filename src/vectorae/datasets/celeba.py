"""CelebA: aligned faces of celebrities (Liu et al., ICCV 2015), in the official split."""

import os
from pathlib import Path

from vectorae.datasets import cache as disk
from vectorae.datasets.folder import recipe_of_files
from vectorae.datasets.official import OfficialData
from vectorae.errors import UserError
from vectorae.io.images import Crop, View

IMAGES, PARTITION = "img_align_celeba", "list_eval_partition.txt"
# The face without most of the background: 146 of the official 178 × 218 pixels.
FACE = Crop(side=0.82, centre=0.52)


class CelebA(OfficialData):
    """The official ``img_align_celeba/`` and ``list_eval_partition.txt`` in root, or root/celeba as torchvision does.

    Images that are listed but missing are left out, so a subset of CelebA works. Files may have any size: the crop is
    relative to the image. ``resize=pad`` and ``stretch`` use the whole picture instead. Options as in `ImageOptions`.
    """

    config_name = "celeba"
    title = "CelebA"

    def recipe(self) -> disk.Recipe:
        """One cache for the images that exist."""
        self.check_files()
        folder = self._folder
        view = View(self.image_size, self.channels, self.resize, FACE)
        return recipe_of_files(self.config_name, folder, partition(folder), view, self.workers)

    def files_missing(self) -> bool:
        return not _holds_celeba(self._folder)

    def download_files(self) -> None:
        from torchvision import datasets

        datasets.CelebA(str(self._root), download=True)

    def instructions(self) -> str:
        return (
            f"put the folder {IMAGES}/ (img_align_celeba.zip of the CelebA project page, unpacked) and the file "
            f"{PARTITION} into '{self._folder}', or name the folder that holds both"
        )

    @property
    def _folder(self) -> Path:
        """The folder that holds the images and the partition, or will."""
        return self._root if _holds_celeba(self._root) else self._root / "celeba"


def _holds_celeba(folder: Path) -> bool:
    return (folder / IMAGES).is_dir() and (folder / PARTITION).is_file()


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
