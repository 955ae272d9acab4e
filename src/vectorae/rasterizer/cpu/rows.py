"""The scratch rows that all loops share, and coverage by distance and thickness on them."""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

from vectorae.rasterizer.cpu.profiles import GAUSSIAN, compiled, profile_row

# Rows kept for each shape: alpha; the coverages it is the weighted sum of; its derivatives by what the kind depends on.
ALPHA, ROUNDED, SHARP, BY_SOFTNESS, BY_WIDTH, BY_X, BY_Y, BY_HALF_WIDTH, BY_HALF_HEIGHT, BY_ROUNDNESS = range(10)
PLACE, SEGMENT = BY_HALF_WIDTH, BY_HALF_HEIGHT
KEPT = 10

# Rows of intermediate results: the point, the distance and thickness with their derivatives, and two slabs (coverage
# and its derivatives by the place, the thickness and the softness), then room for two profiles.
X, Y, D, NORMAL_X, NORMAL_Y, D_HALF_WIDTH, D_HALF_HEIGHT, D_ROUNDNESS = range(8)
T, T_X, T_Y, T_HALF_WIDTH, T_HALF_HEIGHT, T_ROUNDNESS = range(8, 14)
ACROSS, DOWN, PROFILES = 14, 18, 22
WORK = PROFILES + 7


@compiled
def cover_row(profile, stroked, s, pixel, thickness, n, work):
    """Coverage by a slab (coverage.slab_coverage) and its derivatives by d, t and softness into four rows at ACROSS.

    d is the row D; t the row T where ``thickness`` is negative, else that number. A gaussian stroke is c(−d) alone.
    """
    depth, c, slope, by_s = work[PROFILES], work[PROFILES + 1], work[PROFILES + 2], work[PROFILES + 3]
    for i in range(n):
        depth[i] = -work[D, i]
    profile_row(profile, s, pixel, n, depth, c, slope, by_s)
    for i in range(n):
        work[ACROSS, i], work[ACROSS + 1, i] = c[i], -slope[i]
        work[ACROSS + 2, i], work[ACROSS + 3, i] = 0, by_s[i]
    if profile == GAUSSIAN and stroked:
        return
    if profile == GAUSSIAN:
        for i in range(n):
            t = (work[T, i] if thickness < 0 else thickness) / (2 * s)
            missing = math.exp(-t * t)
            work[ACROSS, i] *= 1 - missing
            work[ACROSS + 1, i] *= 1 - missing
            work[ACROSS + 2, i] = c[i] * missing * t / s
            work[ACROSS + 3, i] = by_s[i] * (1 - missing) - 2 * c[i] * missing * t * t / s
        return
    for i in range(n):
        depth[i] = -work[D, i] - (work[T, i] if thickness < 0 else thickness)
    profile_row(profile, s, pixel, n, depth, c, slope, by_s)
    for i in range(n):
        work[ACROSS, i] -= c[i]
        work[ACROSS + 1, i] += slope[i]
        work[ACROSS + 2, i] = slope[i]
        work[ACROSS + 3, i] -= by_s[i]
