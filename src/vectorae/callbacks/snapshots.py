"""Drawings of the same images in the course of a run."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from vectorae.io.animation import write_gif
from vectorae.io.atomic import write_atomic
from vectorae.io.pixels import to_float
from vectorae.io.sheets import contact_sheet
from vectorae.svg import to_animated_svg, to_svg

WATCHED = 16
"""How many validation images are drawn at every validation."""


class Pictures(Callback):
    """The same validation images at step 0 and at every validation: rows image, soft, crisp.

    Into TensorBoard and ``renders/step_NNNNNNN.png``; at the end ``convergence.gif`` over all of them, the same as
    moving shapes in ``convergence.svg``, and the last drawings as ``svg/NN.svg``. What the network answered lies in
    ``renders/step_NNNNNNN.npz``.
    """

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._draw(trainer, pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._draw(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        write_gif(sorted((self.run_dir / "renders").glob("step_*.png")), self.run_dir / "convergence.gif")
        model: Any = pl_module
        write_moving(model, sorted((self.run_dir / "renders").glob("step_*.npz")), self.run_dir / "convergence.svg")
        folder = self.run_dir / "svg"
        folder.mkdir(exist_ok=True)
        texts = to_svg(
            model.vectorize(_watched(trainer, model)),
            model.image_size,
            model.image_size,
            compositing=model.rasterizer.compositing,
        )
        for index, text in enumerate(texts):
            write_atomic(folder / f"{index:02d}.svg", text.encode())

    @torch.no_grad()
    def _draw(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        model: Any = pl_module
        training = model.training
        model.eval()
        images = _watched(trainer, model)
        raw = model(images)
        drawings = [model.draw_scene(model.scene_of(raw, crisp), crisp) for crisp in (False, True)]
        model.train(training)
        sheet = contact_sheet([images, *drawings])
        folder = self.run_dir / "renders"
        folder.mkdir(parents=True, exist_ok=True)
        picture = folder / f"step_{trainer.global_step:07d}.png"
        Image.fromarray(sheet).save(picture.with_suffix(".part"), format="png")
        os.replace(picture.with_suffix(".part"), picture)
        answered = BytesIO()
        np.savez(
            answered,
            raw=raw.cpu().numpy(),
            softness=np.float64(model.softness),
            num_visible=np.int64(model.num_visible),
        )
        write_atomic(picture.with_suffix(".npz"), answered.getvalue())
        if trainer.logger is not None:
            trainer.logger.experiment.add_image(  # type: ignore[attr-defined]
                "image, soft, crisp", sheet, trainer.global_step, dataformats="HWC"
            )


@torch.no_grad()
def write_moving(model: Any, answers: list[Path], path: Path) -> None:
    """The crisp drawings of what a network answered in the course of time, as one animated SVG."""
    scenes = []
    for one in answers:
        with np.load(one, allow_pickle=False) as answered:
            raw, softness, num_visible = (
                torch.from_numpy(answered["raw"]),
                float(answered["softness"]),
                int(answered["num_visible"]),
            )
        scenes.append(model.scene_at(raw.to(model.device), True, softness, num_visible))
    side, compositing = model.image_size, model.rasterizer.compositing
    if scenes:
        write_atomic(path, to_animated_svg(scenes, side, side, compositing=compositing).encode())


def _watched(trainer: pl.Trainer, model: pl.LightningModule) -> Tensor:
    """The images that are drawn, ``[n, C, S, S]`` in [0, 1]."""
    images: Tensor = trainer.datamodule.images("val")[:WATCHED]  # type: ignore[attr-defined]
    return to_float(images).to(model.device)
