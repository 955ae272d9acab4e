"""Crisp drawings as pictures, equal to their SVGs."""

import math
from itertools import pairwise

import torch
from PIL import Image

from vectorae.decoder.decoder import draw_scene
from vectorae.decoder.state import DrawState
from vectorae.io.frame import MAX_OUTPUT_PIXELS, Frame
from vectorae.io.pixels import to_transparent_picture
from vectorae.rasterizer import Rasterizer
from vectorae.scene import Scene

PIXELS_AT_ONCE = 2**22
"""So many are drawn together: what a large picture takes of memory is little more than its own bytes."""


@torch.no_grad()
def draw_picture(scene: Scene, side: int, frame: Frame, rasterizer: Rasterizer) -> Image.Image:
    """Draw a part of a crisp drawing at any size, as its SVG shows it.

    Args:
        scene: one drawing.
        side: shorter side of the drawing, pixels.
        frame: the part, in pixels of the drawing, and the size; at most ``MAX_OUTPUT_PIXELS`` are drawn.
        rasterizer: its settings.
    """
    frame = frame.in_pixels(MAX_OUTPUT_PIXELS)
    part, size = frame.part, (round(frame.width), round(frame.height))
    unit = max(frame.width / part.width, frame.height / part.height)
    width, height = size if not frame.stretched else (math.ceil(part.width * unit), math.ceil(part.height * unit))
    picture = Image.new("RGB" if scene.background is not None else "RGBA", (width, height))
    bands = math.ceil(width * height / PIXELS_AT_ONCE)
    edges = [round(band * height / bands) for band in range(bands + 1)]
    for top, bottom in pairwise(edges):
        if top < bottom:
            shorter = min(width, bottom - top)
            near = scene.zoomed((part.left / side, (part.top + top / unit) / side), side * unit / shorter)
            band = draw_scene(near, bottom - top, width, DrawState(softness=1.0, exact=True), rasterizer)
            picture.paste(to_transparent_picture(band), (0, top))
    return picture.resize(size, Image.Resampling.BILINEAR) if frame.stretched else picture
