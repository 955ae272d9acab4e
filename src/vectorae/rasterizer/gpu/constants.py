"""Numbers that the kernels share; Triton reads only what is declared as known when it compiles."""

import math

import triton.language as tl

from vectorae.geometry import rounded_box
from vectorae.rasterizer import packing
from vectorae.rasterizer.coverage import PROFILES

FILLED_BOX = tl.constexpr(packing.FILLED_BOX)
STROKED_BOX = tl.constexpr(packing.STROKED_BOX)
POLYLINE = tl.constexpr(packing.POLYLINE)
REGION = tl.constexpr(packing.REGION)

# Bits of kinds that a scene may have.
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

GAUSSIAN = tl.constexpr(list(PROFILES).index("gaussian"))
SIGMOID = tl.constexpr(list(PROFILES).index("sigmoid"))
RAMP = tl.constexpr(list(PROFILES).index("ramp"))

TAIL = tl.constexpr(14 * math.log(2))
"""−ln of the coverage that may be dropped, 2⁻¹⁴."""

TAIL_ROOT = tl.constexpr(math.sqrt(14 * math.log(2)))

CLOSEST_POINT_STEPS = tl.constexpr(rounded_box.CLOSEST_POINT_STEPS)

LANES = tl.constexpr(32)
"""Shapes, or segments, of which it is found at once which ones touch a tile."""
