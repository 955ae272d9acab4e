"""Which part of a drawing is shown, and how large.

Imports the standard library alone: exports carry this file with them.
"""

import math
import re
from typing import Any, NamedTuple

MILLIMETRE = 96 / 25.4
"""In pixels, as CSS has them."""

LARGEST_WIDTH = 1_000_000
"""Pixels."""

READABLE_WIDTH = 512
"""Pixels of the least width of drawings that were made of no picture whose size they could have."""

MAX_OUTPUT_PIXELS = 2**26
"""Of a picture that is written; an SVG may be shown larger."""

WIDTH_WORDS = "pixels (1200), millimetres (120mm)"
"""What ``is_width`` accepts."""


class Part(NamedTuple):
    """A part of a drawing, in pixels of the drawing."""

    left: float
    top: float
    width: float
    height: float


class Frame(NamedTuple):
    """A part of a drawing, and the size to show it at.

    Attributes:
        part: of the drawing.
        width, height: pixels; with another aspect than the part's the drawing is stretched.
        unit: in which an SVG says them: ``px``, of which there are whole numbers, or ``mm``.
    """

    part: Part
    width: float
    height: float
    unit: str = "px"

    @property
    def stretched(self) -> bool:
        """Whether the drawing is shown with another aspect than it has."""
        return not math.isclose(self.width * self.part.height, self.height * self.part.width, rel_tol=1e-6)

    @property
    def attributes(self) -> tuple[str, str]:
        """Width and height as an SVG says them."""
        if self.unit == "px":
            return str(round(self.width)), str(round(self.height))
        width, height = (f"{pixels / MILLIMETRE:.2f}".rstrip("0").rstrip(".") for pixels in self[1:3])
        return f"{width}mm", f"{height}mm"

    def in_pixels(self, most: float = math.inf) -> "Frame":
        """The same in whole pixels, for a picture of at most ``most`` of them.

        So that nothing is squeezed, the part is by at most half a pixel higher or lower.
        """
        factor = min(1.0, math.sqrt(most / (self.width * self.height)))
        rounded = round if factor == 1 else math.floor
        width, height = (max(1, rounded(pixels * factor)) for pixels in (self.width, self.height))
        part = self.part
        if not self.stretched:
            seen = part.width * height / width
            part = Part(part.left, part.top + (part.height - seen) / 2, part.width, seen)
        return Frame(part, width, height)


class OutputSize(NamedTuple):
    """How large drawings are shown, by the size of the pictures that were given; by default as large as they.

    Attributes:
        width: pixels, or millimetres: ``"120mm"``. The height follows.
        scale: factor on the picture's own size.
    """

    width: int | str | None = None
    scale: float | None = None

    @property
    def is_chosen(self) -> bool:
        """Whether it is anything but the pictures' own size."""
        return self != OutputSize()

    def or_readable(self, width: float) -> "OutputSize":
        """The same; by default the least whole multiple of ``width`` pixels that is ``READABLE_WIDTH``."""
        return self if self.is_chosen else OutputSize(scale=math.ceil(READABLE_WIDTH / width))

    def frame(self, part: Part, width: float, height: float) -> Frame:
        """The frame of a drawing.

        Args:
            part: that shows the picture.
            width, height: of the picture, pixels.
        """
        if isinstance(self.width, str):
            wide = float(self.width.removesuffix("mm")) * MILLIMETRE
            return Frame(part, wide, wide * height / width, "mm")
        factor = self.scale or 1.0 if self.width is None else self.width / width
        return Frame(part, width * factor, height * factor).in_pixels()

    def square(self, side: float) -> Frame:
        """The frame of all of a square drawing that shows no picture; by default it can be seen without a lens."""
        return self.or_readable(side).frame(Part(0, 0, side, side), side, side)

    def refusal(self, frame: Frame, name: str) -> str | None:
        """Why a picture of a frame of this size is not written, in one line; None if it is.

        By default it is written, if need be smaller than the SVG shows it.
        """
        whole = frame.in_pixels()
        if not self.is_chosen or whole.width * whole.height <= MAX_OUTPUT_PIXELS:
            return None
        key = "scale" if self.width is None else "width"
        largest = frame.in_pixels(0.99 * MAX_OUTPUT_PIXELS).width  # its height may be rounded up
        return (
            f"{key}: '{name}' would become a PNG of {whole.width}×{whole.height} pixels, more than "
            f"{MAX_OUTPUT_PIXELS}; write width={largest} or less"
        )


def is_width(value: Any) -> bool:
    """Whether a drawing can be this wide.

    >>> [is_width(value) for value in (1200, "120mm", "12.5mm", 0, "0mm", "120", "12cm")]
    [True, True, True, False, False, False, False]
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return 1 <= value <= LARGEST_WIDTH
    if not isinstance(value, str) or re.fullmatch(r"\d+(\.\d+)?mm", value) is None:
        return False
    return 1 <= float(value.removesuffix("mm")) * MILLIMETRE <= LARGEST_WIDTH
