"""Scenes of shapes by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.geometry.stroke_style import PLAIN
from vectorae.scene.composite import Composite
from vectorae.scene.given import Color, Fit, color_of, number_of
from vectorae.scene.gradients import Gradient
from vectorae.scene.group import Group, cat_groups
from vectorae.scene.outlines import Outline
from vectorae.scene.scene import Scene
from vectorae.scene.shapes import Ink, Shape, Together


class _Painted(NamedTuple):
    """A shape as a scene has it: tensors of B drawings, or of one that is the same in all."""

    group: Group  # of this shape alone
    color: Tensor  # [B, C]
    opacity: Tensor  # [B]

    @property
    def family(self) -> tuple[object, ...]:
        """The same for all that form a group; circles have one of their own, in which they stay circles."""
        return *self.group.kind, bool(self.group.outline.is_circle.all())


def scene_of(shapes: Sequence[Shape | Together], background: Color | None) -> Scene:
    """See ``Scene.of``."""
    for given in shapes:
        if not isinstance(given, Shape | Together):
            raise UserError(f"shapes: {given!r:.100} is none; write vectorae.circle(…), composite(…) and so on")
    painted: list[_Painted] = []
    composites = list(_add(shapes, painted))
    ground, _ = color_of("white" if background is None else background, "background")
    colors = [ground] if background is not None or not painted else []
    for one in painted:
        _note_colors(one, colors)
    fit = Fit([ground, *_tensors(painted, composites)])
    channels = fit.size([color.shape[-1] for color in colors], "colours of {} numbers")

    def in_channels(color: Tensor) -> Tensor:
        return color.expand(*color.shape[:-1], channels)

    families: dict[object, list[Group]] = {}
    for slot, one in enumerate(painted):
        group = one.group.map(fit).with_colors(in_channels)
        families.setdefault(one.family, []).append(replace(group, slots=(slot,)))
    color = [in_channels(fit(one.color)) for one in painted]
    none = fit(ground)[:, :0]
    opacity = torch.stack([fit(one.opacity) for one in painted], dim=1) if painted else none
    return Scene(
        groups=tuple(map(cat_groups, families.values())),
        color=torch.stack(color, dim=1) if color else none[..., None].expand(-1, -1, channels),
        opacity=opacity,
        softness=torch.ones_like(opacity),
        background=None if background is None else in_channels(fit(ground)),
        composites=tuple(one.map_named(lambda _, tensor: fit(tensor)) for one in composites),
    )


def _add(shapes: Sequence[Shape | Together], painted: list[_Painted]) -> Iterator[Composite]:
    """Paint shapes on top of others; the composites of those that are painted as one, outer ones first."""
    for shape in shapes:
        start = len(painted)
        if isinstance(shape, Shape):
            painted.extend(_painted(shape))
            continue
        inner = list(_add(shape.shapes, painted))
        if len(painted) > start:
            clip = None if shape.clip is None else tuple(one.outline for one in shape.clip)
            yield Composite(start, len(painted), number_of(shape.opacity, "opacity", 0, 1), clip)
        yield from inner


def _painted(shape: Shape) -> Iterator[_Painted]:
    """The shape, or its fill and its stroke where their colours have opacities of their own."""
    opacity, width = (
        number_of(shape.opacity, "opacity", 0, 1),
        number_of(shape.stroke_width, "stroke_width", 0)[:, None],
    )
    fill = None if shape.fill is None else _ink(shape.fill, "fill")
    stroke = None if shape.stroke is None else _ink(shape.stroke, "stroke")
    if fill and stroke and fill[1] == stroke[1]:
        group = _group(shape.outline, fill[2], width, shape)
        group = replace(group, stroke_color=stroke[0][:, None], stroke_below=shape.stroke_below)
        yield _Painted(replace(group, stroke_gradient=stroke[2]), fill[0], opacity * fill[1])
        return
    both = [_Painted(_group(shape.outline, fill[2]), fill[0], opacity * fill[1])] if fill else []
    if stroke:
        both.append(_Painted(_group(shape.outline, stroke[2], width, shape), stroke[0], opacity * stroke[1]))
    yield from both[::-1] if shape.stroke_below else both


def _group(outline: Outline, gradient: Gradient | None, width: Tensor | None = None, of: Shape | None = None) -> Group:
    return Group(outline, (0,), width, style=PLAIN if of is None else of.style, gradient=gradient)


def _ink(ink: Ink, name: str) -> tuple[Tensor, float, Gradient | None]:
    """The colour ``[B, C]``, its opacity, and the gradient, whose first colour it is."""
    if isinstance(ink, Gradient):
        return ink.colors[:, 0, 0], 1.0, ink
    return *color_of(ink, name), None


def _note_colors(painted: _Painted, colors: list[Tensor]) -> None:
    colors.append(painted.color)

    def note(color: Tensor) -> Tensor:
        colors.append(color)
        return color

    painted.group.with_colors(note)


def _tensors(painted: Sequence[_Painted], composites: Sequence[Composite]) -> list[Tensor]:
    found: list[Tensor] = []

    def note(tensor: Tensor) -> Tensor:
        found.append(tensor)
        return tensor

    for one in painted:
        found += [one.color, one.opacity]
        one.group.map(note)
    for composite in composites:
        composite.map_named(lambda _, tensor: note(tensor))
    return found
