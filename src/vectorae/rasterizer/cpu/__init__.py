"""The CPU backend: the same function as the reference, fused into numba loops.

Images and bands of rows are shared out to as many threads as torch uses. A row is drawn shape by shape, each only where
its bounds and its soft edge reach: coverage below 2⁻¹⁴ may be dropped, which changes values by less than 2e-4. The
backward pass draws a row again and differentiates compositing without a division, so it is exact for opaque shapes:
∂C/∂α_k = T_k (c_k − B_k), with T_k the transmittance in front of shape k and B_k what lies behind it.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from vectorae.rasterizer import reference
from vectorae.rasterizer.compositing import depth_precedence
from vectorae.rasterizer.coverage import PROFILES, SUBPIXELS
from vectorae.rasterizer.cpu.announce import COMPILING, announced_by
from vectorae.rasterizer.cpu.cuts import find_cuts
from vectorae.rasterizer.cpu.loops import differentiate, draw
from vectorae.rasterizer.cpu.rows import TILE
from vectorae.rasterizer.cpu.shapes import BY_DEPTH, OVER, SOFT_OR, Array, Canvas, Gradients, Shapes
from vectorae.rasterizer.cpu.threads import bands_of, share_out
from vectorae.rasterizer.packing import pack
from vectorae.scene import Scene

__all__ = ["COMPILING", "announced_by", "rasterize"]

MOST_BY_DEPTH = 512


def rasterize(
    scene: Scene,
    height: int,
    width: int,
    *,
    coverage: str,
    compositing: str,
    softness: Tensor,
    temperature: float = 0.0,
    chunk_size: int = reference.CHUNK_SIZE,
) -> Tensor:
    """Draw a scene that lies on the CPU; arguments and result as for the reference.

    More than 512 shapes whose order by depth is undecided are left to the reference, with its ``chunk_size``: each may
    hide half of each other, and the product of so many factors needs a rescaling that the kernel does not do.
    """
    if 0 in (scene.batch, scene.count):
        return scene.background[:, :, None, None].expand(-1, -1, height, width).clone()
    undecided = scene.depth is not None and compositing == "over" and temperature > 0
    if undecided and scene.count > MOST_BY_DEPTH:
        return reference.rasterize(
            scene,
            height,
            width,
            coverage=coverage,
            compositing=compositing,
            softness=softness,
            temperature=temperature,
            chunk_size=chunk_size,
        )
    edge = (softness * scene.softness).clamp_min(1e-8)
    fine = SUBPIXELS.get(coverage, 1)
    packed = pack(scene, edge, coverage, 1 / (fine * min(height, width)), find_cuts)
    in_front = edge.new_zeros(scene.batch, 0, 0)
    if scene.depth is not None and undecided:
        in_front = depth_precedence(scene.depth, temperature)
    whole = (packed.kinds, packed.first, packed.size, scene.order(), packed.blend)
    image: Tensor = _Rasterize.apply(
        packed.numbers,
        packed.vertices,
        scene.color,
        scene.background,
        in_front,
        tuple(tensor.contiguous().numpy() for tensor in whole),
        Canvas(
            height,
            width,
            fine,
            list(PROFILES).index(coverage),
            BY_DEPTH if undecided else SOFT_OR if compositing == "soft_or" else OVER,
        ),
    )
    return image


class _Rasterize(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, *arguments: Any) -> Tensor:
        *tensors, topology, canvas = arguments
        tensors = [tensor.detach().contiguous() for tensor in tensors]
        ctx.save_for_backward(*tensors)
        ctx.topology, ctx.canvas = topology, canvas  # type: ignore[attr-defined]
        shapes = _shapes(topology, tensors)
        image = tensors[0].new_empty(*shapes.background.shape, canvas.height, canvas.width)
        share_out(
            lambda images, rows, _: draw(images, rows, shapes, canvas, image.numpy()),
            len(image),
            tiles_of(canvas.height),
        )
        return image

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        canvas, tensors = ctx.canvas, ctx.saved_tensors
        shapes, cotangent = _shapes(ctx.topology, tensors), gradient.contiguous().numpy()
        # Each band of rows sums up on its own, so that no two threads write to the same place and sums are repeatable.
        bands = bands_of(len(cotangent), tiles_of(canvas.height))
        sums = [torch.zeros(bands, *tensor.shape, dtype=tensor.dtype) for tensor in tensors]
        by = [Gradients(*(one[band].numpy() for one in sums)) for band in range(bands)]
        share_out(
            lambda images, rows, band: differentiate(images, rows, shapes, canvas, cotangent, by[band]),
            len(cotangent),
            tiles_of(canvas.height),
        )
        return (*(one.sum(0) for one in sums), None, None)


def tiles_of(pixels: int) -> int:
    """Tiles that so many pixels are cut into."""
    return -(-pixels // TILE)


def _shapes(topology: tuple[Array, ...], tensors: Sequence[Tensor]) -> Shapes:
    return Shapes(*topology, *(tensor.numpy() for tensor in tensors))
