"""Contributions of shapes: what a picture would lack without each of them."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

PROBES = 16
"""Random projections from which ``estimated`` finds sums of squares; their error falls with the square root."""


@dataclass(frozen=True)
class Contributions:
    """Drawings, and what each of their shapes contributes.

    A drawing is linear in the opacity of a shape: with a shape's contribution c, the picture without it is the drawing
    less c.

    Attributes:
        drawn: ``[B, C, H, W]``.
        squares: Σ importance · c² over pixels and channels, ``[B, N]``.
        products: Σ importance · c · (drawn − image), ``[B, N]``.
    """

    drawn: Tensor
    squares: Tensor
    products: Tensor

    @property
    def removal_costs(self) -> Tensor:
        """How much the squared error rises without each shape, ``[B, N]``; negative where a shape does harm."""
        return self.squares - 2 * self.products


def estimated(
    draw: Callable[[Tensor], Tensor], opacity: Tensor, images: Tensor, importance: Tensor | None
) -> Contributions:
    """The contributions of shapes by derivatives of their drawings, whatever draws them: squares are estimates.

    Of shapes that are filled and stroked, or whose strokes cross, this leaves out where paint lies on paint.

    Args:
        draw: opacity ``[B, N]`` → drawings ``[B, C, H, W]``, differentiable.
        opacity: of the shapes.
        images, importance: as for ``rasterize.measure_contributions``.
    """
    opacity = opacity.detach().requires_grad_()
    with torch.enable_grad():
        drawn = draw(opacity)

    def projected(weights: Tensor) -> Tensor:
        """Σ weights · contribution, ``[B, N]``."""
        # Of a sum: for the gradient of a tensor torch would import sympy, which takes a second.
        with torch.enable_grad():
            total = (weights * drawn).sum()
        (gradient,) = torch.autograd.grad(total, opacity, retain_graph=True)
        return gradient * opacity.detach()

    generator, weight = torch.Generator().manual_seed(0), 1.0 if importance is None else importance.sqrt()
    # The same for all drawings, so that what is found of one does not depend on the others. Of random projections of
    # a contribution the mean square is its sum of squares, for all shapes at once (Hutchinson, 1990).
    signs = (
        torch.randint(0, 2, drawn.shape[1:], generator=generator, dtype=torch.int8).mul(2).sub(1).to(drawn)
        for _ in range(PROBES)
    )
    squares = torch.stack([projected(weight * one).square() for one in signs]).mean(0)
    error = drawn.detach() - images
    return Contributions(drawn.detach(), squares, projected(error if importance is None else error * importance))
