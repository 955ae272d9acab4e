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

# The pixel on the canvas; distance and thickness there, and those of another slab.
CANVAS_X, CANVAS_Y, D, T, D_DOWN, T_DOWN = range(6)

# Of boxes: cosine and sine of the closest point's place on an elliptical corner.
ARC_X, ARC_Y = 6, 7

# Of polylines: what leads to the pixel from the nearest segment, where on the segment from, and which segment it is.
TO_X, TO_Y, PLACE, SEGMENT = range(6, 10)

# Coverage by a slab, and its derivatives by distance, thickness and softness; another slab's.
COVERED, BY_D, BY_T, BY_S = range(4)
ACROSS, DOWN = 10, 14

# Coverage × opacity of the shape; the derivative by it.
ALPHA, BY_ALPHA = 18, 19

# From here on one for each channel: the pixels, the derivative by them, and what the shapes above let through.
CHANNELS = 20


@inlined
def is_scratch(work):
    """Whether its rows are of 256 pixels. They are: a kernel that returns where they are not is one in which the
    compiler knows how far apart they lie."""
    return work.shape[1] == PIXELS
