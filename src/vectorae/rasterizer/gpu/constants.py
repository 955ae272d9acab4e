"""Constants of the kernels, as ``tl.constexpr``: Triton reads no other globals."""

import triton.language as tl

from vectorae.geometry import disc_area, rounded_box
from vectorae.rasterizer import constants, gradients, packing

FILLED_BOX, STROKED_BOX, DISC, POLYLINE, REGION, SEGMENTS = (tl.constexpr(kind) for kind in packing.DRAWN)

# Bits of the kinds in a scene.
FILLED_BOXES = tl.constexpr(1 << packing.FILLED_BOX)
STROKED_BOXES = tl.constexpr(1 << packing.STROKED_BOX)
BOXES = tl.constexpr(1 << packing.FILLED_BOX | 1 << packing.STROKED_BOX)
DISCS = tl.constexpr(1 << packing.DISC)
STROKED_PATHS = tl.constexpr(1 << packing.POLYLINE | 1 << packing.SEGMENTS)
REGIONS = tl.constexpr(1 << packing.REGION)
PATHS = tl.constexpr(1 << packing.POLYLINE | 1 << packing.REGION | 1 << packing.SEGMENTS)

CENTER_X, CENTER_Y, COS, SIN, HALF_WIDTH, HALF_HEIGHT, ROUNDNESS, STROKE_WIDTH, SOFTNESS, ROUNDED, SHARP = (
    tl.constexpr(number) for number in range(packing.NUMBERS)
)
NUMBERS = tl.constexpr(packing.NUMBERS)

GAUSSIAN, SIGMOID, RAMP = (tl.constexpr(profile) for profile in (constants.GAUSSIAN, constants.SIGMOID, constants.RAMP))
TAIL = tl.constexpr(constants.TAIL)
TAIL_ROOT = tl.constexpr(constants.TAIL_ROOT)
CLOSEST_POINT_STEPS = tl.constexpr(rounded_box.CLOSEST_POINT_STEPS)
TOWARDS_DIAGONAL = tl.constexpr(rounded_box.TOWARDS_DIAGONAL)
MIN_COSINE = tl.constexpr(constants.MIN_COSINE)
MIN_OFFSET = tl.constexpr(rounded_box.MIN_OFFSET)
NO_SIDE = tl.constexpr(constants.NO_SIDE)

SMALLEST_RADIUS = tl.constexpr(disc_area.LEAST)
A0, A1, A2, A3, A4, A5, A6, A7, A8 = (tl.constexpr(number) for number in disc_area.ARC)
C0, C1, C2, C3, C4, C5, C6, C7, C8 = (tl.constexpr(number) for number in disc_area.CAP)

FRAME = tl.constexpr(gradients.FRAME)
NARROW = tl.constexpr(gradients.NARROW)
PAD, REPEAT, REFLECT = (tl.constexpr(spread) for spread in (gradients.PAD, gradients.REPEAT, gradients.REFLECT))

LANES = tl.constexpr(32)
"""Number of shapes or segments that are tested against a tile at once."""
