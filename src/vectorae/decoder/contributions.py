"""What each shape of a drawing is worth: how the picture, and its error, change without it."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from vectorae.decoder.decoder import Decoder
from vectorae.decoder.state import DrawState
from vectorae.scene import Scene


def removal_energy(
    decoder: Decoder,
    scene: Scene,
    height: int,
    width: int,
    state: DrawState,
    probes: int,
    crisp: bool = False,
) -> tuple[Tensor, Tensor]:
    """The sum over all pixels of the squared change of a drawing without each of its shapes, an estimate.

    Args:
        decoder: that draws.
        scene: B drawings of N shapes.
        height, width: pixels.
        state: how they look.
        probes: random projections; the error falls with their square root.
        crisp: draw crisply.

    Returns:
        The drawings ``[B, C, H, W]``, and the energies ``[B, N]``.
    """
    drawn, contribution = _with_contributions(decoder, scene, height, width, state, crisp)
    return drawn, _energy(drawn, contribution, probes)


def removal_costs(
    decoder: Decoder, raw: Tensor, images: Tensor, state: DrawState, probes: int, importance: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """How much the squared error of drawings rises without each of their shapes, an estimate.

    Without a shape the error e becomes e - c, where c is the shape's contribution to the picture: the sum of squares
    rises by that of c less twice the sum of e c.

    Args:
        decoder: that draws.
        raw: ``[B, raw_size]``.
        images: ``[B, C, H, W]`` in [0, 1].
        state: how the drawings look.
        probes: random projections.
        importance: weights of the pixels, ``[B, 1, H, W]``.

    Returns:
        The drawings ``[B, C, H, W]``, and the costs ``[B, N]``; negative where a shape does harm.
    """
    with torch.no_grad():
        scene = decoder.scene(raw, state)
    height, width = images.shape[-2:]
    drawn, contribution = _with_contributions(decoder, scene, height, width, state)
    error = drawn - images if importance is None else (drawn - images) * importance
    return drawn, _energy(drawn, contribution, probes, importance) - 2 * contribution(error)


def _with_contributions(
    decoder: Decoder, scene: Scene, height: int, width: int, state: DrawState, crisp: bool = False
) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The drawings ``[B, C, H, W]`` of a scene; and weights of their numbers → Σ weight · contribution, ``[B, N]``.

    A drawing is linear in the opacity of a shape, so the derivative by it tells how the drawing would change without
    the shape. Of one that is filled and stroked, or whose strokes cross, it leaves out where paint lies on paint.
    """
    with torch.enable_grad():
        opacity = scene.opacity.detach().clone().requires_grad_()
        drawn = decoder.draw(replace(scene, opacity=opacity), height, width, state, crisp)

    def contribution(weights: Tensor) -> Tensor:
        # Of a sum: for the gradient of a tensor torch would import sympy, which takes a second.
        with torch.enable_grad():
            total = (weights * drawn).sum()
        (gradient,) = torch.autograd.grad(total, opacity, retain_graph=True)
        return gradient * opacity.detach()

    return drawn.detach(), contribution


def _energy(
    drawn: Tensor, contribution: Callable[[Tensor], Tensor], probes: int, importance: Tensor | None = None
) -> Tensor:
    """The sum of squares of each shape's contribution, ``[B, N]``.

    Of random projections of it the mean square is the sum of squares over all pixels, for all shapes at once
    (Hutchinson, 1990).
    """
    generator, weight = torch.Generator().manual_seed(0), 1.0 if importance is None else importance.sqrt()
    # The same for all drawings, so that what is found of one does not depend on the others.
    shape = drawn.shape[1:]
    signs = (torch.randint(0, 2, shape, generator=generator).mul(2).sub(1).to(drawn) for _ in range(probes))
    return torch.stack([contribution(weight * one).square() for one in signs]).mean(0)
