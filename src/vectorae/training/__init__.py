"""The autoencoder, how it is built from a config, and its checkpoints."""

from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.checkpoint import load
from vectorae.training.optimizer import AdamW, Optimizer
from vectorae.training.options import ModelOptions

__all__ = ["AdamW", "ModelOptions", "Optimizer", "VectorAutoencoder", "load"]
