"""The autoencoder, how it is built from a config, and its checkpoints."""

from vectorae.training.autoencoder import CHECKPOINT_FORMAT, VectorAutoencoder
from vectorae.training.build import build_dataset, build_model
from vectorae.training.checkpoint import load, read_checkpoint
from vectorae.training.optimizer import AdamW
from vectorae.training.options import ModelOptions

__all__ = [
    "CHECKPOINT_FORMAT",
    "AdamW",
    "ModelOptions",
    "VectorAutoencoder",
    "build_dataset",
    "build_model",
    "load",
    "read_checkpoint",
]
