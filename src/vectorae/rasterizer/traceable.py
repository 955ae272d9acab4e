"""Exact drawings by ordinary operators, none of which depends on the numbers: for programs that are traced.

What can be drawn so: filled boxes (circles, squares, ellipses and all between), straight strokes and triangles. Other
outlines cross themselves, and where they do is found by looking at the numbers.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vectorae.geometry.canvas import turn_of
from vectorae.geometry.region import cross
from vectorae.geometry.rounded_box import longest_chord, outline_of_box, outline_of_capsule
from vectorae.geometry.sparse_area import sparse_area
from vectorae.rasterizer.compositing import COMPOSITINGS
from vectorae.rasterizer.exact import disc_areas, is_disc, is_straight
from vectorae.scene import Group, Path, RoundedBox, Scene, sort_by_slot


class Limits(NamedTuple):
    """What is known of the shapes of a group in all drawings.

    Attributes:
        radius: of their corners, the largest there is, canvas units.
        sides, corners: whether outlines have straight parts, and round ones.
    """

    radius: float
    sides: bool = True
    corners: bool = True


def is_traceable(group: Group) -> bool:
    """Whether the shapes of a group can be drawn here."""
    outline = group.outline
    if not group.is_plain or group.gradient is not None:
        return False
    if isinstance(outline, RoundedBox):
        return group.stroke_width is None
    return is_straight(group) or (_is_triangle(outline) and group.stroke_width is None)


def limits_of(group: Group) -> Limits:
    """The limits of shapes, from drawings of which some have the largest there are, and some the smallest."""
    outline, width = group.outline, group.stroke_width
    if isinstance(outline, RoundedBox):
        round_ = outline.roundness
        radius = float((outline.half_extents.amax(-1) * round_).max())
        return Limits(radius, sides=bool((round_ < 1).any()), corners=bool((round_ > 0).any()))
    return Limits(0.0 if width is None else float(width.max()) / 2)


def rasterize(scene: Scene, height: int, width: int, limits: tuple[Limits, ...]) -> Tensor:
    """Draw a scene with edges one pixel wide, and its shapes in their order.

    Args:
        scene: of groups that ``is_traceable``, with a background.
        height, width: in pixels.
        limits: of each group.

    Returns:
        ``[B, C, H, W]`` in [0, 1], up to rounding as the other backends draw it with ``coverage="ramp"``.
    """
    areas = [_area(group, height, width, known) for group, known in zip(scene.groups, limits, strict=True)]
    (coverage,) = sort_by_slot(scene.slots, areas)
    alpha, color = coverage.clamp(0, 1) * scene.opacity[..., None, None], scene.color
    if scene.depth is not None and scene.compositing == "over":
        order = scene.order()
        alpha = alpha.gather(1, order[..., None, None].expand_as(alpha))
        color = color.gather(1, order[..., None].expand_as(color))
    canvas = scene.ground[:, :, None, None].expand(-1, -1, height, width)
    return COMPOSITINGS[scene.compositing](canvas, alpha, color)


def _area(group: Group, height: int, width: int, limits: Limits) -> Tensor:
    """How much of each pixel each shape covers, ``[B, n, H, W]``."""
    outline, pixel = group.outline, 1 / min(height, width)
    if is_disc(group):
        return disc_areas(group, height, width, pixel)
    # A hair more, so that what rounding adds needs no further chord.
    radius = limits.radius + 1e-3 * pixel
    if isinstance(outline, RoundedBox):
        turn = turn_of(outline.angle)
        starts, ends = outline_of_box(outline.center, outline.half_extents, turn, outline.roundness, pixel, radius)
    elif group.stroke_width is not None:
        starts, ends = outline_of_capsule(outline.points, group.stroke_width, pixel, radius)
    else:
        return _triangles(outline.points, height, width, pixel)
    # The last segment of each corner is a side, of any length; all others are chords, which are short.
    starts, ends = (points.unflatten(-2, (4, -1)) for points in (starts, ends))
    parts = []
    if limits.sides:
        parts.append(sparse_area(starts[..., -1, :], ends[..., -1, :], height, width, pixel))
    if limits.corners:
        starts, ends = (points[..., :-1, :].flatten(-3, -2) for points in (starts, ends))
        reach = 1 + math.floor(longest_chord(radius, pixel) + 0.1)
        parts.append(sparse_area(starts, ends, height, width, pixel, reach))
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _triangles(points: Tensor, height: int, width: int, pixel: float) -> Tensor:
    a, b, c = points.detach().unbind(-2)
    # Either way around: the ink is to have a positive area.
    sign = -torch.sign(cross(b - a, c - a))[..., None, None]
    return sign * sparse_area(points, points.roll(-1, -2), height, width, pixel)


def _is_triangle(path: Path) -> bool:
    return path.degree == 1 and path.is_closed and path.points.shape[-2] == 3
