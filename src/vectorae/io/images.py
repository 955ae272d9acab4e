"""Read image files as uint8, mostly as squares, and map the square back to the picture.

Imports numpy, Pillow, ``io.eight_bits`` and ``io.frame`` alone: exports carry these files with them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageFile, ImageOps

from vectorae.io.eight_bits import decode_transparent_colour, in_eight_bits, stored_as
from vectorae.io.frame import Frame, OutputSize, Part

RESIZES = ("crop", "pad", "stretch")

NONE = "none"
"""In place of the colour behind what is transparent: it stays transparent."""

MAX_PIXELS = 178_956_970
"""Larger images are refused: a file of a few kilobytes may unpack to terabytes. Pillow itself refuses above twice its
limit, which is this number."""

ROUNDING = 1e-6
"""Pixels by which a place may be off that should be a whole number."""

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
        resize: ``crop`` cuts ``crop`` out; ``pad`` keeps the whole picture between bars; ``stretch`` distorts it.
        crop: which square to cut out.
        bars: ``black``, or ``edge``: the picture's outermost pixels go on to the side of the square.
        invert: black becomes white.
        background: the colour, any that Pillow knows, behind what is transparent; ``none`` keeps it transparent, with
            colours multiplied with alpha, which is one more channel.
        max_pixels: larger images are refused.
    """

    size: int
    channels: int
    resize: str = "crop"
    crop: Crop = Crop()
    bars: str = "black"
    invert: bool = False
    background: str = "white"
    max_pixels: int = MAX_PIXELS

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, S, S); with alpha (C + 1, S, S)."""
        return self.channels + (self.background == NONE), self.size, self.size

    @property
    def mapping(self) -> str:
        """What becomes of the picture, for the keys of caches."""
        return f"pad {self.bars}" if self.resize == "pad" else self.resize

    @property
    def ground(self) -> list[str]:
        """What is behind transparent pixels, for the keys of caches: those of white ones have never said so."""
        return [] if self.background == "white" else [self.background]

    def part(self, width: float, height: float) -> Part:
        """The part of the square that shows a picture of ``width`` × ``height`` pixels."""
        if self.resize != "pad":
            return Part(0, 0, self.size, self.size)
        longer = max(width, height)
        seen_width, seen_height = self.size * width / longer, self.size * height / longer
        return Part((self.size - seen_width) / 2, (self.size - seen_height) / 2, seen_width, seen_height)

    def frame(self, width: float, height: float, size: OutputSize) -> Frame:
        """The part of a drawing of the square that shows a picture, and the size to show it at.

        Args:
            width, height: of the picture, pixels, upright.
            size: of the output, by that of the picture.
        """
        part = self.part(width, height)
        if self.resize == "crop":
            left, _, right, _ = self.crop.box(width, height)
            width = height = right - left
        return size.frame(part, width, height)


class Picture(NamedTuple):
    """A picture, uint8 ``[C, H, W]``, mostly square; and the width and height it had, upright, in pixels."""

    pixels: "np.ndarray[Any, Any]"
    width: int
    height: int


def read_picture(file: Any, view: View) -> Picture:
    """An image file as a square.

    The camera's rotation (EXIF) is applied, transparency is laid over the background, 16 bits are scaled to 8, and of
    an animation or of several pages the first picture is taken. Gamma and colour profiles are ignored. Resizing is
    bilinear with antialiasing, from the exact (fractional) crop.

    Of floats and integers of 32 bits black is 0, and white the smallest of 1, 255 and 65535 whose double all but a
    hundredth of the values above zero stay below, or else the largest value; what is beyond is clamped.

    Args:
        file: a path, or an open binary file.

    Raises:
        Exception: of many types, if the file is corrupt, no image, or too large; ValueError, if pixels are NaN or
            infinite: whether they stand for black, for white or for nothing only the file's owner knows.
    """
    with Image.open(file) as image:
        _check_size(image, view.max_pixels)
        # Large JPEGs are decoded at an eighth, quarter or half, never below twice the size that is needed.
        needed = 2 * view.size / min(image.size)
        if view.resize == "crop":
            left, _, right, _ = view.crop.box(*image.size)
            needed = 2 * view.size / (right - left)
        plain, (width, height) = _upright(image, needed, view.channels, view.background)
    square = _square(plain, view, view.part(width, height)).reshape(view.size, view.size, -1)
    square = inverted(square, view.background) if view.invert else square
    return Picture(square.transpose(2, 0, 1), width, height)


def read_crops(file: Any, view: View, count: int, seed: Sequence[int]) -> "np.ndarray[Any, Any]":
    """Random square crops of an image file, uint8 ``[count, C, S, S]``; all else as for ``read_picture``.

    Their sides are spread evenly by their logarithm from ``view.size`` pixels, or the shorter side of a smaller image,
    to the shorter side.

    Args:
        file: a path, or an open binary file.
        view: size of the crops, channels, and what is done with transparency; its ``resize`` and ``crop`` do not count.
        count: of crops.
        seed: of their places.

    Raises:
        Exception: as ``read_picture``.
    """
    with Image.open(file) as image:
        _check_size(image, view.max_pixels)
        plain, _ = _upright(image, 1.0, view.channels, view.background)
    rng, shorter, size = np.random.default_rng(seed), min(plain.size), (view.size, view.size)
    smallest = min(view.size, shorter)
    crops = np.empty((count, *view.shape), np.uint8)
    for crop in crops:
        side = smallest * (shorter / smallest) ** rng.random()
        left, top = rng.random(2) * (plain.width - side, plain.height - side)
        box = left, top, min(left + side, plain.width), min(top + side, plain.height)
        seen = np.asarray(plain.resize(size, Image.Resampling.BILINEAR, box=box))
        seen = seen.reshape(*size, -1)
        crop[:] = (inverted(seen, view.background) if view.invert else seen).transpose(2, 0, 1)
    return crops


def inverted(pixels: "np.ndarray[Any, Any]", background: str) -> "np.ndarray[Any, Any]":
    """Pixels ``[H, W, C]`` with black as white; alpha, which there is with the background ``none``, stays as it is."""
    if background != NONE:
        return 255 - pixels
    # Of colours that are multiplied with alpha, alpha is white.
    alpha = pixels[..., -1:]
    return np.dstack([alpha - pixels[..., :-1], alpha])


def read_whole(
    file: Any, side: int, channels: int, background: str = "white", max_pixels: int = MAX_PIXELS, most: int = MAX_PIXELS
) -> Picture:
    """An image file at its own aspect, uint8 ``[C, H, W]``; all else as for ``read_picture``.

    The picture is ``whole_part`` of it: a longer side that is no whole number of pixels is rounded up.

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
    part = whole_part(side, width, height)
    size = math.ceil(part.width - ROUNDING), math.ceil(part.height - ROUNDING)
    pixels = _placed(plain, part, size).reshape(size[1], size[0], -1)
    return Picture(pixels.transpose(2, 0, 1), width, height)


