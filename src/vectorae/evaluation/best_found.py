"""The best drawings of a layout that a search finds: from seeds in the image, and from a model's own answer."""

from dataclasses import replace

import torch
from torch import Tensor

from vectorae.decoder import Growth, keep_regrown, optimize_raw
from vectorae.fitting import Budget, FitPlan, Fitting, Replacement
from vectorae.fitting.plan import fit_strategy
from vectorae.io.pixels import to_float
from vectorae.io.progress import counting
from vectorae.losses.metrics import image_metrics
from vectorae.training.autoencoder import REFINEMENT_RATE, VectorAutoencoder
from vectorae.training.candidates import find_candidates
from vectorae.training.eval_mode import eval_mode

ROUNDS = 4
"""In which shapes are added: on faces in 16 shapes the search finds .25 dB more than with all of them at once."""

REPLACEMENT = Replacement(times=20)
"""Of shapes that are hardly needed by new ones on top: worth .2 dB on the same faces after 300 steps."""

REGROWTHS = 8
"""Of the model's own drawings before they are optimized: worth .25 dB on the same faces."""

TOGETHER = 256
"""Drawings that are optimized at once."""

EVALUATIONS = 20
"""How often a search evaluates its crisp drawings."""


def evaluate_best_found(
    model: VectorAutoencoder, images: Tensor, *, steps: int = 1200, restarts: int = 4, progress: bool = False
) -> dict[str, Tensor]:
    """Metrics ``[n]`` of the best crisp drawings found by search: ``psnr_best_found`` and so on.

    Each image is fitted several times (see ``Fitting``): shapes are added in rounds where the drawing is worst, and go
    there again where they are dead or hardly needed. The model's own drawings are regrown, and the best of them is
    optimized for as many steps. The best of all counts; a longer search may find better.

    Args:
        model: whose layout, rasterizer, loss and answers are used.
        images: uint8 ``[n, C, S, S]``, n ≥ 1, all at once in memory.
        steps: of the optimizer, for each drawing.
        restarts: fits of each image.
        progress: show a bar.
    """
    strategy = replace(fit_strategy(), growth=Growth(ROUNDS))
    plan = FitPlan(Budget(max_steps=steps), strategy=strategy, replacement=REPLACEMENT, restarts=restarts)
    parts, found = images.split(max(1, TOGETHER // restarts)), []
    with eval_mode(model), counting("best found", 2 * steps * len(parts), visible=progress) as advance:
        for part in parts:
            batch = to_float(part.to(model.device))
            fitting = Fitting(batch, model.decoder, model.loss, plan)
            fitting.run(EVALUATIONS, on_step=lambda _: advance(1))
            end = replace(fitting.end_state, visible=None)
            candidates, done = find_candidates(model, batch), model.options.num_regrowths
            seeds = range(done, done + REGROWTHS)
            regrown, cost = keep_regrown(candidates.raw, batch, model.decoder, model.loss, end, seeds)
            raw = optimize_raw(
                replace(candidates, raw=regrown, cost=cost).best,
                batch,
                model.decoder,
                model.loss,
                lambda _, state=end: state,  # type: ignore[misc]
                steps=steps,
                learning_rate=REFINEMENT_RATE,
                step_done=lambda: advance(1),
            )
            searched = torch.cat([fitting.draw(index, crisp=True) for index in range(len(batch))])
            answered = model.decoder.render(raw, model.image_size, model.image_size, end, crisp=True)
            found.append(_better(*(image_metrics(drawings, batch) for drawings in (searched, answered))))
    return {f"{name}_best_found": torch.cat([one[name] for one in found]) for name in found[0]}


def _better(first: dict[str, Tensor], second: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of each image the metrics of the drawing with the higher PSNR."""
    better = first["psnr"] >= second["psnr"]
    return {name: torch.where(better, first[name], second[name]) for name in first}
