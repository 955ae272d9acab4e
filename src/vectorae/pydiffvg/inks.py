"""What shapes are painted with: one colour, or a gradient along a line or around a point."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.pydiffvg.stacking import stacked
from vectorae.scene import Gradient
from vectorae.scene import LinearGradient as SceneLinear
from vectorae.scene import RadialGradient as SceneRadial

_ZEROS, _OFFSETS, _STOPS = torch.zeros(2), torch.zeros(1), torch.zeros(1, 4)


class LinearGradient:
    """A gradient along a line, in pixels of the canvas, whatever the map of the shapes that it paints.

    Args:
        begin, end: of the line, ``[2]``, pixels.
        offsets: where the stops are, ``[S]`` in [0, 1], in ascending order.
        stop_colors: ``[S, 4]``, red, green, blue and alpha in [0, 1].
    """

    def __init__(
        self, begin: Tensor = _ZEROS, end: Tensor = _ZEROS, offsets: Tensor = _OFFSETS, stop_colors: Tensor = _STOPS
    ) -> None:
        self.begin = begin
        self.end = end
        self.offsets = offsets
        self.stop_colors = stop_colors

    def _recorded(self) -> tuple[type[SceneLinear], tuple[Tensor, ...]]:
        return SceneLinear, (self.begin, self.end, self.offsets, self.stop_colors)


class RadialGradient:
    """A gradient from a point to an upright ellipse around it, in pixels of the canvas.

    Args:
        center, radius: of the ellipse, ``[2]``, pixels.
        offsets, stop_colors: as of a linear gradient.
    """

    def __init__(
        self, center: Tensor = _ZEROS, radius: Tensor = _ZEROS, offsets: Tensor = _OFFSETS, stop_colors: Tensor = _STOPS
    ) -> None:
        self.center = center
        self.radius = radius
        self.offsets = offsets
        self.stop_colors = stop_colors

    def _recorded(self) -> tuple[type[SceneRadial], tuple[Tensor, ...]]:
        return SceneRadial, (self.center, self.radius, self.offsets, self.stop_colors)


@dataclass(frozen=True)
class RecordedInk:
    """The paint of a shape, as it was when the scene was serialized.

    Attributes:
        kind: the class of the gradient; None for one colour.
        tensors: of the gradient, or the colour.
        stops: how many.
    """

    kind: type[Gradient] | None
    tensors: tuple[Tensor, ...]
    stops: int = 0

    @property
    def key(self) -> tuple[object, int]:
        """The same for all that can be stacked."""
        return self.kind, self.stops

    @property
    def is_invisible(self) -> bool:
        """Whether it is a colour that is transparent, and stays so, as it gets no gradient."""
        return self.kind is None and not self.tensors[0].requires_grad and float(self.tensors[0][3]) == 0


def recorded_ink(ink: Any, name: str) -> RecordedInk | None:
    """An ink as it is now; ``name``: what has it, for messages."""
    if ink is None:
        return None
    if isinstance(ink, Tensor):
        if ink.shape != (4,):
            raise UserError(f"{name}: {list(ink.shape)} numbers; a colour has four: red, green, blue and alpha")
        return RecordedInk(None, (ink,))
    try:
        kind, tensors = ink._recorded()
    except AttributeError:
        raise UserError(f"{name}: a {type(ink).__name__}, where a tensor of four or a gradient is wanted") from None
    stops = tensors[2].numel()
    if tensors[3].numel() != 4 * stops or stops < 1:
        raise UserError(f"{name}: {list(tensors[3].shape)} stop_colors for {stops} offsets; give each four numbers")
    return RecordedInk(kind, tensors, stops)


def gradient_of(inks: Sequence[RecordedInk], batch: int, scale: Tensor) -> tuple[Gradient, Tensor]:
    """The gradients of n shapes in each of B drawings, and the alpha of their stops, ``[B, n, S]``.

    Args:
        inks: B · n of one kind, drawing by drawing.
        batch: B.
        scale: canvas units of a pixel across and down, ``[2]``.
    """
    stops = inks[0].stops
    places, extents, offsets, colors = (
        stacked([ink.tensors[index] for ink in inks], batch, shape, scale)
        for index, shape in enumerate(((2,), (2,), (stops,), (stops, 4)))
    )
    color, opacity = colors.split([3, 1], dim=-1)
    paint: dict[str, Any] = {"colors": color, "opacities": opacity[..., 0], "offsets": offsets}
    gradient: Gradient
    if inks[0].kind is SceneLinear:
        gradient = SceneLinear(start=places, end=extents, **paint).moved(lambda points: points * scale)
    else:
        axes = torch.diag_embed(extents * scale)
        gradient = SceneRadial(center=places * scale, axes=axes, focus=torch.zeros_like(places), **paint)
    return gradient, opacity[..., 0].detach()
