"""The GPU backend: the same function as the reference, fused into Triton kernels.

A program draws one tile of one image, shape by shape, each only where its bounds and its soft edge reach: coverage
below 2⁻¹⁴ may be dropped, which changes values by less than 2e-4. The backward pass draws a tile again and
differentiates compositing without a division, so it is exact for opaque shapes; what the tiles have of the derivatives
is summed up in an order that is always the same.

Both passes are operators of torch, ``vectorae::draw`` and ``vectorae::differentiate``: a model around them can be
compiled. While a CUDA graph is captured, nothing may wait for the GPU. Cubics are then cut into as many pieces as any
within the canvas may need (see ``geometry.flatten``), and the scratch has room for shapes that cover all of an image;
filled paths, which cross themselves one cannot know how often, are refused.
"""

from typing import Any

import torch
import triton
from torch import Tensor

from vectorae.errors import UserError
from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.gpu import loops
from vectorae.rasterizer.gpu.tiles import place_shapes
from vectorae.rasterizer.packing import NUMBERS, pack
from vectorae.scene import Path, Scene

MOST_UNCOUNTED = 2**14
"""Shapes × tiles for which the scratch has room without counting first, which would make the processor wait."""


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
    numbers: Tensor,
    vertices: Tensor,
    color: Tensor,
    background: Tensor,
    topology: list[Tensor],
    canvas: list[int],
) -> Tensor:
    """Images ``[B, C, H, W]`` of packed shapes.

    Args:
        numbers, vertices: see ``packing.Packed``; color ``[B, N, C]``; background ``[B, C]``.
        topology: of ``Packed`` kinds, first and size; the order ``[B, N]``; of ``Packed`` blend.
        canvas: height, width, sub-pixels of a pixel each way, an index into PROFILES, whether ink adds up like light,
            and a bit for each kind that there is.
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
    begins, rows_needed = _begins(call.places, call.tiles)
    segment_begins, segment_rows_needed = _begins(call.segments, call.tiles)
    layers = channels if canvas[4] else 1
    gains = numbers.new_empty(rows_needed, layers, call.tile**2)
    rows, segment_rows = numbers.new_empty(rows_needed, rank), numbers.new_empty(segment_rows_needed, 4)
    by_background = numbers.new_empty(len(background), call.tiles, channels)
    call.launch(
        loops.differentiate,
        gradient.contiguous(),
        gains,
        rows,
        segment_rows,
        by_background,
        begins,
        segment_begins,
    )
    sums = _sum_rows(rows, begins, call.places)
    by_numbers, by_color = sums.split([NUMBERS, channels], dim=-1)
    by_vertices = torch.zeros_like(vertices)
    if vertices.shape[1]:
        start, end = _sum_rows(segment_rows, segment_begins, call.segments).split(2, dim=-1)
        by_vertices = start + torch.nn.functional.pad(end[:, :-1], (0, 0, 1, 0))
    # An operator's results may not be parts of one tensor.
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
    """Arguments that both kernels share, and where the shapes are."""

    def __init__(self, tensors: list[Tensor], topology: list[Tensor], canvas: list[int]) -> None:
        height, width, fine, profile, soft_or, present = canvas
        tensors, topology = ([tensor.contiguous() for tensor in some] for some in (tensors, topology))
        numbers, vertices, color, _ = tensors
        kinds, first, size, _, _ = topology
        batch, count = size.shape
        # A tile has as many sub-pixels as registers can hold.
        self.tile = 16 if fine == 1 else 8
        self.tiles = triton.cdiv(height, self.tile) * triton.cdiv(width, self.tile)
        self.batch, pixel = batch, 1 / min(height, width)
        self.places = size.new_empty(batch, count, 4)
        self.segments = size.new_zeros(batch, vertices.shape[1], 4)
        bounds = [self.places, self.segments]
        shape = [count, vertices.shape[1], height, width, pixel]
        place_shapes[batch * count,](
            *bounds, numbers, vertices, kinds, first, size, *shape, PROFILE=profile, TILE=self.tile, num_warps=1
        )
        self.arguments = [*tensors, *topology, *bounds, *shape]
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
        """A program for each tile of each image."""
        kernel[self.batch * self.tiles,](*arguments, *self.arguments, **self.options)


def _begins(places: Tensor, tiles: int) -> tuple[Tensor, int]:
    """Where the rows of each shape, or segment, begin: one for each tile of its place; and for how many there is room.

    Args:
        places: ``[B, N, 4]``.
    """
    sizes = (places[..., 2] * places[..., 3]).flatten()
    ends = sizes.cumsum(0)
    most = len(sizes) * tiles
    if most > MOST_UNCOUNTED and not _is_capturing(places):
        most = int(ends[-1])
    return ends - sizes, most


def _sum_rows(rows: Tensor, begins: Tensor, places: Tensor) -> Tensor:
    """The sum of the rows ``[·, rank]`` of each shape, or segment, ``[B, N, rank]``."""
    rank = rows.shape[1]
    total = rows.new_empty(*places.shape[:2], rank)
    loops.sum_rows[len(begins),](
        rows, begins, places, total, RANK=rank, PADDED=triton.next_power_of_2(rank), LENGTH=8, num_warps=1
    )
    return total
