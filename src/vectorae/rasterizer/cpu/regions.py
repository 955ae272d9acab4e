"""The regions that closed contours enclose: the CPU implementation of geometry.region.enclosed_region, path by path.

Shared arguments of the kernels:
    first, last: the range of paths, of M.
    points: control points ``[M, P, 2]``.
    controls: for each of the K curves of a path the indices of its control points, ``[K, degree + 1]``.
    contours: index of each contour's first curve, and K, ``[contours + 1]``.
    steps: into how many segments each cubic is cut, ``[M, K]``; 1 for straight lines.
    begin: index of each path's first corner, and the number of all, ``[M + 1]``.
    corners: ``[·, 2]``, float64; a path's segments lead from each of its corners to the ``following`` one.
    pieces, size: those of its segments that form a path's boundary, and their number; see ``find_pieces``.
    segments: start and end of each piece, ``[M, S, 2, 2]``.
    by_x: the derivative by x.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vectorae.geometry.curve import FLATTENING_ERROR, MAX_PIECES
from vectorae.geometry.region import AT_END, JITTER, MIN_SINE, Boundary, Contours, Region
from vectorae.rasterizer.cpu.arguments import Array
from vectorae.rasterizer.cpu.compiled import ONE, compiled, kernel
from vectorae.rasterizer.cpu.self_intersections import find_pieces
from vectorae.rasterizer.cpu.threads import run_parallel, split_items

PER_CORNER = 1e-8
"""Seconds, about, of each loop over corners, or curves; their derivatives take twice as long."""

TWO, THREE, SIX = np.float32(2), np.float32(3), np.float32(6)


def enclosed_region(contours: Contours, pixel: float) -> Region:
    """The regions of closed contours on the CPU; see ``geometry.region.enclosed_region``."""
    segments, size, area, perimeter = _Enclose.apply(contours.points, contours, pixel)
    return Region(Boundary(segments, torch.arange(segments.shape[2]) < size[..., None]), area, perimeter)


@lru_cache(maxsize=256)
def _curves(points: int, degree: int, sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """The arrays ``controls`` and ``contours`` (see above) of paths of so many points."""
    controls, contours, before = [], [0], 0
    for size in sizes or (points,):
        controls += [[before + (a + i) % size for i in range(degree + 1)] for a in range(0, size, degree)]
        contours.append(len(controls))
        before += size
    return np.array(controls, dtype=np.int64), np.array(contours, dtype=np.int64)


class _Enclose(torch.autograd.Function):
    """Control points → segments ``[B, n, S, 2, 2]``; of each path, their number, its area and its perimeter."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, like: Contours, pixel: float) -> tuple[Tensor, ...]:
        paths = points.detach().flatten(0, 1).contiguous().numpy()
        count = len(paths)
        controls, contours = _curves(paths.shape[1], like.degree, like.sizes)
        steps = np.ones((count, len(controls)), dtype=np.int32)
        if like.degree == 3:
            error = paths.dtype.type(8 * FLATTENING_ERROR * pixel)
            parts = split_items(count, PER_CORNER * steps.size)
            run_parallel(lambda _, part: count_steps(*part.images, paths, controls, error, steps), parts)
        begin = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(steps.sum(1), out=begin[1:])
        corners, following = np.empty((begin[-1], 2)), np.empty(begin[-1], dtype=np.int64)
        parts = split_items(count, PER_CORNER * len(corners))
        placed = controls, contours, steps, begin, corners, following
        run_parallel(lambda _, part: _place_corners(*part.images, paths, *placed), parts)
        pieces, size = find_pieces(begin, following, corners, like.even_odd)
        most = max(1, int(size.max(initial=0)))
        segments = points.new_zeros(*points.shape[:2], most, 2, 2)
        area, perimeter = points.new_zeros(points.shape[:2]), points.new_zeros(points.shape[:2])
        made = segments.view(count, most, 2, 2).numpy(), area.view(count).numpy(), perimeter.view(count).numpy()
        run_parallel(lambda _, part: _join(*part.images, begin, corners, following, pieces, size, *made), parts)
        of_path = torch.from_numpy(size).view(points.shape[:2])
        ctx.mark_non_differentiable(of_path)
        ctx.save_for_backward(segments, area)
        ctx.plan, ctx.shape = (controls, steps, begin, corners, following, pieces, size), points.shape
        ctx.parts = split_items(count, 2 * PER_CORNER * len(corners))
        return segments, of_path, area, perimeter

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_segments: Tensor, _: Any, by_area: Tensor, by_perimeter: Tensor) -> tuple[Any, ...]:
        segments, area = ctx.saved_tensors
        controls, steps, begin, corners, following, pieces, size = ctx.plan
        by_points, by_corners = segments.new_zeros(ctx.shape), np.zeros_like(corners)
        flat = [one.contiguous().flatten(0, 1).numpy() for one in (segments, area, by_segments, by_area, by_perimeter)]
        into = by_points.view(-1, *ctx.shape[2:]).numpy()

        def work(_: int, part: Any) -> None:
            _differentiate_joining(*part.images, begin, corners, following, pieces, size, *flat, by_corners)
            _differentiate_placing(*part.images, controls, steps, begin, by_corners, into)

        run_parallel(work, ctx.parts)
        return by_points, None, None


