"""The profiles of coverage, row by row, as the other loops see them.

Names here and in the other loops: c is the profile, d the distance, t the thickness, s the softness.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.cpu.compiled import compiled

GAUSSIAN, SIGMOID, RAMP = (list(PROFILES).index(name) for name in ("gaussian", "sigmoid", "ramp"))

TAIL = 14 * math.log(2)
"""−ln of the coverage that may be dropped, 2⁻¹⁴."""


@compiled
def profile_row(profile, s, pixel, n, depth, c, slope, by_s):
    """The profile c of each depth, its derivative by depth, and by softness, into three rows. Vectorises."""
    if profile == GAUSSIAN:
        for i in range(n):
            x = min(depth[i], 0.0) / s
            c[i] = _exp(-x * x)
            slope[i] = -2 * x / s * c[i]
            by_s[i] = -slope[i] * x
    elif profile == SIGMOID:
        for i in range(n):
            x = depth[i] / s
            e = _exp(-abs(x))
            near = 1 / (1 + e)
            c[i] = near if x >= 0 else e * near
            slope[i] = e * near * near / s
            by_s[i] = -slope[i] * x
    elif profile == RAMP:
        for i in range(n):
            x = depth[i] / pixel + 0.5
            c[i] = min(max(x, 0.0), 1.0)
            slope[i] = 1 / pixel if 0 < x < 1 else 0.0
            by_s[i] = 0
    else:
        for i in range(n):
            c[i] = 1.0 if depth[i] >= 0 else 0.0
            slope[i] = 0
            by_s[i] = 0


@compiled
def _exp(x):
    """e^x for x ≤ 0 in arithmetic that vectorises: (e^(x/1024))^1024 by a polynomial and ten squarings.

    Below −30 it stays at e^−30 ≈ 1e-13; the relative error is below 1e-9.
    """
    y = max(x, -30.0) / 1024
    e = 1 + y * (1 + y * (1 / 2 + y * (1 / 6 + y * (1 / 24 + y * (1 / 120)))))
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    return e


@compiled
def reach_beyond(profile, s, pixel):
    """How far beyond the outline coverage may be above 2⁻¹⁴."""
    if profile == GAUSSIAN:
        return s * math.sqrt(TAIL)
    if profile == SIGMOID:
        return s * TAIL
    return pixel / 2


@compiled
def flat_beyond(profile, s, pixel):
    """How far from an edge the profile is 0 or 1 to within 1e-11."""
    if profile == GAUSSIAN:
        return 5 * s
    if profile == SIGMOID:
        return 25 * s
    return pixel / 2
