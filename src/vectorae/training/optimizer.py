"""Optimizers whose learning rate depends on the run's progress, measured in steps or in time."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import torch
from annotated_types import Ge, Lt
from torch import nn

from vectorae.config.arguments import Fraction, NonNegativeFloat, PositiveFloat, Validated

if TYPE_CHECKING:
    import pytorch_lightning as pl

UnitInterval = Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True)
class Optimizer(Validated, ABC):
    """Settings of an optimizer: one for all weights, whose rate rises linearly and falls along a cosine.

    Attributes:
        lr: the highest learning rate, > 0.
        warmup: the fraction of the run in which the rate rises, in [0, 1).
        final: the rate at the end relative to ``lr``, in [0, 1].
    """

    lr: PositiveFloat = 2e-3
    warmup: UnitInterval = 0.02
    final: Fraction = 0.01

    @abstractmethod
    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimizer itself; its rate is set anew before every step."""

    def rate(self, progress: float) -> float:
        """The learning rate at a progress in [0, 1]."""
        if progress < self.warmup:
            return self.lr * max(progress / self.warmup, 1e-3)
        decayed = min(1.0, (progress - self.warmup) / (1 - self.warmup))
        return self.lr * (self.final + (1 - self.final) * (1 + math.cos(math.pi * decayed)) / 2)


@dataclass(frozen=True)
class AdamW(Optimizer):
    """AdamW (Loshchilov & Hutter 2019) with linear warm-up and cosine decay.

    Attributes:
        lr, warmup, final: see ``Optimizer``.
        weight_decay: decoupled weight decay, ≥ 0.
        beta1, beta2: decay of the running averages of gradient and squared gradient, in [0, 1).

    Raises:
        UserError: a value out of range.

    Example:
        >>> settings = AdamW(lr=0.1, warmup=0.5, final=0.0)
        >>> [round(settings.rate(progress), 3) for progress in (0.25, 0.5, 0.75, 1.0)]
        [0.05, 0.1, 0.05, 0.0]
        >>> AdamW(lr=0)
        Traceback (most recent call last):
        vectorae.errors.UserError: lr must be a number > 0, got 0
    """

    weight_decay: NonNegativeFloat = 0.01
    beta1: UnitInterval = 0.9
    beta2: UnitInterval = 0.99

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimizer itself, at its highest rate."""
        weights, betas = list(parameters), (self.beta1, self.beta2)
        # One operation for all weights: a quarter of the time on a processor.
        fused = all(one.device.type == "cpu" for one in weights)
        return torch.optim.AdamW(weights, lr=self.lr, weight_decay=self.weight_decay, betas=betas, fused=fused)


def clip_fused(
    trainer: "pl.Trainer", optimizer: torch.optim.Optimizer, value: float | None, algorithm: str | None
) -> bool:
    """Clip gradients of a fused optimizer in mixed precision where they are not scaled, which Lightning refuses.

    Args:
        trainer: of the run.
        optimizer: of the weights.
        value, algorithm: as Lightning's ``configure_gradient_clipping`` has them.

    Returns:
        Whether it has; anything else is left to Lightning.
    """
    from pytorch_lightning.plugins.precision import MixedPrecision, Precision
    from pytorch_lightning.utilities.enums import GradClipAlgorithmType

    plugin = trainer.precision_plugin
    if not isinstance(plugin, MixedPrecision) or plugin.scaler is not None:
        return False
    Precision.clip_gradients(plugin, optimizer, value or 0.0, GradClipAlgorithmType(algorithm or "norm"))
    return True
