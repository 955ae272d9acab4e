"""Shapes whose exact drawing has a closed form: the area of a region that a polygon bounds."""

from collections.abc import Callable

from torch import Tensor

from vectorae.geometry.canvas import turn_of
from vectorae.geometry.curve import flatten
from vectorae.geometry.region import Boundary, Cuts, boundary
from vectorae.geometry.rounded_box import outline_of_box, outline_of_capsule
from vectorae.rasterizer.coverage import SUBPIXELS
from vectorae.scene import Group, Path


def exact_region(group: Group, pixel: float, find: Callable[[Tensor], Cuts] | None = None) -> Boundary | None:
    """The regions whose covered area in each pixel is the exact drawing of shapes, ``[B, n, ...]``.

    None for those that have none in closed form: strokes that bend, or are closed. Those are sampled.

    Args:
        group: n shapes of one kind in each of B drawings.
        pixel: size of a pixel in canvas units.
        find: what cuts paths where they cross, if not ``geometry.region.find_cuts``.
    """
    outline, width = group.outline, group.stroke_width
    if isinstance(outline, Path):
        if width is None:
            return boundary(flatten(outline.points, outline.degree, True, pixel / SUBPIXELS["ramp"]), find)
        if not is_straight(group):
            return None
        starts, ends = outline_of_capsule(outline.points, width, pixel)
    else:
        if width is not None:
            return None
        turn = turn_of(outline.angle)
        starts, ends = outline_of_box(outline.center, outline.half_extents, turn, outline.roundness, pixel)
    return Boundary(starts, ends, (starts != ends).any(-1))


def is_straight(group: Group) -> bool:
    """Whether the shapes are strokes of one straight segment."""
    outline = group.outline
    if not isinstance(outline, Path) or group.stroke_width is None:
        return False
    return outline.degree == 1 and not outline.closed and outline.points.shape[-2] == 2
