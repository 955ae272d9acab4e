"""A callback of your own, which names the shapes that nobody sees, and a logger of your own, which prints.

    vectorae train plugins=[own_callback] callbacks.faint._target_=own_callback.Faint callbacks.faint.opacity=0.1
    vectorae train plugins=[own_callback] logger.lines._target_=own_callback.Lines

A callback is any of Lightning's; its model is a ``vectorae.training.VectorAutoencoder``.
"""

from collections.abc import Mapping

import pytorch_lightning as pl
from PIL import Image
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from vectorae.config.arguments import Fraction
from vectorae.loggers import LoggedRun, RunLogger
from vectorae.training import VectorAutoencoder


class Faint(Callback):
    """Logs at every validation which fraction of the shapes is faint on the first images.

    Args:
        opacity: below which a shape is faint.
    """

    def __init__(self, opacity: Fraction = 0.05) -> None:
        self.opacity = opacity

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: Tensor,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        assert isinstance(pl_module, VectorAutoencoder)
        if batch_idx == 0:
            faint = pl_module.vectorize(batch[:8]).opacity < self.opacity
            pl_module.log("val/faint", faint.float().mean())


class Lines(RunLogger):
    """Prints numbers as they are logged; pictures and texts it leaves to others."""

    def begin(self, run: LoggedRun) -> None:
        print(f"{run.name}: {dict(run.settings)}")

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        print(f"{step}: " + ", ".join(f"{name} {value:.4g}" for name, value in values.items()))

    def log_image(self, tag: str, picture: Image.Image, step: int) -> None:
        return

    def log_text(self, tag: str, text: str, step: int = 0) -> None:
        return

    def end(self, succeeded: bool) -> None:
        print("done" if succeeded else "not done")
