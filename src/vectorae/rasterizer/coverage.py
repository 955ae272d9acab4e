"""Coverage: how much of a pixel a shape covers, from its distance and its thickness."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vectorae.geometry.region import Contours, Region

Profile = Callable[[Tensor, Tensor, float], Tensor]
"""(depth, softness, pixel) → coverage of a half-plane whose edge lies ``depth`` away, positive inside; canvas units."""


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
"""``gaussian`` is the paper's exp(−max(d, 0)²/s²) (Mihai & Hare 2021, equation 8), ``sigmoid`` 1/(1 + exp(d/s)),
``ramp`` one pixel wide (anti-aliased), ``hard`` the nearest pixel; the last two ignore softness."""

SUBPIXELS = {"ramp": 4}
"""Sub-pixels each way of which a pixel is the mean. Ramps are as narrow as a sub-pixel, so that strokes are exact to a
sub-pixel. Shapes whose covered area has a closed form are not sampled (see exact.py)."""


def slab_coverage(profile: str, distance: Tensor, thickness: Tensor, softness: Tensor, pixel: float) -> Tensor:
    """Coverage by a slab between two parallel edges: c(−d) − c(−d − thickness), with c the profile.

    So a slab of no thickness paints nothing, and one of a quarter pixel a quarter of the ink. The gaussian is no
    distribution function, and the difference would have its minimum in the middle of the slab; it is replaced by
    c(−d) (1 − exp(−(thickness / 2s)²)), which is the same in the middle and no larger elsewhere.

    Args:
        profile: a key of ``PROFILES``.
        distance: to the nearer edge, negative inside; thickness, softness (> 0): broadcastable to it; pixel: the size
            of a pixel. All in canvas units.

    Returns:
        In [0, 1], of the shape of ``distance``.
    """
    c = PROFILES[profile]
    if profile == "gaussian":
        return _gaussian(-distance, softness, pixel) * (1 - torch.exp(-(thickness / (2 * softness)).square()))
    return c(-distance, softness, pixel) - c(-distance - thickness, softness, pixel)


def box_coverage(profile: str, x: Tensor, y: Tensor, half_extents: Tensor, softness: Tensor, pixel: float) -> Tensor:
    """Coverage by a box with sharp corners: the product of the slabs in both directions.

    The same as a separable filter; for ``ramp`` and an upright box exactly the covered fraction of each pixel.

    Args:
        x, y: points in the box's frame, ``[..., H, W]``.
        half_extents: ``[..., 2]``; softness: ``[..., 1, 1]``. Canvas units.
    """
    half_width, half_height = half_extents[..., 0, None, None], half_extents[..., 1, None, None]
    across = slab_coverage(profile, x.abs() - half_width, 2 * half_width, softness, pixel)
    return across * slab_coverage(profile, y.abs() - half_height, 2 * half_height, softness, pixel)


LOG2_E = 1 / math.log(2)

NO_BLEND = 2.0**-24
"""The share of the sharp part below which it is left out."""


@dataclass(frozen=True)
class Weights:
    """Coverage of a filled rounded box: rounded × coverage by its distance + sharp × coverage as a sharp box.

    Corners that are much smaller than the soft edge are treated as sharp, much larger ones by their distance; the two
    blend smoothly in between.

    Attributes:
        rounded, sharp: ``[B, n]``.
        blend: ``[B, n]`` in [0, 1], without gradient: 1 where only the sharp part counts, 0 where only the rounded one.
    """

    rounded: Tensor
    sharp: Tensor
    blend: Tensor


def box_weights(profile: str, half_extents: Tensor, roundness: Tensor, softness: Tensor, pixel: float) -> Weights:
    """The weights of filled rounded boxes; half_extents ``[B, n, 2]``, roundness and softness ``[B, n]``."""
    longer = half_extents.amax(-1)
    edge = softness if profile in ("gaussian", "sigmoid") else pixel
    # e^−x as a power of two: for `exp` a library wakes all threads, which takes longer than all else here.
    blend = torch.exp2(-LOG2_E * (2 * roundness * longer / edge).square())
    # Shares that rounding hides are none, so that only one of the two has to be drawn.
    blend = torch.where(blend < NO_BLEND, 0, blend)
    # Rounding removes up to 1 − π/4 of the box's area.
    area = 1 - (1 - math.pi / 4) * roundness.square()
    return Weights((1 - blend) * fullness(profile, 2 * longer * area, softness, pixel), blend * area, blend.detach())


def fullness(profile: str, length: Tensor, softness: Tensor, pixel: float) -> Tensor:
    """The fraction of the soft edge that a shape of this length fills, ≤ 1: what is short both ways is pale."""
    return slab_coverage(profile, -length / 2, length, softness, pixel)


def region_coverage(profile: str, distance: Tensor, softness: Tensor, pixel: float) -> Tensor:
    """Coverage by the inside of a path, up to the factor ``region_weight``.

    Args:
        distance: to the boundary, negative inside, ``[..., H, W]``; softness: ``[..., 1, 1]``.
    """
    return PROFILES[profile](-distance, softness, pixel)


POINT_LENGTH = math.pi**3 / (12 * math.log(2))
"""The ink around a point, ∫ 2πr σ(−r/s) dr = π³ s² / 6, is that of a thin line of this length, in units of s."""


def region_weight(profile: str, contours: Contours, region: Region, softness: Tensor, pixel: float) -> Tensor:
    """The factor on ``region_coverage``, in [0, 1]: 1 for large regions, less for thin or small ones.

    By distance alone a region much thinner than its soft edge would be as dark as one of twice the edge. So that its
    ink is its area, a region counts as k boxes of thickness b and length a, with k a b its area. With ρ = 16 k area /
    perimeter² (1 for a square, more for a disc, 0 for long and thin regions), a = perimeter / 2k (1 + min(ρ, 1)²):
    right for all three. By distance, such a box has ink 2 s a ln(1 + exp(b / 2s)), and as much around each of its two
    ends as half a point where it is thin. For other profiles than ``sigmoid`` the factor is the one by which a box is
    paler in its middle than by its distance.

    Args:
        contours: of the shapes, and region: what they enclose, of ``[B, n]`` shapes.
        softness: ``[B, n]``.
    """
    smallest = torch.finfo(softness.dtype).eps
    pieces = contours.pieces(POINT_LENGTH * softness) if profile == "sigmoid" else 1
    area, perimeter = region.area / pieces, region.perimeter / pieces
    compactness = (16 * area / (perimeter.square() + smallest**2)).clamp_max(1)
    length = perimeter / (2 * (1 + compactness.square()))
    thickness = area / (length + smallest)
    if profile == "sigmoid":
        by_distance = 2 * softness * torch.nn.functional.softplus(thickness / (2 * softness))
        ends = POINT_LENGTH * softness * torch.exp(-thickness / (4 * softness))
        return thickness / by_distance * length / (length + ends)
    middle = PROFILES[profile](thickness / 2, softness, pixel)
    return fullness(profile, thickness, softness, pixel) * fullness(profile, length, softness, pixel) / middle


def stroke_coverage(profile: str, distance: Tensor, width: Tensor, softness: Tensor, pixel: float) -> Tensor:
    """Coverage by a stroke, given the distance to its centre line ``[..., H, W]``; width, softness: ``[..., 1, 1]``.

    A gaussian stroke is the paper's (Mihai & Hare 2021) and has ink at width 0 too: its crisp width is √π · softness.
    """
    if profile == "gaussian":
        return _gaussian(width / 2 - distance, softness, pixel)
    return slab_coverage(profile, distance - width / 2, width, softness, pixel)


def box_stroke_coverage(
    profile: str, distance: Tensor, thickness: Tensor, width: Tensor, softness: Tensor, pixel: float
) -> Tensor:
    """Coverage by the stroke of a box: that of its outer edge minus that of its inner edge.

    So the stroke of a thin box, whose sides are closer than a pixel, is as dark as both sides together.

    Args:
        distance: to the box, negative inside, ``[..., H, W]``; thickness: of the box; width, softness: ``[..., 1, 1]``.
    """
    if profile == "gaussian":
        return stroke_coverage(profile, distance.abs(), width, softness, pixel)
    outer = slab_coverage(profile, distance - width / 2, thickness + width, softness, pixel)
    return outer - slab_coverage(profile, distance + width / 2, (thickness - width).clamp_min(0), softness, pixel)


def stroke_fullness(profile: str, length: Tensor, width: Tensor, softness: Tensor, pixel: float) -> Tensor:
    """``fullness`` of a stroke of this length between its round caps; all ``[B, n]``."""
    if profile == "gaussian":
        return torch.ones_like(width)
    return fullness(profile, length + math.pi / 4 * width, softness, pixel)
