"""Gradients: paint whose colour and opacity change from place to place."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeVar

import torch
from torch import Tensor

from vectorae.geometry.gradient_limits import FARTHEST_FOCUS, SHORTEST, THINNEST
from vectorae.scene.record import TensorRecord, joined

SPREADS = ("pad", "repeat", "reflect")
"""What lies beyond the first and the last stop, as SVG names it: their colours, the stops again, or back and forth."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Gradient(TensorRecord, ABC):
    """The stops of n gradients, and what lies beyond them. A gradient maps each point to a number: 0 where it begins.

    Attributes:
        colors: of S stops, ``[B, n, S, C]`` in [0, 1], sRGB, in which they are mixed.
        opacities: ``[B, n, S]`` in [0, 1], factors on the opacity of the shape.
        offsets: where each stop is, ``[B, n, S]`` in [0, 1]; one that is less than those before it lies with them.
        spread: ``pad``, ``repeat`` or ``reflect``.

    Raises:
        ValueError: another spread, no stop, or not as many colours, opacities and offsets.
    """

    colors: Tensor
    opacities: Tensor
    offsets: Tensor
    spread: str = "pad"

    def __post_init__(self) -> None:
        if self.spread not in SPREADS:
            raise ValueError(f"a gradient's spread is {', '.join(SPREADS)}, not {self.spread!r}")
        stops = self.colors.shape[-2], self.opacities.shape[-1], self.offsets.shape[-1]
        if len(set(stops)) > 1 or stops[0] < 1:
            raise ValueError("a gradient of {} colours, {} opacities and {} offsets".format(*stops))

    kind: ClassVar[Literal["linear", "radial"]]
    """``linear`` or ``radial``."""

    @property
    @abstractmethod
    def has_length(self) -> Tensor:
        """Which of them change at all: bool, ``[B, n]``. The others show their last stop, as in SVG."""

    @abstractmethod
    def frame(self) -> Tensor:
        """Coefficients of the gradient, ``[B, n, 9]``: of x, y and 1 in u, in v and in w.

        The number that it has at (x, y) is √(u² + v²) + w, canvas units; 1 everywhere for those without length.
        """

    @property
    @abstractmethod
    def points(self) -> Tensor:
        """Where the gradients lie: start and end, or centre, ends of two radii and focus; ``[B, n, 2 or 4, 2]``."""

    @abstractmethod
    def moved(self, move: Callable[[Tensor], Tensor]) -> "Gradient":
        """The gradient with its points ``[B, n, 2]`` moved, by any affine map of the plane."""

    @property
    def topology(self) -> tuple[Hashable, ...]:
        """The same for all gradients that can be joined by ``cat_gradients``."""
        return type(self), self.colors.shape[-2], self.spread

    def with_colors(self, function: Callable[[Tensor], Tensor]) -> "Gradient":
        """The gradient with ``function`` of its colours ``[B, n, S, C]``."""
        return replace(self, colors=function(self.colors))


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LinearGradient(Gradient):
    """Gradients along a line: 0 at its start, 1 at its end, the same on each line across it.

    Attributes:
        start, end: ``[B, n, 2]``, canvas units.

    Example:
        From black on the left to white on the right.

        >>> from vectorae.scene import LinearGradient
        >>> gradient = LinearGradient(
        ...     start=torch.tensor([[[0.0, 0.5]]]),
        ...     end=torch.tensor([[[1.0, 0.5]]]),
        ...     colors=torch.tensor([[[[0.0], [1.0]]]]),
        ...     opacities=torch.ones(1, 1, 2),
        ...     offsets=torch.tensor([[[0.0, 1.0]]]),
        ... )
        >>> gradient.frame()[0, 0, 6:]
        tensor([1., 0., 0.])
    """

    kind = "linear"

    start: Tensor
    end: Tensor

    @property
    def has_length(self) -> Tensor:
        return (self.end - self.start).square().sum(-1) > SHORTEST**2

    def frame(self) -> Tensor:
        along = self.end - self.start
        square = along.square().sum(-1, keepdim=True)
        known = self.has_length[..., None]
        along = torch.where(known, along / torch.where(known, square, 1), 0)
        begin = torch.where(known, 0 - (along * self.start).sum(-1, keepdim=True), 1)
        none = torch.zeros_like(along)
        return torch.cat([none, none, none, along, begin], dim=-1)

    @property
    def points(self) -> Tensor:
        return torch.stack([self.start, self.end], dim=-2)

    def moved(self, move: Callable[[Tensor], Tensor]) -> "LinearGradient":
        # Lines across the gradient stay parallel, but no longer meet it at right angles if the map shears them.
        start, end = move(self.start), move(self.end)
        along = self.end - self.start
        across = move(self.start + torch.stack([-along[..., 1], along[..., 0]], dim=-1)) - start
        square = across.square().sum(-1, keepdim=True)
        known = square > SHORTEST**2
        share = torch.where(known, ((end - start) * across).sum(-1, keepdim=True) / torch.where(known, square, 1), 0)
        return replace(self, start=start, end=end - share * across)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RadialGradient(Gradient):
    """Gradients around a point: 0 at the focus, 1 on an ellipse.

    Attributes:
        center: of the ellipse, ``[B, n, 2]``, canvas units.
        axes: from the centre to the ends of two of its conjugate radii, ``[B, n, 2, 2]``, canvas units: x and y of the
            first, then of the second. Of a circle (r, 0) and (0, r).
        focus: where the gradient begins, ``[B, n, 2]``: how far from the centre along each of the axes, (0, 0) for the
            centre itself. What lies outside of the ellipse is moved to its edge.
    """

    kind = "radial"

    center: Tensor
    axes: Tensor
    focus: Tensor

    @property
    def has_length(self) -> Tensor:
        return _is_wide(self.axes)

    def frame(self) -> Tensor:
        known, inverse = self.has_length, inverse_of(self.axes)
        focus = self.inner_focus
        begin = -(inverse @ self.center[..., None])[..., 0] - focus
        local = torch.cat([inverse, begin[..., None]], dim=-1)  # the place in units of the axes, from the focus
        # Where the ray from the focus f through f + p meets the unit circle, with q = 1 − f²:
        # t = (f·p + √(p² − (f × p)²)) / q, whose root is the length of p − k n (n·p), n being f turned by 90°.
        square = focus.square().sum(-1)[..., None, None]
        normal = torch.stack([-focus[..., 1], focus[..., 0]], dim=-1)[..., None]
        rest = 1 - square
        bend = 1 / (1 + rest.sqrt())
        round_part = (local - bend * normal * (normal.mT @ local)) / rest
        slope = focus[..., None, :] @ local / rest
        frame = torch.cat([round_part, slope], dim=-2).flatten(-2)
        last = torch.zeros_like(frame)
        last[..., -1] = 1
        return torch.where(known[..., None], frame, last)

    @property
    def inner_focus(self) -> Tensor:
        """The focus, within the ellipse."""
        length = self.focus.square().sum(-1, keepdim=True)
        far = length > FARTHEST_FOCUS**2
        return torch.where(far, self.focus * FARTHEST_FOCUS / torch.where(far, length, 1).sqrt(), self.focus)

    @property
    def points(self) -> Tensor:
        center = self.center[..., None, :]
        return torch.cat([center, center + self.axes, center + self.inner_focus[..., None, :] @ self.axes], dim=-2)

    def moved(self, move: Callable[[Tensor], Tensor]) -> "RadialGradient":
        center = move(self.center)
        axes = [move(self.center + axis) - center for axis in self.axes.unbind(-2)]
        return replace(self, center=center, axes=torch.stack(axes, dim=-2))


