"""Drawings of the same images during a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from vectorae.decoder import DrawState, highlighted
from vectorae.io.animation import write_gif
from vectorae.io.atomic import write_atomic
from vectorae.io.frame import OutputSize
from vectorae.io.images import as_png
from vectorae.io.pixels import to_float, to_pictures
from vectorae.io.sheets import beside, contact_sheet, enlargement
from vectorae.layout.histograms import log_fields
from vectorae.svg import to_animated_svg, to_svg
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.eval_mode import eval_mode
from vectorae.training.lightning_logger import loggers_of


@dataclass(frozen=True)
class Watch:
    """Which validation images are drawn at every validation, and how large.

    Attributes:
        count: how many, from the first on; fewer if there are fewer.
        size: of ``svg/NN.svg``, by that of the images.
        shape: the slot of a shape that is highlighted in all pictures, to be followed through the run; None for none.
    """

    count: int = 16
    size: OutputSize = OutputSize()
    shape: int | None = None


class Snapshots(Callback):
    """Draws the same validation images at step 0 and at every validation: rows image, soft, crisp.

    Into ``renders/step_NNNNNNN.png`` and the run's loggers, there also each image under a tag of its own, and how the
    values of the shapes' fields are distributed; at the end
    ``convergence.gif`` over all of them, the same as moving shapes in ``convergence.svg``, and the last drawings as
    ``svg/NN.svg``. The raw numbers lie in ``renders/step_NNNNNNN.npz``.

    Args:
        run_dir: the run's folder.
        watch: which images, and how large.
    """

    def __init__(self, run_dir: Path, watch: Watch) -> None:
        self.run_dir, self.watch = run_dir, watch
        self._answered: tuple[int, Tensor] | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._draw(trainer, pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._draw(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        assert isinstance(pl_module, VectorAutoencoder)
        renders = self.run_dir / "renders"
        write_gif(sorted(renders.glob("step_*.png")), self.run_dir / "convergence.gif")
        snapshots = sorted(renders.glob("step_*.npz"))
        write_convergence(pl_module, snapshots, self.run_dir / "convergence.svg", self.watch.shape)
        raw, side = self._answer(trainer, pl_module, self._watched(trainer, pl_module)), pl_module.image_size
        with torch.no_grad():
            scene = pl_module.decoder.scene(raw, pl_module.state, crisp=True)
        for index, text in enumerate(to_svg(scene, side, side, frames=[self.watch.size.square(side)] * scene.batch)):
            write_atomic(self.run_dir / "svg" / f"{index:02d}.svg", text.encode())

    def _draw(self, trainer: pl.Trainer, model: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        assert isinstance(model, VectorAutoencoder)
        images, state = self._watched(trainer, model), model.state
        side = enlargement(model.image_size) * model.image_size
        with eval_mode(model):
            # Before the first step the starting arrangement, not the best of those that hypotheses begin with.
            begins = trainer.global_step == 0
            zeros = images.new_zeros(len(images), model.layout.raw_size)
            raw = zeros if begins else self._answer(trainer, model, images)
            drawn = {"image": F.interpolate(images, (side, side), mode="nearest")}
            for label, crisp in (("soft", False), ("crisp", True)):
                drawn[label] = model.decoder.render(raw, side, side, state, crisp)
            if (shape := self.watch.shape) is not None and (state.visible is None or shape < state.visible):
                scene = model.decoder.whole_scene(raw, state)
                drawn = {label: highlighted(pictures, scene, shape) for label, pictures in drawn.items()}
        rows = {label: to_pictures(pictures) for label, pictures in drawn.items()}
        sheet = contact_sheet(rows)
        picture = self.run_dir / "renders" / f"step_{trainer.global_step:07d}.png"
        write_atomic(picture, as_png(sheet))
        numbers = BytesIO()
        np.savez(numbers, raw=raw.cpu().numpy(), softness=state.softness, visible=state.visible or 0)
        write_atomic(picture.with_suffix(".npz"), numbers.getvalue())
        loggers = loggers_of(trainer)
        loggers.log_image("drawings/all", sheet, trainer.global_step)
        for index in range(len(images) if loggers else 0):
            one = beside({label: row[index] for label, row in rows.items()})
            loggers.log_image(f"drawings/{index:02d}", one, trainer.global_step)
        log_fields(loggers, model.layout, raw, trainer.global_step)

    def _answer(self, trainer: pl.Trainer, model: VectorAutoencoder, images: Tensor) -> Tensor:
        """The model's answer to the images that are drawn, ``[n, raw_size]``; once at a step, as it takes seconds."""
        if self._answered is None or self._answered[0] != trainer.global_step:
            with eval_mode(model):
                self._answered = trainer.global_step, model(images)
        return self._answered[1]

    def _watched(self, trainer: pl.Trainer, model: VectorAutoencoder) -> Tensor:
        """The images that are drawn, ``[n, C, S, S]`` in [0, 1]."""
        images: Tensor = trainer.datamodule.images("val")[: self.watch.count]  # type: ignore[attr-defined]
        return to_float(images).to(model.device)


@torch.no_grad()
def write_convergence(
    model: VectorAutoencoder, snapshots: Sequence[Path], path: Path, shape: int | None = None
) -> None:
    """Write the crisp drawings of raw numbers, saved during a run, as one animated SVG; highlight a shape in it."""
    scenes = []
    for file in snapshots:
        with np.load(file, allow_pickle=False) as saved:
            state = DrawState(float(saved["softness"]), visible=int(saved["visible"]))
            scenes.append(model.decoder.whole_scene(torch.from_numpy(saved["raw"]).to(model.device), state))
    if scenes:
        write_atomic(path, to_animated_svg(scenes, model.image_size, model.image_size, highlight=shape).encode())
