"""Distance to a rounded box, and its outline: a rectangle whose corners are quarter ellipses.

The corner radii are roundness × half extents, so that one family contains rectangle, square, ellipse, circle and
everything in between, like SVG's ``<rect rx ry>``.
"""

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from vectorae.geometry.region import Boundary

CLOSEST_POINT_STEPS = 3
"""Steps of the closest-point iteration on an ellipse. They leave an error of at most a ten-thousandth of its longer
radius near the outline of an ellipse of an aspect up to 20:1, and of a millionth at 99 % of the points there."""

MIN_OFFSET = 1e-3
"""Distance from an elliptical corner, relative to its longer radius, below which the direction from the closest point
is taken from the ellipse's normal: the offset itself is lost in rounding."""

TOWARDS_DIAGONAL = 0.75
"""The closest-point iteration starts in the direction of the point, in units of the radii, moved by this much along
both axes: three steps from there are as good as four from the diagonal."""

OUTLINE_ERROR = 0.01
"""Largest distance between the outline as a polygon and the true one, in pixels of the image it is drawn in."""

MAX_CHORDS = 256
"""Upper limit of the chords of a corner; only corners many canvases large would need more."""

CHORDS = (
    0,
    2,
    3,
    4,
    5,
    6,
    8,
    10,
    12,
    14,
    16,
    20,
    24,
    28,
    32,
    40,
    48,
    56,
    64,
    80,
    96,
    112,
    128,
    160,
    192,
    224,
    MAX_CHORDS,
)
"""Numbers of chords that a corner may be cut into."""


@dataclass(frozen=True)
class Corners:
    """Four corners that an outline goes around.

    Attributes:
        center: of the shape, ``[..., 2]``, canvas units.
        turn: cosine and sine of its angle, ``[..., 2]``.
        inner: how far the centres of the corners lie from the shape's, each way, ``[..., 2]``, canvas units.
        radii: of the corners, each way, ``[..., 2]``, canvas units.
    """

    center: Tensor
    turn: Tensor
    inner: Tensor
    radii: Tensor


def rounded_box_distance(x: Tensor, y: Tensor, half_extents: Tensor, roundness: Tensor) -> tuple[Tensor, Tensor]:
    """Signed Euclidean distance to rounded boxes, and their thickness across the shorter side.

    The gradient follows the envelope theorem: with q the closest point of the outline and n the normal there, the
    distance changes by n·∂p − n·∂q for a fixed position of q on the outline, so n and that position are constants to
    autograd.

    Args:
        x, y: points in the local frame, ``[..., H, W]`` (see ``to_local``).
        half_extents: half width and half height, ``[..., 2]``, canvas units, ≥ 0.
        roundness: ``[...]`` in [0, 1]: 0 is a rectangle, 1 an ellipse.

    Returns:
        distance ``[..., H, W]``, negative inside; thickness, ``[..., 1, 1]`` or ``[..., H, W]``: the extent across the
        shorter side, which for ellipses shrinks towards the tips. Canvas units.

    Example:
        A square of side 0.4: its centre, a point on its side, and a point outside.

        >>> x, y = torch.tensor([[0.0, 0.2, 0.5]]), torch.zeros(1, 3)
        >>> distance, thickness = rounded_box_distance(x, y, torch.tensor([0.2, 0.2]), torch.tensor(0.0))
        >>> distance, thickness
        (tensor([[-0.2000,  0.0000,  0.3000]]), tensor([[0.4000]]))
    """
    half_width, half_height = half_extents[..., 0, None, None], half_extents[..., 1, None, None]
    roundness = roundness[..., None, None]
    across_x, across_y = x.abs(), y.abs()
    with torch.no_grad():
        # Circular and sharp corners have a closed form, and are the common case.
        circular = bool(((half_width == half_height) | (roundness == 0)).all())
        closest = _closest_on_circular_corners if circular else _closest_on_elliptical_corners
        normal_x, normal_y, cos, sin = closest(across_x, across_y, half_width, half_height, roundness)
        curved_x, curved_y = normal_x * (1 - cos), normal_y * (1 - sin)
    # The closest point is q = h · (1 − roundness · (1 − (cos, sin))); the distance is n · (p − q).
    distance = normal_x * across_x + normal_y * across_y
    distance = distance - half_width * (normal_x - roundness * curved_x)
    distance = distance - half_height * (normal_y - roundness * curved_y)
    if circular:
        return distance, 2 * torch.minimum(half_width, half_height)
    return distance, _thickness(across_x, across_y, half_width, half_height, roundness)


