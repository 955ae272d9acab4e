"""Self-intersections of closed paths: the CPU implementation of geometry.region.find_cuts, path by path."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np
import torch
from torch import Tensor

from vectorae.geometry.region import AT_END, AT_START, MIN_PART, Cuts
from vectorae.rasterizer.cpu.compiled import allocating
from vectorae.rasterizer.cpu.threads import run_parallel, split_work


def find_cuts(corners: Tensor) -> Cuts:
    """Cut closed paths ``[M, V, 2]``, float64 on the CPU, and select the pieces with ink on one side."""
    paths, room = corners.contiguous().numpy(), corners.shape[1] + 4
    while True:
        pieces = np.zeros((len(paths), room, 3), dtype=np.int64)
        pieces[..., 1:] = AT_START
        size = np.zeros(len(paths), dtype=np.int64)
        run_parallel(lambda _, part: _cut_paths(*part.images, paths, pieces, size), split_work(len(paths), 1))  # noqa: B023
        most = max(1, int(size.max(initial=0)))
        if most <= room:
            break
        room = most
    segment, start, end = torch.from_numpy(pieces[:, :most]).unbind(-1)
    return Cuts(segment, start, end, torch.arange(most) < torch.from_numpy(size)[:, None])


@allocating
def _segment(corners, i):
    """Start and end of segment i of a closed path ``[V, 2]``: (x0, y0, x1, y1)."""
    following = i + 1 if i + 1 < len(corners) else 0
    return corners[i, 0], corners[i, 1], corners[following, 0], corners[following, 1]


@allocating
def _count_corners(corners):
    """Number of corners that do not repeat the previous one."""
    found = 0
    for i in range(len(corners)):
        x0, y0, x1, y1 = _segment(corners, i)
        found += 1 if x0 != x1 or y0 != y1 else 0
    return found


@allocating
def _cut_paths(first, last, paths, pieces, size):
    """Write (segment, start, end) of some paths' pieces, ``[M, room, 3]``, and their number, which may exceed room."""
    count = paths.shape[1]
    at, partner = np.empty(count + 2), np.empty(count + 2, dtype=np.int64)
    for m in range(first, last):
        corners = paths[m]
        if _count_corners(corners) <= 2:  # a path that goes there and back encloses nothing
            continue
        for i in range(count):
            x0, y0, x1, y1 = _segment(corners, i)
            dx, dy = x1 - x0, y1 - y0
            if dx == 0 and dy == 0:
                continue
            cuts = _cut_segment(corners, i, at, partner)
            for c in range(cuts - 1):
                if at[c + 1] - at[c] <= MIN_PART:
                    continue
                part = (at[c] + at[c + 1]) / 2
                other = _winding(corners, i, x0 + part * dx, y0 + part * dy)
                right_inked = other + (1 if dy > 0 else -1) != 0
                if right_inked == (other != 0):
                    continue
                if size[m] < pieces.shape[1]:
                    forwards = right_inked == (dy > 0)
                    pieces[m, size[m], 0] = i
                    pieces[m, size[m], 1] = partner[c] if forwards else partner[c + 1]
                    pieces[m, size[m], 2] = partner[c + 1] if forwards else partner[c]
                size[m] += 1


@allocating
def _cut_segment(corners, i, at, partner):
    """Write the positions where segment i is cut, 0 to 1, and the segments that cross it; return their number."""
    count = len(corners)
    x0, y0, x1, y1 = _segment(corners, i)
    dx, dy = x1 - x0, y1 - y0
    at[0], partner[0], cuts = 0.0, AT_START, 1
    for j in range(count):
        steps = j - i if j >= i else j - i + count
        if steps <= 1 or steps == count - 1:
            continue
        x2, y2, x3, y3 = _segment(corners, j)
        if max(y2, y3) < min(y0, y1) or min(y2, y3) > max(y0, y1):
            continue
        if max(x2, x3) < min(x0, x1) or min(x2, x3) > max(x0, x1):
            continue
        across = dx * (y3 - y2) - dy * (x3 - x2)
        if across == 0:
            continue
        on_this = ((x2 - x0) * (y3 - y2) - (y2 - y0) * (x3 - x2)) / across
        on_other = ((x2 - x0) * dy - (y2 - y0) * dx) / across
        if 0 <= on_this <= 1 and 0 <= on_other <= 1:
            # Insertion sort, as there are few.
            c = cuts
            while c > 1 and at[c - 1] > on_this:
                at[c], partner[c] = at[c - 1], partner[c - 1]
                c -= 1
            at[c], partner[c] = on_this, j
            cuts += 1
    at[cuts], partner[cuts] = 1.0, AT_END
    return cuts + 1


@allocating
def _winding(corners, own, x, y):
    """Winding number of the path around a point, without the point's own segment."""
    count, winding = len(corners), 0
    for j in range(count):
        x2, y2, x3, y3 = _segment(corners, j)
        if j == own or (y < y2) == (y < y3):
            continue
        aside = (x3 - x2) * (y - y2) - (y3 - y2) * (x - x2)
        if y3 > y2 and aside < 0:
            winding += 1
        elif y3 <= y2 and aside > 0:
            winding -= 1
    return winding
