"""The GPU backend: the same function as the reference, fused into Triton kernels.

A program draws one tile of one image, shape by shape, each only within its bounds and soft edge: coverage below 2⁻¹⁴
may be dropped, which changes values by less than 2e-4. The backward pass draws a tile again and differentiates
compositing without a division, so it is exact for opaque shapes; the tiles' derivatives are summed in a fixed order.

Both passes are operators of torch, ``vectorae::draw`` and ``vectorae::differentiate``: a model around them can be
compiled. While a CUDA graph is captured, nothing may wait for the GPU. Cubics are then cut into as many pieces as any
within the canvas may need (see ``geometry.flatten``), and the scratch has room for shapes that cover whole images;
filled paths are refused, as the number of their self-intersections is unknown.
"""

from typing import Any

import torch
import triton
from torch import Tensor

from vectorae.errors import UserError
from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.gpu import loops
from vectorae.rasterizer.gpu.tiles import find_bounds
from vectorae.rasterizer.packing import NUMBERS, pack
from vectorae.scene import Path, Scene

MAX_UNCOUNTED = 2**14
"""Shapes × tiles up to which scratch for all of them is allocated; counting those needed would wait for the GPU."""


def rasterize(
    scene: Scene, height: int, width: int, *, coverage: str, edge: Tensor, temperature: float = 0.0
) -> Tensor:
    """Draw a scene that lies on a GPU; arguments and result as for the reference.

    The order of its shapes is decided: they have no depth, or the temperature is 0.

    Raises:
        UserError: a filled path while a CUDA graph is captured.
    """
    if _is_capturing(edge) and any(isinstance(one.outline, Path) and one.stroke_width is None for one in scene.groups):
        raise UserError("backend: filled paths cannot be drawn while a CUDA graph is captured; draw them outside of it")
    packed = pack(scene, edge, coverage, min(height, width))
    profile, screen = list(PROFILES).index(coverage), int(scene.compositing == "soft_or")
    image: Tensor = draw(
        packed.numbers,
        packed.vertices,
        scene.color,
        scene.background,
        list(packed.topology),
        [height, width, packed.subpixels, profile, screen, packed.present],
    )
    return image


def _is_capturing(tensor: Tensor) -> bool:
    return tensor.is_cuda and torch.cuda.is_current_stream_capturing()


@torch.library.custom_op("vectorae::draw", mutates_args=())
def draw(
    numbers: Tensor, vertices: Tensor, color: Tensor, background: Tensor, topology: list[Tensor], canvas: list[int]
) -> Tensor:
    """Images ``[B, C, H, W]`` of packed shapes.

    Args:
        numbers, vertices: see ``packing.Packed``.
        color: ``[B, N, C]``; background: ``[B, C]``.
        topology: kinds, first and size of ``Packed``; the order ``[B, N]``; blend of ``Packed``.
        canvas: height, width, sub-pixels per pixel in each direction, an index into ``PROFILES``, whether compositing
            is soft or, and ``Packed.present``.
    """
    call = _Call([numbers, vertices, color, background], topology, canvas)
    image = numbers.new_empty(*background.shape, *canvas[:2])
    call.launch(loops.draw, image)
    return image


@draw.register_fake
def _(numbers: Tensor, vertices: Tensor, color: Tensor, background: Tensor, topology: Any, canvas: Any) -> Tensor:
    return numbers.new_empty(*background.shape, *canvas[:2])


