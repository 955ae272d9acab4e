"""Optimizer steps on the raw numbers of drawings, against their images and without a network."""

import math
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer
from vectorae.scene import Scene

# Steps of few numbers each: β₂ of .99 forgets the first, soft drawings in time.
BETAS, EPSILON = (0.9, 0.99), 1e-8
"""Of Adam: what means of gradients and of their squares keep in a step, and what keeps its fraction from 0 / 0."""

LOOKS = 20
"""How often in the course of a descent of a fixed length the crisp drawings are judged."""

Schedule = Callable[[float], float]
"""Of the progress, in [0, 1]."""


class Meaning(Protocol):
    """What raw numbers ``[B, raw_size]`` stand for: a ``Layout``, or anything else that makes scenes of them."""

    def __call__(self, raw: Tensor, crisp: bool = False) -> Scene: ...


class Descent:
    """Adam (Kingma and Ba, 2015) on raw numbers; of all that are judged on the way, it keeps the best of each drawing.

    The best is that whose crisp drawing costs least. Drawings do not depend on each other.

    Adam is our own, as the first step of torch's loads torch's compiler: two seconds and 130 MB.

    Args:
        raw: where to begin, ``[B, raw_size]``.
        images: ``[B, C, H, W]`` in [0, 1].
        layout, rasterizer, objective: what the numbers mean, how that is drawn, what is minimised.
        scale: ``[raw_size]`` factors on the learning rate; all 1 by default.

    Attributes:
        best: raw numbers ``[B, raw_size]`` of the best drawings; those of the beginning before the first ``judge``.
        least: what they cost, ``[B]``.
        shown: how many shapes they have, from the bottom, ``[B]``.
    """

    def __init__(
        self,
        raw: Tensor,
        images: Tensor,
        layout: Meaning,
        rasterizer: Rasterizer,
        objective: Objective,
        scale: Tensor | None = None,
    ) -> None:
        self.images = images
        self._layout, self._rasterizer, self._objective = layout, rasterizer, objective
        self._raw = raw.detach().clone().float()
        self._scale = torch.ones_like(self._raw[0]) if scale is None else scale.to(self._raw)
        self._steps = 0
        self._mean, self._square = torch.zeros_like(self._raw), torch.zeros_like(self._raw)
        self.best = self._raw.clone()
        self.least = torch.full_like(self._raw[:, 0], torch.inf)
        self.num_visible = torch.zeros_like(self.least, dtype=torch.long)

    @property
    def raw(self) -> Tensor:
        """Where it stands, ``[B, raw_size]``, without gradient history."""
        return self._raw.clone()

    def step(
        self, rate: float, softness: float, temperature: float, num_visible: int | None = None, exact: bool = False
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """One step down.

        Args:
            rate: the learning rate, raw numbers per step.
            softness: of the drawings, canvas units.
            temperature: of the order of shapes that have a depth.
            shown: how many shapes are drawn, from the bottom; None is all.
            exact: whether it is the crisp drawings that are compared.

        Returns:
            The cost ``[B]`` before the step, and each of its terms by name.
        """
        height, width = self.images.shape[-2:]
        with torch.enable_grad():
            raw = self._raw.clone().requires_grad_()
            scene = _lowest(self._layout(raw, crisp=exact), num_visible)
            drawing = self._rasterizer.soft(scene, height, width, softness, temperature, exact)
            terms = self._objective.terms(drawing, self.images, scene)
            cost = self._objective.total(terms)
            (gradient,) = torch.autograd.grad(cost.sum(), raw)
        self._move(gradient, rate)
        return cost.detach(), {name: value.detach() for name, value in terms.items()}

    @torch.no_grad()
    def _move(self, gradient: Tensor, rate: float) -> None:
        """Kingma and Ba (2015), algorithm 1."""
        self._steps += 1
        (keeps_mean, keeps_square), steps = BETAS, self._steps
        self._mean.lerp_(gradient, 1 - keeps_mean)
        self._square.lerp_(gradient.square(), 1 - keeps_square)
        mean, square = self._mean / (1 - keeps_mean**steps), self._square / (1 - keeps_square**steps)
        self._raw -= rate * self._scale * mean / (square.sqrt() + EPSILON)

    @torch.no_grad()
    def judge(self, softness: float, num_visible: int | None = None) -> Tensor:
        """What the crisp drawings cost, ``[B]``; each that is better than all before is kept.

        Args:
            softness: for which the crisp drawing stands (see ``Rasterizer.crisp_scene``), canvas units.
            shown: as for ``step``.
        """
        height, width = self.images.shape[-2:]
        raw = self.raw
        scene = _lowest(self._rasterizer.crisp_scene(self._layout(raw, crisp=True), softness), num_visible)
        cost = self._objective(self._rasterizer.crisp(scene, height, width), self.images, scene)
        better = cost < self.least
        self.best[better], self.least[better], self.num_visible[better] = raw[better], cost[better], scene.count
        return cost

    @torch.no_grad()
    def place(self, raw: Tensor, changed: Tensor) -> None:
        """Go on from other numbers, without momentum.

        Args:
            raw: ``[B, raw_size]``.
            changed: which of them to take, bool ``[B, raw_size]``.
        """
        self._raw[changed] = raw[changed]
        self._mean[changed] = self._square[changed] = 0

    def state(self) -> dict[str, Any]:
        """All that ``restore`` needs."""
        return {
            "raw": self._raw,
            "steps": self._steps,
            "mean": self._mean,
            "square": self._square,
            "best": self.best,
            "least": self.least,
            "shown": self.num_visible,
        }

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        """Go on where another descent of the same numbers was.

        Raises:
            UserError: it had other numbers.
        """
        if state["raw"].shape != self._raw.shape:
            raise UserError("resume: the state is of other images or other shapes")
        self._steps = state["steps"]
        for own, value in ((self._raw, "raw"), (self._mean, "mean"), (self._square, "square")):
            own.copy_(state[value])
        self.best, self.least, self.num_visible = (
            state[name].to(self._raw.device) for name in ("best", "least", "shown")
        )


def descend(
    raw: Tensor,
    images: Tensor,
    layout: Meaning,
    rasterizer: Rasterizer,
    objective: Objective,
    *,
    steps: int,
    learning_rate: float,
    softness: Schedule,
    temperature: Schedule,
    exact: Callable[[float], bool] = lambda progress: False,
    step_done: Callable[[], None] = lambda: None,
) -> Tensor:
    """Better raw numbers: of all that are passed through, for each drawing those whose crisp drawing costs least.

    None is worse than the one it began with, by the objective. The learning rate falls to nothing along half a cosine.

    Args:
        raw, images, layout, rasterizer, objective: as for ``Descent``.
        steps: 1 or more.
        learning_rate: the highest, raw numbers per step.
        softness: of the drawings, in canvas units.
        temperature: of the order of shapes that have a depth.
        exact: whether it is the crisp drawings that are compared.
        step_done: called after every step.

    Returns:
        ``[B, raw_size]``, without gradient history.

    Raises:
        UserError: fewer steps than one.
    """
    if steps < 1:
        raise UserError(f"steps: {steps} is not a whole number of 1 or more")
    descent = Descent(raw, images, layout, rasterizer, objective)
    descent.judge(softness(1.0))
    every = max(1, steps // LOOKS)
    for step in range(1, steps + 1):
        progress = (step - 1) / max(1, steps - 1)
        rate = learning_rate * half_cosine((step - 1) / steps)
        descent.step(rate, softness(progress), temperature(progress), exact=exact(progress))
        if step % every == 0 or step == steps:
            descent.judge(softness(1.0))
        step_done()
    return descent.best


def half_cosine(progress: float) -> float:
    """From 1 to 0 (Loshchilov and Hutter, 2017)."""
    return (1 + math.cos(math.pi * progress)) / 2


def _lowest(scene: Scene, num_visible: int | None) -> Scene:
    return scene if num_visible is None or num_visible == scene.count else scene.select(0, num_visible)
