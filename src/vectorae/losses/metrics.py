"""Metrics of drawings against their images."""

from collections.abc import Mapping

import torch
from torch import Tensor

from vectorae.losses.perceptual import LPIPS, structural_similarity

METRICS = ("psnr", "ssim", "mse", "l1")
"""Names of what ``image_metrics`` computes."""


def image_metrics(drawing: Tensor, image: Tensor) -> dict[str, Tensor]:
    """PSNR (dB), SSIM, MSE and L1 of each drawing against its image.

    Args:
        drawing, image: ``[B, C, H, W]`` in [0, 1].

    Returns:
        Name → ``[B]``. SSIM is Wang et al. (2004), 11×11 gaussian window of σ 1.5; PSNR of equal images is 100.
    """
    error = drawing - image
    # Channel by channel: photographs take a lot of memory together.
    channels = zip(drawing.split(1, dim=1), image.split(1, dim=1), strict=True)
    ssim = torch.stack([structural_similarity(*channel)[0] for channel in channels]).mean(0)
    return {
        "psnr": psnr(drawing, image),
        "ssim": ssim,
        "mse": error.square().mean((1, 2, 3)),
        "l1": error.abs().mean((1, 2, 3)),
    }


def psnr(drawing: Tensor, image: Tensor, region: Tensor | None = None) -> Tensor:
    """Peak signal-to-noise ratio of each drawing against its image, dB ``[B]``; 100 for equal images.

    Args:
        drawing, image: ``[B, C, H, W]`` in [0, 1].
        region: the pixels that count, bool ``[B, 1, H, W]``, at least one of each image; None: all.

    Example:
        >>> image = torch.zeros(1, 3, 8, 8)
        >>> psnr(image + 0.1, image)
        tensor([20.])
    """
    error = (drawing - image).square()
    if region is None:
        mse = error.mean((1, 2, 3))
    else:
        mse = (error.mean(1, keepdim=True) * region).sum((1, 2, 3)) / region.sum((1, 2, 3))
    return -10 * torch.log10(mse.clamp_min(1e-10))


def metrics_of(drawings: Mapping[str, Tensor], images: Tensor, lpips: LPIPS | None = None) -> dict[str, Tensor]:
    """The metrics ``[B]`` of several drawings of images ``[B, C, H, W]``: ``psnr_crisp`` for a drawing ``crisp``, ….

    Args:
        drawings: name → ``[B, C, H, W]`` in [0, 1].
        images: in [0, 1].
        lpips: computed too, if given.
    """
    named: dict[str, Tensor] = {}
    for name, drawing in drawings.items():
        metrics = image_metrics(drawing, images)
        if lpips is not None:
            metrics["lpips"] = lpips(drawing, images)
        named |= {f"{metric}_{name}": values for metric, values in metrics.items()}
    return named
