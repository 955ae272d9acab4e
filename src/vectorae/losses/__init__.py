"""What is compared: the distance between a drawing and the image."""

from vectorae.losses.pixel import BCE, L1, MSE, Loss

__all__ = ["BCE", "L1", "MSE", "Loss"]
