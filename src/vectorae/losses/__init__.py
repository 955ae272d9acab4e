"""Losses of images and scenes, and their weighted sum."""

from vectorae.losses.blurred import BlurredMSE, DifferenceOfGaussians, Edges, PyramidMSE, gaussian_blur
from vectorae.losses.loss import ImageLoss, Regularizer
from vectorae.losses.objective import LOSSES, Objective
from vectorae.losses.perceptual import LPIPS, MSSSIM, SSIM, lpips_weights, structural_similarity
from vectorae.losses.pixel import BCE, L1, MSE
from vectorae.losses.regularizers import OpacitySparsity, Overlap, Size

__all__ = [
    "BCE",
    "L1",
    "LOSSES",
    "LPIPS",
    "MSE",
    "MSSSIM",
    "SSIM",
    "BlurredMSE",
    "DifferenceOfGaussians",
    "Edges",
    "ImageLoss",
    "Objective",
    "OpacitySparsity",
    "Overlap",
    "PyramidMSE",
    "Regularizer",
    "Size",
    "gaussian_blur",
    "lpips_weights",
    "structural_similarity",
]
