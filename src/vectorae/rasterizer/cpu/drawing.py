"""Drawing a part of the work, and its derivatives: each kind of shape has its own kernels, compiled when needed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from vectorae.rasterizer.constants import RAMP
from vectorae.rasterizer.cpu.areas import cover_areas, differentiate_areas
from vectorae.rasterizer.cpu.arguments import BY_DEPTH, SOFT_OR, Array, Canvas, Derivatives, InkTables, Shapes
from vectorae.rasterizer.cpu.bounds import find_bounds
from vectorae.rasterizer.cpu.box_stroke_samples import differentiate_box_stroke_samples, sample_box_strokes
from vectorae.rasterizer.cpu.box_strokes import cover_box_strokes, differentiate_box_strokes
from vectorae.rasterizer.cpu.boxes import cover_boxes, differentiate_boxes
from vectorae.rasterizer.cpu.buffers import Buffer
from vectorae.rasterizer.cpu.compositing import composite, differentiate_compositing
from vectorae.rasterizer.cpu.depth import composite_by_depth, differentiate_compositing_by_depth
from vectorae.rasterizer.cpu.elliptical_boxes import cover_elliptical_boxes, differentiate_elliptical_boxes
from vectorae.rasterizer.cpu.gradients import composite_gradients, differentiate_gradients, rows_of
from vectorae.rasterizer.cpu.near import find_near
from vectorae.rasterizer.cpu.path_samples import differentiate_path_samples, sample_paths
from vectorae.rasterizer.cpu.paths import cover_paths, differentiate_paths
from vectorae.rasterizer.cpu.plan import plan
from vectorae.rasterizer.cpu.scratch import PIXELS, ROWS, TILE
from vectorae.rasterizer.cpu.soft_or import composite_soft_or, differentiate_soft_or
from vectorae.rasterizer.cpu.subnormals import subnormals_flushed
from vectorae.rasterizer.cpu.threads import Part
from vectorae.rasterizer.packing import POLYLINE, REGION, SEGMENTS, STROKED_BOX

PATHS = 1 << POLYLINE | 1 << REGION | 1 << SEGMENTS
STROKES = 1 << POLYLINE | 1 << SEGMENTS


@dataclass
class Covered:
    """What shapes cover in a part of the work.

    Attributes:
        begin, entries: see plan.py.
        cells, near, carried: see near.py; without paths, empty.
        alpha: ``[places, 256]``, within each entry's range of pixels.
        arcs: ``[·, 2, 256]`` closest points on elliptical corners.
        has_others: whether there are filled boxes with other corners.
    """

    begin: Array
    entries: Array
    cells: Array
    near: Array
    carried: Array
    alpha: Buffer
    arcs: Buffer
    has_others: bool


def draw(
    part: Part, shapes: Shapes, inks: InkTables | None, canvas: Canvas, present: int, keep: bool, image: Array
) -> Covered:
    """Draw a part of the work to ``image`` ``[B, C, H, W]``.

    Args:
        inks: the gradients, if there are any; not for compositing by depth.
        present: a bit, 1 << kind, for each kind that there is.
        keep: what else the backward pass needs.
    """
    with subnormals_flushed():
        covered = _cover(part, shapes, canvas, present, keep)
        tiles = covered.begin, covered.entries, shapes, canvas, part.images, part.rows, covered.alpha.array
        if inks is not None:
            work = _scratch(image.dtype, rows_of(image.shape[1]))
            composite_gradients(*tiles[:3], inks, *tiles[3:], image, work)
        elif canvas.compositing == BY_DEPTH:
            composite_by_depth(*tiles, image)
        elif canvas.compositing == SOFT_OR:
            composite_soft_or(*tiles, image, _scratch(image.dtype, image.shape[1]))
        else:
            composite(*tiles, image, _scratch(image.dtype, image.shape[1]))
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
    channels, alpha = cotangent.shape[1], covered.alpha.array
    buffer = Buffer(alpha.shape, alpha.dtype)  # its memory is others' when it is collected
    by_alpha = buffer.array
    tiles = covered.begin, covered.entries, shapes, canvas, part.images, part.rows, alpha, cotangent, by_alpha, by
    with subnormals_flushed():
        if canvas.compositing == BY_DEPTH:
            differentiate_compositing_by_depth(*tiles)
        else:
            most = int(np.diff(covered.begin).max())
            if inks is not None:
                gains = np.empty((most, channels if canvas.compositing == SOFT_OR else 1, PIXELS), alpha.dtype)
                work = _scratch(alpha.dtype, rows_of(channels))
                differentiate_gradients(*tiles[:3], inks, *tiles[3:], by_table, gains, work)
            elif canvas.compositing == SOFT_OR:
                gains = np.empty((most, channels, PIXELS), alpha.dtype)
                differentiate_soft_or(*tiles, gains, _scratch(alpha.dtype, 3 * channels))
            else:
                gains = np.empty((most, PIXELS), alpha.dtype)
                differentiate_compositing(*tiles, gains, _scratch(alpha.dtype, 2 * channels + 1))
        _differentiate_coverage(covered, shapes, canvas, present, by_alpha, by)


def _scratch(dtype: Any, more: int = 0) -> Array:
    """See scratch.py; ``more``: rows for channels."""
    return np.zeros((ROWS + more, PIXELS), dtype)


def _spans(near: Array) -> Array:
    """Scratch for the spans of any tile, see path.py."""
    return np.empty((len(near), 3), np.uintp)


def _cover(part: Part, shapes: Shapes, canvas: Canvas, present: int, keep: bool) -> Covered:
    """Find the coverage of all shapes."""
    real = shapes.numbers.dtype
    bounds = find_bounds(part.images, shapes, canvas)
    if present & PATHS:
        first, cells, near, carried = find_near(part.images, part.rows, shapes, canvas, bounds)
    else:
        first, cells = np.zeros((0, 0), np.int64), np.zeros((0, 3), np.int64)
        near, carried = np.zeros(0, np.int64), np.zeros((0, TILE), real)
    begin, entries, places, count, others = plan(part.images, part.rows, shapes, canvas, bounds, first, cells, keep)
    alpha, arcs = Buffer((places, PIXELS), real), Buffer((count, 2, PIXELS), real)
    covered = Covered(begin, entries, cells, near, carried, alpha, arcs, others > 0)
    paths, work, spans = (entries, cells, near, carried, shapes, canvas, alpha.array), _scratch(real), _spans(near)
    if canvas.profile == RAMP:
        if present & 1 << REGION:
            cover_areas(*paths, np.empty(PIXELS), np.empty(PIXELS + TILE))
        edge = np.empty(PIXELS, np.int64)
        if present & STROKES:
            sample_paths(*paths, edge, spans, work)
        if present & 1 << STROKED_BOX:
            sample_box_strokes(entries, shapes, canvas, alpha.array, edge, work)
    else:
        if others:
            cover_boxes(entries, shapes, canvas, alpha.array, work)
        if count:
            cover_elliptical_boxes(entries, shapes, canvas, alpha.array, arcs.array, work)
        if present & 1 << STROKED_BOX:
            cover_box_strokes(entries, shapes, canvas, alpha.array, work)
        if present & PATHS:
            cover_paths(*paths, spans, work)
    return covered


def _differentiate_coverage(
    covered: Covered, shapes: Shapes, canvas: Canvas, present: int, by_alpha: Array, by: Derivatives
) -> None:
    """Add the derivatives of Σ by_alpha · alpha by numbers and vertices; ``by_alpha`` ``[places, 256]``."""
    entries, near, work = covered.entries, covered.near, _scratch(by_alpha.dtype)
    paths, spans = (entries, covered.cells, near, covered.carried, shapes, canvas), _spans(near)
    into, boxes = (by_alpha, by.numbers, by.vertices), (entries, shapes, canvas)
    if canvas.profile == RAMP:
        if present & 1 << REGION:
            tile = np.empty(PIXELS), np.empty(PIXELS), np.empty(PIXELS + TILE)
            differentiate_areas(*paths, covered.alpha.array, *into, *tile)
        edge = np.empty(PIXELS, np.int64)
        if present & STROKES:
            differentiate_path_samples(*paths, covered.alpha.array, *into, edge, spans, work)
        if present & 1 << STROKED_BOX:
            differentiate_box_stroke_samples(*boxes, covered.alpha.array, by_alpha, by.numbers, edge, work)
    else:
        if covered.has_others:
            differentiate_boxes(*boxes, by_alpha, by.numbers, work)
        if len(covered.arcs.array):
            differentiate_elliptical_boxes(*boxes, by_alpha, covered.arcs.array, by.numbers, work)
        if present & 1 << STROKED_BOX:
            differentiate_box_strokes(*boxes, by_alpha, by.numbers, work)
        if present & PATHS:
            differentiate_paths(*paths, *into, spans, work)
