"""Packing of stroked paths: the CPU implementation of packing.pack_stroke, stroke by stroke.

Shared arguments of the kernels:
    points: control points ``[M, P, 2]`` of M = B · n strokes, n in each drawing.
    controls: for each of the K curves of a stroke the indices of its control points, ``[K, degree + 1]``.
    steps: into how many segments each curve is cut, ``[M, K]``.
    slots: of the n strokes, ``[n]``.
    edge, opacity: ``[B, N]``, by slot; edge is the softness.
    profile: an index into ``PROFILES``.
    pixel: size of a (sub-)pixel in canvas units.
    numbers: ``[M, 11]``, see packing.py.
    vertices: ``[M, V, 2]``; size: how many of them each stroke has, ``[M]``.
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

from vectorae.geometry.curve import FLATTENING_ERROR
from vectorae.rasterizer import packing
from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.cpu.arguments import Array
from vectorae.rasterizer.cpu.compiled import inlined, kernel
from vectorae.rasterizer.cpu.fullness import stroke_fullness
from vectorae.rasterizer.cpu.regions import count_steps, weights_of
from vectorae.rasterizer.packing import NUMBERS, POLYLINE, ROUNDED, SOFTNESS, STROKE_WIDTH, PackedPart
from vectorae.scene import Group, Path, Scene


def pack_stroke(
    group: Group, scene: Scene, edge: Tensor, coverage: str, pixel: float, bend: float | None = None
) -> PackedPart:
    """Stroked paths on the CPU; see ``packing.pack_stroke``."""
    path = group.outline
    assert isinstance(path, Path)
    if len(path.contours) > 1 or bend is not None:
        return packing.pack_stroke(group, scene, edge, coverage, pixel, bend)
    settings = list(PROFILES).index(coverage), pixel
    controls, slots = _curves(path.points.shape[2], path.degree, path.is_closed), _slots(group.slots)
    tensors = path.points, group.stroke_width, edge, scene.opacity
    numbers, vertices, size = _PackStrokes.apply(controls, slots, settings, *tensors)
    return PackedPart((POLYLINE,) * len(slots), group.slots, numbers, vertices, size)


@lru_cache(maxsize=256)
def _curves(points: int, degree: int, closed: bool) -> Array:
    """The array ``controls`` (see above) of a path of so many points; a single one is connected with itself."""
    last = points if closed or points == 1 else points - 1
    return np.array([[(a + i) % points for i in range(degree + 1)] for a in range(0, last, degree)], dtype=np.int64)


@lru_cache(maxsize=256)
def _slots(slots: tuple[int, ...]) -> Array:
    return np.array(slots, dtype=np.int64)


class _PackStrokes(torch.autograd.Function):
    """Points, stroke width, softness, opacity → numbers ``[B, n, 11]``; vertices ``[B, n, V, 2]`` and their number."""

    @staticmethod
    def forward(
        ctx: Any, controls: Array, slots: Array, settings: tuple[int, float], *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        points, width, edge, opacity = (one.detach().contiguous().numpy() for one in tensors)
        count, real, shape = width.size, points.dtype, width.shape
        points, steps = points.reshape(count, *points.shape[2:]), np.ones((count, len(controls)), np.int32)
        if controls.shape[1] == 4:
            count_steps(0, count, points, controls, real.type(8 * FLATTENING_ERROR * settings[1]), steps)
        most = 1 + int(steps.sum(1).max(initial=1))
        numbers, vertices = np.zeros((count, NUMBERS), real), np.empty((count, most, 2), real)
        size = np.empty(count, np.int32)
        given = controls, slots, steps, width.reshape(-1), edge, opacity
        _pack(points, *given, *settings, numbers, vertices, size)
        ctx.given = points.shape, controls, slots, steps, edge.shape, settings
        results = [torch.from_numpy(one.reshape(*shape, *one.shape[1:])) for one in (numbers, vertices, size)]
        ctx.mark_non_differentiable(results[2])
        ctx.save_for_backward(*results, tensors[3])
        return tuple(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        numbers, vertices, size, opacity = ctx.saved_tensors
        (count, *of_point), controls, slots, steps, by_slot, settings = ctx.given
        made = [one.flatten(0, 1).numpy() for one in (numbers, vertices, size)]
        by_numbers, by_vertices = (one.contiguous().flatten(0, 1).numpy() for one in gradients[:2])
        real = made[0].dtype
        into = (
            np.zeros((count, *of_point), real),
            np.empty(count, real),
            np.zeros(by_slot, real),
            np.zeros(by_slot, real),
        )
        given = controls, slots, steps, opacity.detach().contiguous().numpy()
        _differentiate(*given, *settings, *made, by_numbers, by_vertices.copy(), *into)
        shape = numbers.shape[:2]
        by_points, by_width, by_edge, by_opacity = (torch.from_numpy(one) for one in into)
        return None, None, None, by_points.view(*shape, *of_point), by_width.view(shape), by_edge, by_opacity


@kernel
def _pack(points, controls, slots, steps, width, edge, opacity, profile, pixel, numbers, vertices, size):
    """Write the numbers of strokes, and the vertices of the polylines that they are cut into."""
    for m in range(len(points)):
        b, slot = m // len(slots), slots[m % len(slots)]
        at = _place(points[m], controls, steps[m], vertices[m])
        size[m] = at
        for v in range(at, vertices.shape[1]):
            vertices[m, v, 0], vertices[m, v, 1] = vertices[m, at - 1, 0], vertices[m, at - 1, 1]
        full = stroke_fullness(_length(vertices[m], size[m]), float(width[m]), profile, float(edge[b, slot]), pixel)[0]
        numbers[m, STROKE_WIDTH], numbers[m, SOFTNESS] = width[m], edge[b, slot]
        numbers[m, ROUNDED] = opacity[b, slot] * full


@inlined
def _place(points, controls, steps, vertices):
    """Write the vertices of a stroke as ``geometry.curve.flatten`` places them, each once; returns their number."""
    vertices[0, 0], vertices[0, 1], at = points[controls[0, 0], 0], points[controls[0, 0], 1], 1
    last = controls.shape[1] - 1
    for k in range(len(controls)):
        a, d = controls[k, 0], controls[k, last]
        for step in range(1, steps[k]):
            of_a, of_b, of_c, of_d = weights_of(points.dtype.type(step) / points.dtype.type(steps[k]))
            b, c = controls[k, 1], controls[k, 2]
            for axis in range(2):
                vertices[at, axis] = (
                    of_a * points[a, axis] + of_b * points[b, axis] + of_c * points[c, axis] + of_d * points[d, axis]
                )
            at += 1
        vertices[at, 0], vertices[at, 1] = points[d, 0], points[d, 1]
        at += 1
    return at


@inlined
def _length(vertices, size):
    """Length of a stroke as ``geometry.curve.polyline_length``."""
    total, least = 0.0, np.finfo(vertices.dtype).eps ** 2
    for v in range(1, size):
        dx, dy = vertices[v, 0] - vertices[v - 1, 0], vertices[v, 1] - vertices[v - 1, 1]
        total += math.sqrt(dx * dx + dy * dy + least)
    return total


@kernel
def _differentiate(
    controls, slots, steps, opacity, profile, pixel, numbers, vertices, size, by_numbers, by_vertices, by_points,
    by_width, by_edge, by_opacity,
):  # fmt: skip
    """Write the derivatives by all that strokes are made of.

    Those by points are added; those by vertices get a part by the length.
    """
    for m in range(len(numbers)):
        b, slot = m // len(slots), slots[m % len(slots)]
        s, width, by_rounded = float(numbers[m, SOFTNESS]), float(numbers[m, STROKE_WIDTH]), by_numbers[m, ROUNDED]
        full, by_length, by_s = stroke_fullness(_length(vertices[m], size[m]), width, profile, s, pixel)
        by_length *= opacity[b, slot] * by_rounded
        by_opacity[b, slot] = by_rounded * full
        by_edge[b, slot] = by_numbers[m, SOFTNESS] + opacity[b, slot] * by_rounded * by_s
        by_width[m] = by_numbers[m, STROKE_WIDTH] + 0.25 * math.pi * by_length
        if by_length != 0:
            _differentiate_length(vertices[m], size[m], by_length, by_vertices[m])
        _differentiate_placing(controls, steps[m], by_vertices[m], by_points[m])


@inlined
def _differentiate_length(vertices, size, by_length, by_vertices):
    """Add the derivatives by the vertices of a stroke, given that by its length."""
    least = np.finfo(vertices.dtype).eps ** 2
    for v in range(1, size):
        dx, dy = vertices[v, 0] - vertices[v - 1, 0], vertices[v, 1] - vertices[v - 1, 1]
        pull = by_length / math.sqrt(dx * dx + dy * dy + least)
        by_vertices[v, 0] += pull * dx
        by_vertices[v, 1] += pull * dy
        by_vertices[v - 1, 0] -= pull * dx
        by_vertices[v - 1, 1] -= pull * dy


@inlined
def _differentiate_placing(controls, steps, by_vertices, by_points):
    """Add the derivatives by the points of a stroke, given those by its vertices."""
    at, last = 1, controls.shape[1] - 1
    for axis in range(2):
        by_points[controls[0, 0], axis] += by_vertices[0, axis]
    for k in range(len(controls)):
        for step in range(1, steps[k]):
            weights = weights_of(by_vertices.dtype.type(step) / by_vertices.dtype.type(steps[k]))
            for i in range(4):
                for axis in range(2):
                    by_points[controls[k, i], axis] += weights[i] * by_vertices[at, axis]
            at += 1
        for axis in range(2):
            by_points[controls[k, last], axis] += by_vertices[at, axis]
        at += 1
