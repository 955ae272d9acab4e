"""The GPU backend: the same function as the reference, fused into Triton kernels.

A program draws one tile of one image, shape by shape, each only within its bounds and soft edge: coverage below 2⁻¹⁴
may be dropped, which changes values by less than 2e-4. The backward pass draws a tile again and differentiates
compositing without a division, so it is exact for opaque shapes; the tiles' derivatives are summed in a fixed order, as
long as the scratch has room for them (``MAX_ROWS``).

Both passes are operators of torch, ``vectorae::draw`` and ``vectorae::differentiate``, and so is the search for
self-intersections: a model around them can be compiled. Nothing waits for the GPU, so that a CUDA graph can capture all
of it: how large tensors are does not depend on what is drawn. Cubics are cut into as many pieces as any within the
canvas may need (see ``geometry.curve.flatten``), boundaries have room for a fixed number of pieces, and scratch is
bounded.
"""

import math
from functools import partial
from typing import Any

import torch
import triton
from torch import Tensor

from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.gpu import loops
from vectorae.rasterizer.gpu.rows import Rows
from vectorae.rasterizer.gpu.self_intersections import enclosed_region
from vectorae.rasterizer.gpu.tiles import find_bounds
from vectorae.rasterizer.packing import NUMBERS, pack
from vectorae.scene import Scene

MAX_ROWS = 2**20
"""Shapes × tiles that have a scratch row of their own, a quarter of the segments × tiles that have one, and stops ×
gradients × tiles; the rest is added by atomic operations, in an order that varies."""

MAX_PROGRAMS = 2**10
"""Programs of the backward pass; each takes several tiles, one after the other, so that scratch is bounded."""

MAX_GAINS = 2**7
"""Shapes in a tile whose gains are kept at once (see loops.py)."""


def rasterize(
    scene: Scene, height: int, width: int, *, coverage: str, edge: Tensor, temperature: float = 0.0
) -> Tensor:
    """Draw a scene that lies on a GPU; arguments and result as for the reference.

    The order of its shapes is decided: they have no depth, or the temperature is 0.
    """
    # Of control points anywhere on the canvas, second differences are at most twice its diagonal.
    bend = 2 * math.hypot(height, width) / min(height, width)
    packed = pack(scene, edge, coverage, min(height, width), partial(enclosed_region, bend=bend), bend)
    profile, screen = list(PROFILES).index(coverage), int(scene.compositing == "soft_or")
    inks = packed.inks
    image: Tensor = draw(
        packed.numbers,
        packed.vertices,
        scene.color,
        scene.ground,
        edge.new_empty(scene.batch, 0, 0) if inks is None else inks.table,
        [*packed.topology, *(() if inks is None else (inks.gradients, inks.spreads))],
        [height, width, packed.subpixels, profile, screen, packed.present, 0 if inks is None else inks.stops],
    )
    return image


@torch.library.custom_op("vectorae::draw", mutates_args=())
def draw(
    numbers: Tensor,
    vertices: Tensor,
    color: Tensor,
    background: Tensor,
    table: Tensor,
    topology: list[Tensor],
    canvas: list[int],
) -> Tensor:
    """Images ``[B, C, H, W]`` of packed shapes.

    Args:
        numbers, vertices: see ``packing.Packed``.
        color: ``[B, N, C]``; background: ``[B, C]``.
        table: of gradients, see ``gradients.Inks``; ``[B, 0, 0]`` without any.
        topology: kinds, first and size of ``Packed``; the order ``[B, N]``; blend of ``Packed``; gradients and spreads
            of ``Inks``, if there are any.
        canvas: height, width, sub-pixels per pixel in each direction, an index into ``PROFILES``, whether compositing
            is soft or, ``Packed.present``, and the stops of gradients, 0 without any.
    """
    call = _Call([numbers, vertices, color, background, table], topology, canvas)
    image = numbers.new_empty(*background.shape, *canvas[:2])
    call.launch(loops.draw, call.batch * call.tiles, image)
    return image


@draw.register_fake
def _(
    numbers: Tensor, vertices: Tensor, color: Tensor, background: Tensor, table: Tensor, topology: Any, canvas: Any
) -> Tensor:
    return numbers.new_empty(*background.shape, *canvas[:2])


