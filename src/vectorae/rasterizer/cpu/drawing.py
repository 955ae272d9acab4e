"""Drawing a part of the work, and its derivatives: each kind of shape has its own kernels, compiled when needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from vectorae.rasterizer.constants import RAMP
from vectorae.rasterizer.cpu.areas import cover_areas, differentiate_areas, scratch_of_areas
from vectorae.rasterizer.cpu.arguments import BY_DEPTH, SOFT_OR, Array, Canvas, Derivatives, InkTables, Shapes
from vectorae.rasterizer.cpu.bounds import find_bounds
from vectorae.rasterizer.cpu.box_stroke_samples import differentiate_box_stroke_samples, sample_box_strokes
from vectorae.rasterizer.cpu.box_strokes import cover_box_strokes, differentiate_box_strokes
from vectorae.rasterizer.cpu.boxes import cover_boxes, differentiate_boxes
from vectorae.rasterizer.cpu.buffers import Buffer
from vectorae.rasterizer.cpu.compositing import composite, differentiate_compositing
from vectorae.rasterizer.cpu.contributions import add_contributions
from vectorae.rasterizer.cpu.contributions import rows_of as rows_of_contributions
from vectorae.rasterizer.cpu.depth import composite_by_depth, differentiate_compositing_by_depth
from vectorae.rasterizer.cpu.discs import cover_discs, differentiate_discs
from vectorae.rasterizer.cpu.elliptical_boxes import cover_elliptical_boxes, differentiate_elliptical_boxes
from vectorae.rasterizer.cpu.gradients import composite_gradients, differentiate_gradients, rows_of
from vectorae.rasterizer.cpu.near import find_near
from vectorae.rasterizer.cpu.path_samples import differentiate_path_samples, sample_paths
from vectorae.rasterizer.cpu.paths import cover_paths, differentiate_paths
from vectorae.rasterizer.cpu.plan import FIRST_ALPHA, plan
from vectorae.rasterizer.cpu.scratch import PIXELS, ROWS, TILE_HEIGHT
from vectorae.rasterizer.cpu.soft_or import composite_soft_or, differentiate_soft_or
from vectorae.rasterizer.cpu.subnormals import subnormals_flushed
from vectorae.rasterizer.cpu.threads import Part
from vectorae.rasterizer.packing import DISC, POLYLINE, REGION, SEGMENTS, STROKED_BOX

PATHS = 1 << POLYLINE | 1 << REGION | 1 << SEGMENTS
STROKES = 1 << POLYLINE | 1 << SEGMENTS


@dataclass
class Covered:
    """What shapes cover in a part of the work.

    Attributes:
        begin, entries, chunks: see plan.py.
        cells, near, carried: see near.py; without paths, empty.
        alpha: of all entries that have a place; if nothing is kept for the backward pass, of the last chunk only.
        arcs: closest points on elliptical corners.
        has_others: whether there are filled boxes with other corners.
        deepest: the number of entries of the tile that has most.
        largest: the number of alphas of the chunk that has most.
    """

    begin: Array
    entries: Array
    chunks: Array
    cells: Array
    near: Array
    carried: Array
    alpha: Buffer
    arcs: Buffer
    has_others: bool
    deepest: int
    largest: int


class _Chunk(NamedTuple):
    """Tiles of a part of the work that are drawn together: of all that they have, what fits into the cache.

    Attributes:
        tiles: the range of them.
        entries: theirs, a view.
        alpha: theirs, a view in which their places are.
    """

    tiles: tuple[int, int]
    entries: Array
    alpha: Array


def draw(
    part: Part, shapes: Shapes, inks: InkTables | None, canvas: Canvas, present: int, keep: bool, image: Array
) -> Covered:
    """Draw a part of the work to ``image`` ``[B, C, H, W]``.

    Args:
        inks: the gradients, if there are any; not for compositing by depth.
        present: a bit, 1 << kind, for each kind that there is.
        keep: whether alpha and what else the backward pass needs is kept.
    """
    channels, spreads = image.shape[1], inks is not None
    work = _scratch(image.dtype, rows_of(channels) if spreads else channels)
    with subnormals_flushed():
        covered = _plan(part, shapes, canvas, present, keep)
        spans = _spans(covered.near)
        for chunk in _chunks_of(covered, covered.alpha.array, keep):
            _cover(covered, chunk, shapes, canvas, present, spans, work)
            given = canvas, part.images, part.rows, chunk.tiles, chunk.alpha, image
            tiles = covered.begin, covered.entries, shapes
            if inks is not None:
                composite_gradients(*tiles, inks, *given, work)
            elif canvas.compositing == BY_DEPTH:
                composite_by_depth(*tiles, *given)
            elif canvas.compositing == SOFT_OR:
                composite_soft_or(*tiles, *given, work)
            else:
                composite(*tiles, *given, work)
    return covered


def differentiate(
    part: Part,
    covered: Covered,
    shapes: Shapes,
    inks: InkTables | None,
    canvas: Canvas,
    present: int,
    cotangent: Array,
    by: Derivatives,
    by_table: Array | None,
) -> None:
    """Add the derivatives of Σ cotangent · image for a part of the work; ``covered`` is what ``draw`` returned."""
    channels, alpha, soft_or = cotangent.shape[1], covered.alpha.array, canvas.compositing == SOFT_OR
    buffer = Buffer((_room(covered.largest),), alpha.dtype)  # its memory is others' when it is collected
    by_alpha, tiles = buffer.array, (covered.begin, covered.entries, shapes)
    work = _scratch(alpha.dtype, max(3 * channels, rows_of(channels) if inks is not None else 0))
    gains = np.empty((covered.deepest, channels if soft_or else 1, PIXELS), alpha.dtype)
    spans = _spans(covered.near)
    with subnormals_flushed():
        for chunk in _chunks_of(covered, alpha):
            given = canvas, part.images, part.rows, chunk.tiles, chunk.alpha, cotangent, by_alpha, by
            if inks is not None:
                differentiate_gradients(*tiles, inks, *given, by_table, gains, work)
            elif canvas.compositing == BY_DEPTH:
                differentiate_compositing_by_depth(*tiles, *given)
            elif soft_or:
                differentiate_soft_or(*tiles, *given, gains, work)
            else:
                differentiate_compositing(*tiles, *given, gains[:, 0], work)
            _differentiate_coverage(covered, chunk, shapes, canvas, present, by_alpha, by, spans, work)


def measure(
    part: Part,
    covered: Covered,
    shapes: Shapes,
    canvas: Canvas,
    weights: Array,
    error: Array,
    squares: Array,
    products: Array,
) -> None:
    """Add what shapes of one colour each, drawn over one another, contribute to a part of the work.

    Args:
        part, shapes, canvas: as for ``draw``; ``covered``: what it returned.
        weights, error, squares, products: see ``add_contributions``.
    """
    work = _scratch(error.dtype, rows_of_contributions(error.shape[1]))
    gains = np.empty((covered.deepest, 2, PIXELS), error.dtype)
    with subnormals_flushed():
        for chunk in _chunks_of(covered, covered.alpha.array):
            given = canvas, part.images, part.rows, chunk.tiles, chunk.alpha, weights, error, squares, products
            add_contributions(covered.begin, covered.entries, shapes, *given, gains, work)


def _scratch(dtype: Any, more: int = 0) -> Array:
    """See scratch.py; ``more``: rows for channels."""
    return np.zeros((ROWS + more, PIXELS), dtype)


def _spans(near: Array) -> Array:
    """Scratch for the spans of any tile, see path.py."""
    return np.empty((len(near), 3), np.uintp)


def _plan(part: Part, shapes: Shapes, canvas: Canvas, present: int, keep: bool) -> Covered:
    """Find what has to be drawn where, and make room for it."""
    real = shapes.numbers.dtype
    bounds = find_bounds(part.images, shapes, canvas)
    if present & PATHS:
        first, cells, near, carried = find_near(part.images, part.rows, shapes, canvas, bounds)
    else:
        first, cells = np.zeros((0, 0), np.int64), np.zeros((0, 3), np.int64)
        near, carried = np.zeros(0, np.int64), np.zeros((0, TILE_HEIGHT), real)
    begin, entries, chunks, count, others, deepest, largest = plan(
        part.images, part.rows, shapes, canvas, bounds, first, cells, keep
    )
    alphas = _room(chunks[-1, FIRST_ALPHA] if keep else largest)
    alpha, arcs = Buffer((alphas,), real), Buffer((count,), real)
    return Covered(begin, entries, chunks, cells, near, carried, alpha, arcs, others > 0, deepest, largest)


def _room(alphas: int) -> int:
    """Length of an array for so many alphas, see ``at_place``."""
    return int(alphas) + 2 * PIXELS


def _chunks_of(covered: Covered, alpha: Array, keep: bool = True) -> Iterator[_Chunk]:
    """The chunks of the work; if alpha is not kept, all take the same places."""
    table = covered.chunks.tolist()
    for (tile, entry, first), (end_tile, end_entry, end) in pairwise(table):
        of_chunk = alpha[first : _room(end)] if keep else alpha
        yield _Chunk((tile, end_tile), covered.entries[entry:end_entry], of_chunk)


def _cover(
    covered: Covered, chunk: _Chunk, shapes: Shapes, canvas: Canvas, present: int, spans: Array, work: Array
) -> None:
    """Find the coverage of all shapes in a chunk."""
    entries, near, alpha = chunk.entries, covered.near, chunk.alpha
    paths = entries, covered.cells, near, covered.carried, shapes, canvas, alpha
    if canvas.profile == RAMP:
        if present & 1 << DISC:
            cover_discs(entries, shapes, canvas, alpha, work)
        if present & 1 << REGION:
            covered_part, _, lanes = scratch_of_areas()
            cover_areas(*paths, covered_part, lanes)
        edge = np.empty(PIXELS, np.int64)
        if present & STROKES:
            sample_paths(*paths, edge, spans, work)
        if present & 1 << STROKED_BOX:
            sample_box_strokes(entries, shapes, canvas, alpha, edge, work)
    else:
        if covered.has_others:
            cover_boxes(entries, shapes, canvas, alpha, work)
        if len(covered.arcs.array):
            cover_elliptical_boxes(entries, shapes, canvas, alpha, covered.arcs.array, work)
        if present & 1 << STROKED_BOX:
            cover_box_strokes(entries, shapes, canvas, alpha, work)
        if present & PATHS:
            cover_paths(*paths, spans, work)


def _differentiate_coverage(
    covered: Covered,
    chunk: _Chunk,
    shapes: Shapes,
    canvas: Canvas,
    present: int,
    by_alpha: Array,
    by: Derivatives,
    spans: Array,
    work: Array,
) -> None:
    """Add the derivatives of Σ by_alpha · alpha by numbers and vertices."""
    entries, near, alpha = chunk.entries, covered.near, chunk.alpha
    paths = entries, covered.cells, near, covered.carried, shapes, canvas
    into, boxes = (by_alpha, by.numbers, by.vertices), (entries, shapes, canvas)
    if canvas.profile == RAMP:
        if present & 1 << DISC:
            differentiate_discs(*boxes, alpha, by_alpha, by.numbers, work)
        if present & 1 << REGION:
            differentiate_areas(*paths, alpha, *into, *scratch_of_areas())
        edge = np.empty(PIXELS, np.int64)
        if present & STROKES:
            differentiate_path_samples(*paths, alpha, *into, edge, spans, work)
        if present & 1 << STROKED_BOX:
            differentiate_box_stroke_samples(*boxes, alpha, by_alpha, by.numbers, edge, work)
    else:
        if covered.has_others:
            differentiate_boxes(*boxes, alpha, by_alpha, by.numbers, work)
        if len(covered.arcs.array):
            differentiate_elliptical_boxes(*boxes, by_alpha, covered.arcs.array, by.numbers, work)
        if present & 1 << STROKED_BOX:
            differentiate_box_strokes(*boxes, by_alpha, by.numbers, work)
        if present & PATHS:
            differentiate_paths(*paths, *into, spans, work)
