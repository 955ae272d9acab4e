"""Images to begin with, drawn by the project itself: toy faces, and digits as strokes of a pen."""

import math
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageDraw

from vectorae.datasets.procedural_faces import draw_faces
from vectorae.io.images import as_png

Point = tuple[float, float]

SIDE = 224
"""Pixels of an example, so that it can be looked at; the network sees it as small as it must be."""

FACES = (3, 8, 12, 21, 30, 41)
"""Which toy faces of the test split, on which nothing was trained."""

FINE = 4
"""Digits are drawn as many times as large, and reduced, for smooth edges."""

PEN = 0.085
"""Width of a digit's strokes, as a share of the image."""


class Example(NamedTuple):
    """An image as the content of a PNG file, and what is seen on it."""

    file: str
    name: str
    content: bytes


def examples(channels: int) -> list[Example]:
    """Faces for networks that see colours, digits for those that see grey."""
    return [_digit(name) for name in DIGITS] if channels < 3 else [_face(index) for index in FACES]


def _face(index: int) -> Example:
    (pixels,) = draw_faces(0, "test", index, index + 1, SIDE)
    content = as_png(Image.fromarray(pixels.permute(1, 2, 0).numpy()))
    return Example(f"face-{index}.png", f"Toy face {FACES.index(index) + 1}", content)


def _digit(name: str) -> Example:
    """White on black, as the images of MNIST are."""
    side = SIDE * FINE
    image = Image.new("L", (side, side))
    pen, width = ImageDraw.Draw(image), PEN * side
    for stroke in DIGITS[name]:
        points = [(x * side, y * side) for x, y in stroke]
        pen.line(points, fill=255, width=round(width))
        for x, y in points:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    content = BytesIO()
    image.reduce(FINE).save(content, "png", optimize=True)
    return Example(f"digit-{name}.png", f"Digit {name}", content.getvalue())


def _arc(center: Point, radii: Point, start: float, end: float) -> list[Point]:
    """Points of an ellipse, between two angles in degrees, clockwise from the right."""
    steps = [math.radians(start + (end - start) * step / 40) for step in range(41)]
    return [(center[0] + radii[0] * math.cos(turn), center[1] + radii[1] * math.sin(turn)) for turn in steps]


DIGITS: dict[str, list[list[Point]]] = {
    "0": [_arc((0.5, 0.5), (0.17, 0.27), -100, 262)],
    "2": [[*_arc((0.48, 0.36), (0.16, 0.15), -165, 45), (0.34, 0.76), (0.68, 0.74)]],
    "3": [[*_arc((0.47, 0.36), (0.15, 0.14), -150, 95), *_arc((0.47, 0.64), (0.18, 0.15), -85, 150)]],
    "4": [[(0.42, 0.22), (0.32, 0.54), (0.7, 0.53)], [(0.6, 0.34), (0.56, 0.8)]],
    "5": [[(0.66, 0.24), (0.42, 0.25), (0.39, 0.46), *_arc((0.47, 0.61), (0.18, 0.17), -105, 145)]],
    "8": [_arc((0.51, 0.36), (0.13, 0.14), 0, 360), _arc((0.49, 0.65), (0.16, 0.15), 0, 360)],
}
"""The strokes of each, as shares of the image, x to the right and y down."""
