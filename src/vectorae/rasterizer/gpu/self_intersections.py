"""Where closed contours cross themselves and each other: geometry.region.find_cuts as a kernel, a program per path.

Memory is bounded beforehand, so that nothing waits for the GPU, and no pair of segments is kept.
"""

# Compiled by Triton, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import torch
import triton
import triton.language as tl
from torch import Tensor

from vectorae.geometry import region
from vectorae.geometry.region import Contours, Cuts, Region, area_and_perimeter, assemble, without_slivers
from vectorae.rasterizer.gpu.constants import LANES

AT_START, AT_END = tl.constexpr(region.AT_START), tl.constexpr(region.AT_END)
MIN_PART = tl.constexpr(region.MIN_PART)

MORE_PIECES = 512
"""Pieces of a boundary beyond one for each segment, at most: as many as eight cubics can make that cross each other
wherever they can."""


def enclosed_region(contours: Contours, pixel: float, bend: float) -> Region:
    """The regions of closed contours, see ``geometry.region.enclosed_region``; ``bend``: see ``flatten``.

    No size depends on values, so that nothing waits for the GPU.
    """
    corners, following = contours.corners(pixel, bend)
    corners = corners.flatten(0, 1)
    crossings = most_crossings(contours.points.shape[-2], contours.degree)
    cuts = find_cuts(corners.detach(), following, crossings, contours.even_odd)
    found = assemble(corners, following, cuts, contours.points)
    return Region(found, *area_and_perimeter(found))


