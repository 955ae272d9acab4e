"""The scratch that all loops share: rows of numbers, one for each pixel of a tile.

``work[D, p]`` is the distance at pixel p, which lies in row p // 16 and column p % 16 of the tile; a loop goes from
the first pixel of a row, start, to the last of another, stop. One array holds all rows, so that the compiler sees that
they do not overlap, and start and stop are unsigned, so that it sees that no index counts from the end.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import numpy as np

from vectorae.rasterizer.cpu.compiled import inlined

TILE = 16
"""Pixels each way of a tile: as many as a vector register has numbers, or a multiple."""

PIXELS = TILE * TILE

ROW = np.uintp(TILE)
"""From one row of a tile to the next."""

# The pixel on the canvas, and in the shape's frame; distance and thickness there; the normal of the closest point and
# its place on the corner's arc (of polylines: what leads there, where it lies on the segment, and the segment).
CANVAS_X, CANVAS_Y, X, Y, D, T, NORMAL_X, NORMAL_Y, ARC_X, ARC_Y = range(10)
PLACE, SEGMENT = ARC_X, ARC_Y

# The derivatives of the thickness.
T_X, T_Y, T_HALF_WIDTH, T_HALF_HEIGHT, T_ROUNDNESS = range(10, 15)

# Coverage by a slab, and its derivatives by distance, thickness and softness; another slab's.
COVERED, BY_D, BY_T, BY_S = range(4)
ACROSS, DOWN = 15, 19

# Distance and thickness of that other slab.
D_DOWN, T_DOWN = 23, 24

# Coverage × opacity of the shape; the derivative by it.
ALPHA, BY_ALPHA = 25, 26

# From here on one for each channel: the pixels, the derivative by them, and what the shapes above let through.
CHANNELS = 27


@inlined
def is_scratch(work):
    """Whether its rows are of 256 pixels. They are: a kernel that returns where they are not is one in which the
    compiler knows how far apart they lie."""
    return work.shape[1] == PIXELS