@kernel
def count_steps(first, last, points, controls, error, steps):
    """Write ``steps`` of cubics as ``geometry.curve.flatten`` chooses them."""
    for m in range(first, last):
        for k in range(steps.shape[1]):
            bend = ONE * error
            bend = bend - bend
            for side in range(2):
                a, b, c = controls[k, side], controls[k, side + 1], controls[k, side + 2]
                x = points[m, a, 0] - TWO * points[m, b, 0] + points[m, c, 0]
                y = points[m, a, 1] - TWO * points[m, b, 1] + points[m, c, 1]
                bend = max(bend, math.sqrt(x * x + y * y))
            needed = math.sqrt(bend * SIX / error)
            if needed > 1:  # false for NaN
                steps[m, k] = MAX_PIECES if needed > MAX_PIECES else math.ceil(needed)


@kernel
def _place_corners(first, last, points, controls, contours, steps, begin, corners, following):
    """Write the corners as ``geometry.region.joined_corners`` places them, and which one follows each."""
    for m in range(first, last):
        at, number = begin[m], 0
        for contour in range(len(contours) - 1):
            start = at
            for k in range(contours[contour], contours[contour + 1]):
                a = controls[k, 0]
                corners[at, 0], corners[at, 1] = points[m, a, 0], points[m, a, 1]
                for step in range(1, steps[m, k]):
                    t = points.dtype.type(step) / points.dtype.type(steps[m, k])
                    of_a, of_b, of_c, of_d = weights_of(t)
                    for axis in range(2):
                        corners[at + step, axis] = (
                            of_a * points[m, a, axis]
                            + of_b * points[m, controls[k, 1], axis]
                            + of_c * points[m, controls[k, 2], axis]
                            + of_d * points[m, controls[k, 3], axis]
                        )
                at += steps[m, k]
            number = _finish_contour(start, at, begin[m], number + 1, corners, following)


@compiled
def _finish_contour(start, end, begin, number, corners, following):
    """Write which corner follows each of a contour, and move each by up to ``JITTER``.

    A contour that goes there and back encloses nothing: it gets no length.

    Args:
        start, end: range of its corners.
        begin: of its path.
        number: of its first corner; others that differ from the one before have the next ones.

    Returns:
        The last number.
    """
    x0, y0 = corners[start, 0], corners[start, 1]
    last = end
    while last - 1 > start and corners[last - 1, 0] == x0 and corners[last - 1, 1] == y0:
        last -= 1
    x, y, own, segments = x0, y0, number, 0
    for v in range(start, end):
        follower = v + 1 if v + 1 < end else start
        following[v] = follower - begin
        if v < last and (corners[v, 0] != x or corners[v, 1] != y):
            number += 1
            segments += 1
        x, y = corners[v, 0], corners[v, 1]
        moved = number if v < last else own
        across, down = moved * 0.7548776662466927, moved * 0.5698402909980532
        corners[v, 0] += 2 * JITTER * (across - math.floor(across) - 0.5)
        corners[v, 1] += 2 * JITTER * (down - math.floor(down) - 0.5)
    if segments < 2:
        for v in range(start, end):
            corners[v, 0], corners[v, 1] = corners[start, 0], corners[start, 1]
    return number


@compiled
def weights_of(t):
    """Of a cubic's four control points at ``t``."""
    s = ONE - t
    return s * s * s, THREE * s * s * t, THREE * s * t * t, t * t * t


@kernel
def _join(first, last, begin, corners, following, pieces, size, segments, area, perimeter):
    """Write the pieces' ends, without pieces of no length, and what they enclose (``area_and_perimeter``)."""
    tiny = np.finfo(segments.dtype).tiny
    for m in range(first, last):
        path, following_of, kept = corners[begin[m] : begin[m + 1]], following[begin[m] : begin[m + 1]], 0
        twice = length = 0.0
        for i in range(size[m]):
            one = segments[m, kept]
            one[0, 0], one[0, 1] = _end(path, following_of, pieces[m, i, 0], pieces[m, i, 1])
            one[1, 0], one[1, 1] = _end(path, following_of, pieces[m, i, 0], pieces[m, i, 2])
            if one[0, 0] == one[1, 0] and one[0, 1] == one[1, 1]:
                continue
            x, y = float(segments[m, 0, 0, 0]), float(segments[m, 0, 0, 1])
            twice += (one[1, 0] - x) * (one[0, 1] - y) - (one[1, 1] - y) * (one[0, 0] - x)
            dx, dy = float(one[1, 0] - one[0, 0]), float(one[1, 1] - one[0, 1])
            length += math.sqrt(dx * dx + dy * dy + tiny)
            for column in range(3):
                pieces[m, kept, column] = pieces[m, i, column]
            kept += 1
        size[m] = kept
        area[m] = twice / 2 if twice / 2 > JITTER * length else 0
        perimeter[m] = length


