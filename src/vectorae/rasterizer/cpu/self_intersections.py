"""Where closed paths cross themselves: the same as geometry.region.find_cuts, path by path."""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import numpy as np
import torch
from torch import Tensor

from vectorae.geometry.region import AT_END, AT_START, MIN_PART, Cuts
from vectorae.rasterizer.cpu.compiled import allocating
from vectorae.rasterizer.cpu.threads import parts_of, share_out


def find_cuts(corners: Tensor) -> Cuts:
    """Cut closed paths ``[M, V, 2]``, float64 on the CPU, and find the pieces with ink on one side."""
    paths, room = corners.contiguous().numpy(), corners.shape[1] + 4
    while True:
        pieces = np.zeros((len(paths), room, 3), dtype=np.int64)
        pieces[..., 1:] = AT_START
        size = np.zeros(len(paths), dtype=np.int64)
        share_out(lambda _, part: _cut_paths(*part.images, paths, pieces, size), parts_of(len(paths), 1))  # noqa: B023
        most = max(1, int(size.max(initial=0)))
        if most <= room:
            break
        room = most
    segment, start, end = torch.from_numpy(pieces[:, :most]).unbind(-1)
    return Cuts(segment, start, end, torch.arange(most) < torch.from_numpy(size)[:, None])


@allocating
def _segment(corners, i):
    following = i + 1 if i + 1 < len(corners) else 0
    return corners[i, 0], corners[i, 1], corners[following, 0], corners[following, 1]


@allocating
def _corners_of(corners):
    """How many corners do not repeat the one before them."""
    found = 0
    for i in range(len(corners)):
        x0, y0, x1, y1 = _segment(corners, i)
        found += 1 if x0 != x1 or y0 != y1 else 0
    return found


@allocating
def _cut_paths(first, last, paths, pieces, size):
    """Write (segment, start, end) of some paths' pieces, ``[M, room, 3]``, and how many there are, room or not."""
    count = paths.shape[1]
    at, partner = np.empty(count + 2), np.empty(count + 2, dtype=np.int64)
    for m in range(first, last):
        corners = paths[m]
        if _corners_of(corners) <= 2:  # there and back again encloses nothing
            continue
        for i in range(count):
            x0, y0, x1, y1 = _segment(corners, i)
            dx, dy = x1 - x0, y1 - y0
            if dx == 0 and dy == 0:
                continue
            cuts = _cuts_of(corners, i, at, partner)
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
def _cuts_of(corners, i, at, partner):
    """Where segment i is cut, from 0 to 1, and by which other segment; returns how many places these are."""
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
        here = ((x2 - x0) * (y3 - y2) - (y2 - y0) * (x3 - x2)) / across
        there = ((x2 - x0) * dy - (y2 - y0) * dx) / across
        if 0 <= here <= 1 and 0 <= there <= 1:
            # Sorted as they come: there are few.
            c = cuts
            while c > 1 and at[c - 1] > here:
                at[c], partner[c] = at[c - 1], partner[c - 1]
                c -= 1
            at[c], partner[c] = here, j
            cuts += 1
    at[cuts], partner[cuts] = 1.0, AT_END
    return cuts + 1


@allocating
def _winding(corners, own, x, y):
    """How often the path winds around a place, its own segment left out."""
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
