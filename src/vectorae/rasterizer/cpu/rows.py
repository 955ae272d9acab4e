"""The scratch rows that all loops share, and coverage by distance and thickness on them."""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

from vectorae.rasterizer.cpu.compiled import compiled
from vectorae.rasterizer.cpu.profiles import GAUSSIAN, profile_row

# Rows kept for each shape: alpha; the coverages it is the weighted sum of; its derivatives by what the kind depends on.
ALPHA, ROUNDED, SHARP, BY_SOFTNESS, BY_WIDTH, BY_X, BY_Y, BY_HALF_WIDTH, BY_HALF_HEIGHT, BY_ROUNDNESS = range(10)
PLACE, SEGMENT = BY_HALF_WIDTH, BY_HALF_HEIGHT
KEPT = 10

# Rows of intermediate results: the point, the distance and thickness with their derivatives, and coverages with theirs
# (of a sharp box by its two slabs, of its stroke within both edges), then room for two profiles.
X, Y, D, NORMAL_X, NORMAL_Y, D_HALF_WIDTH, D_HALF_HEIGHT, D_ROUNDNESS = range(8)
T, T_X, T_Y, T_HALF_WIDTH, T_HALF_HEIGHT, T_ROUNDNESS = range(8, 14)
ACROSS, DOWN, PROFILES = 14, 19, 23
WITHIN = DOWN
WORK = PROFILES + 7


@compiled
def cover_row(profile, one_sided, s, pixel, n, work, into):
    """Coverage by a slab (coverage.slab_coverage) and its derivatives by d, t and softness into four rows.

    d is the row D and t the row T. One-sided, as gaussian strokes are, coverage is c(−d) alone.
    """
    depth, c, slope, by_s = work[PROFILES], work[PROFILES + 1], work[PROFILES + 2], work[PROFILES + 3]
    for i in range(n):
        depth[i] = -work[D, i]
    profile_row(profile, s, pixel, n, depth, c, slope, by_s)
    for i in range(n):
        into[0, i], into[1, i], into[2, i], into[3, i] = c[i], -slope[i], 0, by_s[i]
    if one_sided:
        return
    if profile == GAUSSIAN:
        for i in range(n):
            t = work[T, i] / (2 * s)
            missing = math.exp(-t * t)
            into[0, i] *= 1 - missing
            into[1, i] *= 1 - missing
            into[2, i] = c[i] * missing * t / s
            into[3, i] = by_s[i] * (1 - missing) - 2 * c[i] * missing * t * t / s
        return
    for i in range(n):
        depth[i] = -work[D, i] - work[T, i]
    profile_row(profile, s, pixel, n, depth, c, slope, by_s)
    for i in range(n):
        into[0, i] -= c[i]
        into[1, i] += slope[i]
        into[2, i] = slope[i]
        into[3, i] -= by_s[i]