@compiled
def _segment(path, following, i):
    """The start of segment i, the index of its end, and how far that is: x, y, index, dx, dy."""
    end = following[i]
    return path[i, 0], path[i, 1], end, path[end, 0] - path[i, 0], path[end, 1] - path[i, 1]


@compiled
def _end(path, following, own, at):
    """Where a piece of segment ``own`` ends that ends ``at`` another segment, or at a vertex of its own."""
    # Always computed along the same one of two crossing segments, so that pieces meet exactly.
    x, y, end, dx, dy = _segment(path, following, min(own, at) if at >= 0 else own)
    if at == AT_END:
        return path[end, 0], path[end, 1]
    if at < 0:
        return x, y
    other_x, other_y, _, other_dx, other_dy = _segment(path, following, max(own, at))
    part = ((other_x - x) * other_dy - (other_y - y) * other_dx) / (dx * other_dy - dy * other_dx)
    return x + part * dx, y + part * dy


@kernel
def _differentiate_joining(
    first, last, begin, corners, following, pieces, size, segments, area, by_segments, by_area, by_perimeter, by_corners
):
    """Add the derivatives by the corners."""
    tiny = np.finfo(segments.dtype).tiny
    for m in range(first, last):
        path, by_path = corners[begin[m] : begin[m + 1]], by_corners[begin[m] : begin[m + 1]]
        following_of = following[begin[m] : begin[m + 1]]
        by_half = 0.5 * by_area[m] if area[m] > 0 else 0.0
        for i in range(size[m]):
            one, by = segments[m, i], by_segments[m, i]
            x0, y0 = float(one[0, 0] - segments[m, 0, 0, 0]), float(one[0, 1] - segments[m, 0, 0, 1])
            x1, y1 = float(one[1, 0] - segments[m, 0, 0, 0]), float(one[1, 1] - segments[m, 0, 0, 1])
            dx, dy = x1 - x0, y1 - y0
            by_length = by_perimeter[m] / math.sqrt(dx * dx + dy * dy + tiny)
            own = pieces[m, i, 0]
            by_x, by_y = by[0, 0] - by_half * y1 - by_length * dx, by[0, 1] + by_half * x1 - by_length * dy
            _differentiate_end(path, following_of, own, pieces[m, i, 1], by_x, by_y, by_path)
            by_x, by_y = by[1, 0] + by_half * y0 + by_length * dx, by[1, 1] - by_half * x0 + by_length * dy
            _differentiate_end(path, following_of, own, pieces[m, i, 2], by_x, by_y, by_path)


@compiled
def _differentiate_end(path, following, own, at, by_x, by_y, by_path):
    """Add the derivatives by the corners, given those by an end of a piece (see ``_end``)."""
    one = min(own, at) if at >= 0 else own
    x, y, end, dx, dy = _segment(path, following, one)
    if at < 0:
        one = end if at == AT_END else one
        by_path[one, 0] += by_x
        by_path[one, 1] += by_y
        return
    other = max(own, at)
    other_x, other_y, other_end, other_dx, other_dy = _segment(path, following, other)
    across = dx * other_dy - dy * other_dx
    apart_x, apart_y = other_x - x, other_y - y
    part = (apart_x * other_dy - apart_y * other_dx) / across
    # The crossing of two nearly parallel segments would have an unbounded gradient; it has none.
    steep = abs(across) > MIN_SINE * math.sqrt((dx * dx + dy * dy) * (other_dx * other_dx + other_dy * other_dy))
    by_part = (by_x * dx + by_y * dy) / across if steep else 0.0
    by_apart_x, by_apart_y = by_part * other_dy, -by_part * other_dx
    by_dx, by_dy = part * (by_x - by_apart_x), part * (by_y - by_apart_y)
    by_other_dx, by_other_dy = by_part * (part * dy - apart_y), by_part * (apart_x - part * dx)
    by_path[one, 0] += by_x - by_apart_x - by_dx
    by_path[one, 1] += by_y - by_apart_y - by_dy
    by_path[end, 0] += by_dx
    by_path[end, 1] += by_dy
    by_path[other, 0] += by_apart_x - by_other_dx
    by_path[other, 1] += by_apart_y - by_other_dy
    by_path[other_end, 0] += by_other_dx
    by_path[other_end, 1] += by_other_dy


@kernel
def _differentiate_placing(first, last, controls, steps, begin, by_corners, by_points):
    """Add the derivatives by the control points."""
    for m in range(first, last):
        at = begin[m]
        for k in range(steps.shape[1]):
            for axis in range(2):
                by_a, by_b, by_c, by_d = by_corners[at, axis], 0.0, 0.0, 0.0
                for step in range(1, steps[m, k]):
                    by = by_corners[at + step, axis]
                    of_a, of_b, of_c, of_d = weights_of(step / steps[m, k])
                    by_a, by_b, by_c, by_d = by_a + of_a * by, by_b + of_b * by, by_c + of_c * by, by_d + of_d * by
                by_points[m, controls[k, 0], axis] += by_a
                if controls.shape[1] == 4:
                    by_points[m, controls[k, 1], axis] += by_b
                    by_points[m, controls[k, 2], axis] += by_c
                    by_points[m, controls[k, 3], axis] += by_d
            at += steps[m, k]
