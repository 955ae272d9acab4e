"""Losses of images and scenes, and their weighted sum."""

from vectorae.losses.loss import ImageLoss, Regularizer
from vectorae.losses.objective import LOSSES, Objective
from vectorae.losses.perceptual import LPIPS

__all__ = ["LOSSES", "LPIPS", "ImageLoss", "Objective", "Regularizer"]
