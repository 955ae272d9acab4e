"""Pictures on disk, and data sets of them, that several tests read."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vectorae.datasets import Folder


def picture(size: tuple[int, int] = (20, 30), seed: int = 0) -> Image.Image:
    """A picture without two equal pixels in a row."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(pixels)


def make(root: Path, tmp_path: Path, **options: Any) -> Folder:
    return Folder(str(root), **{"image_size": 16, "batch_size": 8, "cache": str(tmp_path / "cache"), **options})


def offline(*_: object, **__: object) -> None:
    raise RuntimeError("no network")