def read_grey(file: Any, width: int, height: int, max_pixels: int = MAX_PIXELS) -> "np.ndarray[Any, Any]":
    """An image file in grey, stretched to a size, uint8 ``[height, width]``; what is transparent is black.

    Args:
        file: a path, or an open binary file.
        width, height: pixels.
        max_pixels: larger images are refused.

    Raises:
        Exception: as ``read_picture``.
    """
    with Image.open(file) as image:
        _check_size(image, max_pixels)
        plain, _ = _upright(image, 1.0, 1, "black")
    return np.asarray(plain.resize((width, height), Image.Resampling.BILINEAR))


def whole_part(side: int, width: float, height: float) -> Part:
    """The part that a picture of ``width`` × ``height`` pixels takes where its shorter side is ``side`` pixels."""
    shorter = min(width, height)
    return Part(0, 0, side * width / shorter, side * height / shorter)


def picture_size(file: Any) -> tuple[int, int]:
    """Width and height of an image file, upright; of the file only its beginning is read.

    Args:
        file: a path, or an open binary file.

    Raises:
        Exception: as ``read_picture``.
    """
    with Image.open(file) as image:
        width, height = image.size
        # A TIFF's size is upright already. Of a PNG, Pillow's own class looks at its end too, for which it decodes all.
        turned = image.format != "TIFF" and Image.Image.getexif(image).get(ORIENTATION, 1) in QUARTER_TURNS
        return (height, width) if turned else (width, height)


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise ValueError(f"{width}×{height} pixels are more than the {max_pixels} that are allowed")


