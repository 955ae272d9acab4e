"""The segment nearest to each of many places, of contours that are filled or not."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.arguments import Array
from vectorae.rasterizer.cpu.compiled import ONE, ZERO, compiled, kernel
from vectorae.rasterizer.cpu.threads import run_parallel, split_items

PER_PAIR = 1e-9
"""Seconds of a place and a segment, about."""

UNFILLED, NONZERO, EVEN_ODD = range(3)
"""How contours are filled."""


def nearest_segments(places: Array, segments: Array, is_edge: Array, begin: Array, fills: Array) -> tuple[Array, Array]:
    """The nearest segment of each place, and whether the place is inside of the figure that this belongs to.

    Args:
        places: ``[N, 2]``.
        segments: start and end of each, ``[S, 2, 2]``, those of one figure after the other.
        is_edge: whether it counts for distances, ``[S]``; others only close contours.
        begin: index of the first segment of each figure, and S, ``[figures + 1]``; of two figures as near, the later
            one is taken.
        fills: of each figure, see above, ``[figures]``.

    Returns:
        Indices of segments ``[N]``, −1 if there is none; bool ``[N]``.
    """
    found, inside = np.full(len(places), -1, dtype=np.int64), np.zeros(len(places), dtype=np.bool_)
    along = segments[:, 1] - segments[:, 0]
    square = np.square(along).sum(1, keepdims=True)
    # Start, direction, and one over the square of the length: no division for each place.
    lines = np.concatenate(
        [segments[:, 0], along, np.where(square > 0, 1 / np.where(square > 0, square, 1), 0)], axis=1
    )
    arguments = places, segments, lines.astype(segments.dtype), is_edge, begin, fills, found, inside
    run_parallel(
        lambda _, part: _find(*part.images, *arguments),
        split_items(len(places), PER_PAIR * len(places) * len(segments)),
    )
    return found, inside


@kernel
def _find(first, last, places, segments, lines, is_edge, begin, fills, found, inside):
    for i in range(first, last):
        x, y = places[i, 0], places[i, 1]
        nearest, figure = np.inf, -1
        for f in range(len(fills) - 1, -1, -1):
            for s in range(begin[f], begin[f + 1]):
                if is_edge[s]:
                    square = _square(lines[s], x, y)
                    if square < nearest:
                        nearest, figure, found[i] = square, f, s
        if figure >= 0 and fills[figure] != UNFILLED:
            winding = 0
            for s in range(begin[figure], begin[figure + 1]):
                winding += _crossing(segments[s], x, y)
            inside[i] = winding % 2 != 0 if fills[figure] == EVEN_ODD else winding != 0


@compiled
def _square(line, x, y):
    """The square of the distance to a segment."""
    from_x, from_y = x - line[0], y - line[1]
    part = (from_x * line[2] + from_y * line[3]) * line[4]
    part = min(max(part, ZERO), ONE)
    from_x -= part * line[2]
    from_y -= part * line[3]
    return from_x * from_x + from_y * from_y


@compiled
def _crossing(segment, x, y):
    """Whether a ray to the right crosses a segment that leads down, 1, or up, −1; else 0."""
    y0, y1 = segment[0, 1], segment[1, 1]
    if (y0 <= y) == (y1 <= y):
        return 0
    at = segment[0, 0] + (y - y0) / (y1 - y0) * (segment[1, 0] - segment[0, 0])
    if at <= x:
        return 0
    return 1 if y1 > y0 else -1
