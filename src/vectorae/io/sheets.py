"""Several images as one picture."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    import numpy as np


def contact_sheet(rows: Sequence[Tensor], tile: int = 64, gap: int = 2) -> "np.ndarray[Any, Any]":
    """Rows of images as one picture.

    Args:
        rows: each ``[n, C, S, S]`` in [0, 1].
        tile: smaller images are enlarged by a whole factor to at least this many pixels.
        gap: white pixels between the images.

    Returns:
        uint8 ``[H, W, 3]``.
    """
    strips = []
    for row in rows:
        factor = max(1, math.ceil(tile / row.shape[-1]))
        images = row.detach().float().clamp(0, 1).mul(255).round().byte().cpu().expand(-1, 3, -1, -1)
        images = images.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
        images = F.pad(images, (0, gap, 0, gap), value=255)
        strips.append(torch.cat(list(images), dim=-1))
    sheet = F.pad(torch.cat(strips, dim=-2), (gap, 0, gap, 0), value=255)
    return sheet.permute(1, 2, 0).numpy()
