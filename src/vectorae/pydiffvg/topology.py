"""What kinds of shapes there are: all of a shape but its numbers."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.scene import RoundedBox
from vectorae.scene.slots import kept_tensor


class Topology(ABC):
    """The kind of a shape. Kinds are compared by identity: there is one object of each.

    Attributes:
        shapes: of the tensors that a shape has.
        counts: of its contour, how many control points each segment has, 0, 1 or 2.
        closed: whether its contour ends where it begins.
        size: how many points it has.
    """

    shapes: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]
    closed: bool
    size: int

    @property
    def is_straight(self) -> bool:
        """Whether all segments are lines."""
        return not any(self.counts)

    @property
    def is_box(self) -> bool:
        """Whether ``box`` knows it."""
        return False

    @abstractmethod
    def box(self, tensors: Sequence[Tensor]) -> RoundedBox:
        """The shapes as rounded boxes, in pixels; tensors ``[B, n, …]``."""

    @abstractmethod
    def points(self, tensors: Sequence[Tensor]) -> Tensor:
        """The points of their contours, ``[B, n, size, 2]``, pixels."""


class _Box(Topology):
    """Circles, ellipses and rectangles: a centre, and how far they reach from it."""

    closed = True
    counts = (2, 2, 2, 2)
    size = 12
    unit: tuple[tuple[float, float], ...]
    """The contour of one whose half extents are 1, clockwise."""

    @property
    def is_box(self) -> bool:
        return True

    def box(self, tensors: Sequence[Tensor]) -> RoundedBox:
        center, half = self.extent(tensors)
        angle = half.new_zeros(half.shape[:2])
        return RoundedBox(center, half, angle, torch.full_like(angle, 0.0 if self.is_straight else 1.0))

    @abstractmethod
    def extent(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Centres and half extents, ``[B, n, 2]`` each."""

    def points(self, tensors: Sequence[Tensor]) -> Tensor:
        center, half = self.extent(tensors)
        return center[..., None, :] + kept_tensor(self.unit, half.dtype, half.device) * half[..., None, :]


_REACH = 4 / 3 * math.tan(math.pi / 8)


class _Ellipse(_Box):
    shapes: tuple[tuple[int, ...], ...] = ((2,), (2,))
    unit = (
        *((1, 0), (1, _REACH), (_REACH, 1), (0, 1), (-_REACH, 1), (-1, _REACH)),
        *((-1, 0), (-1, -_REACH), (-_REACH, -1), (0, -1), (_REACH, -1), (1, -_REACH)),
    )

    def extent(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        radius, center = tensors
        return center, radius.abs()


class _Circle(_Ellipse):
    shapes = ((), (2,))

    def extent(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        radius, center = tensors
        return center, radius.abs()[..., None].expand_as(center)

    def box(self, tensors: Sequence[Tensor]) -> RoundedBox:
        return replace(super().box(tensors), circular=True)


class _Rect(_Box):
    shapes = ((2,), (2,))
    counts = (0, 0, 0, 0)
    size = 4
    unit = ((-1, -1), (1, -1), (1, 1), (-1, 1))

    def extent(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        low, high = tensors
        return (low + high) / 2, ((high - low) / 2).clamp_min(0)


CIRCLE: Topology = _Circle()
ELLIPSE: Topology = _Ellipse()
RECT: Topology = _Rect()


class Segments(Topology):
    """Paths and polygons."""

    def __init__(self, counts: tuple[int, ...], size: int) -> None:
        self.counts, self.size = counts, size
        self.closed = size == sum(counts) + len(counts)
        self.shapes = ((size, 2),)

    def box(self, tensors: Sequence[Tensor]) -> RoundedBox:
        raise NotImplementedError

    def points(self, tensors: Sequence[Tensor]) -> Tensor:
        return tensors[0]


@cache
def segments(counts: tuple[int, ...], size: int) -> Segments:
    """The topology of a path of ``size`` points; it is closed where the last segment has no end of its own.

    Raises:
        UserError: a number of points that does not go with the segments.
    """
    if not counts or not set(counts) <= {0, 1, 2}:
        raise UserError(f"num_control_points: {list(counts)}; each segment of a path has 0, 1 or 2, and there is one")
    ends = sum(counts) + len(counts)
    if size not in (ends, ends + 1):
        raise UserError(
            f"points: {size} of them for segments of {list(counts)} control points; a closed path of these has {ends}, "
            f"an open one {ends + 1}"
        )
    return Segments(counts, size)
