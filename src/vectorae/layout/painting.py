"""How the shapes of a block are painted: their values → a group."""

from dataclasses import dataclass
from itertools import count, takewhile

import torch
from torch import Tensor

from vectorae.geometry.stroke_style import PLAIN, StrokeStyle
from vectorae.layout.values import Values
from vectorae.scene import Gradient, Group, LinearGradient, Outline, RadialGradient
from vectorae.scene.gradients import inverse_of


@dataclass(frozen=True)
class Painting:
    """What is the same for all shapes of a block.

    Attributes:
        stroke_below: of shapes that are filled and stroked, whether the stroke lies below.
        style: of strokes.
        spread, stroke_spread: of gradients, of the shapes' own paint and of the strokes of filled shapes.
    """

    stroke_below: bool = False
    style: StrokeStyle = PLAIN
    spread: str = "pad"
    stroke_spread: str = "pad"

    def group(self, outline: Outline, slots: tuple[int, ...], values: Values) -> Group:
        """The painted outlines; ``values`` as those of a block."""
        stroke_width = values.get("stroke_width")
        return Group(
            outline,
            slots,
            stroke_width,
            values.get("stroke_color"),
            self.stroke_below,
            values.get("contour_opacity"),
            PLAIN if stroke_width is None else self.style,
            gradient_of(values, "", self.spread),
            gradient_of(values, "stroke_", self.stroke_spread),
        )


def gradient_of(values: Values, prefix: str, spread: str) -> Gradient | None:
    """The gradients that fields of a prefix stand for; None if there are none (see ``primitives.paint``)."""
    if prefix + "gradient" not in values:
        return None
    points, opacities = values[prefix + "gradient"], values[prefix + "stop_opacity"]
    names = takewhile(values.__contains__, (f"{prefix}color_{number}" for number in count(2)))
    colors = torch.stack([values[prefix + "color"], *(values[name] for name in names)], dim=-2)
    offsets = _offsets(values.get(prefix + "stop_offset"), opacities)
    if points.shape[-2] == 2:
        start, end = points.unbind(-2)
        return LinearGradient(start=start, end=end, colors=colors, opacities=opacities, offsets=offsets, spread=spread)
    center, axes = points[..., 0, :], points[..., 1:3, :] - points[..., :1, :]
    focus = points[..., 3, :] - center if points.shape[-2] == 4 else torch.zeros_like(center)
    return RadialGradient(
        center=center,
        axes=axes,
        focus=(focus[..., None, :] @ inverse_of(axes).mT)[..., 0, :],
        colors=colors,
        opacities=opacities,
        offsets=offsets,
        spread=spread,
    )


def points_of(gradient: Gradient) -> Tensor:
    """The points of gradients, ``[B, n, P, 2]``, which ``gradient_of`` makes the same gradients of."""
    centered = isinstance(gradient, RadialGradient) and not bool(gradient.focus.any())
    return gradient.points[..., :3, :] if centered else gradient.points


def _offsets(given: Tensor | None, opacities: Tensor) -> Tensor:
    """The offsets of all stops: as given, or those between the ends."""
    if given is not None and given.shape == opacities.shape:
        return given
    first, last = torch.zeros_like(opacities[..., :1]), torch.ones_like(opacities[..., :1])
    return torch.cat([first, last] if given is None else [first, given, last], dim=-1)
