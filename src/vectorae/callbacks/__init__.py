"""What watches a training run: one callback a file."""

from vectorae.callbacks.default import default_callbacks
from vectorae.callbacks.early_stopping import EarlyStopping
from vectorae.callbacks.interruption import Interruption
from vectorae.callbacks.moving_average import MovingAverage
from vectorae.callbacks.snapshots import Watch

__all__ = ["EarlyStopping", "Interruption", "MovingAverage", "Watch", "default_callbacks"]
