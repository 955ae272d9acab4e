"""Several drawings in one document, for notebooks."""

import math

from vectorae.scene import Scene
from vectorae.svg.write import to_svg

MOST, COLUMNS, SIDE, GAP = 16, 4, 160, 8
"""Drawings at most, and in a row; side of each and space between them, pixels."""


def sheet(scene: Scene) -> str:
    """The first drawings of a scene side by side, each on a square canvas, as one SVG document."""
    texts = to_svg(scene[:MOST], SIDE, SIDE)
    columns = min(COLUMNS, len(texts))
    width = columns * (SIDE + GAP) - GAP
    height = math.ceil(len(texts) / max(1, columns)) * (SIDE + GAP) - GAP
    size = f'width="{max(1, width)}" height="{max(1, height)}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>']
    for number, text in enumerate(texts):
        x, y = number % columns * (SIDE + GAP), number // columns * (SIDE + GAP)
        lines.append(text.replace("<svg", f'<svg x="{x}" y="{y}"', 1).rstrip())
    return "\n".join([*lines, "</svg>"]) + "\n"
