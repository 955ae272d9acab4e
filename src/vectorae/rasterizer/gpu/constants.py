"""Constants of the kernels, as ``tl.constexpr``: Triton reads no other globals."""

import triton.language as tl

from vectorae.geometry import rounded_box
from vectorae.rasterizer import constants, packing

FILLED_BOX = tl.constexpr(packing.FILLED_BOX)
STROKED_BOX = tl.constexpr(packing.STROKED_BOX)
POLYLINE = tl.constexpr(packing.POLYLINE)
REGION = tl.constexpr(packing.REGION)

# Bits of the kinds in a scene.
FILLED_BOXES = tl.constexpr(1 << packing.FILLED_BOX)
STROKED_BOXES = tl.constexpr(1 << packing.STROKED_BOX)
BOXES = tl.constexpr(1 << packing.FILLED_BOX | 1 << packing.STROKED_BOX)
POLYLINES = tl.constexpr(1 << packing.POLYLINE)
REGIONS = tl.constexpr(1 << packing.REGION)
PATHS = tl.constexpr(1 << packing.POLYLINE | 1 << packing.REGION)

CENTER_X = tl.constexpr(packing.CENTER_X)
CENTER_Y = tl.constexpr(packing.CENTER_Y)
COS = tl.constexpr(packing.COS)
SIN = tl.constexpr(packing.SIN)
HALF_WIDTH = tl.constexpr(packing.HALF_WIDTH)
HALF_HEIGHT = tl.constexpr(packing.HALF_HEIGHT)
ROUNDNESS = tl.constexpr(packing.ROUNDNESS)
STROKE_WIDTH = tl.constexpr(packing.STROKE_WIDTH)
SOFTNESS = tl.constexpr(packing.SOFTNESS)
ROUNDED = tl.constexpr(packing.ROUNDED)
SHARP = tl.constexpr(packing.SHARP)
NUMBERS = tl.constexpr(packing.NUMBERS)

GAUSSIAN = tl.constexpr(constants.GAUSSIAN)
SIGMOID = tl.constexpr(constants.SIGMOID)
RAMP = tl.constexpr(constants.RAMP)
TAIL = tl.constexpr(constants.TAIL)
TAIL_ROOT = tl.constexpr(constants.TAIL_ROOT)
CLOSEST_POINT_STEPS = tl.constexpr(rounded_box.CLOSEST_POINT_STEPS)
DIAGONAL = tl.constexpr(rounded_box.DIAGONAL)
MIN_COSINE = tl.constexpr(constants.MIN_COSINE)
MIN_OFFSET = tl.constexpr(rounded_box.MIN_OFFSET)
NO_SIDE = tl.constexpr(constants.NO_SIDE)

LANES = tl.constexpr(32)
"""Number of shapes or segments that are tested against a tile at once."""
