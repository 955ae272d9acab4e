"""The CPU backend: the same function as the reference, fused into numba kernels.

Images and bands of rows are shared out to as many threads as torch uses. A row is drawn shape by shape, each only where
its bounds and its soft edge reach: coverage below 2⁻¹⁴ may be dropped, which changes values by less than 2e-4. The
backward pass draws a row again and differentiates compositing without a division, so it is exact for opaque shapes:
∂C/∂α_k = T_k (c_k − B_k), with T_k the transmittance in front of shape k and B_k what lies behind it.
"""

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from vectorae.rasterizer import kernels
from vectorae.rasterizer.coverage import PROFILES, ellipse_to_box
from vectorae.scene import RoundedBox, Scene

Topology = tuple[np.ndarray[Any, Any], ...]


def rasterize(
    scene: Scene, height: int, width: int, *, coverage: str, compositing: str, softness: Tensor, chunk_size: int = 0
) -> Tensor:
    """Draw a scene that lies on the CPU; arguments and result as for the reference (``chunk_size`` is not needed)."""
    if 0 in (scene.batch, scene.count):
        return scene.background[:, :, None, None].expand(-1, -1, height, width)
    edge = (softness * scene.softness).clamp_min(1e-8)
    numbers, vertices, fullness, topology = _pack(scene, edge, coverage, 1 / min(height, width))
    image: Tensor = _Rasterize.apply(
        numbers,
        vertices,
        edge,
        scene.opacity * fullness,
        scene.color,
        scene.background,
        (height, width, list(PROFILES).index(coverage), compositing == "soft_or"),
        topology,
    )
    return image


def _pack(scene: Scene, edge: Tensor, coverage: str, pixel: float) -> tuple[Tensor, Tensor, Tensor, Topology]:
    """The scene as the kernels want it.

    Returns:
        numbers ``[B, N, 8]`` (centre x, y; cos, sin of the angle; half width, half height; roundness; stroke width);
        vertices ``[B, V, 2]`` of all polylines; fullness ``[B, N]``, the part of a pixel that a shape's length fills;
        and for each slot its kind and its first and number of vertices.
    """
    kinds, first, size = (np.zeros(scene.count, dtype=np.int64) for _ in range(3))
    numbers, vertices, fullness, order, used = [], [], [], list[int](), 0
    for group in scene.groups:
        slots, outline = list(group.slots), group.outline
        order += slots
        none = scene.opacity.new_zeros(scene.batch, len(slots))
        width = none if group.stroke_width is None else group.stroke_width
        caps = math.pi / 4 * width
        if isinstance(outline, RoundedBox):
            kinds[slots] = kernels.FILLED_BOX if group.stroke_width is None else kernels.STROKED_BOX
            turn = torch.stack([outline.angle.cos(), outline.angle.sin()], dim=-1)
            rest = torch.stack([outline.roundness, width], dim=-1)
            numbers.append(torch.cat([outline.center, turn, outline.half_extents, rest], dim=-1))
            if group.stroke_width is None:
                length = 2 * outline.half_extents.amax(-1) * ellipse_to_box(outline.roundness)
            else:
                length = 4 * outline.half_extents.sum(-1) + caps
        else:
            kinds[slots] = kernels.POLYLINE
            corners = outline.vertices
            first[slots] = used + corners.shape[2] * np.arange(len(slots))
            size[slots] = corners.shape[2]
            used += corners.shape[2] * len(slots)
            vertices.append(corners.flatten(1, 2))
            numbers.append(torch.cat([none[..., None].expand(-1, -1, 7), width[..., None]], dim=-1))
            length = outline.length + caps
        if coverage == "gaussian" and group.stroke_width is not None:
            fullness.append(torch.ones_like(none))
        else:
            profile, softness = PROFILES[coverage], edge[:, slots]
            fullness.append(profile(length / 2, softness, pixel) - profile(-length / 2, softness, pixel))
    place = np.argsort(order).tolist()
    packed = torch.cat(vertices, dim=1) if vertices else scene.opacity.new_zeros(scene.batch, 0, 2)
    return torch.cat(numbers, dim=1)[:, place], packed, torch.cat(fullness, dim=1)[:, place], (kinds, first, size)


class _Rasterize(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, *arguments: Any) -> Tensor:
        *tensors, settings, topology = arguments
        tensors = [tensor.detach().contiguous() for tensor in tensors]
        ctx.save_for_backward(*tensors)
        ctx.settings, ctx.topology = settings, topology  # type: ignore[attr-defined]
        height, width = settings[:2]
        image = tensors[-1].new_empty(*tensors[-1].shape, height, width)
        arrays = [tensor.numpy() for tensor in tensors]
        _share_out(
            lambda part, rows, _: kernels.draw(*part, *rows, *topology, *arrays, *settings, image.numpy()),
            len(image),
            height,
        )
        return image

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        height = ctx.settings[0]
        arrays = [tensor.numpy() for tensor in ctx.saved_tensors]
        cotangent = gradient.contiguous().numpy()
        images = len(cotangent)
        # Each band of rows sums up on its own, so that no two threads write to the same place and sums are repeatable.
        bands = _bands(images, height)
        sums = [np.zeros((bands, *array.shape), dtype=array.dtype) for array in arrays]
        _share_out(
            lambda part, rows, band: kernels.differentiate(
                *part, *rows, *ctx.topology, *arrays, *ctx.settings, cotangent, *(one[band] for one in sums)
            ),
            images,
            height,
        )
        return (*(torch.from_numpy(one.sum(0)) for one in sums), None, None)


def _bands(images: int, height: int) -> int:
    """Into how many bands of rows each image is cut: more than one only where there are fewer images than threads."""
    return min(height, max(1, math.ceil(torch.get_num_threads() / images)))


def _parts(images: int, height: int) -> Iterator[tuple[tuple[int, int], tuple[int, int], int]]:
    """(images from, to), (rows from, to), band: several parts a thread, as some images take longer than others."""
    threads, bands = torch.get_num_threads(), _bands(images, height)
    step = max(1, math.ceil(images / (4 * threads)))
    for image in range(0, images, step):
        for band in range(bands):
            yield (
                (image, min(image + step, images)),
                (band * height // bands, (band + 1) * height // bands),
                band,
            )


def _share_out(work: Callable[[tuple[int, int], tuple[int, int], int], None], images: int, height: int) -> None:
    threads = torch.get_num_threads()
    if threads == 1:
        for part in _parts(images, height):
            work(*part)
    else:
        list(_pool(os.getpid(), threads).map(lambda part: work(*part), _parts(images, height)))


@lru_cache(maxsize=2)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Threads do not survive a fork: each process has its own."""
    return ThreadPoolExecutor(threads, thread_name_prefix="vectorae")
