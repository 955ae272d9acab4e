"""Where closed contours cross themselves and each other, as geometry.region.find_cuts finds it, path by path.

Shared arguments of the kernels:
    corners: of all contours of a path, ``[V, 2]``.
    following: for each corner the index of the one that follows it in its contour; a segment, with the index of its
        start, leads there.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from functools import partial

import numpy as np

from vectorae.geometry.region import AT_END, AT_START, MIN_PART
from vectorae.rasterizer.cpu.arguments import Array
from vectorae.rasterizer.cpu.compiled import allocating, allocating_kernel, compiled
from vectorae.rasterizer.cpu.threads import Part, run_parallel, split_items

PER_CORNER = 6e-8
"""Seconds, about."""


def find_pieces(begin: Array, following: Array, corners: Array, even_odd: bool = False) -> tuple[Array, Array]:
    """Cut the contours of paths where they cross and select the pieces with ink on one side.

    Args:
        begin: index of the first corner of each of M paths, and the number of all, ``[M + 1]``.
        following: see above, of all paths; counted within each.
        corners: ``[·, 2]``, float64; contours of two segments or one have no length.
        even_odd: fill where the winding number is odd, not wherever it differs from 0.

    Returns:
        (segment, start, end) of each piece as in ``geometry.region.Cuts``, ``[M, room, 3]``; how many a path has,
        ``[M]``.
    """
    count, room = len(begin) - 1, int(np.diff(begin).max(initial=0)) + 4
    while True:
        pieces, size = np.empty((count, room, 3), dtype=np.int32), np.zeros(count, dtype=np.int32)
        parts = split_items(count, PER_CORNER * len(corners))
        run_parallel(partial(_cut_part, begin, following, corners, even_odd, pieces, size), parts)
        if size.max(initial=0) <= room:
            return pieces, size
        room = int(size.max())


def _cut_part(
    begin: Array,
    following: Array,
    corners: Array,
    even_odd: bool,
    pieces: Array,
    size: Array,
    number: int,
    part: Part,
) -> None:
    _cut_paths(*part.images, begin, following, corners, even_odd, pieces, size)


@compiled
def _segment(corners, following, i):
    """Start and end of segment i: (x0, y0, x1, y1)."""
    return corners[i, 0], corners[i, 1], corners[following[i], 0], corners[following[i], 1]


@compiled
def _is_inked(winding, even_odd):
    return winding % 2 != 0 if even_odd else winding != 0


@allocating_kernel
def _cut_paths(first, last, begins, all_following, all_corners, even_odd, pieces, size):
    """Write the pieces of some paths and their number, which may exceed the room for them.

    The winding numbers on both sides of a contour are the same from one crossing to the next.
    """
    for m in range(first, last):
        corners, following = all_corners[begins[m] : begins[m + 1]], all_following[begins[m] : begins[m + 1]]
        begin, at, partner = _find_crossings(corners, following)
        known, beside = False, 0  # the winding number to the right of the contour, as one walks along it
        for i in range(len(corners)):
            x0, y0, x1, y1 = _segment(corners, following, i)
            dx, dy = x1 - x0, y1 - y0
            if dx != 0 or dy != 0:
                for c in range(begin[i], begin[i + 1] + 1):
                    start, start_of = (0.0, AT_START) if c == begin[i] else (at[c - 1], partner[c - 1])
                    end, end_of = (1.0, AT_END) if c == begin[i + 1] else (at[c], partner[c])
                    known = known and c == begin[i]
                    if end - start <= MIN_PART:
                        continue
                    if not known:
                        part = (start + end) / 2
                        other = _winding(corners, following, i, x0 + part * dx, y0 + part * dy)
                        beside, known = (other if dy > 0 else other - 1), True
                    # Walking down the screen, its left is to the right of the contour.
                    left = beside if dy > 0 else beside + 1
                    right_inked = _is_inked(left + (1 if dy > 0 else -1), even_odd)
                    if right_inked == _is_inked(left, even_odd):
                        continue
                    if size[m] < pieces.shape[1]:
                        forwards = right_inked == (dy > 0)
                        pieces[m, size[m], 0] = i
                        pieces[m, size[m], 1] = start_of if forwards else end_of
                        pieces[m, size[m], 2] = end_of if forwards else start_of
                    size[m] += 1
            known = known and following[i] == i + 1  # else another contour begins


@allocating
def _find_crossings(corners, following):
    """Where the segments of a path cross.

    Returns:
        Index of the first crossing of each segment, and the number of all, ``[V + 1]``; their positions on the segment,
        ascending, 0 to 1; the segments that cross it there.
    """
    count = len(corners)
    boxes, order, begin = np.empty((count, 4)), np.empty(count, dtype=np.int64), np.zeros(count + 1, dtype=np.int64)
    filled, used = np.zeros(count, dtype=np.int64), 0
    for i in range(count):
        x0, y0, x1, y1 = _segment(corners, following, i)
        boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = min(y0, y1), max(y0, y1), min(x0, x1), max(x0, x1)
    _sort(boxes, order, filled)
    for i in range(count):
        filled[i] = 0
    found = np.empty((8, 2), dtype=np.int64)
    # Down the screen: of two segments at the same height, the lower one begins before the upper one ends.
    for a in range(count):
        i = order[a]
        low, left, right = boxes[i, 1], boxes[i, 2], boxes[i, 3]
        for b in range(a + 1, count):
            j = order[b]
            if boxes[j, 0] > low:
                break
            if boxes[j, 3] < left or boxes[j, 2] > right or following[i] == j or following[j] == i:
                continue
            if not _cross(*_segment(corners, following, i), *_segment(corners, following, j)):
                continue
            if used == len(found):
                longer = np.empty((2 * used, 2), dtype=np.int64)
                for crossing in range(used):  # numba takes seconds to compile an assignment of one array to another
                    longer[crossing, 0], longer[crossing, 1] = found[crossing, 0], found[crossing, 1]
                found = longer
            found[used, 0], found[used, 1] = i, j
            used += 1
            begin[i + 1] += 1
            begin[j + 1] += 1
    for i in range(count):
        begin[i + 1] += begin[i]
    at, partner = np.empty(2 * used), np.empty(2 * used, dtype=np.int64)
    for crossing in range(used):
        for side in range(2):
            i, j = found[crossing, side], found[crossing, 1 - side]
            x0, y0, x1, y1 = _segment(corners, following, i)
            x2, y2, x3, y3 = _segment(corners, following, j)
            across = (x1 - x0) * (y3 - y2) - (y1 - y0) * (x3 - x2)
            position = ((x2 - x0) * (y3 - y2) - (y2 - y0) * (x3 - x2)) / across
            # Insertion sort, as a segment has few.
            c = begin[i] + filled[i]
            while c > begin[i] and at[c - 1] > position:
                at[c], partner[c] = at[c - 1], partner[c - 1]
                c -= 1
            at[c], partner[c] = position, j
            filled[i] += 1
    return begin, at, partner


@compiled
def _sort(boxes, order, other):
    """Write the indices of boxes by their tops, ascending; ``other`` is as long as ``order``.

    Runs that ascend or descend are merged, pair by pair: a curve has few.
    """
    count, first, descends = len(order), 0, False
    for i in range(count):
        order[i] = i
    for i in range(1, count + 1):
        if i == first + 1 and i < count:
            descends = boxes[i, 0] < boxes[first, 0]
        elif i == count or (boxes[i, 0] < boxes[i - 1, 0]) != descends:
            if descends:
                for k in range(first, i):
                    order[k] = first + i - 1 - k
            first, descends = i, False
    for _ in range(64):  # each halves the number of runs; NaN has no order
        first = runs = 0
        while first < count:
            middle = _end_of_run(boxes, order, first)
            end = _end_of_run(boxes, order, middle)
            a, b = first, middle
            for k in range(first, end):
                if a < middle and (b == end or boxes[order[a], 0] <= boxes[order[b], 0]):
                    other[k] = order[a]
                    a += 1
                else:
                    other[k] = order[b]
                    b += 1
            first = end
            runs += 1
        for k in range(count):
            order[k] = other[k]
        if runs <= 1:
            break


@compiled
def _end_of_run(boxes, order, first):
    """Where the order ceases to ascend, from ``first`` on."""
    while first + 1 < len(order) and boxes[order[first], 0] <= boxes[order[first + 1], 0]:
        first += 1
    return min(first + 1, len(order))


@compiled
def _cross(x0, y0, x1, y1, x2, y2, x3, y3):
    """Whether two segments cross, or touch."""
    dx, dy = x1 - x0, y1 - y0
    across = dx * (y3 - y2) - dy * (x3 - x2)
    if across == 0:
        return False
    on_one = ((x2 - x0) * (y3 - y2) - (y2 - y0) * (x3 - x2)) / across
    on_other = ((x2 - x0) * dy - (y2 - y0) * dx) / across
    return 0 <= on_one <= 1 and 0 <= on_other <= 1


@compiled
def _winding(corners, following, own, x, y):
    """Winding number of a path around a point, without the point's own segment."""
    count, winding = len(corners), 0
    for j in range(count):
        x2, y2, x3, y3 = _segment(corners, following, j)
        if j == own or (y < y2) == (y < y3):
            continue
        aside = (x3 - x2) * (y - y2) - (y3 - y2) * (x - x2)
        if y3 > y2 and aside < 0:
            winding += 1
        elif y3 <= y2 and aside > 0:
            winding -= 1
    return winding
