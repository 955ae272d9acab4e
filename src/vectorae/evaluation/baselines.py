"""What drawings are compared with: the mean image, and mean-coloured blocks."""

import math
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.io.pixels import to_float
from vectorae.losses import LPIPS
from vectorae.losses.metrics import image_metrics

if TYPE_CHECKING:
    pass


def mean_image(images: Tensor, limit: int = 10_000) -> Tensor:
    """Mean ``[C, H, W]`` of uint8 images ``[n, C, H, W]``; of more than ``limit``, of as many evenly spread ones."""
    step = math.ceil(len(images) / limit)
    chosen = images[::step]
    total = sum((to_float(part).sum(0, dtype=torch.float64) for part in chosen.split(512)), torch.zeros(()))
    return (total / len(chosen)).float()


def blocks(images: Tensor, rows: int, columns: int) -> Tensor:
    """Each image as rows × columns blocks of their mean colour, ``[B, C, H, W]`` → the same shape."""
    height, width = images.shape[-2:]
    row = (torch.arange(height, device=images.device) + 0.5).mul(rows / height).long()
    column = (torch.arange(width, device=images.device) + 0.5).mul(columns / width).long()
    down, across = F.one_hot(row, rows).to(images), F.one_hot(column, columns).to(images)
    totals = torch.einsum("bchw,hr,wk->bcrk", images, down, across)
    pixels = down.sum(0)[:, None] * across.sum(0)
    return (totals / pixels.clamp_min(1))[..., row, :][..., column]


def block_grid(rows: int | None, columns: int | None, count: int, image_size: int) -> tuple[int, int]:
    """The grid of blocks a layout is compared with: its own, or the largest square one of at most ``count`` cells."""
    if rows is None or columns is None:
        rows = columns = math.isqrt(count)
    return min(rows, image_size), min(columns, image_size)


def baselines(layout: Any, images: Tensor, train_mean: Tensor) -> dict[str, Tensor]:
    """Metrics ``[B]`` of the two baselines on images ``[B, C, S, S]``: the mean image, and mean-coloured blocks."""
    grid = block_grid(layout.rows, layout.columns, layout.count, images.shape[-1])
    drawings = {"blocks": blocks(images, *grid), "mean_image": train_mean.to(images).expand_as(images)}
    return _named_metrics(drawings, images)


def _named_metrics(drawings: dict[str, Tensor], images: Tensor, lpips: LPIPS | None = None) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    for name, drawing in drawings.items():
        metrics = image_metrics(drawing, images)
        if lpips is not None:
            metrics["lpips"] = lpips(drawing, images)
        named |= {f"{metric}_{name}": values for metric, values in metrics.items()}
    return named
