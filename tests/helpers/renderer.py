"""resvg: an SVG renderer that shares no code with ours."""

import io

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from resvg_py import svg_to_bytes
from torch import Tensor

ZOOM = 8


def rendered(text: str, zoom: int = ZOOM, paper: str = "black", size: tuple[int, int] | None = None) -> Tensor:
    """An SVG document as resvg shows it on paper of a colour, ``[3, H, W]`` in [0, 1].

    Args:
        zoom: so many times its size, averaged.
        size: height and width to show it in, instead of its own; the height follows from the width, nearly.
    """
    width = None if size is None else zoom * size[1]
    content = svg_to_bytes(svg_string=text, width=width, zoom=zoom if size is None else None, dpi=96.0)
    with Image.open(io.BytesIO(bytes(content))) as image:
        drawn = image.convert("RGBA")
    opaque = Image.alpha_composite(Image.new("RGBA", drawn.size, paper), drawn).convert("RGB")
    pixels = torch.from_numpy(np.array(opaque)).permute(2, 0, 1).float() / 255
    if size is not None:
        return F.adaptive_avg_pool2d(pixels[None], size)[0]
    return F.avg_pool2d(pixels[None], zoom)[0]
