"""What a fit leaves behind: snapshots on the way; at its end the drawings, an animation and metrics."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from vectorae.decoder import Feedback, draw_picture
from vectorae.fitting.fitting import Fitting
from vectorae.fitting.history import History
from vectorae.io.animation import write_gif, write_mp4
from vectorae.io.atomic import write_atomic, write_json
from vectorae.io.frame import Frame
from vectorae.io.images import as_png
from vectorae.io.pixels import to_picture, to_transparent_picture
from vectorae.io.sheets import beside, enlargement
from vectorae.layout.histograms import log_fields
from vectorae.loggers import Loggers
from vectorae.losses import LPIPS
from vectorae.losses.metrics import metrics_of, psnr
from vectorae.scene import Scene
from vectorae.svg import to_animated_svg, to_svg

ON_SHEET = 8
"""Images that are logged, of those that are drawn together."""

PICTURES = 10
"""Of each image that are logged: TensorBoard shows as many unless it is asked for more."""

METRICS, LATEST, HISTORY = "metrics.json", "latest.png", "snapshots.npz"

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


class Record:
    """Writes the drawings of one batch.

    Args:
        fitting: of the batch, new or where it goes on.
        drawings: one per image.
        layers: of each shape, the id of its group in the SVG.
        loggers: of the run.
        started: when the command began, by ``time.perf_counter``.
        lpips: measured too, if given.
        keep_hidden: whether shapes that cannot be seen are in the SVG too.
    """

    def __init__(
        self,
        fitting: Fitting,
        drawings: Sequence[Drawing],
        layers: Sequence[str | None],
        loggers: Loggers,
        started: float,
        lpips: LPIPS | None = None,
        keep_hidden: bool = False,
    ) -> None:
        self.fitting, self.drawings, self.layers, self.loggers = fitting, drawings, layers, loggers
        self.started, self.lpips, self.keep_hidden = started, lpips, keep_hidden
        self._histories = [History.before(drawing.folder / HISTORY, fitting.steps) for drawing in drawings]
        self._pictures = 0

    def step(self, feedback: Feedback) -> None:
        """Log a step."""
        fitting, step = self.fitting, self.fitting.steps
        cost, terms = fitting.best_costs(feedback)
        numbers = {"loss": float(cost.mean()), "softness": fitting.state.softness, "shapes": fitting.num_visible}
        numbers |= {f"loss/{name}": float(value.mean()) for name, value in terms.items()}
        self.loggers.log_scalars({f"fit/{name}": float(value) for name, value in numbers.items()}, step)

    def snapshot(self) -> float:
        """Write the present crisp drawings as ``latest.png``, and what the animation needs.

        Returns:
            Their mean PSNR, dB.
        """
        fitting, step, times = self.fitting, self.fitting.steps, self._times
        decibels = []
        for index, (drawing, history) in enumerate(zip(self.drawings, self._histories, strict=True)):
            history.append(step, fitting.num_visible, fitting.present_raw(index), fitting.present_names(index))
            large = crisp = fitting.draw(index, crisp=True, best=False)
            if times != 1:
                large = fitting.draw(index, crisp=True, best=False, times=times)
            write_atomic(drawing.folder / LATEST, as_png(to_transparent_picture(large), quick=True))
            decibels.append(float(psnr(crisp, fitting.images[index : index + 1])))
        mean = sum(decibels) / len(decibels)
        self.loggers.log_scalars({"fit/psnr_crisp": mean}, step)
        if (due := 1 + int(fitting.progress * (PICTURES - 1))) > self._pictures:
            self._pictures = due
            for index, drawing in enumerate(self.drawings[:ON_SHEET]):
                self.loggers.log_image(f"drawings/{drawing.title}", self._comparison(index, best=False), step)
                log_fields(self.loggers, fitting.layout, fitting.present_raw(index), step)
        return mean

    @property
    def _times(self) -> int:
        """How many times the size of the images drawings are rendered at, to be looked at."""
        return enlargement(min(self.fitting.images.shape[-2:]))

    @property
    def _numbers_per_shape(self) -> float:
        """Raw numbers of the shapes, by their number."""
        layout = self.fitting.layout
        return len(layout.indices_of(range(layout.count))) / max(1, layout.count)

    def _comparison(self, index: int, best: bool = True) -> Image.Image:
        """Image, soft and crisp drawing."""
        pictures = {"image": to_picture(self.fitting.images[index : index + 1])}
        for label, crisp in (("soft", False), ("crisp", True)):
            pictures[label] = to_picture(self.fitting.draw(index, crisp, best, self._times))
        return beside(pictures)

    def finish(self) -> list[dict[str, float]]:
        """Write the best drawings: ``drawing.svg``, ``drawing.png``, ``comparison.png``, animations, ``metrics.json``.

        Returns:
            The metrics of each.
        """
        return [self._finish(index, drawing) for index, drawing in enumerate(self.drawings)]

    def _finish(self, index: int, drawing: Drawing) -> dict[str, float]:
        fitting, folder, frame = self.fitting, drawing.folder, drawing.frame
        height, width = fitting.images.shape[-2:]
        scene, seen = fitting.scene(index, crisp=True), fitting.seen(index)
        hidden: dict[str, Any] = {"keep_hidden": True} if self.keep_hidden else {"kept": seen}
        (text,) = to_svg(scene, height, width, frames=[frame], titles=[drawing.title], layers=self.layers, **hidden)
        write_atomic(folder / "drawing.svg", text.encode())
        large = draw_picture(scene, min(height, width), frame, fitting.decoder.rasterizer)
        write_atomic(folder / "drawing.png", as_png(large))
        write_atomic(folder / "comparison.png", as_png(self._comparison(index)))
        self._animate(self._histories[index])
        soft, crisp = fitting.draw(index, crisp=False), fitting.draw(index, crisp=True)
        metrics = self._metrics(soft, crisp, index, scene)
        metrics |= {"shapes": float(seen.sum()), "collapsed": float((~seen).sum())}
        metrics |= {"bytes": float(len(text.encode())), "numbers_per_shape": self._numbers_per_shape}
        write_json(folder / METRICS, metrics)
        return metrics

    def _animate(self, history: History) -> None:
        """Write how the drawing came about: ``fit.svg``, ``fit.gif``, and ``fit.mp4`` where ffmpeg is installed."""
        decoder, state, folder = self.fitting.decoder, self.fitting.end_state, history.path.parent
        height, width = self.fitting.images.shape[-2:]
        times = LARGEST_GIF / max(height, width)
        scenes = history.scenes(decoder, state)
        frames = [
            to_picture(decoder.draw(scene, round(times * height), round(times * width), state, crisp=True))
            for scene in scenes
        ]
        write_gif(frames, folder / "fit.gif")
        write_mp4(frames, folder / "fit.mp4")
        write_atomic(folder / "fit.svg", to_animated_svg(history.aligned(scenes), height, width).encode())

    def _metrics(self, soft: Tensor, crisp: Tensor, index: int, scene: Scene) -> dict[str, float]:
        fitting, image = self.fitting, self.fitting.images[index : index + 1]
        measured = metrics_of({"soft": soft, "crisp": crisp}, image, self.lpips)
        metrics = {name: float(values) for name, values in measured.items()}
        for name, drawing in (("soft", soft), ("crisp", crisp)):
            metrics[f"loss_{name}"] = float(fitting.objective_of(index)(drawing, image, scene))
        metrics |= {
            "revived": float(fitting.relocated),
            "images": float(len(self.drawings)),
            "steps": float(fitting.steps),
            "seconds": fitting.seconds,
            "seconds_total": time.perf_counter() - self.started,
            "steps_per_second": fitting.steps / max(fitting.seconds, 1e-9),
        }
        return metrics
