"""Adam on the raw numbers of drawings, against their images and without a network."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vectorae.decoder.decoder import Decoder, Feedback
from vectorae.decoder.state import DrawState
from vectorae.errors import UserError
from vectorae.losses import Objective

# Shapes move on within few steps, and with them all gradients: photographs gain .1 to .2 dB over a β₂ of .99, what a
# model draws .1 dB in a hundred steps. A second moment that the coordinates of a point share costs .3 dB.
BETAS, EPSILON = (0.9, 0.95), 1e-8
"""Adam's decay rates of the mean gradient and mean squared gradient, and what keeps their quotient from 0 / 0."""

EVALUATIONS = 20
"""How often ``optimize_raw`` evaluates the crisp drawings."""

STATE = ("_raw", "_steps", "_mean", "_square", "best", "least", "num_visible")
"""Attributes of a ``RawOptimizer`` that change."""


class RawOptimizer:
    """Adam (Kingma and Ba, 2015) on raw numbers, which keeps the best of each drawing.

    The best is the one whose crisp drawing costs least, of all that ``keep_best`` has seen. Drawings do not depend on
    each other.

    Adam is our own, as the first step of torch's loads torch's compiler: two seconds and 130 MB.

    Args:
        raw: where to start, ``[B, raw_size]``.
        images: ``[B, C, H, W]`` in [0, 1].
        decoder: raw numbers → drawings.
        objective: what is minimised.
        scale: ``[raw_size]`` factors on the learning rate; all 1 by default.

    Attributes:
        best: raw numbers ``[B, raw_size]`` of the best drawings; those of the start before the first ``keep_best``.
        least: their costs, ``[B]``.
        num_visible: how many shapes they have, from the bottom, ``[B]``.
    """

    def __init__(
        self, raw: Tensor, images: Tensor, decoder: Decoder, objective: Objective, scale: Tensor | None = None
    ) -> None:
        self.images = images
        self._decoder, self._objective = decoder, objective
        self._raw = raw.detach().clone().float()
        self._scale = torch.ones_like(self._raw[0]) if scale is None else scale.to(self._raw)
        self._steps = 0
        self._mean, self._square = torch.zeros_like(self._raw), torch.zeros_like(self._raw)
        self.best = self._raw.clone()
        self.least = torch.full_like(self._raw[:, 0], torch.inf)
        self.num_visible = torch.zeros_like(self.least, dtype=torch.long)

    @property
    def raw(self) -> Tensor:
        """The present raw numbers, ``[B, raw_size]``, a copy without gradient history."""
        return self._raw.clone()

    def step(
        self,
        rate: float,
        state: DrawState,
        images: Tensor | None = None,
        objective: Objective | None = None,
        shared: Callable[[Tensor], Tensor] = lambda gradient: gradient,
    ) -> Feedback:
        """One optimizer step.

        Args:
            rate: the learning rate, raw numbers per step.
            state: how the drawings look.
            images: at another size, instead of its own.
            objective: for these, instead of its own.
            shared: the gradient ``[B, raw_size]`` to follow, by the gradient of the cost: raw numbers that are to stay
                equal get one and the same.

        Returns:
            The feedback on the drawings before the step.
        """
        images = self.images if images is None else images
        feedback = self._decoder.feedback(self._raw.clone(), images, objective or self._objective, state)
        self._update(shared(feedback.gradient), rate)
        return feedback

    @torch.no_grad()
    def _update(self, gradient: Tensor, rate: float) -> None:
        """Kingma and Ba (2015), algorithm 1."""
        self._steps += 1
        (beta1, beta2), steps = BETAS, self._steps
        self._mean.lerp_(gradient, 1 - beta1)
        self._square.lerp_(gradient.square(), 1 - beta2)
        mean, square = self._mean / (1 - beta1**steps), self._square / (1 - beta2**steps)
        self._raw -= rate * self._scale * mean / (square.sqrt() + EPSILON)

    @torch.no_grad()
    def keep_best(self, state: DrawState) -> Tensor:
        """Evaluate the crisp drawings, keep each that is better than all before, and return the costs ``[B]``.

        Args:
            state: how many shapes are visible, and the softness that crisp strokes stand for.
        """
        raw = self.raw
        cost = self._decoder.cost(raw, self.images, self._objective, state, crisp=True)
        better = cost < self.least
        visible = self._decoder.layout.count if state.visible is None else state.visible
        self.best = torch.where(better[:, None], raw, self.best)
        self.least = torch.where(better, cost, self.least)
        self.num_visible = torch.where(better, visible, self.num_visible)
        return cost

    @torch.no_grad()
    def place(self, raw: Tensor, changed: Tensor) -> None:
        """Continue from other raw numbers, without momentum.

        Args:
            raw: ``[B, raw_size]``.
            changed: which of them to take, bool ``[B, raw_size]``.
        """
        self._raw[changed] = raw[changed]
        self._mean[changed] = self._square[changed] = 0

    @torch.no_grad()
    def reorder(self, index: Tensor, offset: Tensor) -> None:
        """Continue with the raw numbers, and their momentum, in another order.

        Args:
            index: where each comes from, ``[B, raw_size]``.
            offset: what is added to it, ``[B, raw_size]``.
        """
        self._raw, self._mean, self._square = (one.gather(1, index) for one in (self._raw, self._mean, self._square))
        self._raw += offset

    def forget_best(self) -> None:
        """Keep the next drawings that ``keep_best`` sees, whatever was better before."""
        self.least.fill_(torch.inf)

    def state_dict(self) -> dict[str, Any]:
        """The state from which ``load_state_dict`` continues exactly."""
        return {name: getattr(self, name) for name in STATE}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where another optimizer of the same raw numbers was.

        Raises:
            UserError: the state is of other raw numbers.
        """
        if state["_raw"].shape != self._raw.shape:
            raise UserError("resume: the state is of other images or other shapes")
        for name in STATE:
            value = state[name]
            setattr(self, name, value.to(self._raw.device, copy=True) if isinstance(value, Tensor) else value)


def optimize_raw(
    raw: Tensor,
    images: Tensor,
    decoder: Decoder,
    objective: Objective,
    states: Callable[[float], DrawState],
    *,
    steps: int,
    learning_rate: float,
    step_done: Callable[[], None] = lambda: None,
) -> Tensor:
    """Optimize raw numbers for a fixed number of steps, and return the best on the way.

    No crisp drawing is worse than at the start, by the objective. The learning rate falls to 0 along half a cosine.

    Args:
        raw, images, decoder, objective: as for ``RawOptimizer``.
        states: progress in [0, 1] → draw state; the crisp drawings are evaluated in the last one.
        steps: 1 or more.
        learning_rate: the highest, raw numbers per step.
        step_done: called after every step.

    Returns:
        ``[B, raw_size]``, without gradient history.
    """
    optimizer = RawOptimizer(raw, images, decoder, objective)
    optimizer.keep_best(states(1.0))
    every = max(1, steps // EVALUATIONS)
    for step in range(1, steps + 1):
        state = states((step - 1) / max(1, steps - 1))
        optimizer.step(learning_rate * half_cosine((step - 1) / steps), state)
        if step % every == 0 or step == steps:
            optimizer.keep_best(states(1.0))
        step_done()
    return optimizer.best


def half_cosine(progress: float) -> float:
    """From 1 to 0 along half a cosine (Loshchilov and Hutter, 2017)."""
    return (1 + math.cos(math.pi * progress)) / 2
