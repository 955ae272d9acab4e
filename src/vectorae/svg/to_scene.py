"""Painted shapes of plain numbers as a scene: what ``write.py`` does, the other way around."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from vectorae.geometry.stroke_style import StrokeStyle
from vectorae.scene import Composite, Group, LinearGradient, Outline, Path, RadialGradient, RoundedBox, Scene
from vectorae.scene.gradients import Gradient as SceneGradient
from vectorae.scene.gradients import inverse_of
from vectorae.svg.definitions import Gradient
from vectorae.svg.document import Ends, Painted, Shape
from vectorae.svg.markup import Box, Curve


def scene_of(painted: Sequence[Painted], background: Sequence[float] | None, side: float, screen: bool) -> Scene:
    """A scene of one drawing in float32.

    Args:
        painted: from the bottom to the top, in pixels.
        background: its colour; None is transparent.
        side: the canvas's shorter side in pixels.
        screen: whether shapes are blended by *screen*.
    """
    shapes: list[Shape] = []
    composites = list(_flatten(painted, shapes, side))
    families: dict[object, list[int]] = {}
    for slot, shape in enumerate(shapes):
        families.setdefault(_family(shape), []).append(slot)
    count = len(shapes)
    return Scene(
        groups=tuple(_group([shapes[slot] for slot in slots], tuple(slots), side) for slots in families.values()),
        color=torch.tensor([shape.color for shape in shapes]).reshape(1, count, 3),
        opacity=torch.tensor([shape.opacity for shape in shapes]).reshape(1, count),
        softness=torch.ones(1, count),
        background=None if background is None else torch.tensor([list(background)]),
        compositing="soft_or" if screen else "over",
        composites=tuple(composites),
    )


def _flatten(painted: Sequence[Painted], shapes: list[Shape], side: float) -> Iterator[Composite]:
    """Put the shapes one after the other into ``shapes``; yields those that are painted as one, outer ones first."""
    for one in painted:
        if isinstance(one, Shape):
            shapes.append(one)
            continue
        start = len(shapes)
        inner = list(_flatten(one.shapes, shapes, side))
        clip = None if one.clip is None else tuple(_outlines(one.clip, side))
        yield Composite(start, len(shapes), torch.tensor([one.opacity]), clip)
        yield from inner


def _family(shape: Shape) -> object:
    """The same for shapes that form a group; circles have one of their own."""
    paint = shape.stroke_width is None, shape.stroke_color is None, shape.stroke_below
    ends = None if shape.stroke_width is None else shape.ends._replace(dashes=tuple(shape.ends.dashes))
    inks = (one and (len(one.points), len(one.stops), one.spread) for one in (shape.gradient, shape.stroke_gradient))
    return _topology(shape.outline), paint, ends, *inks


def _topology(outline: Box | Curve) -> object:
    if isinstance(outline, Box):
        return outline.roundness == 1 and outline.half_extents[0] == outline.half_extents[1]
    closed = outline.closed if isinstance(outline.closed, bool) else tuple(outline.closed)
    return len(outline.points), closed, outline.degree, tuple(outline.sizes), outline.fill_rule


def _group(shapes: Sequence[Shape], slots: tuple[int, ...], side: float) -> Group:
    first = shapes[0]
    widths = [shape.stroke_width for shape in shapes]
    inks = [shape.stroke_color for shape in shapes]
    return Group(
        outline_of([shape.outline for shape in shapes], side),
        slots,
        None if first.stroke_width is None else torch.tensor([widths]) / side,
        None if first.stroke_color is None else torch.tensor([inks]),
        first.stroke_below,
        style=style_of(first.ends, side),
        gradient=_gradient([shape.gradient for shape in shapes], side),
        stroke_gradient=_gradient([shape.stroke_gradient for shape in shapes], side),
    )


def style_of(ends: Ends, side: float) -> StrokeStyle:
    """The style of strokes with these ends; side: length of a canvas unit in theirs."""
    words: dict[str, Any] = ends._asdict() | {"dashes": tuple(ends.dashes)}
    return StrokeStyle(**words).scaled(1 / side)


def _outlines(outlines: Sequence[Box | Curve], side: float) -> Iterator[Outline]:
    """Outlines of any kind, those of one kind as one."""
    families: dict[object, list[Box | Curve]] = {}
    for one in outlines:
        families.setdefault(_topology(one), []).append(one)
    for alike in families.values():
        yield outline_of(alike, side)


def outline_of(outlines: Sequence[Box | Curve], side: float) -> Outline:
    """Outlines of one kind as one, in canvas units; side: length of a canvas unit."""
    first = outlines[0]
    if isinstance(first, Curve):
        closed = first.closed if isinstance(first.closed, bool) else tuple(first.closed)
        points = _canvas([list(one.points) for one in outlines if isinstance(one, Curve)], side)
        return Path(points, closed, first.degree, tuple(first.sizes), first.fill_rule)
    boxes = [one for one in outlines if isinstance(one, Box)]
    return RoundedBox(
        _canvas([box.center for box in boxes], side),
        _canvas([box.half_extents for box in boxes], side),
        torch.tensor([[box.angle for box in boxes]]),
        torch.tensor([[box.roundness for box in boxes]]),
        circular=all(box.roundness == 1 and box.half_extents[0] == box.half_extents[1] for box in boxes),
    )


def _canvas(values: Sequence[object], side: float) -> Tensor:
    """Lengths of one drawing in canvas units, ``[1, …]``."""
    return (torch.tensor(values, dtype=torch.float64)[None] / side).float()


def _gradient(gradients: Sequence[Gradient | None], side: float) -> SceneGradient | None:
    given = [one for one in gradients if one is not None]
    if not given:
        return None
    stops = {
        "colors": torch.tensor([[[list(stop.color) for stop in one.stops] for one in given]]),
        "opacities": torch.tensor([[[stop.opacity for stop in one.stops] for one in given]]),
        "offsets": torch.tensor([[[stop.offset for stop in one.stops] for one in given]]),
    }
    spread = given[0].spread
    points = _canvas([list(one.points) for one in given], side)
    if points.shape[-2] == 2:
        start, end = points.unbind(-2)
        return LinearGradient(start=start, end=end, **stops, spread=spread)
    center, *ends, focus = points.unbind(-2)
    axes = torch.stack([end - center for end in ends], dim=-2)
    place = (inverse_of(axes) @ (focus - center)[..., None])[..., 0]
    return RadialGradient(center=center, axes=axes, focus=place, **stops, spread=spread)
