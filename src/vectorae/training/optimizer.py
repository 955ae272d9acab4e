"""Optimizers, with a learning rate that follows the run's progress, so that steps or time may end it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from vectorae.errors import UserError


@dataclass(frozen=True)
class AdamW:
    """AdamW (Loshchilov & Hutter 2019) with linear warm-up and cosine decay.

    Attributes:
        lr: the highest learning rate.
        weight_decay: decoupled weight decay.
        warmup: the part of the run in [0, 1) in which the rate rises.
        final: the rate at the end, relative to ``lr``, in [0, 1].
        beta1, beta2: decay of the running averages of gradient and squared gradient.
    """

    lr: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.02
    final: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.99

    def __post_init__(self) -> None:
        if not self.lr > 0:
            raise UserError(f"lr: {self.lr} is not a rate above 0")
        if not self.weight_decay >= 0:
            raise UserError(f"weight_decay: {self.weight_decay} is not 0 or more")
        for name in ("warmup", "beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"{name}: {getattr(self, name)} is not at least 0 and below 1")
        if not 0 <= self.final <= 1:
            raise UserError(f"final: {self.final} is not between 0 and 1")

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimizer itself, at its highest rate."""
        return torch.optim.AdamW(parameters, lr=self.lr, weight_decay=self.weight_decay, betas=(self.beta1, self.beta2))

    def rate(self, progress: float) -> float:
        """The learning rate at a progress in [0, 1]."""
        if progress < self.warmup:
            return self.lr * max(progress / self.warmup, 1e-3)
        part = min(1.0, (progress - self.warmup) / (1 - self.warmup))
        return self.lr * (self.final + (1 - self.final) * (1 + math.cos(math.pi * part)) / 2)
