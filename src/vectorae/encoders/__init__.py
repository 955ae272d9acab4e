"""Encoders: images ``[B, C, S, S]`` in [0, 1] → raw numbers ``[B, raw_size]``, all zero before training."""

from vectorae.encoders.cnn import CNN
from vectorae.encoders.resnet import ResNet18

__all__ = ["CNN", "ResNet18"]