GRADIENTS: dict[str, type[Gradient]] = {one.kind: one for one in (LinearGradient, RadialGradient)}
"""Kind → class."""


def inverse_of(axes: Tensor) -> Tensor:
    """The matrix ``[B, n, 2, 2]`` from vectors to how far they go along each of two axes; 0 where these are a line."""
    (a, b), (c, d) = (axis.unbind(-1) for axis in axes.unbind(-2))
    known = _is_wide(axes)
    area = torch.where(known, a * d - b * c, 1)
    inverse = torch.stack([torch.stack([d, -c], -1), torch.stack([-b, a], -1)], -2) / area[..., None, None]
    return torch.where(known[..., None, None], inverse, 0)


def _is_wide(axes: Tensor) -> Tensor:
    """Whether two axes ``[B, n, 2, 2]`` span an ellipse that is no line."""
    (a, b), (c, d) = (axis.unbind(-1) for axis in axes.unbind(-2))
    longest = axes.square().sum(-1).amax(-1).sqrt()
    return (a * d - b * c).abs() > THINNEST * longest


_Gradient = TypeVar("_Gradient", bound=Gradient)


def cat_gradients(gradients: Sequence[_Gradient]) -> _Gradient:
    """Join gradients along the shape dimension, as ``torch.cat``.

    Raises:
        ValueError: gradients of different topologies.
    """
    if len({one.topology for one in gradients}) > 1:
        raise ValueError("gradients of different kinds, spreads or numbers of stops cannot be joined")
    return joined(gradients)
