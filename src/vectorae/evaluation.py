"""How good drawings are: metrics, the baselines that they are compared with, and contact sheets to look at."""

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from rich.progress import track
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

if TYPE_CHECKING:
    import numpy as np


def image_metrics(drawing: Tensor, image: Tensor) -> dict[str, Tensor]:
    """PSNR (dB), SSIM, MSE and L1 of each drawing against its image.

    Args:
        drawing, image: ``[B, C, H, W]`` in [0, 1].

    Returns:
        Name → ``[B]``. SSIM is Wang et al. (2004), 11×11 gaussian window of σ 1.5; PSNR of equal images is 100.
    """
    error = drawing - image
    mse = error.square().mean((1, 2, 3))
    ssim = structural_similarity_index_measure(drawing, image, data_range=1.0, reduction="none")
    assert isinstance(ssim, Tensor)
    return {
        "psnr": -10 * torch.log10(mse.clamp_min(1e-10)),
        "ssim": ssim.reshape(len(image)),
        "mse": mse,
        "l1": error.abs().mean((1, 2, 3)),
    }


def to_float(images: Tensor) -> Tensor:
    """uint8 images → float32 in [0, 1]; floating-point images as they are."""
    return images.float() / 255 if images.dtype == torch.uint8 else images


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


@torch.no_grad()
def evaluate(
    model: Any, images: Tensor, batch_size: int, train_mean: Tensor, *, progress: bool = False
) -> dict[str, float]:
    """Metrics of a model's soft and crisp drawings, and of the baselines, on the same images.

    Args:
        model: a ``VectorAutoencoder``.
        images: uint8 ``[n, C, S, S]``.
        batch_size: how many to draw at once.
        train_mean: the mean image of the training split, ``[C, S, S]``.
        progress: show a bar.

    Returns:
        Flat: ``psnr_soft``, ``ssim_crisp`` and so on, each the mean over the images of each image's own;
        ``psnr_blocks``, ``psnr_mean_image`` and so on; ``images``; ``images_per_second`` (encoding and crisp drawing).
    """
    training, device = model.training, model.device
    model.eval()
    totals: dict[str, float] = {}
    seconds = 0.0
    for part in track(images.split(batch_size), description="evaluating", disable=not progress):
        batch = to_float(part.to(device))
        start = time.perf_counter()
        crisp = model.draw(batch, crisp=True)
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds += time.perf_counter() - start
        drawings = {"soft": model.draw(batch, crisp=False), "crisp": crisp}
        for name, values in (_named_metrics(drawings, batch) | baselines(model.layout, batch, train_mean)).items():
            totals[name] = totals.get(name, 0.0) + float(values.double().sum())
    model.train(training)
    means = {name: total / max(1, len(images)) for name, total in totals.items()}
    return means | {"images": float(len(images)), "images_per_second": len(images) / max(seconds, 1e-9)}


def baselines(layout: Any, images: Tensor, train_mean: Tensor) -> dict[str, Tensor]:
    """Metrics ``[B]`` of the two baselines on images ``[B, C, S, S]``: the mean image, and mean-coloured blocks."""
    grid = block_grid(layout.rows, layout.columns, layout.count, images.shape[-1])
    drawings = {"blocks": blocks(images, *grid), "mean_image": train_mean.to(images).expand_as(images)}
    return _named_metrics(drawings, images)


def _named_metrics(drawings: dict[str, Tensor], images: Tensor) -> dict[str, Tensor]:
    return {
        f"{metric}_{name}": values
        for name, drawing in drawings.items()
        for metric, values in image_metrics(drawing, images).items()
    }


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
        images = row.detach().float().cpu().clamp(0, 1).expand(-1, 3, -1, -1)
        images = images.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
        images = F.pad(images, (0, gap, 0, gap), value=1.0)
        strips.append(torch.cat(list(images), dim=-1))
    sheet = F.pad(torch.cat(strips, dim=-2), (gap, 0, gap, 0), value=1.0)
    return sheet.mul(255).round().byte().permute(1, 2, 0).numpy()