@torch.library.custom_op("vectorae::differentiate", mutates_args=())
def differentiate(
    gradient: Tensor,
    numbers: Tensor,
    vertices: Tensor,
    color: Tensor,
    background: Tensor,
    topology: list[Tensor],
    canvas: list[int],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The derivatives of Σ gradient · ``draw(…)`` by numbers, vertices, color and background."""
    call = _Call([numbers, vertices, color, background], topology, canvas)
    channels, rank = color.shape[2], NUMBERS + color.shape[2]
    begins, rows_needed = _begins(call.bounds, call.tiles)
    segment_begins, segment_rows_needed = _begins(call.segment_bounds, call.tiles)
    layers = channels if canvas[4] else 1
    gains = numbers.new_empty(rows_needed, layers, call.tile**2)
    rows, segment_rows = numbers.new_empty(rows_needed, rank), numbers.new_empty(segment_rows_needed, 4)
    by_background = numbers.new_empty(len(background), call.tiles, channels)
    call.launch(
        loops.differentiate, gradient.contiguous(), gains, rows, segment_rows, by_background, begins, segment_begins
    )
    sums = _sum_rows(rows, begins, call.bounds)
    by_numbers, by_color = sums.split([NUMBERS, channels], dim=-1)
    by_vertices = torch.zeros_like(vertices)
    if vertices.shape[1]:
        start, end = _sum_rows(segment_rows, segment_begins, call.segment_bounds).split(2, dim=-1)
        by_vertices = start + torch.nn.functional.pad(end[:, :-1], (0, 0, 1, 0))
    # The results of an operator must not share memory.
    return by_numbers.clone(), by_vertices, by_color.clone(), by_background.sum(1)


@differentiate.register_fake
def _(
    gradient: Tensor, numbers: Tensor, vertices: Tensor, color: Tensor, background: Tensor, topology: Any, canvas: Any
) -> tuple[Tensor, ...]:
    return tuple(torch.empty_like(tensor) for tensor in (numbers, vertices, color, background))


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, topology, canvas = inputs
    ctx.save_for_backward(*tensors, *topology)
    ctx.canvas = canvas


def _backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    tensors, topology = ctx.saved_tensors[:4], ctx.saved_tensors[4:]
    return (*differentiate(gradient, *tensors, list(topology), ctx.canvas), [None] * len(topology), None)


draw.register_autograd(_backward, setup_context=_save)


class _Call:
    """Arguments that both kernels share, with the bounds of shapes and segments."""

    def __init__(self, tensors: list[Tensor], topology: list[Tensor], canvas: list[int]) -> None:
        height, width, fine, profile, soft_or, present = canvas
        tensors, topology = ([tensor.contiguous() for tensor in some] for some in (tensors, topology))
        numbers, vertices, color, _ = tensors
        kinds, first, size, _, _ = topology
        batch, count = size.shape
        # Sized so that the sub-pixels of a tile fit into registers.
        self.tile = 16 if fine == 1 else 8
        self.tiles = triton.cdiv(height, self.tile) * triton.cdiv(width, self.tile)
        self.batch, pixel = batch, 1 / min(height, width)
        self.bounds = size.new_empty(batch, count, 4)
        self.segment_bounds = size.new_zeros(batch, vertices.shape[1], 4)
        both = [self.bounds, self.segment_bounds]
        shape = [count, vertices.shape[1], height, width, pixel]
        find_bounds[batch * count,](
            *both, numbers, vertices, kinds, first, size, *shape, PROFILE=profile, TILE=self.tile, num_warps=1
        )
        self.arguments = [*tensors, *topology, *both, *shape]
        real = torch.finfo(numbers.dtype)
        self.options = {
            "EPSILON": real.eps,
            "TINY": real.tiny,
            "CHANNELS": color.shape[2],
            "PADDED": triton.next_power_of_2(color.shape[2]),
            "PROFILE": profile,
            "FINE": fine,
            "SOFT_OR": bool(soft_or),
            "PRESENT": present,
            "TILE": self.tile,
            "num_warps": 4 if fine == 1 else 8,
        }

    def launch(self, kernel: Any, *arguments: Tensor) -> None:
        """Run a kernel with a program for each tile of each image."""
        kernel[self.batch * self.tiles,](*arguments, *self.arguments, **self.options)


def _begins(bounds: Tensor, tiles: int) -> tuple[Tensor, int]:
    """Layout of the scratch rows: one for each tile within the bounds ``[B, N, 4]`` of each shape or segment.

    Returns:
        Index of the first row of each, ``[B·N]``; number of rows to allocate.
    """
    sizes = (bounds[..., 2] * bounds[..., 3]).flatten()
    ends = sizes.cumsum(0)
    most = len(sizes) * tiles
    if most > MAX_UNCOUNTED and not _is_capturing(bounds):
        most = int(ends[-1])
    return ends - sizes, most


def _sum_rows(rows: Tensor, begins: Tensor, bounds: Tensor) -> Tensor:
    """The sum of the scratch rows ``[·, rank]`` of each shape or segment, ``[B, N, rank]``."""
    rank = rows.shape[1]
    total = rows.new_empty(*bounds.shape[:2], rank)
    loops.sum_rows[len(begins),](
        rows, begins, bounds, total, RANK=rank, PADDED=triton.next_power_of_2(rank), LENGTH=8, num_warps=1
    )
    return total
