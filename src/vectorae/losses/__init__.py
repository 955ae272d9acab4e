"""Losses of images and scenes, and their weighted sum.

Example:
    >>> import vectorae
    >>> sorted(vectorae.losses.LOSSES)[:4]
    ['bce', 'blurred_mse', 'difference_of_gaussians', 'edges']
"""

from vectorae.losses.loss import ImageLoss, Regularizer
from vectorae.losses.objective import LOSSES, Objective
from vectorae.losses.perceptual import LPIPS

__all__ = ["LOSSES", "LPIPS", "ImageLoss", "Objective", "Regularizer"]
