"""Drawings of any number of shapes by one model: how many each training step draws, and the fewest that suffice."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.losses.metrics import psnr
from vectorae.scene import Scene

if TYPE_CHECKING:
    from vectorae.training.autoencoder import VectorAutoencoder

GOLDEN = (math.sqrt(5) - 1) / 2

PARTS = 4
"""Of a batch, each of which draws a number of its own: one all shapes, the others a small, a middle and a large one.

A batch of one number at a time learns more slowly: at 16 shapes by .3 dB after 500 steps."""

POWER = 2.0
"""The numbers are ⌈N u²⌉ with u from 0 to 1: of 16 shapes 4 or fewer as often as 5 or more.

All shapes are drawn by a part of each batch anyway. With u^1.5 four shapes were 1.2 dB worse after ten minutes, and
sixteen .6 dB."""

Answer = Callable[[Tensor, int], tuple[Tensor, Tensor]]
"""Indices of images ``[n]`` and a number of shapes → raw numbers ``[n, raw_size]``, and which drawings suffice."""


def counts_of_step(step: int, seed: int, shapes: int) -> list[int]:
    """How many of the shapes each part of a step's batch draws, the first all of them.

    The same in every process, and in a run that was resumed: fractional parts of multiples of the golden ratio, which
    any few steps spread evenly.

    Example:
        >>> [counts_of_step(step, seed=0, shapes=16) for step in range(3)]
        [[16, 1, 5, 13], [16, 1, 3, 9], [16, 2, 7, 15]]
    """
    part = ((step + 1) * GOLDEN + seed * GOLDEN**2) % 1
    strata = ((part + number) / (PARTS - 1) for number in range(PARTS - 1))
    return [shapes, *(max(1, math.ceil(shapes * stratum**POWER)) for stratum in strata)]


def loss_over_counts(model: "VectorAutoencoder", images: Tensor, step: int) -> tuple[Tensor, dict[str, Tensor]]:
    """The training loss of a batch whose parts draw numbers of shapes of their own, and the means of what is logged.

    Args:
        model: of any number of shapes.
        images: ``[B, C, S, S]`` in [0, 1].
        step: of the training.
    """
    counts = counts_of_step(step, model.config["seed"], model.layout.count)
    parts, losses, shares = images.chunk(PARTS), [], []
    for part, count in zip(parts, counts[: len(parts)], strict=True):
        with model.limited_to(count):
            losses.append(model.training_loss(part))
        shares.append(len(part) / len(images))
    cost = torch.stack([share * one for share, (one, _) in zip(shares, losses, strict=True)]).sum()
    names = losses[0][1]
    means = {
        name: torch.stack([share * logged[name] for share, (_, logged) in zip(shares, losses, strict=True)]).sum()
        for name in names
    }
    return cost, means


def validated_counts(shapes: int) -> list[int]:
    """The smaller numbers of shapes that a validation measures: a quarter and a half."""
    return sorted({max(1, shapes // 4), max(1, shapes // 2)} - {shapes})


def counts_over(shapes: int) -> list[int]:
    """The numbers of shapes of a plot: 1, 2, 3, 4, 6, 8, 12, 16, … and all."""
    doublings = [2**power for power in range(shapes.bit_length())]
    return sorted({count for one in doublings for count in (one, one * 3 // 2) if count < shapes} | {shapes})


def name_of_count(metric: str, count: int) -> str:
    """The name of a metric of drawings of some number of shapes: ``psnr_crisp_8_shapes``."""
    return f"{metric}_{count}_shapes"


def check_counts(count: int | None, target_psnr: float | None, shapes: int, any_count: bool) -> None:
    """Refuse a number of shapes, or a PSNR that is to choose it, which a model cannot draw with.

    Args:
        count: how many shapes, or None.
        target_psnr: dB, or None.
        shapes: of the model.
        any_count: whether it was trained for fewer too.

    Raises:
        UserError: naming the key and what to do.
    """
    given = {"count": count, "target_psnr": target_psnr}
    for name in (name for name, value in given.items() if value is not None and not any_count):
        raise UserError(f"{name}: this model always draws {shapes} shapes; train one with model.any_count=true")
    if count is not None and target_psnr is not None:
        raise UserError(f"target_psnr: chooses the number of shapes, and so does count={count}; write one of them")
    if count is not None and not 1 <= count <= shapes:
        raise UserError(f"count must be an integer in [1, {shapes}] for this model, got {count}")


def draw_to_target(model: "VectorAutoencoder", images: Tensor, refine: int, target: float) -> Scene:
    """The crisp drawings with the fewest shapes that reach a PSNR, or with all; the other shapes have no opacity.

    Args:
        model: of any number of shapes.
        images: ``[B, C, S, S]`` in [0, 1], on its device.
        refine: optimizer steps after the encoder.
        target: dB.
    """

    def draw(rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
        some = images[rows.to(images.device)]
        with model.limited_to(count):
            raw = model.answer(some, refine)
            return raw, psnr(model.render(raw, crisp=True), some) >= target

    raw, counts = smallest_counts(draw, len(images), model.layout.count)
    scene = model.decoder.scene(raw, model.state, crisp=True)
    visible = torch.arange(scene.count) < counts[:, None]
    return replace(scene, opacity=scene.opacity * visible.to(raw.device))


def smallest_counts(answer: Answer, images: int, shapes: int) -> tuple[Tensor, Tensor]:
    """The fewest shapes of which each drawing suffices, found by doubling and then halving.

    Args:
        answer: draws some of the images with a number of shapes.
        images: how many, ≥ 1.
        shapes: at most.

    Returns:
        Raw numbers ``[images, raw_size]``, and how many shapes they have, ``[images]``; all where no number suffices.
    """
    found: Tensor | None = None
    enough = torch.full((images,), shapes)
    too_few = torch.zeros(images, dtype=torch.long)

    def ask(rows: Tensor, count: int) -> Tensor:
        nonlocal found
        raw, suffices = answer(rows, count)
        suffices = suffices.cpu()
        found = raw.new_zeros(images, raw.shape[1]) if found is None else found
        taken = suffices | (count == shapes)
        found[rows[taken].to(raw.device)] = raw[taken.to(raw.device)]
        enough[rows[suffices]], too_few[rows[~suffices]] = count, count
        return rows[~suffices]

    rows, count = torch.arange(images), 1
    while len(rows):
        rows = ask(rows, count)
        if count == shapes:
            break
        count = min(2 * count, shapes)
    while (undecided := enough - too_few > 1).any():
        middle = (enough + too_few) // 2
        for count in middle[undecided].unique().tolist():
            ask((undecided & (middle == count)).nonzero()[:, 0], count)
    assert found is not None
    return found, enough