@torch.library.custom_op("vectorae::differentiate", mutates_args=())
def differentiate(
    gradient: Tensor,
    numbers: Tensor,
    vertices: Tensor,
    color: Tensor,
    background: Tensor,
    table: Tensor,
    topology: list[Tensor],
    canvas: list[int],
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The derivatives of Σ gradient · ``draw(…)`` by numbers, vertices, color, background and table."""
    call = _Call([numbers, vertices, color, background, table], topology, canvas)
    channels, rank, room = color.shape[2], NUMBERS + color.shape[2], min(color.shape[1], MAX_GAINS)
    programs = min(call.batch * call.tiles, MAX_PROGRAMS)
    shapes = Rows(call.bounds, rank, MAX_ROWS, call.tiles, numbers)
    segments = Rows(call.segment_bounds, 4, 4 * MAX_ROWS, call.tiles, numbers)
    # The more stops the longer a row; without gradients, a stand-in.
    inks = call.ink_rows(MAX_ROWS // call.stops) if call.stops else shapes
    gains = numbers.new_empty(programs, room, channels if canvas[4] else 1, call.tile**2)
    by_background = numbers.new_empty(len(background), call.tiles, channels)
    call.launch(
        loops.differentiate,
        programs,
        *(gradient.contiguous(), gains, shapes.rows, segments.rows, inks.rows, by_background),
        *(shapes.totals, segments.totals, inks.totals, shapes.begins, segments.begins, inks.begins, inks.bounds),
        *(len(shapes.rows), len(segments.rows), len(inks.rows), call.batch * call.tiles),
        ROOM=room,
    )
    by_numbers, by_color = shapes.sum().split([NUMBERS, channels], dim=-1)
    by_vertices = torch.zeros_like(vertices)
    if vertices.shape[1]:
        start, end = segments.sum().split(2, dim=-1)
        by_vertices = start + torch.nn.functional.pad(end[:, :-1], (0, 0, 1, 0))
    # The results of an operator must not share memory.
    by_table = inks.sum() if call.stops else torch.zeros_like(table)
    return by_numbers.clone(), by_vertices, by_color.clone(), by_background.sum(1), by_table


@differentiate.register_fake
def _(
    gradient: Tensor,
    numbers: Tensor,
    vertices: Tensor,
    color: Tensor,
    background: Tensor,
    table: Tensor,
    topology: Any,
    canvas: Any,
) -> tuple[Tensor, ...]:
    return tuple(torch.empty_like(tensor) for tensor in (numbers, vertices, color, background, table))


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, topology, canvas = inputs
    ctx.save_for_backward(*tensors, *topology)
    ctx.canvas = canvas


def _backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    tensors, topology = ctx.saved_tensors[:5], ctx.saved_tensors[5:]
    return (*differentiate(gradient, *tensors, list(topology), ctx.canvas), [None] * len(topology), None)


draw.register_autograd(_backward, setup_context=_save)


class _Call:
    """Arguments that both kernels share, with the bounds of shapes and segments."""

    def __init__(self, tensors: list[Tensor], topology: list[Tensor], canvas: list[int]) -> None:
        height, width, fine, profile, soft_or, present, self.stops = canvas
        tensors, topology = ([tensor.contiguous() for tensor in some] for some in (tensors, topology))
        numbers, vertices, color, _, self._table = tensors
        kinds, first, size, order, blend, *of_gradients = topology
        # Without gradients nothing is read there.
        gradients, spreads = of_gradients or (first, first)
        self._gradients = gradients
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
        topology = [kinds, first, size, order, blend, gradients, spreads]
        inner = [count, vertices.shape[1], self._table.shape[1], self.stops]
        self.arguments = [*tensors, *topology, *both, *inner, height, width, pixel]
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
            "GRADIENTS": self.stops > 0,
            "TILE": self.tile,
            "num_warps": 4 if fine == 1 else 8,
        }

    def ink_rows(self, most: int) -> Rows:
        """Rows for the derivatives by gradients, whose bounds are those of their shapes."""
        # Those without a gradient come first.
        slots = self._gradients.argsort(stable=True)[-self._table.shape[1] :]
        return Rows(self.bounds.index_select(1, slots), self._table.shape[2], most, self.tiles, self._table)

    def launch(self, kernel: Any, programs: int, *arguments: Tensor | int, **options: int) -> None:
        """Run a kernel; its own arguments come before those that both share."""
        kernel[programs,](*arguments, *self.arguments, **options, **self.options)
