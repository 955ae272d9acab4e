"""What a fit leaves behind: snapshots on the way; at its end the drawings, an animation and metrics."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from vectorae.decoder import Feedback, draw_picture
from vectorae.fitting.fitting import Fitting
from vectorae.io.animation import write_gif, write_mp4
from vectorae.io.atomic import write_atomic, write_json
from vectorae.io.frame import Frame
from vectorae.io.images import as_png
from vectorae.io.pixels import to_picture
from vectorae.io.sheets import contact_sheet
from vectorae.losses.metrics import image_metrics, psnr
from vectorae.scene import Scene
from vectorae.svg import to_svg

ON_SHEET = 8
"""Images that TensorBoard shows, of those that are drawn together."""

METRICS = "metrics.json"

LARGEST_GIF = 480
"""Pixels of the longer side of the animation."""


@dataclass(frozen=True)
class Drawing:
    """The drawing of an image.

    Attributes:
        title: of its SVG.
        folder: of its files.
        frame: the part that shows the image, and the size to show it at.
    """

    title: str
    folder: Path
    frame: Frame


def written_metrics(drawings: Sequence[Drawing], steps: int) -> list[dict[str, float]] | None:
    """The metrics of drawings that are finished and written, or None if any of them is not, after so many steps."""
    try:
        metrics = [json.loads((drawing.folder / METRICS).read_text(encoding="utf-8")) for drawing in drawings]
    except (OSError, ValueError):
        return None
    return metrics if all(one.get("steps") == steps for one in metrics) else None


@dataclass(frozen=True)
class Record:
    """Writes the drawings of one batch.

    Attributes:
        fitting: of the batch.
        drawings: one per image.
        layers: of each shape, the id of its group in the SVG.
        writer: TensorBoard's.
    """

    fitting: Fitting
    drawings: Sequence[Drawing]
    layers: Sequence[str | None]
    writer: SummaryWriter

    def step(self, feedback: Feedback) -> None:
        """Log a step."""
        fitting, step = self.fitting, self.fitting.steps
        cost, terms = fitting.best_costs(feedback)
        numbers = {"loss": float(cost.mean()), "softness": fitting.state.softness, "shapes": fitting.num_visible}
        numbers |= {f"loss/{name}": float(value.mean()) for name, value in terms.items()}
        for name, value in numbers.items():
            self.writer.add_scalar(f"fit/{name}", value, step)

    def snapshot(self) -> None:
        """Write the present crisp drawings as pictures."""
        fitting, step = self.fitting, self.fitting.steps
        crisp = []
        for index, drawing in enumerate(self.drawings):
            drawn = fitting.draw(index, crisp=True, best=False)
            write_atomic(drawing.folder / "renders" / f"step_{step:07d}.png", as_png(to_picture(drawn)))
            crisp.append(drawn)
        decibels = float(psnr(torch.cat(crisp), fitting.images).mean())
        self.writer.add_scalar("fit/psnr_crisp", decibels, step)
        on_sheet = range(min(ON_SHEET, len(crisp)))
        soft = torch.cat([fitting.draw(index, crisp=False, best=False) for index in on_sheet])
        sheet = contact_sheet([fitting.images[: len(on_sheet)], soft, torch.cat(crisp[: len(on_sheet)])], tile=1)
        self.writer.add_image("image, soft, crisp", np.asarray(sheet), step, dataformats="HWC")

    def finish(self) -> list[dict[str, float]]:
        """Write the best drawings: ``drawing.svg``, ``drawing.png``, ``comparison.png``, animation, ``metrics.json``.

        Returns:
            The metrics of each.
        """
        return [self._finish(index, drawing) for index, drawing in enumerate(self.drawings)]

    def _finish(self, index: int, drawing: Drawing) -> dict[str, float]:
        fitting, folder, frame = self.fitting, drawing.folder, drawing.frame
        height, width = fitting.images.shape[-2:]
        scene = fitting.scene(index, crisp=True)
        (text,) = to_svg(scene, height, width, frames=[frame], titles=[drawing.title], layers=self.layers)
        write_atomic(folder / "drawing.svg", text.encode())
        large = draw_picture(scene, min(height, width), frame, fitting.decoder.rasterizer)
        write_atomic(folder / "drawing.png", as_png(large))
        image = fitting.images[index : index + 1]
        soft, crisp = fitting.draw(index, crisp=False), fitting.draw(index, crisp=True)
        rows = [torch.cat([image, soft, crisp])]
        write_atomic(folder / "comparison.png", as_png(contact_sheet(rows, tile=1)))
        pictures = sorted((folder / "renders").glob("step_*.png"))
        write_gif(pictures, folder / "fit.gif", largest=LARGEST_GIF)
        write_mp4(pictures, folder / "fit.mp4")
        metrics = self._metrics(image, soft, crisp, scene)
        write_json(folder / METRICS, metrics)
        return metrics

    def _metrics(self, image: Tensor, soft: Tensor, crisp: Tensor, scene: Scene) -> dict[str, float]:
        fitting = self.fitting
        metrics = {
            f"{metric}_{name}": float(values)
            for name, drawing in (("soft", soft), ("crisp", crisp))
            for metric, values in image_metrics(drawing, image).items()
        }
        for name, drawing in (("soft", soft), ("crisp", crisp)):
            metrics[f"loss_{name}"] = float(fitting.objective(drawing, image, scene))
        metrics |= {
            "shapes": float(scene.count),
            "revived": float(fitting.relocated),
            "images": float(len(self.drawings)),
            "steps": float(fitting.steps),
            "seconds": fitting.seconds,
            "steps_per_second": fitting.steps / max(fitting.seconds, 1e-9),
        }
        return metrics
