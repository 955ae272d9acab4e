"""A scene as it was when it was serialized."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vectorae.errors import UserError
from vectorae.pydiffvg.inks import RecordedInk, recorded_ink
from vectorae.pydiffvg.shapes import IDENTITY, Shape, ShapeGroup
from vectorae.pydiffvg.topology import Topology


@dataclass(frozen=True)
class RecordedShape:
    """A shape.

    Attributes:
        topology, tensors: what it is, and its numbers.
        width: half of its stroke's, one number or one for each point.
    """

    topology: Topology
    tensors: tuple[Tensor, ...]
    width: Tensor

    @property
    def has_widths(self) -> bool:
        """Whether the width of its stroke changes from point to point."""
        return self.width.numel() > 1


@dataclass(frozen=True)
class RecordedGroup:
    """Shapes that are painted as one.

    Attributes:
        shapes: their indices.
        fill, stroke: None for what is not painted.
        even_odd: the fill rule.
        matrix: to the canvas, ``[3, 3]``; None for none.
    """

    shapes: tuple[int, ...]
    fill: RecordedInk | None
    stroke: RecordedInk | None
    even_odd: bool
    matrix: Tensor | None


@dataclass(frozen=True)
class Recording:
    """A scene, whose numbers are those of the tensors that its shapes had then.

    Attributes:
        width, height: of the canvas, pixels.
        shapes, groups: in the order of diffvg's lists; groups are painted from the first to the last.
    """

    width: float
    height: float
    shapes: tuple[RecordedShape, ...]
    groups: tuple[RecordedGroup, ...]


def record(width: float, height: float, shapes: Sequence[Shape], groups: Sequence[ShapeGroup]) -> Recording:
    """A scene as it is now.

    Raises:
        UserError: shapes and groups that are none, or do not go together.
    """
    if not (width > 0 and height > 0):
        raise UserError(f"canvas: {width} × {height} pixels; both must be above 0")
    recorded = tuple(map(_shape, shapes))
    return Recording(width, height, recorded, tuple(_group(group, recorded) for group in groups))


def _shape(shape: Any) -> RecordedShape:
    if not isinstance(shape, Shape):
        raise UserError(f"shapes: a {type(shape).__name__}; choose from Circle, Ellipse, Path, Polygon, Rect")
    topology, tensors = shape._recorded()
    width = shape.stroke_width
    if width.numel() not in (1, topology.size if not topology.is_box else 1):
        raise UserError(f"stroke_width: {width.numel()} of them; give one, or one for each of {topology.size} points")
    return RecordedShape(topology, tensors, width)


def _group(group: ShapeGroup, shapes: Sequence[RecordedShape]) -> RecordedGroup:
    ids = tuple(group.shape_ids.tolist())
    if ids and not 0 <= min(ids) <= max(ids) < len(shapes):
        raise UserError(f"shape_ids: {list(ids)}, but there are {len(shapes)} shapes")
    fill, stroke = recorded_ink(group.fill_color, "fill_color"), recorded_ink(group.stroke_color, "stroke_color")
    matrix = None if group.shape_to_canvas is IDENTITY else group.shape_to_canvas
    return RecordedGroup(ids, fill, stroke, bool(group.use_even_odd_rule), matrix)
