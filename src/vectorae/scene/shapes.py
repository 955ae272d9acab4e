"""Shapes by hand: a call for each, of which ``Scene.of`` makes a scene."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, NamedTuple, TypedDict, TypeVar, Unpack

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.geometry.stroke_style import PLAIN, StrokeStyle
from vectorae.scene.group import Group
from vectorae.scene.outlines import Outline, Path, RoundedBox, cat_outlines
from vectorae.scene.record import TensorRecord
from vectorae.scene.scene import Scene

_Outline = TypeVar("_Outline", bound=Outline)

Number = float | Tensor
"""A number, or one for each of B drawings, ``[B]``."""

Place = Sequence[Number] | Tensor
"""x and y in canvas units, or those of B drawings, ``[B, 2]``."""

Ink = str | float | Sequence[Number] | Tensor
"""A colour: a name or ``#rrggbb``; a grey; red, green and blue; or those of B drawings, ``[B, C]``. In [0, 1]."""


@dataclass(frozen=True, eq=False, repr=False)
class Shape(TensorRecord):
    """A shape of one drawing, or of each of B.

    Attributes:
        outline: of one shape, ``[B, 1, …]``, or ``[1, 1, …]`` for the same in all drawings.
        fill, stroke: its colours; None for what is not painted.
        stroke_width: canvas units.
        opacity: of either paint, in [0, 1]; that of a colour by name is multiplied with it.
        style: caps, joins and dashes of the stroke.
        stroke_below: the fill lies on top of the stroke, else the stroke on top of the fill.

    Raises:
        UserError: neither fill nor stroke, or a colour that nobody knows.
    """

    outline: Outline
    fill: Ink | None = None
    stroke: Ink | None = None
    stroke_width: Number = 0.01
    opacity: Number = 1.0
    style: StrokeStyle = PLAIN
    stroke_below: bool = False

    def __post_init__(self) -> None:
        if self.fill is None and self.stroke is None:
            raise UserError("shape: give it a fill, a stroke, or both; without it is not seen")
        for name in ("fill", "stroke"):
            ink = getattr(self, name)
            if isinstance(ink, str) and _named(ink) is None:
                raise UserError(f"{name}: no colour {ink!r}; write a name of CSS, '#ff8800', or numbers in [0, 1]")


class ShapePaint(TypedDict, total=False):
    """``fill``, ``stroke``, ``stroke_width``, ``opacity``, ``style`` and ``stroke_below`` of a ``Shape``."""

    fill: Ink | None
    stroke: Ink | None
    stroke_width: Number
    opacity: Number
    style: StrokeStyle
    stroke_below: bool


def circle(center: Place, radius: Number, **paint: Unpack[ShapePaint]) -> Shape:
    """A circle.

    Args:
        center, radius: canvas units; numbers, or tensors with those of B drawings.
        paint: of the shape, see ``ShapePaint``; filled in black unless it says otherwise.

    Example:
        >>> import vectorae
        >>> vectorae.Scene.of([vectorae.circle((0.5, 0.5), 0.25, fill="orange")])
        Scene(batch=1, count=1, channels=3, groups=[1 RoundedBox], torch.float32, cpu)
    """
    return filled(_box(center, radius, radius, 0.0, 1.0), paint)


def ellipse(
    center: Place, radius_x: Number, radius_y: Number, angle: Number = 0.0, **paint: Unpack[ShapePaint]
) -> Shape:
    """An ellipse, its first radius along the angle (radians, clockwise); otherwise as ``circle``."""
    return filled(_box(center, radius_x, radius_y, angle, 1.0), paint)


def rectangle(
    center: Place,
    width: Number,
    height: Number,
    angle: Number = 0.0,
    roundness: Number = 0.0,
    **paint: Unpack[ShapePaint],
) -> Shape:
    """A rectangle by its full width and height, turned by an angle (radians, clockwise); otherwise as ``circle``.

    ``roundness`` in [0, 1] is that of ``RoundedBox``: 0 for sharp corners, 1 for an ellipse.
    """
    return filled(_box(center, width / 2, height / 2, angle, roundness), paint)


def polygon(points: Sequence[Place] | Tensor, **paint: Unpack[ShapePaint]) -> Shape:
    """A polygon by its corners: x and y of each, or those of B drawings, ``[B, P, 2]``; otherwise as ``circle``."""
    return filled(Path(_points(points), closed=True), paint)


def line(points: Sequence[Place] | Tensor, **paint: Unpack[ShapePaint]) -> Shape:
    """Straight strokes with round ends from point to point; otherwise as ``polygon``, but black strokes."""
    return _stroked(Path(_points(points)), paint)


