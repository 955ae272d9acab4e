"""The CPU backend: the same function as the reference, fused into numba loops.

Images and bands of rows are shared out to as many threads as torch uses. A row is drawn shape by shape, each only where
its bounds and its soft edge reach: coverage below 2⁻¹⁴ may be dropped, which changes values by less than 2e-4. The
backward pass draws a row again and differentiates compositing without a division, so it is exact for opaque shapes:
∂C/∂α_k = T_k (c_k − B_k), with T_k the transmittance in front of shape k and B_k what lies behind it.
"""

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from vectorae.rasterizer.coverage import PROFILES, SUBPIXELS, box_weights, stroke_fullness
from vectorae.rasterizer.cpu.loops import differentiate, draw
from vectorae.rasterizer.cpu.rows import FILLED_BOX, POLYLINE, STROKED_BOX
from vectorae.scene import RoundedBox, Scene

Topology = tuple[np.ndarray[Any, Any], ...]


def rasterize(
    scene: Scene, height: int, width: int, *, coverage: str, compositing: str, softness: Tensor, chunk_size: int = 0
) -> Tensor:
    """Draw a scene that lies on the CPU; arguments and result as for the reference (``chunk_size`` is not needed)."""
    if 0 in (scene.batch, scene.count):
        return scene.background[:, :, None, None].expand(-1, -1, height, width)
    edge = (softness * scene.softness).clamp_min(1e-8)
    fine = SUBPIXELS.get(coverage, 1)
    packed, topology = _pack(scene, edge, coverage, 1 / (fine * min(height, width)))
    image: Tensor = _Rasterize.apply(
        packed.numbers,
        packed.vertices,
        edge,
        scene.opacity * packed.rounded,
        scene.opacity * packed.sharp,
        scene.color,
        scene.background,
        (height, width, fine, list(PROFILES).index(coverage), compositing == "soft_or"),
        topology,
    )
    return image


@dataclass(frozen=True)
class _Packed:
    """A scene's tensors as the kernels want them.

    Attributes:
        numbers: ``[B, N, 8]``: centre x, y; cos, sin of the angle; half width, half height; roundness; stroke width.
        vertices: ``[B, V, 2]``, those of all polylines.
        rounded, sharp: ``[B, N]``, see ``coverage.Weights``; a stroke is all ``rounded``.
    """

    numbers: Tensor
    vertices: Tensor
    rounded: Tensor
    sharp: Tensor


def _pack(scene: Scene, edge: Tensor, coverage: str, pixel: float) -> tuple[_Packed, Topology]:
    """The tensors; and for each slot its kind, its first vertex and number of vertices, and ``Weights.blend``."""
    kinds, first, size = (np.zeros(scene.count, dtype=np.int64) for _ in range(3))
    blend = np.zeros((scene.batch, scene.count))
    numbers, vertices, rounded, sharp, order, used = [], [], [], [], list[int](), 0
    for group in scene.groups:
        slots, outline, width = list(group.slots), group.outline, group.stroke_width
        order += slots
        none = scene.opacity.new_zeros(scene.batch, len(slots))
        if isinstance(outline, RoundedBox):
            turn = torch.stack([outline.angle.cos(), outline.angle.sin()], dim=-1)
            rest = torch.stack([outline.roundness, none if width is None else width], dim=-1)
            numbers.append(torch.cat([outline.center, turn, outline.half_extents, rest], dim=-1))
            length = 4 * outline.half_extents.sum(-1)
        else:
            corners, length = outline.vertices, outline.length
            first[slots] = used + corners.shape[2] * np.arange(len(slots))
            size[slots] = corners.shape[2]
            used += corners.shape[2] * len(slots)
            vertices.append(corners.flatten(1, 2))
            assert width is not None, "Group refuses filled paths"
            numbers.append(torch.cat([none[..., None].expand(-1, -1, 7), width[..., None]], dim=-1))
        if width is None:
            assert isinstance(outline, RoundedBox)
            kinds[slots] = FILLED_BOX
            weights = box_weights(coverage, outline.half_extents, outline.roundness, edge[:, slots], pixel)
            blend[:, slots] = weights.blend.numpy()
            rounded.append(weights.rounded)
            sharp.append(weights.sharp)
        else:
            kinds[slots] = STROKED_BOX if isinstance(outline, RoundedBox) else POLYLINE
            rounded.append(stroke_fullness(coverage, length, width, edge[:, slots], pixel))
            sharp.append(none)
    place = np.argsort(order).tolist()
    packed = _Packed(
        torch.cat(numbers, dim=1)[:, place],
        torch.cat(vertices, dim=1) if vertices else scene.opacity.new_zeros(scene.batch, 0, 2),
        torch.cat(rounded, dim=1)[:, place],
        torch.cat(sharp, dim=1)[:, place],
    )
    return packed, (kinds, first, size, blend)


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
            lambda part, rows, _: draw(*part, *rows, *topology, *arrays, *settings, image.numpy()),  # type: ignore[call-arg]
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
            lambda part, rows, band: differentiate(  # type: ignore[call-arg]
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
