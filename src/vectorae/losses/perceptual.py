"""Losses that compare local structure, or features of a trained network."""

import functools
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from annotated_types import Ge, Le
from torch import Tensor

from vectorae.io.pixels import has_alpha
from vectorae.io.weights import downloading, weights_path
from vectorae.losses.blurred import gaussian_blur
from vectorae.losses.loss import ImageLoss, check_size

WINDOW, SIGMA = 11, 1.5
"""Side of SSIM's gaussian window and its σ, pixels: Wang et al. (2004), section III.C."""

C1, C2 = 0.01**2, 0.03**2
"""Constants that keep SSIM's fractions from 0 / 0, for values in [0, 1]: the same section."""

EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of MS-SSIM's scales, from fine to coarse: Wang, Simoncelli and Bovik (2003), section 3.2."""


@dataclass(frozen=True)
class SSIM(ImageLoss):
    """1 − structural similarity (Wang et al., 2004), by an 11×11 gaussian window of σ 1.5."""

    def check(self, height: int, width: int) -> None:
        check_size(height, width, WINDOW, "SSIM")

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        return 1 - structural_similarity(drawing, image)[0]


@dataclass(frozen=True)
class MSSSIM(ImageLoss):
    """1 − multi-scale structural similarity (Wang, Simoncelli and Bovik, 2003).

    Attributes:
        scales: 1 to 5, each of half the size of the one before; None is as many as fit the images. With fewer than
            five, their exponents are raised to add up as they do with all.
    """

    scales: Annotated[int, Ge(1), Le(len(EXPONENTS))] | None = None

    def check(self, height: int, width: int) -> None:
        scales = self.scales or 1
        check_size(height, width, _smallest(scales), f"MS-SSIM of {scales} scale{'s' * (scales > 1)}")

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        side = min(drawing.shape[-2:])
        fitting = [count for count in range(1, len(EXPONENTS) + 1) if _smallest(count) <= side]
        scales = self.scales or max(fitting, default=1)
        raised = sum(EXPONENTS) / sum(EXPONENTS[:scales])
        exponents = raised * drawing.new_tensor(EXPONENTS[:scales])[:, None]
        factors = []
        for scale in range(scales):
            full, contrast = structural_similarity(drawing, image)
            factors.append(full if scale == scales - 1 else contrast)
            drawing, image = F.avg_pool2d(drawing, 2), F.avg_pool2d(image, 2)
        # Powers of negative numbers are undefined, and at 0 their slope is infinite.
        powers = torch.stack(factors).clamp_min(1e-4) ** exponents
        return 1 - powers.prod(0)


@dataclass(frozen=True)
class LPIPS(ImageLoss):
    """Distance between the features of a trained network (Zhang et al., 2018). Grey images are repeated to RGB.

    Images with alpha (see io/pixels.py) are seen on white.

    The weights of the network are torchvision's, fetched when they are first needed; those of its layers come with
    torchmetrics.

    Attributes:
        net: ``alex``, ``vgg`` or ``squeeze``.
    """

    net: Literal["alex", "vgg", "squeeze"] = "alex"

    def check(self, height: int, width: int) -> None:
        check_size(height, width, SMALLEST_SEEN[self.net], f"LPIPS by {self.net}")
        lpips_network(self.net)

    def __call__(self, drawing: Tensor, image: Tensor) -> Tensor:
        network = lpips_network(self.net).to(drawing)
        if has_alpha(image):
            drawing, image = (one[:, :-1] + 1 - one[:, -1:] for one in (drawing, image))
        pair = [2 * one.expand(-1, 3, -1, -1) - 1 for one in (drawing, image)]
        return network(*pair).reshape(len(drawing))


SMALLEST_SEEN = {"alex": 31, "vgg": 16, "squeeze": 17}
"""Side of the smallest images that still reach the last layer of LPIPS' networks, pixels."""

_BACKBONES = {"alex": "AlexNet", "vgg": "VGG16", "squeeze": "SqueezeNet1_1"}


def lpips_weights(net: str) -> Path:
    """The file in which torchvision keeps the downloaded weights of a network."""
    return weights_path(_url(net))


@functools.cache
def lpips_network(net: str) -> torch.nn.Module:
    """LPIPS' network, on the CPU.

    Raises:
        UserError: its weights are missing and cannot be fetched, or are damaged; names the file.
    """
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    with downloading(f"LPIPS: the weights of {net}", _url(net)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metric: Any = LearnedPerceptualImagePatchSimilarity(net_type=net)  # type: ignore[arg-type]
    network: torch.nn.Module = metric.net
    return network.requires_grad_(False)


def _url(net: str) -> str:
    from torchvision import models

    return getattr(models, f"{_BACKBONES[net]}_Weights").DEFAULT.url


def structural_similarity(drawing: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM (Wang et al., 2004, equation 13), the mean over channels and all positions where the window fits.

    Images smaller than the window are padded by their edges, and the central position counts.

    Not torchmetrics' implementation: that imports torch's compiler, which takes two seconds and 200 MB.

    Args:
        drawing, image: ``[B, C, H, W]`` in [0, 1].

    Returns:
        SSIM, and its factor of contrast and structure without luminance (equations 9 and 10), each ``[B]``.
    """
    radius = WINDOW // 2
    # Variances are small differences of squares: sixteen bits would cancel them.
    drawing, image = (one if one.dtype == torch.float64 else one.float() for one in (drawing, image))
    moments = torch.stack([drawing, image, drawing.square(), image.square(), drawing * image])
    top, left = (min(radius, (size - 1) // 2) for size in drawing.shape[-2:])
    with torch.autocast(drawing.device.type, enabled=False):
        means = gaussian_blur(moments, SIGMA, radius)
    means = means[..., top : -top or None, left : -left or None]
    drawing_mean, image_mean, drawing_square, image_square, product = means
    structure = (2 * (product - drawing_mean * image_mean) + C2) / (
        drawing_square - drawing_mean**2 + image_square - image_mean**2 + C2
    )
    luminance = (2 * drawing_mean * image_mean + C1) / (drawing_mean**2 + image_mean**2 + C1)
    return (luminance * structure).mean((1, 2, 3)), structure.mean((1, 2, 3))


def _smallest(scales: int) -> int:
    """Side of the smallest images whose coarsest scale still holds SSIM's window."""
    return WINDOW * 2 ** (scales - 1)
