"""Quick, Draw!: sketches of 345 classes by players of Google's game (Ha and Eck, 2018), as the official bitmaps."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Unpack
from urllib.parse import quote
from urllib.request import urlopen

import numpy as np
import torch

from vectorae.config.arguments import PositiveInt, validated
from vectorae.datasets import cache as disk
from vectorae.datasets.data import ImageOptions
from vectorae.datasets.official import OfficialData
from vectorae.datasets.torchvision_sets import GLYPHS, resized
from vectorae.errors import UserError
from vectorae.io.atomic import write_atomic

ADDRESS = "https://storage.googleapis.com/quickdraw_dataset/full/numpy_bitmap/"
"""Where the official files are: ``cat.npy`` and so on, uint8 [n, 784], strokes white on black."""

SIDE = 28

HELD_OUT = 0.05
"""The fraction of each class that is val, and as much that is test: the last ones of its file."""

_BLOCK = 1024


class QuickDraw(OfficialData):
    """Sketches, white on black. Reads root/quickdraw/*.npy, the official bitmaps, one file for each class.

    The images are square, so ``resize`` changes nothing. Options as in `ImageOptions`.

    Args:
        root: folder.
        classes: names of the classes; None is every class whose file is there.
        per_class: images of each class, at most; None is all of them.
    """

    config_name = "quickdraw"
    title = "Quick, Draw!"
    defaults = GLYPHS

    @validated
    def __init__(
        self,
        root: str = "data",
        classes: Sequence[str] | None = None,
        per_class: PositiveInt | None = 10_000,
        **options: Unpack[ImageOptions],
    ) -> None:
        self.classes, self.per_class = None if classes is None else list(classes), per_class
        super().__init__(root, **options)

    def recipe(self) -> disk.Recipe:
        """One cache for each choice of classes."""
        self.check_files()
        sketches = {path: self._sketches(path) for path in self._files()}
        parts = {path: _parts(len(images)) for path, images in sketches.items()}

        def blocks(split: str, first: int) -> Iterator[disk.Block]:
            for path, images in sketches.items():
                part = parts[path][split]
                before, first = min(first, len(part)), max(first - len(part), 0)
                for start in range(part.start + before, part.stop, _BLOCK):
                    some = np.asarray(images[start : min(start + _BLOCK, part.stop)]).reshape(-1, SIDE, SIDE)
                    yield from resized(some, self.image_size, self.channels)

        return disk.Recipe(
            name=self.config_name,
            verb="reading",
            identity=[
                [str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns, self.per_class] for path in parts
            ],
            image_shape=(self.channels, self.image_size, self.image_size),
            counts={split: sum(len(part[split]) for part in parts.values()) for split in disk.SPLITS},
            blocks=blocks,
        )

    def labels(self, split: str) -> torch.Tensor:
        """The index of each image's class, in the order of ``classes``, or of the files by name."""
        counts = [len(_parts(len(self._sketches(path)))[split]) for path in self._files()]
        return torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))

    def files_missing(self) -> bool:
        files = self._files()
        return not files or not all(path.is_file() for path in files)

    def download_files(self) -> None:
        """One file after the other; without ``classes`` it is not known which."""
        for path in self._files():
            if not path.is_file():
                with urlopen(f"{ADDRESS}{quote(path.name)}") as answer:
                    write_atomic(path, answer.read())

    def instructions(self) -> str:
        names = "the classes' files" if self.classes is None else ", ".join(f"{one}.npy" for one in self.classes)
        chosen = ", or name them: dataset.classes=[cat,face]" if self.classes is None else ""
        return f"put {names} from {ADDRESS} into '{self._folder}'{chosen}"

    @property
    def _folder(self) -> Path:
        return self._root / "quickdraw"

    def _files(self) -> list[Path]:
        if self.classes is None:
            return sorted(self._folder.glob("*.npy"))
        return [self._folder / f"{name}.npy" for name in self.classes]

    def _sketches(self, path: Path) -> np.ndarray:
        """The images in a file, uint8 [n, 784], read as they are touched."""
        try:
            images = np.load(path, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise UserError(f"dataset.root: '{path}' is damaged; fetch it anew") from error
        if images.dtype != np.uint8 or images.ndim != 2 or images.shape[1] != SIDE**2 or len(images) < 3:
            raise UserError(f"dataset.root: '{path}' is no file of three or more bitmaps of {SIDE} × {SIDE}")
        return images[: self.per_class]


def _parts(count: int) -> dict[str, range]:
    held_out = max(1, round(HELD_OUT * count))
    first, second = count - 2 * held_out, count - held_out
    return {"train": range(first), "val": range(first, second), "test": range(second, count)}
