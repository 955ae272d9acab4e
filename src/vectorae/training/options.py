"""Options of a model beyond its parts: latent, refinement, averaging of weights, learning rates by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from vectorae.config.arguments import Fraction, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, Validated
from vectorae.errors import UserError, choose
from vectorae.layout import LayoutBase

DEFAULT_LATENT = 64
"""Size of a variational latent, unless another is chosen."""


HYPOTHESES, ANSWER_STEPS = 4, 6
"""Hypotheses of a model, and corrections of its answer for each of those in training, unless others are chosen."""


@dataclass(frozen=True)
class ModelOptions(Validated):
    """How a model encodes and is trained, beyond its parts: the config section ``model``.

    Attributes:
        refine_steps: learned corrections of the encoder's prediction (see ``Refiner``).
        answer_steps: as many of a trained model's answer; of more than refine_steps the best drawing is kept by its
            cost, else the last. None: ``ANSWER_STEPS`` times refine_steps.
        hypotheses: predictions from as many learned starts (see ``Hypotheses``). In training each image has one;
            of a trained model's answer the best by its cost is kept. None: ``HYPOTHESES`` of them, or one where the
            model is variational.
        regrowths: how often, in a trained model's answer, half of the shapes of each hypothesis (once all of the
            last of several) are drawn anew and kept where that is better, see ``keep_regrown``. None: once, where an
            answer is chosen from several drawings.
        latent: size of a bottleneck between backbone and head (see ``Latent``), or None: none, 64 if variational.
        variational: the latent is a distribution, from which new images can be sampled.
        kl_weight: of its divergence from a normal distribution, relative to the loss.
        kl_warmup: the fraction of the run over which that weight rises from 0.
        any_count: every training step draws another number of shapes, so that the k lowest are a drawing for every k.
        ema: decay of the moving average of weights that is validated and saved; 0 saves the weights themselves.
        rates: name of a field → factor on its raw numbers, by which it learns faster or more slowly.
    """

    refine_steps: NonNegativeInt = 4
    answer_steps: NonNegativeInt | None = None
    hypotheses: PositiveInt | None = None
    regrowths: NonNegativeInt | None = None
    latent: PositiveInt | None = None
    variational: bool = False
    kl_weight: NonNegativeFloat = 2e-4
    kl_warmup: Fraction = 0.3
    any_count: bool = False
    ema: Annotated[float, Ge(0), Lt(1)] = 0.0
    rates: Mapping[str, PositiveFloat] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.answer_steps and not self.refine_steps:
            raise UserError("answer_steps: with refine_steps=0 there is nothing that corrects; leave it null")
        if self.num_hypotheses > 1 and self.variational:
            raise UserError("hypotheses: a variational model samples its drawings; choose one of the two")

    @property
    def num_corrections(self) -> int:
        """Corrections of a trained model's answer."""
        return ANSWER_STEPS * self.refine_steps if self.answer_steps is None else self.answer_steps

    @property
    def num_hypotheses(self) -> int:
        """How many hypotheses there are."""
        if self.hypotheses is not None:
            return self.hypotheses
        return 1 if self.variational else HYPOTHESES

    @property
    def num_regrowths(self) -> int:
        """Regrowths of a trained model's answer."""
        return int(self.compares) if self.regrowths is None else self.regrowths

    @property
    def compares(self) -> bool:
        """Whether there are several drawings before any regrowth, of which the best is chosen."""
        return self.num_hypotheses > 1 or self.num_corrections > self.refine_steps

    @property
    def chooses(self) -> bool:
        """Whether an answer is the best of several drawings."""
        return self.compares or self.num_regrowths > 0

    @property
    def corrects(self) -> bool:
        """Whether an answer is anything but what the encoder predicts first."""
        return self.chooses or self.num_corrections > 0

    @property
    def latent_size(self) -> int | None:
        """Size of the bottleneck, if there is one."""
        return DEFAULT_LATENT if self.latent is None and self.variational else self.latent

    def rates_of(self, layout: LayoutBase) -> Tensor:
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
