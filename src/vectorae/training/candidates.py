"""What a trained model answers: the best of several drawings, as the image is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vectorae.decoder import keep_regrown
from vectorae.errors import UserError

if TYPE_CHECKING:
    from vectorae.training.autoencoder import VectorAutoencoder
    from vectorae.training.options import ModelOptions


STEPS_PER_REGROWTH = 100
"""Optimizer steps of test-time refinement for which there is one more regrowth."""

PIXELS_AT_ONCE = 2**20
"""Of drawings that are corrected together, unless the images have more: of few images all hypotheses at once."""

REFINED = 2
"""Drawings of each image that are refined, the best ones: with four of them half as many steps are as good."""


@dataclass(frozen=True)
class Candidates:
    """The drawings of images from which answers are chosen, as raw numbers: one for each of K hypotheses.

    Of each hypothesis it is the last correction; of a model that chooses (``ModelOptions.chooses``) the one that costs
    least.

    Attributes:
        encoded: what the encoder alone predicts, of the first hypothesis, ``[B, raw_size]``.
        raw: ``[K, B, raw_size]``.
        cost: ``[K, B]``, by the loss of the training; 0 where there is no choice.
    """

    encoded: Tensor
    raw: Tensor
    cost: Tensor

    @property
    def best(self) -> Tensor:
        """The answers, ``[B, raw_size]``."""
        return best_drawings(self.raw, self.cost)[0][0]

    def regrown(self, model: VectorAutoencoder, images: Tensor, first: int, last: int) -> Candidates:
        """The drawings with half or all of their shapes drawn anew, where that is better (see ``keep_regrown``).

        Args:
            model: of the drawings.
            images: ``[B, C, S, S]`` in [0, 1].
            first, last: how often that has been done, and how often it is to have been done.
        """
        if first >= last:
            return self
        raw, cost = keep_regrown(self.raw, images, model.decoder, model.loss, model.state, range(first, last))
        return Candidates(self.encoded, raw, cost)

    def refined(self, model: VectorAutoencoder, images: Tensor, steps: int) -> Tensor:
        """The best ``[B, raw_size]`` after regrowths and optimizer steps of the best few (see ``refine``)."""
        if steps == 0:
            return self.best
        done, few = model.options.num_regrowths, Candidates(self.encoded, *best_drawings(self.raw, self.cost, REFINED))
        few = few.regrown(model, images, done, done + steps // STEPS_PER_REGROWTH)
        many = images.repeat(len(few.raw), 1, 1, 1)
        raw = model.refine(few.raw.flatten(0, 1), many, steps)
        cost = model.decoder.cost(raw, many, model.loss, model.state, crisp=True)
        return replace(few, raw=raw.view_as(few.raw), cost=cost.view_as(few.cost)).best


def find_candidates(model: VectorAutoencoder, images: Tensor) -> Candidates:
    """Correct every hypothesis of a model for images ``[B, C, S, S]`` in [0, 1]."""
    options, images = model.options, images.to(model.dtype)
    features = model.encoder.encode(images)
    hypotheses = torch.arange(options.num_hypotheses, device=images.device)
    together = hypotheses.split(max(1, PIXELS_AT_ONCE // max(1, images[:, 0].numel())))
    found = [_corrected(model, images, features, some) for some in together]
    first, raw, cost = zip(*found, strict=True)
    candidates = Candidates(first[0], torch.cat(raw), torch.cat(cost))
    return candidates.regrown(model, images, 0, options.num_regrowths)


def _corrected(
    model: VectorAutoencoder, images: Tensor, features: Tensor, hypotheses: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Some of the hypotheses ``[k]``, corrected together.

    Returns:
        What the encoder alone predicts, of the first of them, ``[B, raw_size]``; their drawings ``[k, B, raw_size]``
        and costs ``[k, B]``, as in ``Candidates``.
    """
    options, shape = model.options, (len(hypotheses), len(images))
    many, maps = (one.repeat(len(hypotheses), 1, 1, 1) for one in (images, features))
    every = hypotheses.repeat_interleave(len(images), output_size=len(many))
    chain = model.corrections(many, maps, every, options.num_corrections, complete=options.chooses)
    drawings, costs = zip(*((raw, feedback and feedback.cost) for raw, feedback in chain), strict=True)
    cost = torch.stack(costs) if options.chooses else images.new_zeros(1, len(many))
    best = best_drawings(torch.stack(drawings), cost)[0][0] if options.chooses else drawings[-1]
    return drawings[0][: len(images)], best.unflatten(0, shape), cost.amin(0).unflatten(0, shape)


def limit_answers(
    model: VectorAutoencoder, hypotheses: int | None, answer_steps: int | None, regrowths: int | None = None
) -> None:
    """Let a model answer by fewer drawings, sooner, or by more corrections than it was trained to; None: as it does.

    Raises:
        UserError: more hypotheses than the model has, or corrections by a model that has none.
    """
    options = model.options
    if hypotheses is not None:
        if hypotheses > options.num_hypotheses:
            raise UserError(f"hypotheses: {hypotheses}, and this model has {options.num_hypotheses}")
        options = replace(options, hypotheses=hypotheses)
    if answer_steps is not None:
        options = replace(options, answer_steps=answer_steps)
    if regrowths is not None:
        options = replace(options, regrowths=regrowths)
    model.options = options


@contextmanager
def answering(model: VectorAutoencoder, options: ModelOptions) -> Iterator[None]:
    """Within it, a model answers by other options."""
    before, model.options = model.options, options
    try:
        yield
    finally:
        model.options = before


def best_drawings(raw: Tensor, cost: Tensor, count: int = 1) -> tuple[Tensor, Tensor]:
    """Of drawings ``[K, B, raw_size]`` and costs ``[K, B]`` those that cost least, ``[count, …]``."""
    order = cost.argsort(dim=0, stable=True)[:count]
    return raw.gather(0, order[:, :, None].expand(-1, -1, raw.shape[2])), cost.gather(0, order)
