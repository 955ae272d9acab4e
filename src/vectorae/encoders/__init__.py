"""Encoders: images ``[B, C, S, S]`` in [0, 1] → raw numbers ``[B, raw_size]``, all zero before training."""

from vectorae.encoders.cnn import CNN
from vectorae.encoders.encoder import Draw, Encoder, Hypotheses, seen_by
from vectorae.encoders.heads import MLP, Grid, Head, Queries, Recurrent
from vectorae.encoders.latent import Latent
from vectorae.encoders.refiner import Refiner, RefinerBase
from vectorae.encoders.timm_models import Timm
from vectorae.encoders.torchvision_models import Torchvision

__all__ = [
    "CNN",
    "MLP",
    "Draw",
    "Encoder",
    "Grid",
    "Head",
    "Hypotheses",
    "Latent",
    "Queries",
    "Recurrent",
    "Refiner",
    "RefinerBase",
    "Timm",
    "Torchvision",
    "seen_by",
]
