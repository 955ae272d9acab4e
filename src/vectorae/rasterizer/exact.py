"""Shapes whose exact drawing has a closed form: the area of a disc, or of a region that a polygon bounds."""

from torch import Tensor

from vectorae.geometry.canvas import turn_of
from vectorae.geometry.disc_area import disc_area
from vectorae.geometry.region import Boundary, Enclose, enclosed_region
from vectorae.geometry.rounded_box import Place, corners_of_box, corners_of_capsule, place_corners
from vectorae.rasterizer.coverage import SUBPIXELS
from vectorae.scene import Group, Path, RoundedBox


def is_disc(group: Group) -> bool:
    """Whether the shapes are discs, whose exact drawing is ``geometry.disc_area``."""
    return isinstance(group.outline, RoundedBox) and group.outline.circular and group.stroke_width is None


def disc_areas(group: Group, height: int, width: int, pixel: float) -> Tensor:
    """The exact drawing of discs: what they cover of each pixel, ``[B, n, H, W]``."""
    outline = group.outline
    assert isinstance(outline, RoundedBox)
    return disc_area(outline.center, radius_of(outline), height, width, pixel)


def radius_of(outline: RoundedBox) -> Tensor:
    """The radii of circles, ``[B, n]``."""
    return outline.half_extents.mean(-1)


def exact_region(
    group: Group, pixel: float, enclose: Enclose = enclosed_region, place: Place = place_corners
) -> Boundary | None:
    """The regions whose covered area in each pixel is the exact drawing of shapes but discs, ``[B, n, ...]``.

    None for those that have none in closed form: strokes that bend, or are closed. Those are sampled.

    Args:
        group: n shapes of one kind in each of B drawings.
        pixel: size of a pixel in canvas units.
        enclose: what finds the regions of paths; its results are those of ``geometry.region.enclosed_region``.
        place: what places the outlines of boxes; its results are those of ``geometry.rounded_box.place_corners``.
    """
    outline, width = group.outline, group.stroke_width
    if isinstance(outline, Path):
        if width is None:
            return enclose(outline.enclosing, pixel / SUBPIXELS["ramp"]).boundary
        if not is_straight(group):
            return None
        return place(corners_of_capsule(outline.points, width), pixel)
    if width is not None:
        return None
    turn = turn_of(outline.angle)
    return place(corners_of_box(outline.center, outline.half_extents, turn, outline.roundness), pixel)


def is_straight(group: Group) -> bool:
    """Whether the shapes are strokes of one straight segment."""
    outline = group.outline
    if not isinstance(outline, Path) or group.stroke_width is None:
        return False
    return outline.degree == 1 and not outline.is_closed and outline.points.shape[-2] == 2 and not outline.sizes
