"""Shapes by hand: a call for each, of which ``Scene.of`` makes a scene."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

import torch
from torch import Tensor

from vectorae.errors import UserError, choose
from vectorae.geometry.stroke_style import PLAIN, StrokeStyle
from vectorae.scene.given import Color, Fit, Number, Place, color_of, number_of, numbers_of, on_one_device, points_of
from vectorae.scene.gradients import SPREADS, Gradient, LinearGradient, RadialGradient
from vectorae.scene.outlines import Outline, Path, RoundedBox
from vectorae.scene.record import TensorRecord

Ink = Color | Gradient
"""A colour, or a gradient of ``linear_gradient`` or ``radial_gradient``."""


@dataclass(frozen=True, eq=False, repr=False)
class Shape(TensorRecord):
    """A shape of one drawing, or of each of B.

    Attributes:
        outline: of one shape, ``[B, 1, …]``, or ``[1, 1, …]`` for the same in all drawings.
        fill, stroke: its colours or gradients; None for what is not painted.
        stroke_width: canvas units.
        opacity: of either paint, in [0, 1]; that of a colour by name is multiplied with it.
        style: caps, joins and dashes of the stroke.
        stroke_below: the fill lies on top of the stroke, else the stroke on top of the fill.

    Raises:
        UserError: neither fill nor stroke, or a colour that nobody knows.

    Example:
        >>> import vectorae
        >>> box = vectorae.circle((0.5, 0.5), 0.25).outline
        >>> vectorae.Shape(box, fill="gold", stroke="black", stroke_width=0.02).fill
        'gold'
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
            if isinstance(ink, Gradient) and ink.colors.shape[1] != 1:
                raise UserError(f"{name}: {ink.colors.shape[1]} gradients for one shape")
            if isinstance(ink, str):
                color_of(ink, name)


@dataclass(frozen=True, eq=False, repr=False)
class Together(TensorRecord):
    """Shapes that are painted as one, see ``composite``."""

    shapes: "tuple[Shape | Together, ...]"
    opacity: Number = 1.0
    clip: tuple[Shape, ...] | None = None


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
    return filled(replace(_box(center, radius, radius, 0.0, 1.0), circular=True), paint)