def curve(points: Sequence[Place] | Tensor, **paint: Unpack[ShapePaint]) -> Shape:
    """Strokes along joined cubic Béziers: a point, then two control points and an end for each; as ``line``."""
    return _stroked(Path(_points(points), degree=3), paint)


class _Painted(NamedTuple):
    """A shape as a scene has it: tensors of B drawings, or of one that is the same in all."""

    outline: Outline  # [B, 1, …]
    stroke_width: Tensor | None  # [B, 1]
    color: Tensor  # [B, C]
    opacity: Tensor  # [B]
    stroke_color: Tensor | None = None  # [B, C], where it is filled and stroked
    style: StrokeStyle = PLAIN
    stroke_below: bool = False

    @property
    def family(self) -> tuple[object, ...]:
        """The same for all that form a group; circles have one of their own, in which they stay circles."""
        paints = self.stroke_width is None, self.stroke_color is None, self.stroke_below, self.style
        return self.outline.topology, *paints, bool(self.outline.is_circle.all())


def scene_of(shapes: Sequence[Shape], background: Ink | None) -> Scene:
    """See ``Scene.of``."""
    painted = [one for shape in shapes for one in _painted(shape)]
    ground, _ = _color("white" if background is None else background)
    fit = _Fit([ground, *(tensor for one in painted for tensor in _tensors(one))])
    colors = [color for one in painted for color in (one.color, one.stroke_color) if color is not None]
    colors += [ground] if background is not None or not painted else []
    channels = fit.size([color.shape[1] for color in colors], "colours of {} numbers")
    families: dict[object, list[int]] = {}
    for slot, one in enumerate(painted):
        families.setdefault(one.family, []).append(slot)
    groups = []
    for slots in families.values():
        members = [painted[slot] for slot in slots]
        outline = cat_outlines([_mapped(one.outline, fit) for one in members])
        widths = [fit(one.stroke_width) for one in members if one.stroke_width is not None]
        inks = [fit(one.stroke_color).expand(-1, channels) for one in members if one.stroke_color is not None]
        stroke_color = torch.stack(inks, dim=1) if inks else None
        width, style = torch.cat(widths, dim=1) if widths else None, members[0].style
        groups.append(Group(outline, tuple(slots), width, stroke_color, members[0].stroke_below, style=style))
    color = [fit(one.color).expand(-1, channels) for one in painted]
    opacity = [fit(one.opacity) for one in painted]
    none = fit(ground)[:, :0]
    opacities = torch.stack(opacity, dim=1) if opacity else none
    return Scene(
        groups=tuple(groups),
        color=torch.stack(color, dim=1) if color else none[..., None].expand(-1, -1, channels),
        opacity=opacities,
        softness=torch.ones_like(opacities),
        background=None if background is None else fit(ground).expand(-1, channels),
    )


