"""What each shape of a drawing is worth: how the picture, and its error, change without it."""

from dataclasses import replace

import torch
from torch import Tensor

from vectorae.decoder import Decoder, DrawState
from vectorae.scene import Scene


@torch.no_grad()
def removal_energy(
    decoder: Decoder,
    scene: Scene,
    height: int,
    width: int,
    state: DrawState,
    probes: int,
    crisp: bool = False,
    importance: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The sum over all pixels of the squared change of a drawing without each of its shapes, an estimate.

    A drawing is linear in the opacity of a shape, so the derivative by it tells how the drawing would change without
    the shape. Of random projections of the change, the mean square is its sum of squares over all pixels, for all
    shapes at once (Hutchinson, 1990).

    Args:
        decoder: that draws.
        scene: B drawings of N shapes.
        height, width: pixels.
        state: how they look.
        probes: random projections; the error falls with their square root.
        crisp: draw crisply.
        importance: weights of the pixels, ``[B, 1, H, W]``.

    Returns:
        The drawings ``[B, C, H, W]``, and the energies ``[B, N]``.
    """
    opacity = scene.opacity.detach()
    generator = torch.Generator().manual_seed(0)
    energy = torch.zeros_like(opacity)
    with torch.enable_grad():
        leaf = opacity.clone().requires_grad_()
        drawn = decoder.draw(replace(scene, opacity=leaf), height, width, state, crisp)
        for probe in range(probes):
            signs = torch.randint(0, 2, drawn.shape, generator=generator).mul(2).sub(1).to(drawn)
            signs = signs if importance is None else signs * importance.sqrt()
            (gradient,) = torch.autograd.grad((drawn * signs).sum(), leaf, retain_graph=probe < probes - 1)
            energy += (gradient * opacity).square() / probes
    return drawn.detach(), energy


@torch.no_grad()
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
    scene, (height, width) = decoder.scene(raw, state), images.shape[-2:]
    drawn, energy = removal_energy(decoder, scene, height, width, state, probes, importance=importance)
    with torch.enable_grad():
        leaf = scene.opacity.detach().clone().requires_grad_()
        again = decoder.draw(replace(scene, opacity=leaf), height, width, state)
        error = (drawn - images) if importance is None else (drawn - images) * importance
        (gradient,) = torch.autograd.grad((again * error).sum(), leaf)
    return drawn, energy - 2 * gradient * leaf.detach()
