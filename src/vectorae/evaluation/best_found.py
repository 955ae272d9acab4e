"""The best drawings of a layout that a search from several starts finds, without an encoder."""

from torch import Tensor

from vectorae.decoder import Schedule, SoftnessSchedule, TemperatureSchedule, optimize_raw
from vectorae.io.pixels import to_float
from vectorae.io.progress import counting
from vectorae.losses.metrics import image_metrics
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.eval_mode import eval_mode

RATE = 0.06
"""Learning rate; measured on faces in 16 shapes, as all that follows."""

# On digits, exact=0.4 beats 0.2 and 0.
SCHEDULE = Schedule(SoftnessSchedule(start=0.08, until=0.6, exact=0.4), TemperatureSchedule(until=0.6))
"""From soft shapes to crisp ones."""

STARTS, SPREAD = 3, 0.5
"""On faces the best of three starts is .3 dB better than one; the spread is of raw numbers."""


def evaluate_best_found(
    model: VectorAutoencoder, images: Tensor, *, steps: int = 1500, progress: bool = False
) -> dict[str, Tensor]:
    """Metrics ``[n]`` of the best crisp drawings found by search: ``psnr_optimum`` and so on.

    Each image's raw numbers are optimized without the encoder, once from the layout's starting arrangement, and from
    random ones near it; the best of them counts.

    Args:
        model: whose layout, rasterizer and loss are used; what it has learned and how far it is are not.
        images: uint8 ``[n, C, S, S]``, n ≥ 1, all at once in memory.
        steps: of the optimizer.
        progress: show a bar.
    """
    side, decoder = model.image_size, model.decoder
    with eval_mode(model), counting("best found", steps, visible=progress) as advance:
        batch = to_float(images.to(model.device))
        raw = model.layout.random_raw(STARTS * len(batch), seed=0, spread=SPREAD).to(batch)
        raw[: len(batch)] = 0
        many = batch.repeat(STARTS, 1, 1, 1)
        raw = optimize_raw(
            raw,
            many,
            decoder,
            model.loss,
            lambda done: SCHEDULE.state(done, side),
            steps=steps,
            learning_rate=RATE,
            step_done=lambda: advance(1),
        )
        metrics = image_metrics(decoder.render(raw, side, side, SCHEDULE.state(1.0, side), crisp=True), many)
        best = metrics["psnr"].view(STARTS, -1).argmax(0, keepdim=True)
        return {f"{name}_optimum": value.view(STARTS, -1).gather(0, best)[0] for name, value in metrics.items()}
