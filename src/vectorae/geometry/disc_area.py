"""The part of each pixel that a disc covers, exactly and in closed form."""

from typing import Any

import numpy as np
import torch
from numpy.polynomial import chebyshev
from torch import Tensor
from torch.autograd.function import once_differentiable

DEGREE = 8
"""Of both polynomials, which are then right to a hundred-millionth."""


def _polynomial(values: Any) -> tuple[float, ...]:
    """A polynomial in u² for functions of u in [0, √½], the highest power first: through the Chebyshev points."""
    points = chebyshev.chebpts1(DEGREE + 1)
    around = chebyshev.chebfit(points, values(np.sqrt((points + 1) / 4)), DEGREE)
    whole = chebyshev.Chebyshev(around, domain=[0, 0.5]).convert(kind=np.polynomial.Polynomial)
    return tuple(whole.coef[::-1].tolist())


# Half a chord in radii is u, at most √½: between two points of a quarter of the circle.
ARC = _polynomial(lambda u: np.arcsin(u) / u)
"""The length of an arc over that of its chord."""

CAP = _polynomial(lambda u: (np.arcsin(u) - u * np.sqrt(1 - u * u)) / u**3)
"""The area between an arc and its chord over u³ radius²."""

LEAST = 1e-6
"""The smallest radius in pixels; smaller discs cover nothing that could be seen."""


def disc_area(center: Tensor, radius: Tensor, height: int, width: int, pixel: float) -> Tensor:
    """The part of each pixel that lies in a disc, exactly; differentiable.

    Where the circle enters and leaves a pixel's part in one quarter of the plane follows from the grid's lines; what
    lies below its chord is a trapezoid, and what lies above a segment of the circle. The derivative is the normal
    displacement of the arc in the pixel, integrated along it.

    Args:
        center: ``[..., 2]`` canvas units.
        radius: ``[...]`` canvas units, ≥ 0.
        height, width: size of the image in pixels.
        pixel: size of a pixel in canvas units.

    Returns:
        ``[..., height, width]`` in [0, 1].

    Example:
        A disc of radius 1 around the corner of four pixels.

        >>> disc_area(torch.tensor([1.0, 1.0]), torch.tensor(1.0), 2, 2, pixel=1.0)
        tensor([[0.7854, 0.7854],
                [0.7854, 0.7854]])
    """
    area: Tensor = _DiscArea.apply(center / pixel, radius / pixel, height, width)
    return area


class _DiscArea(torch.autograd.Function):
    """Centres ``[..., 2]`` and radii ``[...]`` in pixels → the covered part of each pixel."""

    @staticmethod
    def forward(ctx: Any, center: Tensor, radius: Tensor, height: int, width: int) -> Tensor:
        ctx.save_for_backward(center, radius)
        ctx.size = height, width
        radius = radius.clamp_min(LEAST)[..., None, None]
        left, _, top, bottom, from_x, to_x, from_y, to_y = _quarters(center, radius, height, width)
        run, fall = to_x - from_x, from_y - to_y
        chord = run * run + fall * fall
        cap = chord * chord.sqrt() / (8 * radius) * _evaluated(CAP, chord / (4 * radius * radius))
        area = (from_x - left) * (bottom - top) + run * ((from_y + to_y) / 2 - top) + cap
        return area.sum((0, 1)).clamp(0, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        center, radius = ctx.saved_tensors
        radius = radius.clamp_min(LEAST)[..., None, None]
        _, _, _, _, from_x, to_x, from_y, to_y = _quarters(center, radius, *ctx.size)
        run, fall = to_x - from_x, from_y - to_y
        chord = run * run + fall * fall
        arc = chord.sqrt() * _evaluated(ARC, chord / (4 * radius * radius))
        by_radius = (gradient * arc.sum((0, 1))).sum((-2, -1))
        # To the right of the centre, and below it, first.
        by_x = (gradient * (fall[0] - fall[1]).sum(0)).sum((-2, -1))
        by_y = (gradient * (run[:, 0] - run[:, 1]).sum(0)).sum((-2, -1))
        return torch.stack([by_x, by_y], dim=-1), by_radius, None, None


def _quarters(center: Tensor, radius: Tensor, height: int, width: int) -> tuple[Tensor, ...]:
    """The parts of pixels in each quarter of the plane around the centre, and where the circle passes them.

    Args:
        center: ``[..., 2]`` in pixels; radius: ``[..., 1, 1]``, > 0.

    Returns:
        How far from the centre the parts begin and end, across (left, right) and down (top, bottom), ≥ 0; where the
        circle enters (from_x, from_y) and leaves (to_x, to_y) them, as x rises. All broadcastable to
        ``[2, 2, ..., H, W]``: quarters to the right and left, and below and above.
    """
    left, right = _distances(center[..., 0], width)
    top, bottom = _distances(center[..., 1], height)
    left, right = left[:, None, ..., None, :], right[:, None, ..., None, :]
    top, bottom = top[None, ..., None], bottom[None, ..., None]
    from_x = torch.minimum(torch.maximum(_reach(radius, bottom), left), right)
    to_x = torch.minimum(torch.maximum(_reach(radius, top), left), right)
    from_y = torch.minimum(torch.maximum(_reach(radius, left), top), bottom)
    to_y = torch.minimum(torch.maximum(_reach(radius, right), top), bottom)
    return left, right, top, bottom, from_x, to_x, from_y, to_y


def _distances(center: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """How far from a centre the parts of pixels on either side of it begin and end, ``[2, ..., count]`` each."""
    lines = torch.arange(count + 1, dtype=center.dtype, device=center.device) - center[..., None]
    first, last = lines[..., :-1], lines[..., 1:]
    return torch.stack([first, -last]).clamp_min(0), torch.stack([last, -first]).clamp_min(0)


def _reach(radius: Tensor, distance: Tensor) -> Tensor:
    """Half the chord of a circle at a distance from its centre; 0 beyond."""
    return ((radius - distance) * (radius + distance)).clamp_min(0).sqrt()


def _evaluated(polynomial: tuple[float, ...], at: Tensor) -> Tensor:
    value = torch.full_like(at, polynomial[0])
    for coefficient in polynomial[1:]:
        value = value * at + coefficient
    return value