def ellipse(
    center: Place, radius_x: Number, radius_y: Number, angle: Number = 0.0, **paint: Unpack[ShapePaint]
) -> Shape:
    """An ellipse, its first radius along the angle (radians, clockwise); otherwise as ``circle``.

    Example:
        >>> import vectorae
        >>> vectorae.Scene.of([vectorae.ellipse((0.5, 0.5), 0.4, 0.2, angle=0.3, fill="teal")]).count
        1
    """
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

    Example:
        >>> import vectorae
        >>> card = vectorae.rectangle((0.5, 0.5), 0.8, 0.5, roundness=0.2, fill="white", stroke="black")
        >>> card.outline.half_extents.tolist()
        [[[0.4000000059604645, 0.25]]]
    """
    return filled(_box(center, width / 2, height / 2, angle, roundness), paint)


def polygon(points: Sequence[Place] | Tensor, **paint: Unpack[ShapePaint]) -> Shape:
    """A polygon by its corners: x and y of each, or those of B drawings, ``[B, P, 2]``; otherwise as ``circle``.

    Example:
        >>> import vectorae
        >>> triangle = vectorae.polygon([(0.1, 0.9), (0.5, 0.1), (0.9, 0.9)], fill="gold")
        >>> triangle.outline.closed, tuple(triangle.outline.points.shape)  # one drawing, one shape, three corners
        (True, (1, 1, 3, 2))
    """
    return filled(Path(points_of(points), closed=True), paint)


def line(points: Sequence[Place] | Tensor, **paint: Unpack[ShapePaint]) -> Shape:
    """Straight strokes with round ends from point to point; otherwise as ``polygon``, but black strokes.

    Example:
        >>> import vectorae
        >>> zigzag = vectorae.line([(0.1, 0.8), (0.4, 0.2), (0.6, 0.8), (0.9, 0.2)], stroke_width=0.05)
        >>> vectorae.rasterize(vectorae.Scene.of([zigzag]), 16, 16, backend="reference").shape
        torch.Size([1, 3, 16, 16])
    """
    return _stroked(Path(points_of(points)), paint)


def curve(points: Sequence[Place] | Tensor, **paint: Unpack[ShapePaint]) -> Shape:
    """Strokes along joined cubic Béziers: a point, then two control points and an end for each; as ``line``.

    Example:
        >>> import vectorae
        >>> wave = vectorae.curve([(0.1, 0.5), (0.3, 0.1), (0.7, 0.9), (0.9, 0.5)], stroke="navy")
        >>> wave.outline.degree, wave.outline.closed
        (3, False)
    """
    return _stroked(Path(points_of(points), degree=3), paint)


def filled(outline: Outline, paint: ShapePaint) -> Shape:
    """A shape that is filled in black unless its paint says otherwise."""
    given: ShapePaint = {"fill": "black"} if paint.get("stroke") is None else {}
    return Shape(outline, **(given | paint))


def _stroked(outline: Outline, paint: ShapePaint) -> Shape:
    given: ShapePaint = {"stroke": "black"} if paint.get("fill") is None else {}
    return Shape(outline, **(given | paint))


def _box(center: Place, half_width: Number, half_height: Number, angle: Number, roundness: Number) -> RoundedBox:
    numbers = [number_of(half_width, "half the width", 0), number_of(half_height, "half the height", 0)]
    numbers += [number_of(angle), number_of(roundness, "roundness", 0, 1), numbers_of(center, 2)]
    across, down, turn, rounded, places = on_one_device(numbers)
    batch = Fit.size([len(one) for one in (across, down, turn, rounded, places)], "tensors of {} drawings")
    extents = torch.stack([across.expand(batch), down.expand(batch)], dim=-1)
    turn, rounded = turn.expand(batch)[:, None], rounded.expand(batch)[:, None]
    return RoundedBox(places.expand(batch, -1)[:, None], extents[:, None], turn, rounded)


def composite(
    shapes: "Sequence[Shape | Together]", opacity: Number = 1.0, clip: Shape | Sequence[Shape] | None = None
) -> Together:
    """Shapes that are composited as one before they cover what lies below: a group of SVG with opacity and clip path.

    Args:
        shapes: in painter's order; among them may be others that are painted as one.
        opacity: of all of them together, in [0, 1].
        clip: a shape by whose inside these are clipped, or several, by all insides together; their paint is not seen.

    Raises:
        UserError: what is no shape; what is clipped by a composite.

    Example:
        Stripes in a disc.

        >>> import vectorae
        >>> stripes = [vectorae.rectangle((0.5, y / 10), 1, 0.05, fill="teal") for y in range(10)]
        >>> vectorae.Scene.of([vectorae.composite(stripes, clip=vectorae.circle((0.5, 0.5), 0.4))]).count
        10
    """
    outlines = (clip,) if isinstance(clip, Shape | Together) else clip
    for name, given, kinds in (("shapes", shapes, (Shape, Together)), ("clip", outlines or (), (Shape,))):
        for one in given:
            if not isinstance(one, kinds):
                raise UserError(f"{name}: a {type(one).__name__} where a shape is wanted, such as vectorae.circle(…)")
    return Together(tuple(shapes), opacity, None if outlines is None else tuple(outlines))


def linear_gradient(
    start: Place,
    end: Place,
    colors: Sequence[Color],
    offsets: Sequence[Number] | Tensor | None = None,
    spread: str = "pad",
) -> LinearGradient:
    """A gradient along a line, as the fill or the stroke of a shape.

    Args:
        start, end: of the line, canvas units.
        colors: of two stops or more; those by name have opacities of their own, ``#ff880080``.
        offsets: where on the line they are, in [0, 1]; evenly spaced by default.
        spread: beyond them ``pad`` (the last colour), ``repeat`` or ``reflect``.

    Raises:
        UserError: colours that nobody knows or of different numbers of channels, or not as many offsets.

    Example:
        >>> import vectorae
        >>> sky = vectorae.linear_gradient((0, 0), (0, 1), ["skyblue", "white"])
        >>> vectorae.Scene.of([vectorae.rectangle((0.5, 0.5), 1, 1, fill=sky)]).count
        1
    """
    return LinearGradient(start=_place(start), end=_place(end), **_stops(colors, offsets, spread))


def radial_gradient(
    center: Place,
    radius: Number,
    colors: Sequence[Color],
    offsets: Sequence[Number] | Tensor | None = None,
    spread: str = "pad",
    focus: Place | None = None,
) -> RadialGradient:
    """A gradient from a point to a circle around it; otherwise as ``linear_gradient``.

    Args:
        center, radius: of the circle, canvas units.
        colors, offsets, spread: as of a linear gradient.
        focus: where it begins, canvas units; the centre by default.

    Example:
        A ball, lit from the upper left.

        >>> import vectorae
        >>> light = vectorae.radial_gradient((0.5, 0.5), 0.4, ["white", "crimson"], focus=(0.4, 0.35))
        >>> vectorae.Scene.of([vectorae.circle((0.5, 0.5), 0.4, fill=light)]).count
        1
    """
    middle, reach = on_one_device([_place(center), number_of(radius, "radius", 0)[:, None, None]])
    has_length = reach > 0
    off = 0 * middle if focus is None else (_place(focus).to(middle) - middle) / torch.where(has_length, reach, 1)
    off = torch.where(has_length, off, 0)
    axes = torch.eye(2, dtype=reach.dtype, device=reach.device) * reach[..., None]
    return RadialGradient(center=middle, axes=axes, focus=off, **_stops(colors, offsets, spread))


def _stops(colors: Sequence[Color], offsets: Sequence[Number] | Tensor | None, spread: str) -> "_Stops":
    if len(colors) < 2:
        raise UserError(f"gradient: {len(colors)} colours; give it two or more")
    if spread not in SPREADS:
        raise UserError(f"spread: {choose(spread, SPREADS)}, not {spread!r}")
    found, alphas = zip(*map(color_of, colors), strict=True)
    batch = Fit.size([len(color) for color in found], "tensors of {} drawings")
    channels = Fit.size([color.shape[1] for color in found], "colours of {} numbers")
    stops = torch.stack([color.expand(batch, channels) for color in on_one_device(found)], dim=1)
    places = torch.linspace(0, 1, len(colors))[None] if offsets is None else numbers_of(offsets, None)
    if places.shape[1] != len(colors):
        raise UserError(f"offsets: {places.shape[1]} of them for {len(colors)} colours")
    return {
        "colors": stops[:, None],
        "opacities": stops.new_tensor(alphas)[None, None],
        "offsets": places.to(stops)[:, None],
        "spread": spread,
    }


class _Stops(TypedDict):
    colors: Tensor
    opacities: Tensor
    offsets: Tensor
    spread: str


def _place(place: Place) -> Tensor:
    """``[B, 1, 2]``"""
    return numbers_of(place, 2)[:, None]
