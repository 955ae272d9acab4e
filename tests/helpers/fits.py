"""Small fits without a network."""

from typing import Any

import torch
from torch import Tensor

from vectorae.decoder import Decoder, Growth, Relocation, Schedule, SoftnessSchedule, Strategy
from vectorae.fitting import Budget, FitPlan, Fitting
from vectorae.layout import Layout
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer

HEIGHT, WIDTH = 24, 32


def image() -> Tensor:
    """Two discs on grey, ``[1, 3, 24, 32]``."""
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    found = torch.full((1, 3, HEIGHT, WIDTH), 0.5)
    for left, color in ((8, (0.9, 0.2, 0.1)), (23, (0.1, 0.3, 0.9))):
        found[0][:, (x - left) ** 2 + (y - 12) ** 2 < 36] = torch.tensor(color)[:, None]
    return found


def layout(*kinds: str, count: int = 6, **more: Any) -> Layout:
    return Layout([*kinds] or ["circle"], count=count, aspect=WIDTH / HEIGHT, start="random", **more)


def fitting(shapes: Layout | None = None, steps: int = 60, importance: Tensor | None = None, **plan: Any) -> Fitting:
    strategy = Strategy(plan.pop("growth", Growth(1)), Relocation(times=0))
    schedule = Schedule(SoftnessSchedule(2, 0.25, 0.8, unit="pixel", exact=0.2))
    decoder = Decoder(shapes or layout(), Rasterizer())
    return Fitting(
        image(), decoder, Objective({"mse": 1.0}), FitPlan(Budget(steps), schedule, strategy, **plan), importance
    )


def stepped(fit: Fitting, steps: int | None = None) -> Fitting:
    while not fit.done and (steps is None or fit.steps < steps):
        fit.step()
    fit.evaluate()
    return fit
