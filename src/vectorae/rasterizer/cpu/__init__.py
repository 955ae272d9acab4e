"""The CPU backend: the same function as the reference, fused into numba loops.

Images and bands of rows are distributed over as many threads as torch uses. A tile is drawn shape by shape, each only
within its bounds and soft edge: coverage below 2⁻¹⁴ may be dropped, which changes values by less than 2e-4. Alpha is
saved for the backward pass, which differentiates compositing without a division, so that it is exact for opaque
shapes: ∂C/∂α_k = T_k (c_k − B_k), with T_k the transmittance in front of shape k and B_k the composite behind it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vectorae.rasterizer.compositing import depth_precedence
from vectorae.rasterizer.contributions import Contributions
from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.cpu.arguments import BY_DEPTH, OVER, SOFT_OR, Array, Canvas, Derivatives, InkTables, Shapes
from vectorae.rasterizer.cpu.box_packing import pack_boxes
from vectorae.rasterizer.cpu.buffers import new_tensor
from vectorae.rasterizer.cpu.compile_notice import show_compiling
from vectorae.rasterizer.cpu.drawing import Covered, differentiate, draw, measure
from vectorae.rasterizer.cpu.outlines import place_corners
from vectorae.rasterizer.cpu.regions import enclosed_region
from vectorae.rasterizer.cpu.scratch import TILE_HEIGHT
from vectorae.rasterizer.cpu.stroke_packing import pack_stroke
from vectorae.rasterizer.cpu.threads import Part, run_parallel, split_work
from vectorae.rasterizer.gradients import Inks
from vectorae.rasterizer.packing import pack
from vectorae.scene import Scene

__all__ = ["measure_contributions", "rasterize", "show_compiling"]


def rasterize(
    scene: Scene, height: int, width: int, *, coverage: str, edge: Tensor, temperature: float = 0.0
) -> Tensor:
    """Draw a scene that lies on the CPU; arguments and result as for the reference."""
    image: Tensor = _Rasterize.apply(*_arguments(scene, height, width, coverage, edge, temperature))
    return image


@torch.no_grad()
def measure_contributions(
    scene: Scene, height: int, width: int, *, coverage: str, edge: Tensor, images: Tensor, importance: Tensor | None
) -> Contributions:
    """Draw a scene and measure what each shape contributes; see ``rasterize.measure_contributions``.

    Args:
        scene, height, width, coverage, edge: as for ``rasterize``; shapes of one colour each, drawn *over* one another
            in an order that is decided.
        images: ``[B, C, H, W]``.
        importance: of their pixels, ``[B, 1, H, W]``; None: all are 1.
    """
    *tensors, _, topology, canvas, present, _ = _arguments(scene, height, width, coverage, edge, 0.0)
    shapes = _shapes(topology, [tensor.detach().contiguous() for tensor in tensors])
    drawn = new_tensor((*shapes.background.shape, height, width), shapes.numbers.dtype)
    into, parts = drawn.numpy(), split_work(len(drawn), count_rows(height), height * width)
    covered = run_parallel(lambda _, part: draw(part, shapes, None, canvas, present, True, into), parts)
    weights = torch.ones_like(drawn[:, :1]) if importance is None else importance.to(drawn)
    given = weights.contiguous().numpy(), ((drawn - images.to(drawn)) * weights).contiguous().numpy()
    # A sum for each band of rows, as in the backward pass.
    sums = np.zeros((1 + max(part.band for part in parts), 2, *shapes.color.shape[:2]), into.dtype)
    run_parallel(lambda number, part: measure(part, covered[number], shapes, canvas, *given, *sums[part.band]), parts)
    squares, products = torch.from_numpy(sums.sum(0))
    return Contributions(drawn, squares, products)


def _arguments(
    scene: Scene, height: int, width: int, coverage: str, edge: Tensor, temperature: float
) -> tuple[Any, ...]:
    """The tensors that a drawing depends on, and the rest that it is made of: the arguments of ``_Rasterize``."""
    packed = pack(
        scene, edge, coverage, min(height, width), enclosed_region, None, pack_boxes, place_corners, pack_stroke
    )
    compositing, in_front = OVER, edge.new_zeros(scene.batch, 0, 0)
    if scene.compositing == "soft_or":
        compositing = SOFT_OR
    elif scene.depth is not None and temperature > 0:
        compositing, in_front = BY_DEPTH, depth_precedence(scene.depth, temperature)
    return (
        packed.numbers,
        packed.vertices,
        scene.color,
        scene.ground,
        in_front,
        None if packed.inks is None else packed.inks.table,
        tuple(tensor.contiguous().numpy() for tensor in packed.topology),
        Canvas(height, width, packed.subpixels, list(PROFILES).index(coverage), compositing),
        packed.present,
        packed.inks,
    )


class _Rasterize(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Tensor:
        *tensors, table, topology, canvas, present, inks = arguments
        tensors = [tensor.detach().contiguous() for tensor in tensors]
        shapes, keep, tables = _shapes(topology, tensors), any(ctx.needs_input_grad), _tables(table, inks)
        image = new_tensor((*shapes.background.shape, canvas.height, canvas.width), shapes.numbers.dtype)
        into = image.numpy()
        parts = split_work(len(image), count_rows(canvas.height), canvas.height * canvas.width)

        def work(number: int, part: Part) -> Covered | None:
            covered = draw(part, shapes, tables, canvas, present, keep, into)
            return covered if keep else None

        covered = run_parallel(work, parts)
        if keep:
            ctx.save_for_backward(*tensors, table)
            ctx.topology, ctx.canvas, ctx.present, ctx.parts, ctx.covered = topology, canvas, present, parts, covered
            ctx.inks = inks
        return image

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        canvas, parts, (*tensors, table) = ctx.canvas, ctx.parts, ctx.saved_tensors
        tables = _tables(table, ctx.inks)
        shapes, cotangent = _shapes(ctx.topology, tensors), gradient.contiguous().numpy()
        # A sum for each band of rows: no two threads write to the same memory, and sums are reproducible.
        bands = 1 + max(part.band for part in parts)
        arrays = [getattr(shapes, name) for name in Derivatives._fields]
        sums = [np.zeros((bands, *one.shape), one.dtype) for one in arrays]
        by = [Derivatives(*(one[band] for one in sums)) for band in range(bands)]
        of_table = None if tables is None else np.zeros((bands, *tables.table.shape), tables.table.dtype)

        def work(number: int, part: Part) -> None:
            by_table = None if of_table is None else of_table[part.band]
            given = shapes, tables, canvas, ctx.present, cotangent
            differentiate(part, ctx.covered[number], *given, by[part.band], by_table)

        run_parallel(work, parts)
        found = [
            None if one is None else torch.from_numpy(one.sum(0) if bands > 1 else one[0]) for one in (*sums, of_table)
        ]
        return (*found, None, None, None, None)


def count_rows(height: int) -> int:
    """Number of rows of tiles that ``height`` pixels are cut into."""
    return -(-height // TILE_HEIGHT)


def _tables(table: Tensor | None, inks: Inks | None) -> InkTables | None:
    if table is None or inks is None:
        return None
    return InkTables(table.detach().contiguous().numpy(), inks.gradients.numpy(), inks.spreads.numpy(), inks.stops)


def _shapes(topology: tuple[Array, ...], tensors: Sequence[Tensor]) -> Shapes:
    return Shapes(*topology, *(tensor.numpy() for tensor in tensors))