class _Fit:
    """Brings tensors to one batch size, dtype and device: those of the tensors that need them."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self._batch = self.size([len(tensor) for tensor in tensors], "tensors of {} drawings")
        self._dtype = reduce(torch.promote_types, (tensor.dtype for tensor in tensors))
        devices = {tensor.device for tensor in tensors}
        self._device = next((one for one in devices if one.type != "cpu"), torch.device("cpu"))

    def __call__(self, tensor: Tensor) -> Tensor:
        return tensor.to(self._device, self._dtype).expand(self._batch, *tensor.shape[1:])

    @staticmethod
    def size(given: Sequence[int], what: str) -> int:
        """The one size that is not 1, or 1."""
        sizes = sorted(set(given) - {1})
        if len(sizes) > 1:
            raise UserError(f"shapes: {what.format(' and of '.join(map(str, sizes)))}; give all as many, or one")
        return sizes[0] if sizes else 1


def _painted(shape: Shape) -> Iterator[_Painted]:
    """The shape, or its fill and its stroke where their colours have opacities of their own."""
    opacity, width = _number(shape.opacity), _number(shape.stroke_width)[:, None]
    fill = None if shape.fill is None else _color(shape.fill)
    stroke = None if shape.stroke is None else _color(shape.stroke)
    if fill and stroke and fill[1] == stroke[1]:
        order = shape.style, shape.stroke_below
        yield _Painted(shape.outline, width, fill[0], opacity * fill[1], stroke[0], *order)
        return
    both = [_Painted(shape.outline, None, fill[0], opacity * fill[1])] if fill else []
    both += [_Painted(shape.outline, width, stroke[0], opacity * stroke[1], style=shape.style)] if stroke else []
    yield from both[::-1] if shape.stroke_below else both


def _tensors(painted: _Painted) -> Iterator[Tensor]:
    yield from (value for value in vars(painted.outline).values() if isinstance(value, Tensor))
    yield from (value for value in painted if isinstance(value, Tensor))


def _mapped(outline: _Outline, function: Callable[[Tensor], Tensor]) -> _Outline:
    tensors: dict[str, Any] = {
        name: function(value) for name, value in vars(outline).items() if isinstance(value, Tensor)
    }
    return replace(outline, **tensors)


def filled(outline: Outline, paint: ShapePaint) -> Shape:
    """A shape that is filled in black unless its paint says otherwise."""
    given: ShapePaint = {"fill": "black"} if paint.get("stroke") is None else {}
    return Shape(outline, **(given | paint))


def _stroked(outline: Outline, paint: ShapePaint) -> Shape:
    given: ShapePaint = {"stroke": "black"} if paint.get("fill") is None else {}
    return Shape(outline, **(given | paint))


def _box(center: Place, half_width: Number, half_height: Number, angle: Number, roundness: Number) -> RoundedBox:
    across, down, turn, rounded = map(_number, (half_width, half_height, angle, roundness))
    places = _numbers(center, 2)
    batch = _Fit.size([len(one) for one in (across, down, turn, rounded, places)], "tensors of {} drawings")
    extents = torch.stack([across.expand(batch), down.expand(batch)], dim=-1)
    turn, rounded = turn.expand(batch)[:, None], rounded.expand(batch)[:, None]
    return RoundedBox(places.expand(batch, -1)[:, None], extents[:, None], turn, rounded)


def _points(points: Sequence[Place] | Tensor) -> Tensor:
    """``[B, 1, P, 2]``"""
    return _numbers(points, None, 2)[:, None]


def _number(value: Number) -> Tensor:
    """``[B]``"""
    return _numbers(value)


def _numbers(value: Any, *sizes: int | None) -> Tensor:
    """A tensor of the sizes given, None for any, and before them the number of drawings, which may be 1."""
    try:
        tensor = _tensor(value, len(sizes))
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"shapes: {value!r} is not a number, or as many as there are coordinates") from error
    batched = tensor if tensor.dim() > len(sizes) else tensor[None]
    found = batched.shape[1:]
    if len(found) != len(sizes) or any(size not in (None, own) for size, own in zip(sizes, found, strict=True)):
        wanted = ["B", *("P" if size is None else str(size) for size in sizes)]
        raise UserError(
            f"shapes: numbers {list(tensor.shape)} where [{', '.join(wanted[1:])}] are wanted, or [{', '.join(wanted)}]"
        )
    return batched


def _tensor(value: Any, depth: int) -> Tensor:
    """A number, or sequences of them within each other, as a tensor: those in it keep their gradients.

    Numbers may be tensors ``[B]``, and their sequences tensors whose first dimension is that of the drawings.
    """
    if isinstance(value, Tensor) or depth == 0:
        tensor = torch.as_tensor(value)
        return tensor if tensor.is_floating_point() else tensor.to(torch.get_default_dtype())
    parts = [_tensor(one, depth - 1) for one in value]
    if len({part.shape[part.dim() - depth + 1 :] for part in parts}) > 1:
        raise ValueError("not as many numbers everywhere")
    return torch.stack(torch.broadcast_tensors(*parts), dim=-depth)


def _color(ink: Ink) -> tuple[Tensor, float]:
    """The colour, ``[B, C]``, and its opacity."""
    if isinstance(ink, str):
        *numbers, alpha = _named(ink) or (0, 0, 0, 255)
        return torch.tensor([numbers]) / 255, alpha / 255
    is_number = isinstance(ink, int | float) or isinstance(ink, Tensor) and ink.dim() == 0
    color = _numbers([ink] if is_number else ink, None)
    if color.shape[1] not in (1, 3):
        raise UserError(f"colour: {color.shape[1]} numbers; it has one (grey) or three (red, green, blue)")
    if not color.requires_grad and not ((color >= 0) & (color <= 1)).all():
        raise UserError(f"colour: {ink!r} has numbers outside of [0, 1]; divide what goes up to 255")
    return color, 1.0


def _named(name: str) -> tuple[int, ...] | None:
    """Red, green, blue and alpha of a colour by name, or None; each of 0 to 255."""
    from PIL import ImageColor

    try:
        return ImageColor.getcolor(name, "RGBA")  # type: ignore[return-value]
    except ValueError:
        return None
