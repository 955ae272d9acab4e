"""Metrics of drawings against their images."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vectorae.losses import structural_similarity

if TYPE_CHECKING:
    pass


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


def psnr(drawing: Tensor, image: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each drawing against its image, dB ``[B]``; of equal images 100."""
    return -10 * torch.log10((drawing - image).square().mean((1, 2, 3)).clamp_min(1e-10))
