"""Shapes whose exact drawing has a closed form: the area of a region that a polygon bounds."""

from collections.abc import Callable
from functools import partial

from vectorae.geometry.canvas import turn_of
from vectorae.geometry.curve import flatten
from vectorae.geometry.region import Boundary, Cuts, boundary
from vectorae.geometry.rounded_box import outline_of_box, outline_of_capsule
from vectorae.rasterizer.coverage import SUBPIXELS
from vectorae.scene import Group, Path


def exact_region(
    group: Group, pixel: float, find: Callable[..., Cuts] | None = None, bend: float | None = None
) -> Boundary | None:
    """The regions whose covered area in each pixel is the exact drawing of shapes, ``[B, n, ...]``.

    None for those that have none in closed form: strokes that bend, or are closed. Those are sampled.

    Args:
        group: n shapes of one kind in each of B drawings.
        pixel: size of a pixel in canvas units.
        find: what cuts paths where they cross, if not ``geometry.region.find_cuts``.
        bend: see ``geometry.curve.flatten``; if it is given, ``find`` is also told how often a path can cross itself.
    """
    outline, width = group.outline, group.stroke_width
    if isinstance(outline, Path):
        if width is None:
            return enclosed_region(outline, pixel / SUBPIXELS["ramp"], find, bend)
        if not is_straight(group):
            return None
        starts, ends = outline_of_capsule(outline.points, width, pixel)
    else:
        if width is not None:
            return None
        turn = turn_of(outline.angle)
        starts, ends = outline_of_box(outline.center, outline.half_extents, turn, outline.roundness, pixel)
    return Boundary(starts, ends, (starts != ends).any(-1))


def enclosed_region(
    path: Path, pixel: float, find: Callable[..., Cuts] | None = None, bend: float | None = None
) -> Boundary:
    """What paths ``[B, n, P, 2]`` enclose if they are closed; arguments as above."""
    if bend is not None and find is not None:
        find = partial(find, crossings=most_crossings(path))
    return boundary(flatten(path.points, path.degree, True, pixel, bend), find)


def most_crossings(path: Path) -> int:
    """How often a closed path can cross itself, at most.

    Example:
        Two cubics cross each other nine times at most, and each itself once.

        >>> most_crossings(Path(torch.zeros(1, 1, 6, 2), closed=True, degree=3))
        11
    """
    curves = -(-path.points.shape[-2] // path.degree)
    return curves * (curves - 3) // 2 if path.degree == 1 else curves + 9 * curves * (curves - 1) // 2


def is_straight(group: Group) -> bool:
    """Whether the shapes are strokes of one straight segment."""
    outline = group.outline
    if not isinstance(outline, Path) or group.stroke_width is None:
        return False
    return outline.degree == 1 and not outline.closed and outline.points.shape[-2] == 2
