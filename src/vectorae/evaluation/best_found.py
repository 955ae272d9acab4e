"""The best drawings of a layout that a search finds, without an encoder."""

from typing import TYPE_CHECKING, Any

from rich.progress import Progress
from torch import Tensor

from vectorae.decoder import SoftnessSchedule, TemperatureSchedule
from vectorae.decoder.raw_optimizer import descend
from vectorae.evaluation.evaluate import _drawing, _evaluating
from vectorae.io.pixels import to_float
from vectorae.losses.metrics import image_metrics

if TYPE_CHECKING:
    pass


OPTIMUM_RATE, OPTIMUM_SOFTNESS = 0.06, 0.08
"""Learning rate, and softness in canvas units, at first; measured on faces in 16 shapes."""


OPTIMUM_STARTS, OPTIMUM_SPREAD = 3, 0.5
"""On faces the best of three starts is .3 dB better than one; the spread is of raw numbers."""


def evaluate_optimum(model: Any, images: Tensor, *, steps: int = 1500, progress: bool = False) -> dict[str, Tensor]:
    """Metrics ``[n]`` of what the model's layout can draw at best: ``psnr_optimum`` and so on, of crisp drawings.

    Each image's raw numbers are optimised without the encoder, from soft shapes to crisp ones: once from the layout's
    starting arrangement, and from random ones near it; the best of them counts.

    Args:
        model: a ``VectorAutoencoder``.
        images: uint8 ``[n, C, S, S]``, n ≥ 1, all at once in memory.
        steps: of the optimizer.
        progress: show a bar.
    """
    # On digits better than exact for a fifth, or never.
    softness = SoftnessSchedule(OPTIMUM_SOFTNESS, until=0.6, exact=0.4)
    temperature = TemperatureSchedule(until=0.6)
    with _evaluating(model), Progress(disable=not progress) as bar:
        task = bar.add_task("optimum", total=steps)
        batch = to_float(images.to(model.device))
        starts = OPTIMUM_STARTS * len(batch)
        raw = model.layout.random_raw(starts, seed=0, spread=OPTIMUM_SPREAD).to(batch)
        raw[: len(batch)] = 0
        many = batch.repeat(OPTIMUM_STARTS, 1, 1, 1)
        raw = descend(
            raw,
            many,
            model.layout,
            model.rasterizer,
            model.loss,
            steps=steps,
            learning_rate=OPTIMUM_RATE,
            softness=lambda progress: softness(progress, model.image_size),
            temperature=temperature,
            exact=softness.is_exact,
            step_done=lambda: bar.advance(task),
        )
        metrics = image_metrics(_drawing(model, raw, crisp=True), many)
        best = metrics["psnr"].view(OPTIMUM_STARTS, -1).argmax(0, keepdim=True)
        return {f"{name}_optimum": value.view(OPTIMUM_STARTS, -1).gather(0, best)[0] for name, value in metrics.items()}