def _closest_on_circular_corners(
    x: Tensor, y: Tensor, half_width: Tensor, half_height: Tensor, roundness: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Normal at the closest point, and that point's position on the corner's arc as cos and sin.

    All arguments and results are in the first quadrant, ``[..., H, W]`` or ``[..., 1, 1]``, canvas units.
    """
    corner_x = x - half_width * (1 - roundness)
    corner_y = y - half_height * (1 - roundness)
    on_side = corner_x >= corner_y
    on_arc = torch.minimum(corner_x, corner_y) > 0
    length = torch.sqrt(corner_x * corner_x + corner_y * corner_y).clamp_min_(torch.finfo(x.dtype).tiny)
    normal_x = torch.where(on_arc, corner_x / length, on_side.to(x.dtype))
    normal_y = torch.where(on_arc, corner_y / length, (~on_side).to(x.dtype))
    return normal_x, normal_y, normal_x, normal_y


def _closest_on_elliptical_corners(
    x: Tensor, y: Tensor, half_width: Tensor, half_height: Tensor, roundness: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """As for circular corners, with the closest point of the ellipse found by iteration.

    Each step replaces the ellipse by its circle of curvature (centre on the evolute) and moves to the closest point of
    that circle.
    """
    epsilon = torch.finfo(x.dtype).eps
    radius_x = (half_width * roundness).clamp_min(epsilon)
    radius_y = (half_height * roundness).clamp_min(epsilon)
    corner_x = x - half_width * (1 - roundness)
    corner_y = y - half_height * (1 - roundness)
    squares = radius_x * radius_x - radius_y * radius_y
    cos, sin = (
        (corner_x.clamp_min(0) / radius_x) + TOWARDS_DIAGONAL,
        (corner_y.clamp_min(0) / radius_y) + TOWARDS_DIAGONAL,
    )
    length = torch.hypot(cos, sin)
    cos, sin = cos / length, sin / length
    for _ in range(CLOSEST_POINT_STEPS):
        evolute_x = squares / radius_x * cos * cos * cos
        evolute_y = -squares / radius_y * sin * sin * sin
        curvature_radius = torch.hypot(radius_x * cos - evolute_x, radius_y * sin - evolute_y)
        to_point_x, to_point_y = corner_x - evolute_x, corner_y - evolute_y
        scale = curvature_radius / torch.hypot(to_point_x, to_point_y).clamp_min_(epsilon)
        cos = ((to_point_x * scale + evolute_x) / radius_x).clamp_(0, 1)
        sin = ((to_point_y * scale + evolute_y) / radius_y).clamp_(0, 1)
        length = torch.hypot(cos, sin)
        # Far on the other side both may be clamped to 0, which is not on the arc: choose either end.
        cos, sin = torch.where(length > 0, cos / length, 1.0), torch.where(length > 0, sin / length, 0.0)

    # The direction from the closest point, which also works for ellipses of zero height; close to the outline, where
    # it is lost in rounding, the ellipse's normal.
    offset_x, offset_y = corner_x - radius_x * cos, corner_y - radius_y * sin
    offset = torch.hypot(offset_x, offset_y)
    normal_x, normal_y = cos * radius_y, sin * radius_x
    normal_length = torch.hypot(normal_x, normal_y).clamp_min_(epsilon * epsilon)
    in_corner = torch.minimum(corner_x, corner_y) > 0
    outside = in_corner & ((corner_x / radius_x).square() + (corner_y / radius_y).square() > 1)
    far = offset > MIN_OFFSET * torch.maximum(radius_x, radius_y)
    outwards = torch.where(outside, offset, -offset)
    normal_x = torch.where(far, offset_x / outwards, normal_x / normal_length)
    normal_y = torch.where(far, offset_y / outwards, normal_y / normal_length)

    # The straight sides are candidates where the point projects onto them; the nearest candidate is used.
    side_depth = torch.where(corner_y <= 0, x - half_width, -torch.inf)
    top_depth = torch.where(corner_x <= 0, y - half_height, -torch.inf)
    straight = torch.maximum(side_depth, top_depth)
    use_arc = in_corner | (outwards > straight)
    use_side = side_depth >= top_depth
    one, zero = torch.ones_like(cos), torch.zeros_like(cos)
    normal_x = torch.where(use_arc, normal_x, torch.where(use_side, one, zero))
    normal_y = torch.where(use_arc, normal_y, torch.where(use_side, zero, one))
    cos = torch.where(use_arc, cos, torch.where(use_side, one, zero))
    sin = torch.where(use_arc, sin, torch.where(use_side, zero, one))
    return normal_x, normal_y, cos, sin


def _thickness(x: Tensor, y: Tensor, half_width: Tensor, half_height: Tensor, roundness: Tensor) -> Tensor:
    """Extent across the shorter side at each point's position along the longer side.

    With u the position along the corner's part of the longer half axis a (0 where the corner begins, 1 at the tip) and
    b the shorter half axis: 2b √(1 − roundness · u² · (1 − b²/a²)). That is 2b on a circle and along straight sides,
    the chord of a thin ellipse, and 2b²/a, twice the radius of curvature, at its tip.
    """
    wide = half_width >= half_height
    longer, shorter = torch.maximum(half_width, half_height), torch.minimum(half_width, half_height)
    epsilon = torch.finfo(x.dtype).eps
    along = torch.where(wide, x, y)
    corner = (longer * roundness).clamp_min(epsilon)
    position = ((along - (longer - corner)) / corner).clamp(0, 1)
    slimness = 1 - (shorter / longer.clamp_min(epsilon)).square()
    return 2 * shorter * torch.sqrt((1 - roundness * slimness * position.square()).clamp_min(epsilon))


def outline_of_box(
    center: Tensor, half_extents: Tensor, turn: Tensor, roundness: Tensor, pixel: float, largest: float | None = None
) -> tuple[Tensor, Tensor]:
    """The outline of rounded boxes as a polygon; differentiable.

    Corners are cut into chords that cross the true outline, so that the area is right; where sides begin they meet it.
    Corners that need fewer than others repeat their last point.

    Args:
        center: ``[..., 2]``; half_extents: ``[..., 2]``, canvas units.
        turn: cosine and sine of the angle, ``[..., 2]``; roundness: ``[...]`` in [0, 1].
        pixel: size of a pixel in canvas units.
        largest: no radius is larger, canvas units; then S, a quarter of which is each corner's, does not depend on the
            radii. None: as many segments as these radii need.

    Returns:
        Starts and ends of the directed segments, ``[..., S, 2]`` each, as those of a ``geometry.region.Boundary``.

    Example:
        >>> upright = torch.tensor([0.5, 0.5]), torch.tensor([0.2, 0.1]), torch.tensor([1.0, 0.0]), torch.tensor(0.0)
        >>> starts, ends = outline_of_box(*upright, pixel=1 / 64)
        >>> starts[:2]
        tensor([[0.7000, 0.4000],
                [0.3000, 0.4000]])
    """
    return outline(corners_of_box(center, half_extents, turn, roundness), pixel, largest)


def corners_of_box(center: Tensor, half_extents: Tensor, turn: Tensor, roundness: Tensor) -> Corners:
    """The corners of rounded boxes; arguments as for ``outline_of_box``."""
    return Corners(center, turn, half_extents * (1 - roundness[..., None]), half_extents * roundness[..., None])


def outline_of_capsule(
    points: Tensor, width: Tensor, pixel: float, largest: float | None = None
) -> tuple[Tensor, Tensor]:
    """The outline of straight strokes with round ends as a polygon, as that of ``outline_of_box``; differentiable.

    Args:
        points: the two ends of each, ``[..., 2, 2]``, canvas units.
        width: ``[...]`` canvas units.
        pixel: size of a pixel in canvas units.
        largest: as for ``outline_of_box``, of half the width.
    """
    return outline(corners_of_capsule(points, width), pixel, largest)


def corners_of_capsule(points: Tensor, width: Tensor) -> Corners:
    """The round ends of straight strokes; arguments as for ``outline_of_capsule``."""
    along = points[..., 1, :] - points[..., 0, :]
    length = (along.square().sum(-1) + torch.finfo(along.dtype).eps ** 2).sqrt()
    zero = torch.zeros_like(length)
    # A dot has no direction, and needs none.
    resting = torch.stack([zero + 1, zero], dim=-1)
    turn = torch.where(length[..., None] > 2 * torch.finfo(along.dtype).eps, along / length[..., None], resting)
    radii = (width / 2)[..., None].expand(*width.shape, 2)
    return Corners(points.mean(-2), turn, torch.stack([length / 2, zero], dim=-1), radii)


def outline(corners: Corners, pixel: float, largest: float | None = None) -> tuple[Tensor, Tensor]:
    """The outline that goes around corners; arguments and results as for ``outline_of_box``."""
    levels, most = chord_levels(corners.radii, pixel, largest)
    signs, tables = corner_tables(most, levels.device, corners.radii.dtype)
    local = signs * (corners.inner[..., None, :] + tables[levels] * corners.radii[..., None, :])
    x, y = local.unbind(-1)
    cos, sin = corners.turn[..., :1], corners.turn[..., 1:]
    starts = torch.stack([cos * x - sin * y, sin * x + cos * y], dim=-1) + corners.center[..., None, :]
    return starts, starts.roll(-1, -2)


def place_corners(corners: Corners, pixel: float) -> Boundary:
    """The outline that goes around corners, as the boundary of a region."""
    starts, ends = outline(corners, pixel)
    return Boundary(torch.stack([starts, ends], dim=-2), (starts != ends).any(-1))


Place = Callable[[Corners, float], Boundary]
"""``place_corners``, or another implementation of it."""


@torch.no_grad()
def chord_levels(radii: Tensor, pixel: float, largest: float | None = None) -> tuple[Tensor, int]:
    """Into how many chords each shape's corners are cut, ``[...]`` as an index into ``CHORDS``, and the largest index.

    Args:
        radii: of the corners, ``[..., 2]``, canvas units.
        largest: of all radii, or None.
    """
    radius = radii.amax(-1)
    limits = _limits(radius.dtype, radius.device)
    level = torch.bucketize(radius.nan_to_num(0, 0, 0) / (OUTLINE_ERROR * pixel), limits)
    # How many are needed is not known on a GPU without waiting for it; no corner there is larger than the canvas.
    if largest is None and radius.device.type != "cpu":
        largest = 0.5
    if largest is not None:
        most = bisect_left(_limit_values(), largest / (OUTLINE_ERROR * pixel))
        level = level.clamp_max(most)
    else:
        most = int(level.amax()) if level.numel() else 0
    return level, most


@lru_cache(maxsize=16)
def _limits(dtype: torch.dtype, device: torch.device) -> Tensor:
    """The longest radius, in units of the error allowed, for which each number of chords but the last is enough."""
    with torch.inference_mode(False):
        return torch.tensor(_limit_values(), dtype=dtype, device=device)


@lru_cache(maxsize=1)
def _limit_values() -> list[float]:
    return [0.0, *(1 / _error_of(chords) for chords in CHORDS[1:-1])]


def _error_of(chords: int) -> float:
    """Largest distance between a quarter circle of radius 1 and its chords."""
    scale, turn = _scale_within(chords), math.pi / 2 / chords
    errors = [scale - 1]
    for one, other in ((1.0, scale), (scale, scale)) if chords > 2 else ((1.0, scale),):
        # How near the chord comes to the centre: twice the triangle's area over its base.
        base = math.sqrt(one**2 + other**2 - 2 * one * other * math.cos(turn))
        errors.append(1 - one * other * math.sin(turn) / base)
    return max(errors)


@lru_cache(maxsize=64)
def corner_tables(most: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The points of four corners, counter-clockwise on the screen, from the right; S / 4 of each.

    Returns:
        Their signs ``[S, 2]``; where they are on the unit circle for each number of chords up to ``CHORDS[most]``,
        ``[most + 1, S, 2]``.
    """
    longest = CHORDS[most] + 1
    tables = []
    for chords in CHORDS[: most + 1]:
        turn = torch.arange(longest, dtype=torch.float64).clamp_max(chords) * (math.pi / 2 / max(chords, 1))
        scale = torch.full((longest,), _scale_within(chords), dtype=torch.float64)
        scale[0], scale[chords:] = 1, 1
        cos, sin = scale * turn.cos(), scale * turn.sin()
        one, other = torch.stack([cos, sin], dim=-1), torch.stack([sin, cos], dim=-1)
        tables.append(torch.cat([one, other, one, other]))
    signs = torch.tensor([[1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]).repeat_interleave(longest, dim=0)
    with torch.inference_mode(False):
        return signs.to(device, dtype), torch.stack(tables).to(device, dtype)


def longest_chord(largest: float, pixel: float) -> float:
    """How long a chord of an outline may be, in pixels, where no radius is larger, canvas units."""
    most, radius = bisect_left(_limit_values(), largest / (OUTLINE_ERROR * pixel)), largest / pixel
    radii = [limit * OUTLINE_ERROR for limit in _limit_values()[1:most]] + [radius]
    counts = CHORDS[1 : most + 1]
    return max(
        2 * min(one, radius) * _scale_within(chords) * math.sin(math.pi / 4 / chords)
        for one, chords in zip(radii, counts, strict=True)
    )


def _scale_within(chords: int) -> float:
    """Distance of the points between the ends of a quarter circle of radius 1 that gives the polygon its area."""
    if chords < 2:
        return 1.0
    # Triangles from the centre: (chords − 2) / 2 sin q² + sin q = π / 4.
    sine = math.sin(math.pi / 2 / chords)
    if chords == 2:
        return math.pi / (4 * sine)
    return (math.sqrt(sine**2 + (chords - 2) / 2 * sine * math.pi) - sine) / ((chords - 2) * sine)
