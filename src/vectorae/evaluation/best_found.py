"""The best drawings of a layout that a search finds: from seeds in the image, and from a model's own answers."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count, islice

import torch
from torch import Tensor

from vectorae.decoder import DrawState, Growth, keep_regrown, optimize_raw
from vectorae.fitting import Budget, FitPlan, Fitting, Replacement
from vectorae.fitting.plan import fit_strategy
from vectorae.io.pixels import to_float
from vectorae.io.progress import counting
from vectorae.losses.metrics import image_metrics
from vectorae.training.autoencoder import REFINEMENT_RATE, VectorAutoencoder
from vectorae.training.candidates import best_drawings, find_candidates
from vectorae.training.eval_mode import eval_mode

ROUNDS = 4
"""In which shapes are added: on faces in 16 shapes the search finds .25 dB more than with all of them at once."""

REPLACEMENT = Replacement(times=20)
"""Of shapes that are hardly needed by new ones on top: worth .2 dB on the same faces after 300 steps."""

SHORTER = 4
"""How many times fewer steps a start takes than what is optimized in the end: eight short starts, regrown, are worth
.1 dB more on the same faces than four of twice the steps."""

REGROWTHS, MORE_REGROWTHS = 4, 8
"""Of all drawings, and then of the best few, before these are optimized: worth .3 dB on the same faces."""

FEW = 2
"""How many drawings of each image are optimized."""

TOGETHER = 256
"""Drawings that are optimized at once."""

EVALUATIONS = 20
"""How often a search evaluates its crisp drawings."""


def evaluate_best_found(
    model: VectorAutoencoder, images: Tensor, *, steps: int = 1200, restarts: int = 8, progress: bool = False
) -> dict[str, Tensor]:
    """Metrics ``[n]`` of the best crisp drawings found by search: ``psnr_best_found`` and so on.

    Each image is fitted several times (see ``Fitting``): shapes are added in rounds where the drawing is worst, and go
    there again where they are dead or hardly needed. These drawings and the model's own are regrown, the best few more
    often, and these are optimized. The best counts; a longer search may find better.

    Args:
        model: whose layout, rasterizer, loss and answers are used.
        images: uint8 ``[n, C, S, S]``, n ≥ 1, all at once in memory.
        steps: of the optimizer in the end; a fit takes a quarter of them.
        restarts: fits of each image.
        progress: show a bar.
    """
    shorter = max(1, steps // SHORTER)
    strategy = replace(fit_strategy(), growth=Growth(ROUNDS))
    plan = FitPlan(Budget(max_steps=shorter), strategy=strategy, replacement=REPLACEMENT, restarts=restarts)
    parts, found = images.split(max(1, TOGETHER // restarts)), []
    total = len(parts) * (shorter + REGROWTHS + MORE_REGROWTHS + steps)
    with eval_mode(model), counting("best found", total, visible=progress) as advance:
        for part in parts:
            batch = to_float(part.to(model.device))
            fitting = Fitting(batch, model.decoder, model.loss, plan)
            fitting.run(EVALUATIONS, on_step=lambda _: advance(1))
            end = replace(fitting.end_state, visible=None)
            starts = fitting.best_raw.view(len(batch), restarts, -1).transpose(0, 1)
            raw = torch.cat([starts, find_candidates(model, batch).raw])
            seeds, done = count(model.options.num_regrowths), lambda: advance(1)
            raw = best_drawings(*_regrown(raw, batch, model, end, islice(seeds, REGROWTHS), done), FEW)[0]
            raw = _regrown(raw, batch, model, end, islice(seeds, MORE_REGROWTHS), done)[0]
            many = batch.repeat(len(raw), 1, 1, 1)
            raw = optimize_raw(
                raw.flatten(0, 1),
                many,
                model.decoder,
                model.loss,
                lambda _, state=end: state,  # type: ignore[misc]
                steps=steps,
                learning_rate=REFINEMENT_RATE,
                step_done=done,
            )
            drawings = model.decoder.render(raw, model.image_size, model.image_size, end, crisp=True)
            found.append(_of_best(image_metrics(drawings, many), len(batch)))
    return {f"{name}_best_found": torch.cat([one[name] for one in found]) for name in found[0]}


def _regrown(
    raw: Tensor,
    images: Tensor,
    model: VectorAutoencoder,
    state: DrawState,
    seeds: Iterable[int],
    done: Callable[[], None],
) -> tuple[Tensor, Tensor]:
    """As ``keep_regrown``; ``done`` is called after each regrowth."""
    cost = raw.new_empty(0)
    for seed in seeds:
        raw, cost = keep_regrown(raw, images, model.decoder, model.loss, state, [seed])
        done()
    return raw, cost


def _of_best(metrics: dict[str, Tensor], images: int) -> dict[str, Tensor]:
    """Of the metrics ``[K images]`` of K drawings of each image those of the drawing with the highest PSNR."""
    best = metrics["psnr"].view(-1, images).argmax(0, keepdim=True)
    return {name: values.view(-1, images).gather(0, best)[0] for name, values in metrics.items()}
