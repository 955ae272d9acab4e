"""Outlines: the two geometries that every primitive is lowered to."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from vectorae.geometry.region import Contours
from vectorae.scene.record import TensorRecord, joined


class Bounds(NamedTuple):
    """A box around each shape: centre and half extents ``[B, n, 2]`` in canvas units, angle ``[B, n]`` in radians."""

    center: Tensor
    half_extents: Tensor
    angle: Tensor


@dataclass(frozen=True, eq=False, repr=False)
class RoundedBox(TensorRecord):
    """A rectangle whose corners are quarter ellipses with radii roundness × half extents, as SVG's ``<rect rx ry>``.

    Attributes:
        center: ``[B, n, 2]`` canvas units.
        half_extents: half width and half height, ``[B, n, 2]``, canvas units, ≥ 0.
        angle: ``[B, n]`` radians, clockwise on screen.
        roundness: ``[B, n]`` in [0, 1]; 0 is a rectangle, 1 an ellipse.
        circular: whether all are circles, whatever the numbers, with half extents that are equal and a roundness of 1:
            their exact drawing takes less time then.

    Example:
        A circle and an upright rectangle in one drawing.

        >>> from vectorae import RoundedBox
        >>> boxes = RoundedBox(
        ...     center=torch.tensor([[[0.25, 0.5], [0.75, 0.5]]]),
        ...     half_extents=torch.tensor([[[0.125, 0.125], [0.125, 0.25]]]),
        ...     angle=torch.zeros(1, 2),
        ...     roundness=torch.tensor([[1.0, 0.0]]),
        ... )
        >>> boxes.is_circle
        tensor([[ True, False]])
    """

    center: Tensor
    half_extents: Tensor
    angle: Tensor
    roundness: Tensor
    circular: bool = False

    @property
    def is_circle(self) -> Tensor:
        """Which of the shapes are circles, up to a millionth of the radius: bool, ``[B, n]``."""
        width, height = self.half_extents.unbind(-1)
        return (self.roundness == 1) & ((width - height).abs() <= 1e-6 * torch.maximum(width, height))

    @property
    def topology(self) -> tuple[Hashable, ...]:
        """The same for all outlines that can be joined by ``cat_outlines``."""
        return (RoundedBox,)

    def bounds(self) -> Bounds:
        """The boxes as they are, whatever their roundness."""
        return Bounds(self.center, self.half_extents, self.angle)

    def transformed(self, center: Tensor, scale: Tensor | float = 1.0, angle: Tensor | float = 0.0) -> "RoundedBox":
        """The shapes moved, and scaled and turned about their centres.

        Args:
            center: where the centres of their bounds come to, canvas units, broadcastable to ``[B, n, 2]``.
            scale: factor on their size, a number or broadcastable to ``[B, n]``.
            angle: radians, clockwise on screen, a number or broadcastable to ``[B, n]``.
        """
        factor = torch.as_tensor(scale).to(self.half_extents)[..., None]
        return replace(
            self,
            center=center.to(self.center).expand_as(self.center),
            half_extents=self.half_extents * factor,
            angle=self.angle + angle,
        )

    def zoomed(self, factor: float, offset: Tensor) -> "RoundedBox":
        """The shapes on a canvas that is enlarged and moved: what was at p is at ``factor`` p + ``offset``.

        Args:
            factor: of all lengths, above 0.
            offset: canvas units, ``[2]`` or broadcastable to ``[B, n, 2]``.
        """
        return replace(self, center=self.center * factor + offset, half_extents=self.half_extents * factor)


FILL_RULES = ("nonzero", "evenodd")
"""What of a path is filled, as SVG names it: where its winding number is not 0, or where it is odd."""


@dataclass(frozen=True, eq=False, repr=False)
class Path(TensorRecord):
    """Straight segments, or joined cubic Béziers, along control points; of one contour or several.

    Attributes:
        points: ``[B, n, P, 2]`` canvas units. Of degree 1, a contour has P ≥ 1; one point alone is a dot when it is
            stroked. Of degree 3, P is 3k + 1 for k joined cubics, 3k where the contour is closed.
        closed: whether a last segment leads back to the first point; of several contours, one for each may be given.
        degree: 1 or 3.
        sizes: how many of the points each contour has, one contour after the other; () is one contour of them all.
        fill_rule: ``nonzero`` or ``evenodd``. Filled contours are closed by a straight line where they are open.

    Raises:
        ValueError: another degree or fill rule, or a number of points that makes no path of that degree.

    Example:
        A triangle, and a square with a hole.

        >>> from vectorae import Path
        >>> path = Path(torch.tensor([[[[0.5, 0.25], [0.75, 0.75], [0.25, 0.75]]]]), closed=True)
        >>> path.bounds().center
        tensor([[[0.5000, 0.5000]]])
        >>> corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
        >>> ring = torch.cat([0.1 + 0.8 * corners, 0.3 + 0.4 * corners])[None, None]
        >>> len(Path(ring, closed=True, sizes=(4, 4), fill_rule="evenodd").contours)
        2
    """

    points: Tensor
    closed: bool | tuple[bool, ...] = False
    degree: int = 1
    sizes: tuple[int, ...] = ()
    fill_rule: str = "nonzero"

    def __post_init__(self) -> None:
        if self.degree not in (1, 3):
            raise ValueError(f"a Path has degree 1 or 3, not {self.degree}")
        if self.fill_rule not in FILL_RULES:
            raise ValueError(f"a Path is filled by {' or '.join(FILL_RULES)}, not {self.fill_rule!r}")
        total, sizes = self.points.shape[-2], self._sizes
        if sum(sizes) != total:
            raise ValueError(f"contours of {' + '.join(map(str, sizes))} points, but the path has {total}")
        if isinstance(self.closed, tuple) and len(self.closed) != len(sizes):
            raise ValueError(f"closed: {len(self.closed)} values for {len(sizes)} contours")
        for count, closed in zip(sizes, self._closings, strict=True):
            if self.degree == 1 and count < 1 or self.degree == 3 and (count < 3 or count % 3 != (not closed)):
                raise ValueError(
                    f"{count} points make no {'closed' if closed else 'open'} path of degree {self.degree}"
                )

    @property
    def _sizes(self) -> tuple[int, ...]:
        return self.sizes or (self.points.shape[-2],)

    @property
    def _closings(self) -> tuple[bool, ...]:
        return self.closed if isinstance(self.closed, tuple) else (self.closed,) * len(self._sizes)

    @property
    def is_closed(self) -> bool:
        """Whether all contours are closed."""
        return all(self._closings)

    @property
    def contours(self) -> "tuple[Path, ...]":
        """Each contour as a path of its own."""
        parts = self.points.split(list(self._sizes), dim=-2)
        return tuple(Path(part, closed, self.degree) for part, closed in zip(parts, self._closings, strict=True))

    @property
    def enclosing(self) -> Contours:
        """The contours that are filled, with those closed that are open."""
        points, sizes = self.points, self.sizes
        if self.degree == 3 and not self.is_closed:
            parts = [one.points if one.closed else _closed_by_a_line(one.points) for one in self.contours]
            points, sizes = torch.cat(parts, dim=-2), tuple(part.shape[-2] for part in parts)
        return Contours(points, self.degree, sizes if len(sizes) > 1 else (), self.fill_rule == "evenodd")

    @property
    def is_circle(self) -> Tensor:
        """Which of the shapes are circles: none, as circles are rounded boxes; bool, ``[B, n]``."""
        return torch.zeros_like(self.points[..., 0, 0], dtype=torch.bool)

    @property
    def topology(self) -> tuple[Hashable, ...]:
        """The same for all outlines that can be joined by ``cat_outlines``."""
        return Path, self._sizes, self._closings, self.degree, self.fill_rule

    def bounds(self) -> Bounds:
        """Upright boxes around the control points, and so around the paths."""
        low, high = self.points.amin(2), self.points.amax(2)
        return Bounds((low + high) / 2, (high - low) / 2, torch.zeros_like(low[..., 0]))

    def transformed(self, center: Tensor, scale: Tensor | float = 1.0, angle: Tensor | float = 0.0) -> "Path":
        """The shapes moved, and scaled and turned about their centres; arguments as for ``RoundedBox``."""
        factor, turn = (torch.as_tensor(value).to(self.points)[..., None] for value in (scale, angle))
        x, y = ((self.points - self.bounds().center[..., None, :]) * factor[..., None]).unbind(-1)
        cos, sin = turn.cos(), turn.sin()
        turned = torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)
        return replace(self, points=center.to(turned)[..., None, :] + turned)

    def zoomed(self, factor: float, offset: Tensor) -> "Path":
        """The shapes on a canvas that is enlarged and moved; arguments as for ``RoundedBox``."""
        return replace(self, points=self.points * factor + offset[..., None, :])


def box_path(box: RoundedBox) -> Path:
    """Rounded boxes as closed cubics, which begin and go on as the shapes of SVG do: clockwise.

    A rectangle begins with its upper side, an ellipse on its right; four cubics are off an ellipse by 2.7e-4 of its
    radii at most.
    """
    flat, reach = 1 - box.roundness, 1 - box.roundness * (1 - 4 / 3 * math.tan(math.pi / 8))
    one = torch.ones_like(flat)

    def points(*places: tuple[Tensor, Tensor]) -> Tensor:
        return torch.stack([torch.stack(place, dim=-1) for place in places], dim=-2)

    # Half of the way around: the upper side, its right corner, the right side, its lower corner; without its end.
    half = points(
        *((-flat + 2 * flat * part / 3, -one) for part in range(3)),
        *((flat, -one), (reach, -one), (one, -reach)),
        *((one, -flat + 2 * flat * part / 3) for part in range(3)),
        *((one, flat), (one, reach), (reach, one)),
    )
    local = torch.cat([half, -half], dim=-2)
    is_ellipse = (box.roundness == 1)[..., None, None]
    local = torch.where(is_ellipse, local.roll(-6, dims=-2), local) * box.half_extents[..., None, :]
    cos, sin = box.angle.cos()[..., None], box.angle.sin()[..., None]
    x, y = local.unbind(-1)
    turned = torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)
    return Path(box.center[..., None, :] + turned, closed=True, degree=3)


def _closed_by_a_line(points: Tensor) -> Tensor:
    """The control points of an open contour of cubics, and those that lead straight back to its start."""
    first, last = points[..., :1, :], points[..., -1:, :]
    return torch.cat([points, last + (first - last) / 3, last + (first - last) * (2 / 3)], dim=-2)


Outline = RoundedBox | Path

_Outline = TypeVar("_Outline", bound=Outline)


def cat_outlines(outlines: Sequence[_Outline]) -> _Outline:
    """Join outlines along the shape dimension, as ``torch.cat``.

    Args:
        outlines: ``[B, n, …]`` each, of one topology: all boxes, or all paths of the same degree and number of points,
            open or closed.

    Raises:
        ValueError: outlines of different topologies.
    """
    first = outlines[0]
    if len(outlines) == 1:
        return first
    if len({outline.topology for outline in outlines}) > 1:
        raise ValueError("outlines of different topologies cannot be joined")
    together = joined(outlines)
    if isinstance(together, RoundedBox):
        circular = all(isinstance(one, RoundedBox) and one.circular for one in outlines)
        return replace(together, circular=circular)
    return together
