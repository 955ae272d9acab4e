"""How much of their soft edge shapes fill, and its derivatives: the mathematics of ``coverage.fullness``.

Shared arguments:
    profile: an index into ``PROFILES``.
    s: the softness.
    pixel: size of a (sub-)pixel in canvas units.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import math

from vectorae.rasterizer.constants import GAUSSIAN, RAMP, SIGMOID
from vectorae.rasterizer.cpu.compiled import inlined


@inlined
def is_soft(profile):
    """Whether a profile's edge is as wide as the softness, not as a pixel."""
    return profile in (GAUSSIAN, SIGMOID)


@inlined
def stroke_fullness(length, width, profile, s, pixel):
    """``coverage.stroke_fullness``, and its derivatives by the length and by the softness."""
    if profile == GAUSSIAN:
        return 1.0, 0.0, 0.0
    return fullness(length + 0.25 * math.pi * width, profile, s, pixel)


@inlined
def fullness(length, profile, s, pixel):
    """``coverage.fullness``, and its derivatives by the length and by the softness."""
    half = 0.5 * length / s
    if profile == GAUSSIAN:
        missing = math.exp(-half * half)
        by_length = missing * half / s
        return 1 - missing, by_length, -2 * half * by_length
    if profile == SIGMOID:
        e = math.exp(-half)
        by_length = e / ((1 + e) * (1 + e) * s)
        return (1 - e) / (1 + e), by_length, -2 * half * by_length
    if profile == RAMP:
        return min(length / pixel, 1.0), 1 / pixel if length <= pixel else 0.0, 0.0
    return 1.0 if length > 0 else 0.0, 0.0, 0.0