def most_crossings(points: int, degree: int) -> int:
    """How often closed contours of so many control points can cross themselves and each other, at most.

    Example:
        Two cubics cross each other nine times at most, and each itself once.

        >>> most_crossings(points=6, degree=3)
        11
    """
    curves = -(-points // degree)
    return curves * (curves - 3) // 2 if degree == 1 else curves + 9 * curves * (curves - 1) // 2


def find_cuts(corners: Tensor, following: Tensor, crossings: int, even_odd: bool = False) -> Cuts:
    """Cut closed contours where they cross, and select the pieces with ink on one side.

    A boundary of more than V + ``MORE_PIECES`` pieces, that of a wild scribble, lacks those beyond.

    Args:
        corners, following: ``[M, V, 2]``, float64, and ``[V]``; see ``geometry.region.joined_corners``.
        crossings: how often they can cross, at most.
        even_odd: fill where the winding number is odd, not wherever it differs from 0.
    """
    pieces, size = cut_at_crossings(without_slivers(corners, following), following, crossings, even_odd)
    segment, start, end = pieces.unbind(-1)
    return Cuts(segment, start, end, torch.arange(pieces.shape[1], device=corners.device) < size[:, None])


@torch.library.custom_op("vectorae::cut_at_crossings", mutates_args=())
def cut_at_crossings(corners: Tensor, following: Tensor, crossings: int, even_odd: bool) -> tuple[Tensor, Tensor]:
    """The fields segment, start and end of ``Cuts``, int64 ``[M, S, 3]``, and the number of pieces, int32 ``[M]``."""
    pieces, size = _empty(corners, following, crossings, even_odd)
    pieces[..., 0], pieces[..., 1:] = 0, region.AT_START
    if len(corners):
        count, room = corners.shape[1], pieces.shape[1]
        given = corners.contiguous(), following.contiguous()
        cut_paths[len(corners),](*given, pieces, size, count, room, EVEN_ODD=even_odd, num_warps=1)
    return pieces, size


def _empty(corners: Tensor, following: Tensor, crossings: int, even_odd: bool) -> tuple[Tensor, Tensor]:
    # Each crossing makes two pieces.
    paths, room = len(corners), corners.shape[1] + min(max(0, 2 * crossings), MORE_PIECES)
    return corners.new_empty(paths, room, 3, dtype=torch.int64), corners.new_empty(paths, dtype=torch.int32)


cut_at_crossings.register_fake(_empty)


@triton.jit
def cut_paths(corners, following, pieces, size, count, room, EVEN_ODD: tl.constexpr):
    """Write the pieces of a path's boundary, and their number.

    The winding numbers on both sides of a contour are the same from one crossing to the next.

    Args:
        corners: pointer to ``[M, V, 2]``; following: to ``[V]``, int64; pieces: to ``[M, S, 3]``; size: to ``[M]``;
            count, room: V and S.
    """
    path = tl.program_id(0).to(tl.int64)
    corners += path * 2 * count
    pieces += path * 3 * room
    used, known, beside = 0, 0, 0  # beside: the winding number to the right of the contour, as one walks along it
    for i in range(count):
        x0, y0, dx, dy = _segment(corners, following, i)
        if (dx != 0) | (dy != 0):
            start, start_of = dx * 0, AT_START + 0 * i
            remaining = 1
            while remaining != 0:
                end, end_of = _next_crossing(corners, following, i, count, x0, y0, dx, dy, start, start_of)
                known = tl.where(start_of < 0, known, 0)
                if end - start > MIN_PART:
                    if known == 0:
                        part = 0.5 * (start + end)
                        other = _winding(corners, following, i, count, x0 + part * dx, y0 + part * dy)
                        beside, known = tl.where(dy > 0, other, other - 1), 1
                    # Walking down the screen, its left is to the right of the path.
                    left = tl.where(dy > 0, beside, beside + 1)
                    right_inked = _is_inked(left + tl.where(dy > 0, 1, -1), EVEN_ODD)
                    if (right_inked != _is_inked(left, EVEN_ODD)) & (used < room):
                        forwards = right_inked == (dy > 0)
                        at = pieces + 3 * used
                        tl.store(at, i)
                        tl.store(at + 1, tl.where(forwards, start_of, end_of))
                        tl.store(at + 2, tl.where(forwards, end_of, start_of))
                        used += 1
                remaining = tl.where(end_of >= 0, 1, 0)
                start, start_of = end, end_of
        known = tl.where(tl.load(following + i) == i + 1, known, 0)  # else another contour begins
    tl.store(size + path, used)


@triton.jit
def _is_inked(winding, EVEN_ODD: tl.constexpr):
    return winding % 2 != 0 if EVEN_ODD else winding != 0


@triton.jit
def _segment(corners, following, i):
    """Start of segment i (or of a block of segments), and the vector to its end."""
    end = tl.load(following + i)
    x0, y0 = tl.load(corners + 2 * i), tl.load(corners + 2 * i + 1)
    return x0, y0, tl.load(corners + 2 * end) - x0, tl.load(corners + 2 * end + 1) - y0


@triton.jit
def _next_crossing(corners, following, i, count, x0, y0, dx, dy, last, last_of):
    """The next crossing along segment i after that with segment ``last_of`` at the position ``last`` in [0, 1].

    Returns:
        Its position, and the segment that crosses there; 1 and ``AT_END`` if there is none.
    """
    position, partner = last * 0 + 2, AT_END + 0 * i
    for number in range(0, count, LANES):
        lane = number + tl.arange(0, LANES)
        x2, y2, along_x, along_y = _segment(corners, following, tl.minimum(lane, count - 1))
        across = dx * along_y - dy * along_x
        apart_x, apart_y = x2 - x0, y2 - y0
        divisor = tl.where(across == 0, 1, across)
        on_this = (apart_x * along_y - apart_y * along_x) / divisor
        on_other = (apart_x * dy - apart_y * dx) / divisor
        after, next_of_lane = tl.load(following + i), tl.load(following + tl.minimum(lane, count - 1))
        hit = (lane < count) & (lane != i) & (lane != after) & (next_of_lane != i) & (across != 0)
        hit &= (on_this >= 0) & (on_this <= 1) & (on_other >= 0) & (on_other <= 1)
        hit &= (on_this > last) | ((on_this == last) & (lane > last_of))
        here = tl.where(hit, on_this, 2)
        least = tl.min(here, 0)
        crossing = tl.min(tl.where(here == least, lane, count), 0)
        partner = tl.where(least < position, crossing, partner)
        position = tl.minimum(position, least)
    return tl.minimum(position, 1), partner


@triton.jit
def _winding(corners, following, own, count, x, y):
    """Winding number of a path around a point, without the point's own segment."""
    winding = 0
    for number in range(0, count, LANES):
        lane = number + tl.arange(0, LANES)
        x2, y2, along_x, along_y = _segment(corners, following, tl.minimum(lane, count - 1))
        crossed = (lane < count) & (lane != own) & ((y < y2) != (y < y2 + along_y))
        aside = along_x * (y - y2) - along_y * (x - x2)
        down, up = crossed & (along_y > 0) & (aside < 0), crossed & (along_y <= 0) & (aside > 0)
        winding += tl.sum(down.to(tl.int32) - up.to(tl.int32), 0)
    return winding
