"""What drawings are compared with: the mean image, and mean-coloured blocks."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.io.pixels import to_float
from vectorae.layout import LayoutBase
from vectorae.losses.metrics import metrics_of


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


def baselines(layout: LayoutBase, images: Tensor, train_mean: Tensor, count: int | None = None) -> dict[str, Tensor]:
    """Metrics ``[B]`` of the two baselines on images ``[B, C, S, S]``: ``psnr_blocks``, ``psnr_mean_image``, ….

    Args:
        layout: whose grid the blocks have.
        images: in [0, 1].
        train_mean: the mean image of the training split, ``[C, S, S]``.
        count: of drawings of fewer shapes, how many; None is all.
    """
    if count is None:
        grid = block_grid(layout.rows, layout.columns, layout.count, images.shape[-1])
    else:
        grid = block_grid(None, None, count, images.shape[-1])
    drawings = {"blocks": blocks(images, *grid), "mean_image": train_mean.to(images).expand_as(images)}
    return metrics_of(drawings, images)


def mean_baselines(layout: LayoutBase, images: Tensor, train_images: Tensor) -> dict[str, float]:
    """The mean of each of ``baselines`` over uint8 images ``[n, C, S, S]``."""
    train_mean = mean_image(train_images)
    totals: dict[str, float] = {}
    for part in images.split(64):  # SSIM takes two dozen times the memory of its images
        for name, values in baselines(layout, to_float(part), train_mean).items():
            totals[name] = totals.get(name, 0.0) + float(values.double().sum())
    return {name: total / len(images) for name, total in totals.items()}
