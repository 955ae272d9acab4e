"""MNIST, FashionMNIST, KMNIST and Omniglot: the official files in torchvision's folders."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from vectorae.datasets import cache as disk
from vectorae.datasets.data import ImageOptions
from vectorae.datasets.folder import recipe_of_files
from vectorae.datasets.idx import read_images, read_labels
from vectorae.datasets.official import OfficialData
from vectorae.errors import UserError
from vectorae.io.image_files import image_files
from vectorae.io.images import View

_BLOCK = 1024

IMAGE_FILES = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"
OMNIGLOT_PARTS = "images_background", "images_evaluation"

GLYPHS: ImageOptions = {"image_size": 28, "channels": 1, "batch_size": 128, "augment": False}
"""Defaults of small black and white images."""


class MNIST(OfficialData):
    """Handwritten digits, white on black: 55,000 train, the last 5,000 of the training file val, 10,000 test.

    Reads root/MNIST/raw/train-images-idx3-ubyte and t10k-images-idx3-ubyte, unpacked or packed (``.gz``). The images
    are square, so ``resize`` changes nothing. Options as in `ImageOptions`.
    """

    config_name = "mnist"
    title = "MNIST"
    defaults = GLYPHS
    VAL: ClassVar[int] = 5000
    """Images of the validation split."""

    def recipe(self) -> disk.Recipe:
        """One cache for the two files."""
        self.check_files()
        train, test = (path for path in self._files() if path is not None)
        # Only the number of images is needed here, but the files are small, and damage is reported early.
        images = {"train": read_images(train), "test": read_images(test)}
        if len(images["train"]) <= self.VAL:
            raise UserError(
                f"dataset.root: '{train}' has {len(images['train'])} images; more than {self.VAL} are needed"
            )
        images["train"], images["val"] = np.split(images["train"], [-self.VAL])
        return disk.Recipe(
            name=self.config_name,
            verb="reading",
            identity=[[str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns] for path in (train, test)],
            image_shape=(self.channels, self.image_size, self.image_size),
            counts={split: len(images[split]) for split in disk.SPLITS},
            blocks=lambda split, first: resized(images[split][first:], self.image_size, self.channels),
        )

    def labels(self, split: str) -> torch.Tensor:
        """From train-labels-idx1-ubyte and t10k-labels-idx1-ubyte beside the images."""
        count = len(self.images(split))
        name = f"{'t10k' if split == 'test' else 'train'}-labels-idx1-ubyte"
        path = self._file(name)
        if path is None:
            raise UserError(f"dataset.root: put {name}.gz (packed or unpacked) into '{self._folder}'")
        labels = torch.from_numpy(read_labels(path).astype(np.int64))
        if split != "test":
            labels = labels[-self.VAL :] if split == "val" else labels[: -self.VAL]
        if len(labels) != count:
            raise UserError(f"dataset.root: '{path}' does not belong to the images beside it; fetch both anew")
        return labels

    def files_missing(self) -> bool:
        return None in self._files()

    def download_files(self) -> None:
        from torchvision import datasets

        getattr(datasets, self.title)(str(self._root), download=True)

    def instructions(self) -> str:
        names = " and ".join(f"{name}.gz" for name in IMAGE_FILES)
        return f"put {names} (packed or unpacked) into '{self._folder}'"

    @property
    def _folder(self) -> Path:
        return self._root / self.title / "raw"

    def _file(self, name: str) -> Path | None:
        """A file by its name, packed or not."""
        return next((path for path in (self._folder / name, self._folder / f"{name}.gz") if path.is_file()), None)

    def _files(self) -> list[Path | None]:
        """The training and the test file, None for each that is missing."""
        return [self._file(name) for name in IMAGE_FILES]


class FashionMNIST(MNIST):
    """Zalando's articles of clothing (Xiao et al., 2017), in MNIST's form, below root/FashionMNIST/raw."""

    config_name = "fashion_mnist"
    title = "FashionMNIST"


class KMNIST(MNIST):
    """Cursive Japanese characters (Clanuwat et al., 2018), in MNIST's form, below root/KMNIST/raw."""

    config_name = "kmnist"
    title = "KMNIST"


def resized(images: np.ndarray, size: int, channels: int) -> Iterator[disk.Block]:
    """uint8 [n, height, width] as blocks of uint8 [k, channels, size, size]; bilinear with antialiasing."""
    for start in range(0, len(images), _BLOCK):
        block = torch.from_numpy(images[start : start + _BLOCK].copy())[:, None]
        if block.shape[-2:] != (size, size):
            scaled = torch.nn.functional.interpolate(block.float(), (size, size), mode="bilinear", antialias=True)
            block = scaled.round().clamp(0, 255).byte()
        yield disk.Block(block.expand(-1, channels, -1, -1).numpy())


class Omniglot(OfficialData):
    """Handwritten characters of fifty alphabets (Lake et al., 2015), the strokes white on black as in MNIST.

    Reads root/omniglot-py/images_background (train, and 5 % of it, the same for every seed, val) and images_evaluation
    (test). The images are square, so ``resize`` changes nothing. Options as in `ImageOptions`.
    """

    config_name = "omniglot"
    title = "Omniglot"
    defaults = GLYPHS

    def recipe(self) -> disk.Recipe:
        """One cache for both folders."""
        self.check_files()
        background, evaluation = (
            [f"{part}/{path}" for path in image_files(self._folder / part)] for part in OMNIGLOT_PARTS
        )
        order = np.random.default_rng(0).permutation(len(background)).tolist()
        held_out = max(1, round(0.05 * len(order)))
        if len(order) <= held_out or not evaluation:
            raise UserError(f"dataset.root: too few images in '{self._folder}'; {self.instructions()}")
        names = {
            "train": [background[i] for i in order[held_out:]],
            "val": [background[i] for i in order[:held_out]],
            "test": evaluation,
        }
        view = View(self.image_size, self.channels, "stretch", invert=True)
        return recipe_of_files(self.config_name, self._folder, names, view, self.workers)

    def files_missing(self) -> bool:
        return not all((self._folder / part).is_dir() for part in OMNIGLOT_PARTS)

    def download_files(self) -> None:
        from torchvision import datasets

        for background in (True, False):
            datasets.Omniglot(str(self._root), background=background, download=True)

    def instructions(self) -> str:
        return f"unpack {' and '.join(f'{part}.zip' for part in OMNIGLOT_PARTS)} into '{self._folder}'"

    @property
    def _folder(self) -> Path:
        return self._root / "omniglot-py"
