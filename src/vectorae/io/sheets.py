"""Several pictures as one."""

import math
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

INK = "#333333"
"""Colour of captions."""

MARGIN = 4
"""Pixels from the left edge to a label or title."""

TILE = 128
"""Side of a picture on a sheet, pixels, about."""

LARGE = 400
"""Side of an image that is large enough to be looked at as it is, pixels."""

FONT, HEADER = 13, 20
"""Size of labels, and height of the line of numbers above pictures, pixels."""


def enlargement(side: int) -> int:
    """How many times the image's size its drawings are rendered at, to be looked at: up to four, the smaller it is."""
    return 1 if side >= LARGE else min(4, max(2, round(TILE / side)))


def contact_sheet(rows: Mapping[str, Sequence[Image.Image]], columns: int = 8, gap: int = 4) -> Image.Image:
    """Pictures of the same things in labelled rows; what does not fit into the columns goes on below.

    Each picture stands in the middle of a tile as large as the largest one. Images, whose pixels are to be seen, are
    enlarged to it by a whole factor.

    Args:
        rows: label and pictures of each, equally many; an empty label takes no room.
        columns: pictures beside each other, at most.
        gap: white pixels between the pictures and around them.

    Returns:
        An RGB picture, with the numbers of the pictures above them, from 0 on.
    """
    count = max(len(pictures) for pictures in rows.values())
    width = max(picture.width for pictures in rows.values() for picture in pictures)
    height = max(picture.height for pictures in rows.values() for picture in pictures)
    columns, font = min(columns, count), ImageFont.load_default(FONT)
    bands = math.ceil(count / columns)
    left = max(math.ceil(font.getlength(label)) for label in rows)
    left += 2 * MARGIN if left else 0
    band = HEADER + len(rows) * (height + gap)
    sheet = Image.new("RGB", (left + columns * (width + gap) + gap, bands * band + gap), "white")
    pen = ImageDraw.Draw(sheet)
    for first in range(0, count, columns):
        top = first // columns * band + HEADER
        for row, (label, pictures) in enumerate(rows.items()):
            y = top + row * (height + gap)
            pen.text((MARGIN, y + height / 2), label, INK, font, "lm")
            for column, picture in enumerate(pictures[first : first + columns]):
                x = left + gap + column * (width + gap)
                if row == 0:
                    pen.text((x + width / 2, top - gap), str(first + column), INK, font, "ms")
                fits = _enlarged(picture, min(width // picture.width, height // picture.height))
                sheet.paste(fits, (x + (width - fits.width) // 2, y + (height - fits.height) // 2))
    return sheet


def _enlarged(picture: Image.Image, factor: int) -> Image.Image:
    size = factor * picture.width, factor * picture.height
    return picture if factor == 1 else picture.resize(size, Image.Resampling.NEAREST)


def captioned_sheet(
    cells: Sequence[tuple[str, Image.Image]],
    columns: int = 1,
    *,
    size: int = 13,
    gap: int = 0,
    caption: int = 20,
    drop: float = 3,
    above: bool = False,
) -> Image.Image:
    """Pictures of one size in rows, on white, each with its caption.

    Args:
        cells: caption and picture of each.
        columns: pictures in a row, at most.
        size: of the font, pixels.
        gap: pixels between the pictures and around them.
        caption: height of a caption's strip, pixels.
        drop: from the top of the strip to the text, pixels.
        above: captions are titles, above the pictures and on the left, instead of below and centred.
    """
    columns, (width, height) = min(columns, len(cells)), cells[0][1].size
    lines = math.ceil(len(cells) / columns)
    sheet = Image.new("RGB", (columns * (width + gap) + gap, lines * (height + caption) + gap), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size)
    for index, (text, picture) in enumerate(cells):
        x, y = gap + index % columns * (width + gap), gap + index // columns * (height + caption)
        sheet.paste(picture, (x, y + caption * above))
        if above:
            pen.text((x + MARGIN, y + drop), text, INK, font)
        else:
            pen.text((x + width / 2, y + height + drop), text, INK, font, "ma")
    return sheet


def beside(pictures: Mapping[str, Image.Image], gap: int = 4) -> Image.Image:
    """Pictures of one thing beside each other, each with its label; smaller ones are enlarged by a whole factor."""
    width = max(picture.width for picture in pictures.values())
    cells = [(label, _enlarged(picture, max(1, width // picture.width))) for label, picture in pictures.items()]
    return captioned_sheet(cells, len(cells), gap=gap)
