"""Layout of the scratch array ``work`` ``[R, 256]`` that the kernels share: a row has a number per pixel of a tile.

``work[D, p]`` is the distance at pixel p, in row p // 8 and column p % 8 of the tile. Loops run over the pixels from
``start`` to ``stop`` (exclusive), both multiples of 16: whole pairs of rows. One array holds all rows, so that the
compiler knows that they do not overlap; start and stop are unsigned, so that it knows that no index is negative.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import numpy as np

from vectorae.rasterizer.cpu.compiled import inlined

TILE_WIDTH, TILE_HEIGHT = 8, 32
"""Size of a tile in pixels. As narrow as what a vector register holds: shapes are drawn in whole rows of tiles."""

PIXELS = TILE_WIDTH * TILE_HEIGHT

ROW = np.uintp(TILE_WIDTH)
"""Step from a pixel to the one below it."""

PAIR = np.uintp(2 * TILE_WIDTH)
"""Pixels of two rows, by which ranges of pixels are counted: what the widest vector registers hold."""

SAMPLES = 16
"""Sub-pixels of a pixel that is sampled, and how many such pixels take the place of a tile: that has as many pixels."""

# The pixel's position on the canvas; distance and thickness of a slab there, and of a second slab. Canvas units.
CANVAS_X, CANVAS_Y, D, T, D_DOWN, T_DOWN = range(6)

# Boxes: cosine and sine of the closest point's position on an elliptical corner.
ARC_X, ARC_Y = 6, 7

# Paths: index of the nearest segment, and the derivative by the distance to it, divided by that distance.
SEGMENT, PULL = 6, 7

# Of pixels that are sampled, sixteen numbers each: the centres, and the distance to the nearest segment; and of the
# sub-pixels of any pixel, where they lie from its centre.
CENTRES, SUBPIXELS = 8, 9

# Coverage by a slab and its derivatives by distance, thickness and softness: offsets from the slab's first row, ACROSS
# or DOWN.
COVERED, BY_D, BY_T, BY_S = range(4)
ACROSS, DOWN = 10, 14

# Alpha of the shape (coverage × opacity), and the derivative by it.
ALPHA, BY_ALPHA = 18, 19

# Boxes with elliptical corners: the normal at the closest point, and the derivatives of the thickness by the position
# along the longer side, by both half extents and by the roundness.
NORMAL_X, NORMAL_Y, T_ALONG, T_LONGER, T_SHORTER, T_ROUNDNESS = range(20, 26)

ROWS = 26
"""How many rows kernels need that know nothing of channels."""

# From here on, a row per channel each: pixel values, derivatives by them, transmittance of the shapes above.
CHANNELS = ROWS


@inlined
def is_scratch(work):
    """Whether rows have 256 pixels: always true. A kernel that returns otherwise tells the compiler their stride."""
    return work.shape[1] == PIXELS
