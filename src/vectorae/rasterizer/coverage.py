"""Coverage: how much of a pixel a shape covers, from its distance and its thickness."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Profile = Callable[[Tensor, Tensor, float], Tensor]
"""(depth, softness, pixel) -> coverage of a half-plane whose edge lies ``depth`` away, positive inside; canvas units."""


def _gaussian(depth: Tensor, softness: Tensor, pixel: float) -> Tensor:
    return torch.exp(-(depth.clamp_max(0) / softness).square())


def _sigmoid(depth: Tensor, softness: Tensor, pixel: float) -> Tensor:
    return torch.sigmoid(depth / softness)


def _ramp(depth: Tensor, softness: Tensor, pixel: float) -> Tensor:
    return (depth / pixel + 0.5).clamp(0, 1)


def _hard(depth: Tensor, softness: Tensor, pixel: float) -> Tensor:
    # The product keeps the result in the graph: its gradient is zero, as it should be, and not missing.
    return (depth >= 0).to(depth.dtype) + 0 * depth


PROFILES: dict[str, Profile] = {"gaussian": _gaussian, "sigmoid": _sigmoid, "ramp": _ramp, "hard": _hard}
"""``gaussian`` is the paper's exp(−max(d, 0)²/s²) (Mihai & Hare 2021, equation 8), ``sigmoid`` 1/(1 + exp(d/s)), ``ramp``
one pixel wide (anti-aliased), ``hard`` the nearest pixel; the last two ignore softness."""


def fill_coverage(
    profile: str, distance: Tensor, thickness: Tensor, length: Tensor, softness: Tensor, pixel: float
) -> Tensor:
    """Coverage by a closed shape or by a stroke of some width.

    A slab between two parallel edges covers c(−d) − c(−d − thickness), with c the profile; a shape that is short in the
    other direction too covers that part of it which its length fills. So a shape of no size paints nothing, and a
    stroke of a quarter pixel a quarter of the ink.

    Args:
        profile: a key of ``PROFILES``.
        distance: ``[..., H, W]``, negative inside.
        thickness: the shorter extent, broadcastable to ``distance``.
        length: the longer extent (of a rectangle of the same area), ``[..., 1, 1]``.
        softness: ``[..., 1, 1]`` > 0.
        pixel: the size of a pixel. All in canvas units.

    Returns:
        ``[..., H, W]`` in [0, 1].
    """
    c = PROFILES[profile]
    across = c(-distance, softness, pixel) - c(-distance - thickness, softness, pixel)
    return across * (c(length / 2, softness, pixel) - c(-length / 2, softness, pixel))


def ellipse_to_box(roundness: Tensor) -> Tensor:
    """Area of a rounded box relative to its bounding box: 1 for a rectangle, π/4 for an ellipse."""
    return 1 - (1 - math.pi / 4) * roundness.square()


def gaussian_stroke_coverage(distance: Tensor, half_width: Tensor, softness: Tensor) -> Tensor:
    """Coverage by a gaussian stroke: the paper's, which has ink at width 0 too (its crisp width is √π · softness).

    Args:
        distance: to the centre line, ``[..., H, W]``; half_width, softness: ``[..., 1, 1]``. Canvas units.
    """
    return _gaussian(half_width - distance, softness, 0.0)
