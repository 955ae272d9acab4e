"""Contours of many paths as one tensor of cubics or lines: which points they are made of. Plain numbers."""

from collections.abc import Sequence
from typing import NamedTuple

from vectorae.pydiffvg.topology import Topology


class Corner(NamedTuple):
    """A point between two others: ``first + share · (second − first)``, by their indices."""

    first: int
    second: int
    share: float


def padded(count: int, filled: bool) -> int:
    """A number of segments that is not less: paths become alike by segments of no length.

    These cost little in fills, which are cut into as many lines as they need one by one: a power of two, 4 or more.
    For strokes there are four numbers between each power of two and the next.

    >>> [padded(count, filled=True) for count in (1, 4, 5, 9, 17, 100)]
    [4, 4, 8, 16, 32, 128]
    >>> [padded(count, filled=False) for count in (1, 4, 5, 9, 17, 100)]
    [1, 4, 5, 10, 20, 112]
    """
    if filled:
        return max(4, 1 << (count - 1).bit_length())
    step = 1 << max(0, (count - 1).bit_length() - 3)
    return -(-count // step) * step


def segments_of(shape: Topology, closing: bool) -> int:
    """How many segments a contour has; ``closing``: one more where it is open, back to its start."""
    return len(shape.counts) + (closing and not shape.closed)


def corners_of(shape: Topology, start: int, degree: int, closing: bool, count: int) -> list[Corner]:
    """The control points of a contour.

    Args:
        shape: its topology.
        start: index of its first point.
        degree: 1 or 3.
        closing: whether it is closed by a line where it is open.
        count: of segments, those of no length at its end included.
    """
    closed = shape.closed or closing
    ends, at = [], 0
    corners: list[Corner] = []
    for control in shape.counts:
        end = (at + control + 1) % shape.size
        corners += _segment(start + at, start + end, control, degree)
        at += control + 1
        ends.append(end)
    last = start + (ends[-1] if ends else 0)
    if closing and not shape.closed:
        corners += _segment(last, start, 0, degree)
    rest = start if closed else last
    while len(corners) < degree * count:
        corners.append(Corner(rest, rest, 0.0))
    return corners if closed else [*corners, Corner(rest, rest, 0.0)]


def _segment(start: int, end: int, control: int, degree: int) -> Sequence[Corner]:
    """A segment without its end."""
    first = Corner(start, start, 0.0)
    if degree == 1:
        return [first]
    if control == 0:
        return [first, Corner(start, end, 1 / 3), Corner(start, end, 2 / 3)]
    if control == 1:
        return [first, Corner(start, start + 1, 2 / 3), Corner(end, start + 1, 2 / 3)]
    return [first, Corner(start + 1, start + 1, 0.0), Corner(start + 2, start + 2, 0.0)]
