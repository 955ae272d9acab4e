"""Small drawings, side by side on captioned sheets, as PNG."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from vectorae.io.pixels import to_picture
from vectorae.io.sheets import captioned_sheet
from vectorae.rasterizer import rasterize
from vectorae.scene import Scene

SOFTNESS = 0.02


def rounded_drawing(scene: Scene, size: int, coverage: str) -> Image.Image:
    """A drawing with rounded corners."""
    return with_round_corners(to_picture(rasterize(scene, size, size, coverage=coverage, softness=SOFTNESS)))


def with_round_corners(picture: Image.Image) -> Image.Image:
    """A square picture on white."""
    size = picture.width
    mask = Image.new("L", (4 * size, 4 * size))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 4 * size - 1, 4 * size - 1), size // 4, 255)
    mask = mask.resize((size, size), Image.Resampling.BOX)
    return Image.composite(picture, Image.new("RGB", (size, size), "white"), mask)


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one size side by side."""
    width, height = pictures[0].size
    gap = height // 24
    row = Image.new("RGB", (len(pictures) * (width + gap) - gap, height), "white")
    for index, picture in enumerate(pictures):
        row.paste(picture, (index * (width + gap), 0))
    return row


def drawing_sheet(cells: Sequence[tuple[str, Sequence[Image.Image]]], columns: int) -> Image.Image:
    """Captioned rows of pictures; all have the same size."""
    rows = [(caption, side_by_side(pictures)) for caption, pictures in cells]
    size = font_size(min(rows[0][1].size))
    return captioned_sheet(rows, columns, size=size, gap=round(1.4 * size), caption=round(2.6 * size), drop=size / 2)


def font_size(side: int) -> int:
    """For captions of drawings of `side` pixels."""
    return max(8, round(side / 8))


def png_bytes(picture: Image.Image) -> bytes:
    """A PNG of 86 levels a channel: a quarter smaller, and no soft edge shows steps, as it would with a palette."""
    content = io.BytesIO()
    picture.point([3 * round(level / 3) for level in range(256)] * 3).save(content, "PNG", optimize=True)
    return content.getvalue()
