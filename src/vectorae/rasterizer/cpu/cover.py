"""The coverage of all shapes in a part of the work: each kind has its own kernels, which compile when needed."""

from dataclasses import dataclass

import numpy as np

from vectorae.rasterizer.constants import RAMP
from vectorae.rasterizer.cpu.areas import cover_areas, differentiate_areas
from vectorae.rasterizer.cpu.arguments import Array, Canvas, Gradients, Shapes
from vectorae.rasterizer.cpu.bounds import find_bounds
from vectorae.rasterizer.cpu.box_strokes import cover_box_strokes, differentiate_box_strokes
from vectorae.rasterizer.cpu.boxes import cover_boxes, differentiate_boxes
from vectorae.rasterizer.cpu.buffers import Buffer
from vectorae.rasterizer.cpu.near import find_near
from vectorae.rasterizer.cpu.paths import cover_paths, differentiate_paths
from vectorae.rasterizer.cpu.plan import plan
from vectorae.rasterizer.cpu.samples import differentiate_samples, sample_strokes
from vectorae.rasterizer.cpu.scratch import PIXELS, TILE
from vectorae.rasterizer.cpu.threads import Part
from vectorae.rasterizer.packing import FILLED_BOX, POLYLINE, REGION, STROKED_BOX

PATHS = 1 << POLYLINE | 1 << REGION
SAMPLED = 1 << STROKED_BOX | 1 << POLYLINE


@dataclass
class Covered:
    """What shapes cover in a part of the work.

    Attributes:
        begin, entries: see plan.py.
        cells, near, carried: see near.py; without paths, empty.
        alpha: ``[places, 256]``, within each entry's range of pixels.
        arcs: ``[·, 2, 256]`` closest points on elliptical corners that are kept.
    """

    begin: Array
    entries: Array
    cells: Array
    near: Array
    carried: Array
    alpha: Buffer
    arcs: Buffer


def cover(part: Part, shapes: Shapes, canvas: Canvas, present: int, keep: bool) -> Covered:
    """Find the coverage of all shapes.

    Args:
        present: a bit, 1 << kind, for each kind that there is.
        keep: what else the backward pass needs.
    """
    real = shapes.numbers.dtype
    bounds = find_bounds(part.images, shapes, canvas)
    if present & PATHS:
        first, cells, near, carried = find_near(part.images, part.rows, shapes, canvas, bounds)
    else:
        first, cells = np.zeros((0, 0), np.int64), np.zeros((0, 3), np.int64)
        near, carried = np.zeros(0, np.int64), np.zeros((0, TILE), real)
    begin, entries, places, kept = plan(part.images, part.rows, shapes, canvas, bounds, first, cells, keep)
    alpha, arcs = Buffer((places, PIXELS), real), Buffer((kept, 2, PIXELS), real)
    covered = Covered(begin, entries, cells, near, carried, alpha, arcs)
    paths = entries, cells, near, carried, shapes, canvas, alpha.array
    if canvas.profile == RAMP:
        if present & 1 << REGION:
            cover_areas(*paths)
        if present & SAMPLED:
            sample_strokes(*paths)
    else:
        if present & 1 << FILLED_BOX:
            cover_boxes(entries, shapes, canvas, alpha.array, arcs.array)
        if present & 1 << STROKED_BOX:
            cover_box_strokes(entries, shapes, canvas, alpha.array)
        if present & PATHS:
            cover_paths(*paths)
    return covered


def differentiate_coverage(
    covered: Covered, shapes: Shapes, canvas: Canvas, present: int, by_alpha: Array, by: Gradients
) -> None:
    """Add the derivatives of Σ by_alpha · alpha by numbers and vertices; ``by_alpha`` ``[places, 256]``."""
    paths = covered.entries, covered.cells, covered.near, covered.carried, shapes, canvas
    if canvas.profile == RAMP:
        if present & 1 << REGION:
            differentiate_areas(*paths, covered.alpha.array, by_alpha, by.numbers, by.vertices)
        if present & SAMPLED:
            differentiate_samples(*paths, by_alpha, by.numbers, by.vertices)
    else:
        if present & 1 << FILLED_BOX:
            differentiate_boxes(covered.entries, shapes, canvas, by_alpha, covered.arcs.array, by.numbers)
        if present & 1 << STROKED_BOX:
            differentiate_box_strokes(covered.entries, shapes, canvas, by_alpha, by.numbers)
        if present & PATHS:
            differentiate_paths(*paths, by_alpha, by.numbers, by.vertices)
