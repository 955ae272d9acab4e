"""Read image files as uint8, mostly as squares, and map the square back to the picture.

Imports numpy and Pillow alone: exports carry this file with them.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps

RESIZES = ("crop", "pad", "stretch")

MAX_PIXELS = 178_956_970
"""Larger images are refused: a file of a few kilobytes may unpack to terabytes. Pillow itself refuses above twice its
limit, which is this number."""

ORIENTATION, QUARTER_TURNS = 0x0112, (5, 6, 7, 8)
"""EXIF's tag of the camera's rotation, and the values of it that swap width and height."""


@dataclass(frozen=True)
class Crop:
    """A square region, relative to the image, so that an image stored at any size gives the same view.

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
        background: the colour, any that Pillow knows, behind what is transparent.
        max_pixels: larger images are refused.
    """

    size: int
    channels: int
    resize: str = "crop"
    crop: Crop = Crop()
    invert: bool = False
    background: str = "white"
    max_pixels: int = MAX_PIXELS

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, S, S)"""
        return self.channels, self.size, self.size

    def bars(self, width: float, height: float) -> tuple[int, int]:
        """Width and height of a padded picture in the middle of the square, in pixels of the square."""
        scale = self.size / max(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def frame(self, width: int, height: int, scale: float = 1.0) -> "Frame":
        """The part of a drawing of the square that corresponds to the picture, and the size to show it at.

        Args:
            width, height: of the picture, pixels, upright.
            scale: factor on the size of the picture.
        """
        left, top, seen_width, seen_height = 0, 0, self.size, self.size
        if self.resize == "crop":
            left_, _, right_, _ = self.crop.box(width, height)
            width = height = max(1, round(right_ - left_))
        elif self.resize == "pad":
            seen_width, seen_height = self.bars(width, height)
            left, top = (self.size - seen_width) // 2, (self.size - seen_height) // 2
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return Frame(left, top, seen_width, seen_height, *size)


class Frame(NamedTuple):
    """The part of a square drawing that is shown, and how large.

    Attributes:
        left, top, seen_width, seen_height: the part, in pixels of the drawing.
        width, height: size in pixels to which the part is stretched.
    """

    left: int
    top: int
    seen_width: int
    seen_height: int
    width: int
    height: int


class Picture(NamedTuple):
    """A picture, uint8 ``[C, H, W]``, mostly square; and the width and height it had, upright, in pixels."""

    pixels: "np.ndarray[Any, Any]"
    width: int
    height: int


def read_picture(file: Any, view: View) -> Picture:
    """An image file as a square.

    The camera's rotation (EXIF) is applied, transparency is laid over the background, 16 bits are scaled to 8, and of
    an animation the first picture is taken. Resizing is bilinear with antialiasing, from the exact (fractional) crop.

    Args:
        file: a path, or an open binary file.

    Raises:
        Exception: of many types, if the file is corrupt, no image, or too large.
    """
    with Image.open(file) as image:
        _check_size(image, view.max_pixels)
        # Large JPEGs are decoded at an eighth, quarter or half, never below twice the size that is needed.
        needed = 2 * view.size / min(image.size)
        if view.resize == "crop":
            left, _, right, _ = view.crop.box(*image.size)
            needed = 2 * view.size / (right - left)
        plain, (width, height) = _upright(image, needed, view.channels, view.background)
    square = _square(plain, view, view.bars(width, height))
    pixels = np.asarray(square).reshape(view.size, view.size, view.channels).transpose(2, 0, 1)
    return Picture(255 - pixels if view.invert else pixels, width, height)


def read_whole(
    file: Any, side: int, channels: int, background: str = "white", max_pixels: int = MAX_PIXELS, most: int = MAX_PIXELS
) -> Picture:
    """An image file at its own aspect, uint8 ``[C, H, W]``; all else as for ``read_picture``.

    Args:
        file: a path, or an open binary file.
        side: the shorter side, in pixels; smaller images are enlarged.
        channels, background, max_pixels: as in a ``View``.
        most: pixels that the result may have.

    Raises:
        Exception: as ``read_picture``.
    """
    with Image.open(file) as image:
        _check_size(image, max_pixels)
        enlarged = round(side**2 * max(image.size) / min(image.size))
        if enlarged > most:
            raise ValueError(f"its shorter side as {side} pixels makes {enlarged}, and {most} are allowed")
        plain, (width, height) = _upright(image, 2 * side / min(image.size), channels, background)
    scale = side / min(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = np.asarray(plain.resize(size, Image.Resampling.BILINEAR)).reshape(size[1], size[0], channels)
    return Picture(pixels.transpose(2, 0, 1), width, height)


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise ValueError(f"{width}×{height} pixels are more than the {max_pixels} that are allowed")


def _upright(image: Image.Image, needed: float, channels: int, background: str) -> tuple[Image.Image, tuple[int, int]]:
    """An opened image: upright, opaque, of 1 or 3 channels; and the width and height it has in its file, upright.

    Args:
        image: opened, not yet decoded.
        needed: fraction of its size that is enough; JPEGs are decoded at reduced size where possible.
        channels: 3, or 1 for grey.
        background: behind what is transparent.
    """
    width, height = image.size
    if needed < 0.5:
        image.draft(None, (int(image.width * needed) + 1, int(image.height * needed) + 1))
    if image.getexif().get(ORIENTATION, 1) in QUARTER_TURNS:
        width, height = height, width
    ImageOps.exif_transpose(image, in_place=True)
    return _plain(image, "RGB" if channels == 3 else "L", background), (width, height)


def _plain(image: Image.Image, mode: str, background: str) -> Image.Image:
    """The picture in ``mode`` (RGB or L): eight bits, opaque."""
    if image.mode.startswith("I"):
        # Greyscale of 16 bits; Pillow's own conversion would clip it at 255.
        image = Image.fromarray((np.asarray(image, dtype=np.float64) / 257).clip(0, 255).round().astype(np.uint8))
    elif image.mode == "F":
        values = np.asarray(image, dtype=np.float64)
        if not np.isfinite(values).all():
            raise ValueError("it has pixels that are NaN or infinite")
        scale = 255.0 if values.max() <= 1 else 1.0
        image = Image.fromarray((values * scale).clip(0, 255).round().astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, background), image)
    if image.mode in ("P", "PA"):
        # Palette to grey goes by way of the colours.
        image = image.convert("RGB")
    return image.convert(mode)


def _square(image: Image.Image, view: View, bars: tuple[int, int]) -> Image.Image:
    """The picture as S × S; between bars as large as ``bars``."""
    size = (view.size, view.size)
    if view.resize == "crop":
        return image.resize(size, Image.Resampling.BILINEAR, box=view.crop.box(*image.size))
    if view.resize == "stretch":
        return image.resize(size, Image.Resampling.BILINEAR)
    square = Image.new(image.mode, size)
    whole = image.resize(bars, Image.Resampling.BILINEAR)
    square.paste(whole, ((view.size - bars[0]) // 2, (view.size - bars[1]) // 2))
    return square


def as_png(image: Image.Image) -> bytes:
    """The content of a PNG file."""
    content = BytesIO()
    image.save(content, format="png")
    return content.getvalue()
