"""The pictures on a contact sheet."""

from pathlib import Path

import numpy as np
from PIL import Image

from vectorae.io.sheets import HEADER


def tiles(sheet: Path | Image.Image, side: int, rows: int, columns: int, gap: int = 4) -> np.ndarray:
    """The pictures of a sheet, uint8 ``[rows, n, side, side, 3]``, where every band is full."""
    if isinstance(sheet, Path):
        with Image.open(sheet) as image:
            return tiles(image.copy(), side, rows, columns, gap)
    pixels, each = np.asarray(sheet), side + gap
    bands = (len(pixels) - gap) // (HEADER + rows * each)
    assert len(pixels) == bands * (HEADER + rows * each) + gap
    right = pixels[:, pixels.shape[1] - gap - columns * each :]

    def tile(row: int, index: int) -> np.ndarray:
        y = index // columns * (HEADER + rows * each) + HEADER + row * each
        x = gap + index % columns * each
        return right[y : y + side, x : x + side]

    return np.stack([np.stack([tile(row, index) for index in range(bands * columns)]) for row in range(rows)])
