"""Image files to squares of uint8."""

import os
import textwrap
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from vectorae.datasets.cache import Block

RESIZES = ("crop", "pad", "stretch")
# Files decoded between two steps of the progress bar.
_AT_ONCE = 256


@dataclass(frozen=True)
class Crop:
    """A square cut from an image, relative to it, so that an image stored at any size gives the same view.

    Attributes:
        side: of the square, as a share of the image's width; at most the image's height.
        centre: its height, as a share of the image's, from the top. Horizontally the square is centred.
    """

    side: float = 1.0
    centre: float = 0.5

    def box(self, width: float, height: float) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in pixels, inside the image."""
        side = min(self.side * width, height)
        left = (width - side) / 2
        top = min(max(self.centre * height - side / 2, 0.0), height - side)
        return left, top, left + side, top + side


@dataclass(frozen=True)
class View:
    """How a picture of any size becomes a square one.

    Attributes:
        size: S, the side of the square in pixels.
        channels: 3, or 1 for grey.
        resize: ``crop`` cuts ``crop`` out; ``pad`` keeps the whole picture between black bars; ``stretch`` distorts it.
        crop: which square to cut out.
        invert: black becomes white.
    """

    size: int
    channels: int
    resize: str = "crop"
    crop: Crop = Crop()
    invert: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, S, S)"""
        return self.channels, self.size, self.size


def decode(path: Path, view: View) -> np.ndarray:
    """One image file as uint8 [C, S, S].

    The camera's rotation (EXIF) is applied, transparency is laid over white, 16 bits are scaled to 8, and of an
    animation the first picture is taken. Resizing is bilinear with antialiasing, from the exact (fractional) crop.

    Raises:
        Exception: of many kinds, if the file is corrupt, no image, or larger than Pillow takes for honest.
    """
    with Image.open(path) as image:
        # Large JPEGs are decoded at an eighth, quarter or half, never below twice the size that is needed.
        needed = 2 * view.size / min(image.size)
        if view.resize == "crop":
            left, _, right, _ = view.crop.box(*image.size)
            needed = 2 * view.size / (right - left)
        if needed < 0.5:
            image.draft(None, (int(image.width * needed) + 1, int(image.height * needed) + 1))
        ImageOps.exif_transpose(image, in_place=True)
        plain = _plain(image, "RGB" if view.channels == 3 else "L")
    square = _square(plain, view)
    pixels = np.asarray(square).reshape(view.size, view.size, view.channels).transpose(2, 0, 1)
    return 255 - pixels if view.invert else pixels


def _plain(image: Image.Image, mode: str) -> Image.Image:
    """The picture in ``mode`` (RGB or L): eight bits, opaque."""
    if image.mode.startswith("I"):
        # Greyscale of 16 bits; Pillow's own conversion would clip it at 255.
        image = Image.fromarray((np.asarray(image, dtype=np.float64) / 257).clip(0, 255).round().astype(np.uint8))
    elif image.mode == "F":
        values = np.asarray(image, dtype=np.float64)
        scale = 255.0 if values.max() <= 1 else 1.0
        image = Image.fromarray((values * scale).clip(0, 255).round().astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if image.mode in ("P", "PA"):
        # Palette to grey goes by way of the colours.
        image = image.convert("RGB")
    return image.convert(mode)


def _square(image: Image.Image, view: View) -> Image.Image:
    """The picture as S × S."""
    size = (view.size, view.size)
    if view.resize == "crop":
        return image.resize(size, Image.Resampling.BILINEAR, box=view.crop.box(*image.size))
    if view.resize == "stretch":
        return image.resize(size, Image.Resampling.BILINEAR)
    scale = view.size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    square = Image.new(image.mode, size)
    whole = image.resize((width, height), Image.Resampling.BILINEAR)
    square.paste(whole, ((view.size - width) // 2, (view.size - height) // 2))
    return square


def decode_files(root: Path, names: Sequence[str], view: View) -> Iterator[Block]:
    """Files ``root/name`` in order, decoded by a few threads; one that cannot be read is named in its block.

    Args:
        root: folder.
        names: paths below it, n of them.
        view: how each becomes a square.

    Yields:
        Blocks whose images together are uint8 [n − skipped, C, S, S].
    """
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(names), _AT_ONCE):
            chosen = names[start : start + _AT_ONCE]
            results = list(pool.map(lambda name: _decode_or_reason(root / name, view), chosen))
            images = [result for result in results if isinstance(result, np.ndarray)]
            reasons = zip(chosen, results, strict=True)
            yield Block(
                np.stack(images) if images else np.empty((0, *view.shape), np.uint8),
                tuple(f"{name!r} ({result})" for name, result in reasons if isinstance(result, str)),
            )


def _decode_or_reason(path: Path, view: View) -> np.ndarray | str:
    """The image, or why there is none, in one line."""
    try:
        return decode(path, view)
    except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
        return reason(error)


def reason(error: Exception) -> str:
    """What an exception says, in one line that is not too long."""
    return textwrap.shorten(str(error), 200, placeholder=" …") or type(error).__name__
