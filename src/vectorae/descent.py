"""Optimizer steps on the raw numbers of drawings, against their images and without a network."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.layout import Layout
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer

LOOKS = 20
"""How often in the course of a descent the crisp drawings are judged."""


@dataclass(frozen=True)
class Descent:
    """Adam (Kingma and Ba, 2015) on raw numbers; the learning rate falls to nothing along half a cosine.

    Attributes:
        steps: 1 or more.
        learning_rate: the highest, raw numbers per step.
        softness: of the drawings, in canvas units, at a progress in [0, 1].
        temperature: of the order of shapes that have a depth, at a progress in [0, 1].
    """

    steps: int
    learning_rate: float
    softness: Callable[[float], float]
    temperature: Callable[[float], float]

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UserError(f"steps: {self.steps} is not a whole number of 1 or more")

    def __call__(
        self,
        raw: Tensor,
        images: Tensor,
        layout: Layout,
        rasterizer: Rasterizer,
        objective: Objective,
        step_done: Callable[[], None] = lambda: None,
    ) -> Tensor:
        """Better raw numbers: of all that were passed through, for each drawing those whose crisp drawing costs least.

        None is worse than the one it began with, by the objective. Drawings do not depend on each other.

        Args:
            raw: where to begin, ``[B, raw_size]``.
            images: ``[B, C, H, W]`` in [0, 1].
            layout, rasterizer, objective: what the numbers mean, how that is drawn, what is minimised.
            step_done: called after every step.

        Returns:
            ``[B, raw_size]``, without gradient history.
        """
        height, width = images.shape[-2:]

        def crisp_cost(numbers: Tensor) -> Tensor:
            with torch.no_grad():
                scene = rasterizer.crisp_scene(layout(numbers, crisp=True), self.softness(1.0))
                return objective(rasterizer.crisp(scene, height, width), images, scene)

        numbers = raw.detach().clone().float()
        best, least = numbers.clone(), crisp_cost(numbers)
        with torch.enable_grad():
            numbers.requires_grad_()
            # Steps of few numbers each: β₂ of .99 forgets the first, soft drawings in time.
            optimizer = torch.optim.Adam([numbers], lr=self.learning_rate, betas=(0.9, 0.99))
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.steps)
            every = max(1, self.steps // LOOKS)
            for step in range(1, self.steps + 1):
                progress = (step - 1) / max(1, self.steps - 1)
                scene = layout(numbers)
                drawing = rasterizer.soft(scene, height, width, self.softness(progress), self.temperature(progress))
                optimizer.zero_grad()
                objective(drawing, images, scene).sum().backward()
                optimizer.step()
                schedule.step()
                if step % every == 0 or step == self.steps:
                    cost = crisp_cost(numbers)
                    better = cost < least
                    best[better], least[better] = numbers.detach()[better], cost[better]
                step_done()
        return best
