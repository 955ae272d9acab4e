"""Image files, whose numbers are those of linear light to the power of 1 / gamma."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vectorae.errors import UserError


def imwrite(img: Any, filename: str | Path, gamma: float = 2.2, normalize: bool = False) -> None:
    """Write an image; its folder is made.

    Args:
        img: ``[H, W]``, or ``[H, W, C]`` of 1, 3 or 4 channels, array or tensor; cut to [0, 1].
        filename: its ending says the format.
        gamma: colours are written to the power of 1 / gamma, alpha as it is.
        normalize: stretch all numbers to [0, 1] first.

    Raises:
        UserError: an image of another shape, or a format that nobody knows.
    """
    pixels = np.asarray(img.detach().cpu() if isinstance(img, Tensor) else img, dtype=np.float64)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        raise UserError(f"imwrite: an image {list(pixels.shape)}; [H, W, C] with 1, 3 or 4 channels can be written")
    if normalize and pixels.size:
        low, high = pixels.min(), pixels.max()
        pixels = (pixels - low) / (high - low if high > low else 1)
    pixels = np.clip(pixels, 0, 1)
    color = np.power(pixels[:, :, :3], 1 / gamma)
    levels = np.rint(255 * np.concatenate([color, pixels[:, :, 3:]], axis=2)).astype(np.uint8)
    path = Path(filename)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        Image.fromarray(levels[:, :, 0] if levels.shape[2] == 1 else levels).save(path)
    except (ValueError, OSError) as error:
        raise UserError(f"imwrite: '{filename}': {error}") from error


def imread(filename: str | Path, gamma: float = 2.2) -> Tensor:
    """An image file as ``imwrite`` writes it: ``[H, W, 3]``, or 4 with alpha, float32 in [0, 1].

    Raises:
        UserError: no image file.
    """
    try:
        with Image.open(filename) as picture:
            mode = "RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB"
            pixels = np.asarray(picture.convert(mode), dtype=np.float32) / 255
    except OSError as error:
        raise UserError(f"imread: '{filename}': {error}") from error
    image = torch.from_numpy(pixels)
    return torch.cat([image[:, :, :3] ** gamma, image[:, :, 3:]], dim=2)
