"""Images with labels, as the official files of MNIST hold them."""

import gzip
from pathlib import Path

import numpy as np


def idx(values: np.ndarray) -> bytes:
    """An array of uint8 as a file of MNIST."""
    head = bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4, "big") for size in values.shape)
    return head + values.tobytes()


def write_bars(root: Path, official: str = "MNIST") -> None:
    """Three classes in MNIST's form: a bar to the left, in the middle, to the right."""
    folder = root / official / "raw"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for name, count in (("train", 5600), ("t10k", 60)):
        labels = random.integers(0, 3, count, np.uint8)
        images = random.integers(0, 60, (count, 16, 16), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2:14, 2 + 5 * label : 4 + 5 * label] = 255
        (folder / f"{name}-images-idx3-ubyte").write_bytes(idx(images))
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels), 1))
