"""Images as a caller has them: paths, Pillow's pictures, arrays and tensors."""

from __future__ import annotations

from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vectorae.errors import UserError

GivenImage = str | PathLike[str] | Image.Image | np.ndarray[Any, Any] | Tensor
"""A path, a picture, an array ``[H, W]`` or ``[H, W, C]``, or a tensor ``[H, W]`` or ``[C, H, W]``."""

IN_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
IN_TIFF = ("I", "F", "CMYK", "YCbCr", "LAB")
"""Pillow's modes of pictures that a PNG or a TIFF holds as they are."""


def as_file(image: GivenImage, name: str = "image") -> Path | BytesIO:
    """An image as a file that Pillow opens: that of its path, or a PNG in memory.

    Floats are rounded to 256 levels, as files have them.

    Args:
        image: see ``GivenImage``: integers from 0 to 255, or floats in [0, 1].
        name: of the argument, for messages.

    Raises:
        UserError: another type or shape; no pixels; NaN, or values out of their range.
    """
    if isinstance(image, str | PathLike):
        path = Path(image).expanduser()
        if not path.is_file():
            raise UserError(f"{name}: no file '{path}'")
        return path
    if isinstance(image, Image.Image):
        return _saved(image)
    if isinstance(image, Tensor):
        pixels = image.detach().cpu()
        array = (pixels.permute(1, 2, 0) if pixels.dim() == 3 else pixels).to(torch.float64).numpy()
        largest = 1 if image.is_floating_point() or image.dtype == torch.bool else 255
        return _saved(_picture(array, largest, name, f"{list(image.shape)}; one image is [H, W] or [C, H, W]"))
    if isinstance(image, np.ndarray):
        if image.dtype.kind not in "fiub":
            raise UserError(f"{name}: an array of {image.dtype}; pixels are integers from 0 to 255 or floats in [0, 1]")
        largest = 1 if image.dtype.kind in "fb" else 255
        said = f"{list(image.shape)}; one image is [H, W] or [H, W, C]"
        return _saved(_picture(image.astype(np.float64), largest, name, said))
    raise UserError(
        f"{name}: a {type(image).__name__} is no image; give a path, a picture of Pillow's, an array or a tensor"
    )


def _saved(picture: Image.Image) -> BytesIO:
    content = BytesIO()
    picture = picture if picture.mode in IN_PNG + IN_TIFF else picture.convert("RGB")
    picture.save(content, format="png" if picture.mode in IN_PNG else "tiff")
    content.seek(0)
    return content


def _picture(array: np.ndarray[Any, Any], largest: int, name: str, shape: str) -> Image.Image:
    """The picture of float64 pixels ``[H, W]`` or ``[H, W, C]``, from 0 to ``largest``."""
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or not 1 <= channels <= 4 or 0 in array.shape:
        raise UserError(f"{name}: {shape}, of 1 to 4 channels and some pixels")
    if not ((array >= 0) & (array <= largest)).all():
        wanted = "floats in [0, 1]" if largest == 1 else "integers from 0 to 255"
        raise UserError(f"{name}: pixels are {wanted}; some of these are out of it, or no numbers")
    levels = np.rint(array * (255 / largest)).astype(np.uint8)
    return Image.fromarray(levels[..., 0] if levels.ndim == 3 and channels == 1 else levels)