def _upright(
    image: ImageFile.ImageFile, needed: float, channels: int, background: str
) -> tuple[Image.Image, tuple[int, int]]:
    """An opened image: upright, grey or in colour, maybe with alpha; and the width and height in its file, upright.

    Args:
        image: opened, not yet decoded.
        needed: fraction of its size that is enough; JPEGs are decoded at reduced size where possible.
        channels: 3, or 1 for grey.
        background: behind what is transparent; ``none`` keeps alpha, and colours multiplied with it, so that none
            bleeds in from transparent pixels when it is resized.
    """
    stored, size = stored_as(image), image.size
    if "transparency" in image.info:
        decode_transparent_colour(image, stored)
    if needed < 0.5:
        image.draft(None, (int(image.width * needed) + 1, int(image.height * needed) + 1))
    reduced, turned = image.size != size, image.getexif().get(ORIENTATION, 1) in QUARTER_TURNS
    ImageOps.exif_transpose(image, in_place=True)
    if not reduced:
        size = image.size
    elif turned:
        size = size[::-1]
    modes = {1: "L", 3: "RGB"} if background != NONE else {1: "La", 3: "RGBa"}
    return _plain(in_eight_bits(image, stored), modes[channels], background), size


def _plain(image: Image.Image, mode: str, background: str) -> Image.Image:
    """A picture of eight bits in ``mode``: RGB or L, opaque; RGBa or La, with alpha."""
    if mode.endswith("a"):
        image = image.convert("RGBA")
        return (image if mode == "RGBa" else image.convert("LA")).convert(mode)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, background), image)
    if image.mode in ("P", "PA"):
        # Palette to grey goes by way of the colours.
        image = image.convert("RGB")
    return image.convert(mode)


def _square(image: Image.Image, view: View, part: Part) -> "np.ndarray[Any, Any]":
    """The picture as S × S; a padded one in its part of the square."""
    size = (view.size, view.size)
    if view.resize == "crop":
        return np.asarray(image.resize(size, Image.Resampling.BILINEAR, box=view.crop.box(*image.size)))
    return _placed(image, part, size, view.bars)


def _placed(image: Image.Image, part: Part, size: tuple[int, int], bars: str = "edge") -> "np.ndarray[Any, Any]":
    """The picture as a part, of any fraction of a pixel, of an image of ``size``; around it are bars (see ``View``)."""
    left, top = math.floor(part.left + ROUNDING), math.floor(part.top + ROUNDING)
    right = math.ceil(part.left + part.width - ROUNDING)
    bottom = math.ceil(part.top + part.height - ROUNDING)
    # The pixels that the picture touches, in its own.
    across, down = image.width / part.width, image.height / part.height
    box = [(left - part.left) * across, (top - part.top) * down]
    box += [(right - part.left) * across, (bottom - part.top) * down]
    more = [
        max(0, math.ceil(over - ROUNDING)) for over in (-box[0], -box[1], box[2] - image.width, box[3] - image.height)
    ]
    if any(more):
        wider = _continued(np.asarray(image), *more)
        # By its mode: of four channels an array would become RGBA, whose colours are not multiplied with alpha.
        image = Image.frombytes(image.mode, wider.shape[1::-1], wider.tobytes())
        box = [box[0] + more[0], box[1] + more[1], box[2] + more[0], box[3] + more[1]]
    limits = image.width, image.height
    inside = max(0.0, box[0]), max(0.0, box[1]), min(limits[0], box[2]), min(limits[1], box[3])
    touched = np.asarray(image.resize((right - left, bottom - top), Image.Resampling.BILINEAR, box=inside))
    return _continued(touched, left, top, size[0] - right, size[1] - bottom, "edge" if bars == "edge" else "constant")


def _continued(
    pixels: "np.ndarray[Any, Any]", left: int, top: int, right: int, bottom: int, mode: Any = "edge"
) -> "np.ndarray[Any, Any]":
    """A picture with more pixels on its sides: those at its edges once more, or black ones."""
    return np.pad(pixels, [(top, bottom), (left, right), (0, 0)][: pixels.ndim], mode=mode)


def as_png(image: Image.Image, quick: bool = False) -> bytes:
    """The content of a PNG file.

    Args:
        image: to be written.
        quick: in a fifth of the time, and somewhat longer: for pictures that are written again and again.
    """
    content = BytesIO()
    image.save(content, format="png", compress_level=1 if quick else 6)
    return content.getvalue()
