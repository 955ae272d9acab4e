"""Shapes and groups of them, as diffvg has them: their numbers may be replaced or changed at any time."""

from typing import Any

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.pydiffvg.topology import CIRCLE, ELLIPSE, RECT, Topology, segments

_ONE = torch.tensor(1.0)
IDENTITY = torch.eye(3)


class Shape:
    """A shape of a scene.

    Attributes:
        stroke_width: how far its stroke reaches to either side, pixels: **half** of SVG's width.
        id: its name.
    """

    def __init__(self, stroke_width: Tensor, id: str) -> None:
        self.stroke_width = stroke_width
        self.id = id

    def _recorded(self) -> tuple[Topology, tuple[Tensor, ...]]:
        """What it is now."""
        raise NotImplementedError


class Circle(Shape):
    """A circle.

    Args:
        radius: ``[]``, pixels.
        center: ``[2]``, pixels.
        stroke_width, id: see ``Shape``.

    Example:
        >>> import vectorae.pydiffvg as pydiffvg
        >>> disc = pydiffvg.Circle(radius=torch.tensor(4.0), center=torch.tensor([8.0, 8.0]))
        >>> group = pydiffvg.ShapeGroup(shape_ids=torch.tensor([0]), fill_color=torch.tensor([1.0, 0.0, 0.0, 1.0]))
        >>> arguments = pydiffvg.RenderFunction.serialize_scene(16, 16, [disc], [group])
        >>> pydiffvg.RenderFunction.apply(16, 16, 2, 2, 0, None, *arguments)[8, 8]
        tensor([1., 0., 0., 1.])
    """

    def __init__(self, radius: Tensor, center: Tensor, stroke_width: Tensor = _ONE, id: str = "") -> None:
        super().__init__(stroke_width, id)
        self.radius = radius
        self.center = center

    def _recorded(self) -> tuple[Topology, tuple[Tensor, ...]]:
        return CIRCLE, (self.radius, self.center)


class Ellipse(Shape):
    """An upright ellipse; ``radius`` ``[2]`` across and down, else as ``Circle``."""

    def __init__(self, radius: Tensor, center: Tensor, stroke_width: Tensor = _ONE, id: str = "") -> None:
        super().__init__(stroke_width, id)
        self.radius = radius
        self.center = center

    def _recorded(self) -> tuple[Topology, tuple[Tensor, ...]]:
        return ELLIPSE, (self.radius, self.center)


class Rect(Shape):
    """An upright rectangle by its upper left and lower right corners, ``[2]`` each, pixels; else as ``Circle``."""

    def __init__(self, p_min: Tensor, p_max: Tensor, stroke_width: Tensor = _ONE, id: str = "") -> None:
        super().__init__(stroke_width, id)
        self.p_min = p_min
        self.p_max = p_max

    def _recorded(self) -> tuple[Topology, tuple[Tensor, ...]]:
        return RECT, (self.p_min, self.p_max)


class Path(Shape):
    """Joined lines, quadratic and cubic Béziers.

    Args:
        num_control_points: of each segment, ``[S]`` integers: 0 for a line, 1 for a quadratic, 2 for a cubic.
        points: the ends of segments and the control points between them, ``[P, 2]``, pixels. The last segment of a
            closed path ends at the first point, which is not written again.
        is_closed: whether it is. The number of points says so too, and decides.
        stroke_width: see ``Shape``; or one for each point, ``[P]``, between which the width changes as the place does.
        id: its name.
        use_distance_approx: has no effect.
    """

    def __init__(
        self,
        num_control_points: Tensor,
        points: Tensor,
        is_closed: bool,
        stroke_width: Tensor = _ONE,
        id: str = "",
        use_distance_approx: bool = False,
    ) -> None:
        super().__init__(stroke_width, id)
        self.num_control_points = num_control_points
        self.points = points
        self.is_closed = is_closed
        self.use_distance_approx = use_distance_approx

    def _recorded(self) -> tuple[Topology, tuple[Tensor, ...]]:
        points = _points(self.points)
        return segments(tuple(self.num_control_points.tolist()), len(points)), (points,)


class Polygon(Shape):
    """Joined lines; ``points`` ``[P, 2]``, pixels; else as ``Path``."""

    def __init__(self, points: Tensor, is_closed: bool, stroke_width: Tensor = _ONE, id: str = "") -> None:
        super().__init__(stroke_width, id)
        self.points = points
        self.is_closed = is_closed

    def _recorded(self) -> tuple[Topology, tuple[Tensor, ...]]:
        points = _points(self.points)
        return segments((0,) * (len(points) - (not self.is_closed)), len(points)), (points,)


class ShapeGroup:
    """Shapes that are painted as one, fill on top of stroke.

    Args:
        shape_ids: which shapes of the list, ``[n]`` integers. The fill is inside of all their contours together.
        fill_color: red, green, blue and alpha in [0, 1], ``[4]``, or a gradient; None for no fill.
        use_even_odd_rule: fill where the contours go around an odd number of times, else wherever they go around.
        stroke_color: as ``fill_color``, of their strokes.
        shape_to_canvas: an affine map ``[3, 3]`` from the shapes, strokes included, to the canvas, pixels.
        id: its name.
    """

    def __init__(
        self,
        shape_ids: Tensor,
        fill_color: Any,
        use_even_odd_rule: bool = True,
        stroke_color: Any = None,
        shape_to_canvas: Tensor = IDENTITY,
        id: str = "",
    ) -> None:
        self.shape_ids = shape_ids
        self.fill_color = fill_color
        self.use_even_odd_rule = use_even_odd_rule
        self.stroke_color = stroke_color
        self.shape_to_canvas = shape_to_canvas
        self.id = id


def _points(points: Tensor) -> Tensor:
    if points.dim() != 2 or points.shape[1] != 2:
        raise UserError(f"points: {list(points.shape)}, where x and y of each are wanted, [P, 2]")
    return points
