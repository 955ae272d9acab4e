"""Layouts of existing scenes: zeros are the scene as it is."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.geometry.canvas import canvas_size
from vectorae.layout.base import BACKGROUND, BlockLayout
from vectorae.layout.kind_block import FieldStart, KindBlock
from vectorae.layout.painting import Painting, points_of
from vectorae.layout.values import Values
from vectorae.primitives import (
    ANGLE,
    LENGTH,
    MARGIN,
    PAINT,
    POINT,
    POINTS,
    SHARE,
    STROKE,
    STROKE_COLOR,
    UNIT,
    Field,
    Ink,
    base_color,
    gradient_fields,
)
from vectorae.primitives.quantities import Points
from vectorae.scene import Group, Outline, Path, RoundedBox, Scene

HALF = 0.4
"""Half the width of a shape that is put elsewhere, in sides of the square that it has to itself there."""

MOST_TIMES, SHORTEST = 5e3, 1e-3
"""How many times as long a length may become, and how long (canvas units) at least."""

POSITION, TURN, FIXED_UNIT = Field(POINT, ((0.0, 0.0),)), Field(ANGLE, 0.0), Field(UNIT, 0.0)
RADIUS, EXTENTS = Field(LENGTH, HALF, high=2.0), Field(LENGTH, ((HALF, HALF),), high=2.0)


class SceneLayout(BlockLayout):
    """A layout whose starting arrangement is an existing drawing, with all its shapes as they are.

    Learned are every shape's outline (a circle stays a circle, a box keeps its roundness), colour, opacity, stroke
    width and gradient, and the background. What is painted as one stays so, with its
    opacity and clip.

    Args:
        drawing: a scene of one drawing, crisp.
        aspect: width / height of the canvas.
        fixed: names of fields that stay as they are: ``color`` (of all stops), ``opacity``, ``stroke_width``,
            ``background``, or geometry: ``center``, ``points``, ``half_extents``, ``radius``, ``angle``, ``gradient``.
        movable: whether shapes may be put elsewhere; those of a drawing that somebody made may not, and those that are
            painted as one cannot.

    Raises:
        UserError: a scene of several drawings.
    """

    def __init__(self, drawing: Scene, aspect: float = 1.0, fixed: Collection[str] = (), movable: bool = False) -> None:
        super().__init__()
        self._movable = movable and not drawing.composites
        drawing = drawing.detach().to("cpu").to(torch.float32)
        if drawing.batch != 1:
            raise UserError(f"drawing: a scene of one drawing, not of {drawing.batch}")
        self.count, self.channels, self.aspect = drawing.count, drawing.channels, aspect
        self.ordering = "slot" if drawing.depth is None else "depth"
        blocks: list[KindBlock] = []
        for group in drawing.groups:
            fields = self._fields_of(group, drawing, fixed)
            first, outline = blocks[-1].end if blocks else 0, _outlines_of(group.outline)
            spreads = ("pad" if one is None else one.spread for one in (group.gradient, group.stroke_gradient))
            painting = Painting(group.stroke_below, group.style, *spreads)
            blocks.append(KindBlock(group.slots, first, fields, outline, aspect, painting))
        background, self.background_field = drawing.background, replace(BACKGROUND, quantity=SHARE)
        learns_background = background is not None and "background" not in fixed
        start = None if background is None else background[0]
        self._assemble(blocks, start, learns_background, drawing.composites)

    @property
    def seedable(self) -> Sequence[int]:
        return range(self.count) if self._movable else ()

    @property
    def drawn(self) -> int:
        return self.count

    def _fields_of(self, group: Group, drawing: Scene, fixed: Collection[str]) -> dict[str, FieldStart]:
        outline, slots = group.outline, list(group.slots)
        found: dict[str, FieldStart] = {}

        def add(name: str, field: Field, start: Tensor, learned: bool = True) -> None:
            learned = learned and not {name, base_color(name)} & set(fixed)
            if field.quantity is UNIT:
                field = replace(field, quantity=SHARE)
            found[name] = FieldStart(field, start, learned, self._limits(field, start))

        if isinstance(outline, Path):
            add("points", Field(POINTS, _points_around(outline)), outline.points[0])
        else:
            add("center", POSITION, outline.center[0])
            circles = bool(outline.is_circle.all())
            if circles:
                add("radius", RADIUS, outline.half_extents[0, :, 0])
            else:
                add("half_extents", EXTENTS, outline.half_extents[0])
            add("angle", TURN, outline.angle[0], learned=not circles)
            add("roundness", FIXED_UNIT, outline.roundness[0], learned=False)
        add("color", PAINT["color"], drawing.color[0, slots])
        add("opacity", PAINT["opacity"], drawing.opacity[0, slots])
        if group.stroke_width is not None:
            add("stroke_width", STROKE["stroke_width"], group.stroke_width[0])
        if group.stroke_color is not None:
            add("stroke_color", STROKE_COLOR["stroke_color"], group.stroke_color[0])
        if group.contour_opacity is not None:
            shares = group.contour_opacity[0]
            add("contour_opacity", Field(UNIT, ((0.5,) * shares.shape[1],), size=shares.shape[1]), shares)
        for prefix, gradient in (("", group.gradient), ("stroke_", group.stroke_gradient)):
            if gradient is None:
                continue
            ink: Ink = gradient.kind
            of_gradient = gradient_fields(prefix, ink, gradient.colors.shape[-2])
            places, center = points_of(gradient)[0], ((0.0, 0.0),)
            points = of_gradient[prefix + "gradient"]
            if places.shape[1] == 4:  # a focus of its own
                points = replace(points, start=(*points.start, *center), size=8)  # type: ignore[misc]
            add(prefix + "gradient", points, places)
            for number, color in enumerate(gradient.colors[0].unbind(-2), start=1):
                name = f"{prefix}color" if number == 1 else f"{prefix}color_{number}"
                add(name, of_gradient.get(name, PAINT["color"]), color)
            add(prefix + "stop_opacity", of_gradient[prefix + "stop_opacity"], gradient.opacities[0])
            offsets = gradient.offsets[0]
            many, moves = offsets.shape[-1], offsets.shape[-1] > 1 and prefix + "gradient" not in fixed
            add(prefix + "stop_offset", Field(UNIT, ((0.5,) * many,), size=many), offsets, moves)
        add("softness", PAINT["softness"], drawing.softness[0, slots], learned=False)
        if drawing.depth is not None:
            add("depth", FIXED_UNIT, drawing.depth[0, slots], learned=False)
        return found

    def _limits(self, field: Field, start: Tensor) -> tuple[Tensor, Tensor] | None:
        """A range that the start lies in, where a shape is larger, or farther out, than new ones may be.

        Shapes that may take each other's slots have one range.
        """
        low, high = field.quantity.limits(field.low, field.high, torch.tensor(canvas_size(self.aspect)))
        if field.quantity in (POINT, POINTS):
            least, most = (start, start) if not self._movable else start.flatten(0, -2).aminmax(dim=0)
            return torch.minimum(torch.as_tensor(low), least - MARGIN), torch.maximum(
                torch.as_tensor(high), most + MARGIN
            )
        if field.quantity is LENGTH:
            if self._movable:
                return torch.as_tensor(low), torch.maximum(torch.as_tensor(high), 1.5 * start.amax())
            # A sigmoid over the whole range would not pass through what is very thin.
            widest = (MOST_TIMES * start).clamp_min(SHORTEST).clamp_max(field.high)
            return torch.as_tensor(low), torch.maximum(widest, 1.5 * start)
        return None


def _points_around(path: Path) -> Points:
    """The control points of a path like a given one that is put elsewhere: around a circle, or along a line."""
    number = path.points.shape[2]
    if path.is_closed:
        turns = [2 * math.pi * place / number for place in range(number)]
        return tuple((HALF * math.cos(turn), HALF * math.sin(turn)) for turn in turns)
    return tuple((HALF * (2 * place / max(1, number - 1) - 1), 0.0) for place in range(number))


def _outlines_of(outline: Outline) -> Callable[[Values], Outline]:
    """Values → outlines of the same kind as a given one."""
    if isinstance(outline, Path):
        return partial(_path, outline)
    return _box


def _path(like: Path, values: Values) -> Path:
    return replace(like, points=values["points"])


def _box(values: Values) -> RoundedBox:
    extents, circular = values.get("half_extents"), "radius" in values
    if extents is None:
        extents = values["radius"][..., None].expand(*values["radius"].shape, 2)
    return RoundedBox(values["center"], extents, values["angle"], values["roundness"], circular)
