"""Several pictures as one."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from vectorae.io.pixels import to_uint8

INK = "#333333"
"""Colour of captions."""

MARGIN = 4
"""Pixels from the left edge to a title."""


def contact_sheet(rows: Sequence[Tensor], tile: int = 64, gap: int = 2) -> Image.Image:
    """Rows of images as one RGB picture; shorter rows end in white.

    Args:
        rows: each ``[n, C, H, W]`` in [0, 1].
        tile: images that are narrower are enlarged by a whole factor to at least this many pixels.
        gap: white pixels between the images and around them.
    """
    strips = []
    for row in rows:
        factor = max(1, math.ceil(tile / row.shape[-1]))
        images = to_uint8(row).expand(-1, 3, -1, -1)
        images = images.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
        strips.append(torch.cat(list(F.pad(images, (0, gap, 0, gap), value=255)), dim=-1))
    width = max(strip.shape[-1] for strip in strips)
    strips = [F.pad(strip, (0, width - strip.shape[-1]), value=255) for strip in strips]
    sheet = F.pad(torch.cat(strips, dim=-2), (gap, 0, gap, 0), value=255)
    return Image.fromarray(sheet.permute(1, 2, 0).contiguous().numpy())


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
