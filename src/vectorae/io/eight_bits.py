"""Pillow's images of any kind with eight bits: few and many bits, floats, transparent colours.

Imports numpy and Pillow alone: exports carry this file with them.
"""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageFile

GREYS = {"L;2": 85, "L;4": 17}
"""How far apart the greys of few bits are when they are decoded, by Pillow's name for what is stored."""

WHITES = {"I;12": 4095, "I;16S": 32767, "I;16BS": 32767}
"""The value of white where it is not that of the mode, by the same name."""

HOT = 0.01
"""Share of the values above zero that may be far beyond white: pixels of a sensor that are always lit, say."""


def stored_as(image: ImageFile.ImageFile) -> str:
    """What Pillow calls the samples in the file, such as ``RGB;16B``; before they are decoded."""
    args: Any = image.tile[0][3] if image.tile else ""
    return str(args[0] if isinstance(args, tuple) and args else args)


def decode_transparent_colour(image: ImageFile.ImageFile, stored: str) -> None:
    """Make a PNG's transparent colour, which Pillow leaves as it is stored, one of the pixels as they are decoded.

    Args:
        image: with ``info["transparency"]``, not yet decoded.
        stored: see ``stored_as``.
    """
    colour = image.info["transparency"]
    if stored in GREYS:
        image.info["transparency"] = colour * GREYS[stored]
    elif stored == "RGB;16B":
        assert image.fp is not None
        place = image.fp.tell()
        image.fp.seek(0)
        other: Any = Image.open(BytesIO(image.fp.read()))
        image.fp.seek(place)
        # The upper bytes are what Pillow decodes; with the other byte order those are the lower ones.
        other.tile = [(*other.tile[0][:3], "RGB;16L")]
        values = np.asarray(image).astype(np.uint16) * 256 + np.asarray(other)
        image.putalpha(_mask((values != colour).any(axis=2)))
        del image.info["transparency"]


def in_eight_bits(image: Image.Image, stored: str) -> Image.Image:
    """The picture in one of Pillow's modes of eight bits at most, from which it converts to RGB and RGBA rightly.

    Args:
        image: decoded.
        stored: see ``stored_as``.

    Raises:
        ValueError: pixels are NaN or infinite.
    """
    if image.mode in ("LAB", "La"):
        return image.convert("RGB" if image.mode == "LAB" else "LA")
    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    values = np.asarray(image)
    if stored == "I;32N":  # without a sign, which Pillow has no mode for
        values = values.view(np.uint32)
    if stored in WHITES:
        white: float = WHITES[stored]
    elif image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        white = 65535
    else:
        white = _white(values)
    grey = Image.fromarray((values.astype(np.float64) * (255 / white)).clip(0, 255).round().astype(np.uint8))
    if "transparency" in image.info:
        grey.putalpha(_mask(values != image.info["transparency"]))
    return grey


def _white(values: "np.ndarray[Any, Any]") -> float:
    """The value of white in a picture whose file does not say it (see ``read_picture`` of ``io.images``).

    Raises:
        ValueError: values are NaN or infinite.
    """
    if strange := int((~np.isfinite(values)).sum()):
        raise ValueError(f"{strange} of {values.size} pixels are NaN or infinite; write numbers in their place")
    lit = values[values > 0]
    high = np.quantile(lit, 1 - HOT) if lit.size else 0.0
    return next((white for white in (1.0, 255.0, 65535.0) if high < 2 * white), float(values.max()))


def _mask(opaque: "np.ndarray[Any, Any]") -> Image.Image:
    return Image.fromarray(np.where(opaque, 255, 0).astype(np.uint8))
