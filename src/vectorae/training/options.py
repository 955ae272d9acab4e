"""How a model comes to its answer, beyond one guess."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vectorae.errors import UserError, choose
from vectorae.layout import Layout

DEFAULT_LATENT = 64
"""Size of a variational latent, unless another is asked for."""


@dataclass(frozen=True)
class ModelOptions:
    """How a model comes to its answer.

    Attributes:
        refine_steps: learned corrections of the encoder's answer (see ``Refiner``), 0 or more.
        latent: size of a bottleneck between backbone and head (see ``Latent``), or None: none, 64 if variational.
        variational: the latent is a distribution, from which new images can be drawn.
        kl_weight: of its divergence from a normal distribution, relative to the loss.
        kl_warmup: the part of the run in [0, 1] in which that weight rises from 0.
        ema: decay of the moving average of weights that is validated and kept; 0 keeps the weights themselves.
        rates: name of a field → factor on its raw numbers, by which it learns faster or more slowly.
    """

    refine_steps: int = 0
    latent: int | None = None
    variational: bool = False
    kl_weight: float = 2e-4
    kl_warmup: float = 0.3
    ema: float = 0.0
    rates: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.refine_steps < 0:
            raise UserError(f"refine_steps: {self.refine_steps} is not a whole number of 0 or more")
        if self.latent is not None and self.latent < 1:
            raise UserError(f"latent: {self.latent} is not a whole number of 1 or more")
        if not 0 <= self.kl_weight < float("inf"):
            raise UserError(f"kl_weight: {self.kl_weight} is not a number of 0 or more")
        if not 0 <= self.kl_warmup <= 1:
            raise UserError(f"kl_warmup: {self.kl_warmup} is not between 0 and 1")
        if not 0 <= self.ema < 1:
            raise UserError(f"ema: {self.ema} is not at least 0 and below 1")
        for name, rate in self.rates.items():
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < float("inf"):
                raise UserError(f"rates.{name}: {rate!r} is not a factor above 0")

    @property
    def latent_size(self) -> int | None:
        """Size of the bottleneck, if there is one."""
        return DEFAULT_LATENT if self.latent is None and self.variational else self.latent

    def rates_of(self, layout: Layout) -> Tensor:
        """The factor on each raw number of a layout, ``[raw_size]``.

        Raises:
            UserError: a name of none of its learned fields.
        """
        names = layout.field_names()
        for name in self.rates:
            if name not in names:
                raise UserError(f"rates.{name}: no such learned field; {choose(name, sorted(set(names)))}")
        return torch.tensor([float(self.rates.get(name, 1.0)) for name in names])

    def kl_weight_at(self, progress: float) -> float:
        """The weight of the divergence at a progress in [0, 1]."""
        return self.kl_weight * (min(1.0, progress / self.kl_warmup) if self.kl_warmup else 1.0)
