"""The first toy faces of the test split, and below each its drawing by the model that comes along.

`python -m docs._gallery.vectorized` writes docs/vectorized.png.
"""

from pathlib import Path

from PIL import Image

import vectorae
from docs._gallery.sheets import png_bytes
from vectorae.datasets.procedural_faces import draw_faces
from vectorae.io.pixels import to_float, to_pictures

TARGET = Path(__file__).resolve().parents[1] / "vectorized.png"
COUNT = 16
COLUMNS = 8
SIDE = 96
"""Pixels of each picture; the model sees 64."""


def sheet() -> Image.Image:
    """Rows of faces and rows of drawings in turns."""
    faces = to_float(draw_faces(0, "test", 0, COUNT, 64))
    scene = vectorae.load("toy_faces").vectorize(faces)
    drawings = to_pictures(vectorae.rasterize(scene, SIDE, SIDE, coverage="ramp"))
    step = SIDE + 2
    page = Image.new("RGB", (COLUMNS * step + 2, 2 * COUNT // COLUMNS * step + 2), "white")
    for index, (face, drawing) in enumerate(zip(to_pictures(faces), drawings, strict=True)):
        row, column = divmod(index, COLUMNS)
        place = (2 + step * column, 2 + 2 * step * row)
        page.paste(face.resize((SIDE, SIDE), Image.Resampling.BICUBIC), place)
        page.paste(drawing, (place[0], place[1] + step))
    return page


if __name__ == "__main__":
    TARGET.write_bytes(png_bytes(sheet()))
