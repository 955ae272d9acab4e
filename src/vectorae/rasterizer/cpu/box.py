"""Rows of rounded boxes: alpha and its derivatives, the mathematics of geometry.rounded_box and rasterizer.coverage."""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

from vectorae.geometry.rounded_box import CLOSEST_POINT_STEPS
from vectorae.rasterizer.cpu.compiled import compiled
from vectorae.rasterizer.cpu.profiles import GAUSSIAN, flat_beyond, profile_row
from vectorae.rasterizer.cpu.rows import (
    ACROSS,
    ALPHA,
    BY_HALF_HEIGHT,
    BY_HALF_WIDTH,
    BY_ROUNDNESS,
    BY_SOFTNESS,
    BY_WIDTH,
    BY_X,
    BY_Y,
    D_HALF_HEIGHT,
    D_HALF_WIDTH,
    D_ROUNDNESS,
    DOWN,
    NORMAL_X,
    NORMAL_Y,
    PROFILES,
    ROUNDED,
    SHARP,
    T_HALF_HEIGHT,
    T_HALF_WIDTH,
    T_ROUNDNESS,
    T_X,
    T_Y,
    WITHIN,
    D,
    T,
    X,
    Y,
    cover_row,
)
from vectorae.rasterizer.packing import (
    CENTER_X,
    CENTER_Y,
    COS,
    HALF_HEIGHT,
    HALF_WIDTH,
    ROUNDNESS,
    SIN,
    STROKE_WIDTH,
    STROKED_BOX,
)


@compiled
def _length(x, y):
    return math.sqrt(x * x + y * y)


@compiled
def _closest_on_circular_corner(x, y, half_width, half_height, roundness):
    """Normal x, y and the place on the arc as cos, sin, in the first quadrant (see geometry.rounded_box)."""
    corner_x = x - half_width * (1 - roundness)
    corner_y = y - half_height * (1 - roundness)
    if min(corner_x, corner_y) > 0:
        length = math.sqrt(corner_x * corner_x + corner_y * corner_y)
        nx, ny = corner_x / length, corner_y / length
    elif corner_x >= corner_y:
        nx, ny = 1.0, 0.0
    else:
        nx, ny = 0.0, 1.0
    return nx, ny, nx, ny


@compiled
def _closest_on_elliptical_corner(x, y, half_width, half_height, roundness, smallest):
    """As above; the iteration and the choice among the candidates are those of geometry.rounded_box."""
    rx, ry = max(half_width * roundness, smallest), max(half_height * roundness, smallest)
    corner_x, corner_y = x - half_width * (1 - roundness), y - half_height * (1 - roundness)
    squares = rx * rx - ry * ry
    cos = sin = math.sqrt(0.5)
    for _ in range(CLOSEST_POINT_STEPS):
        evolute_x, evolute_y = squares / rx * cos * cos * cos, -squares / ry * sin * sin * sin
        curvature_radius = _length(rx * cos - evolute_x, ry * sin - evolute_y)
        to_x, to_y = corner_x - evolute_x, corner_y - evolute_y
        scale = curvature_radius / max(_length(to_x, to_y), smallest)
        cos = min(max((to_x * scale + evolute_x) / rx, 0.0), 1.0)
        sin = min(max((to_y * scale + evolute_y) / ry, 0.0), 1.0)
        length = _length(cos, sin)
        if length > 0:
            cos, sin = cos / length, sin / length
        else:
            cos, sin = 1.0, 0.0
    offset_x, offset_y = corner_x - rx * cos, corner_y - ry * sin
    offset = _length(offset_x, offset_y)
    in_corner = min(corner_x, corner_y) > 0
    outside = in_corner and (corner_x / rx) ** 2 + (corner_y / ry) ** 2 > 1
    outwards = offset if outside else -offset
    if offset > 1e-3 * max(rx, ry):
        nx, ny = offset_x / outwards, offset_y / outwards
    else:
        nx, ny = cos * ry, sin * rx
        length = max(_length(nx, ny), smallest * smallest)
        nx, ny = nx / length, ny / length
    side = x - half_width if corner_y <= 0 else -math.inf
    top = y - half_height if corner_x <= 0 else -math.inf
    if in_corner or outwards > max(side, top):
        return nx, ny, cos, sin
    if side >= top:
        return 1.0, 0.0, 1.0, 0.0
    return 0.0, 1.0, 0.0, 1.0


@compiled
def _thickness(x, y, half_width, half_height, roundness, smallest):
    """2b √(1 − roundness u² (1 − b²/a²)) and its derivatives by x, y, half width, half height, roundness."""
    wide = half_width >= half_height
    a, b = (half_width, half_height) if wide else (half_height, half_width)
    along = x if wide else y
    corner = max(a * roundness, smallest)
    u = (along - (a - corner)) / corner
    free = 0 < u < 1 and a * roundness > smallest
    u = min(max(u, 0.0), 1.0)
    a_safe = max(a, smallest)
    ratio = b / a_safe
    slimness = 1 - ratio * ratio
    inside = 1 - roundness * slimness * u * u
    root = math.sqrt(max(inside, smallest))
    t = 2 * b * root
    by_inside = b / root if inside > smallest else 0.0
    by_u = -2 * by_inside * roundness * slimness * u if free else 0.0
    # u = (along − a) / (a roundness) + 1
    by_along = by_u / corner
    by_a = by_u * -along / (a * corner) if free else 0.0
    by_slimness = -by_inside * roundness * u * u
    by_a += by_slimness * 2 * ratio * ratio / a_safe
    by_b = 2 * root - by_slimness * 2 * ratio / a_safe
    by_roundness = (
        -by_inside * slimness * u * u - by_u * (along - a) / (a * roundness * roundness)
        if free
        else (-by_inside * slimness * u * u)
    )
    if wide:
        return t, by_along, 0.0, by_a, by_b, by_roundness
    return t, 0.0, by_along, by_b, by_a, by_roundness


@compiled
def _slab(profile, s, pixel, place, half, n, slab, work):
    """Coverage by a slab from −h to h (see coverage.slab_coverage), its derivatives by p, h and softness: four rows."""
    depth, c, slope, by_s = work[PROFILES], work[PROFILES + 1], work[PROFILES + 2], work[PROFILES + 3]
    other, other_slope, other_by_s = work[PROFILES + 4], work[PROFILES + 5], work[PROFILES + 6]
    for i in range(n):
        depth[i] = half - abs(place[i])
    profile_row(profile, s, pixel, n, depth, c, slope, by_s)
    if profile == GAUSSIAN:
        missing = math.exp(-((half / s) ** 2))
        for i in range(n):
            slab[0, i] = c[i] * (1 - missing)
            slab[1, i] = -slope[i] * (1 - missing) * (1.0 if place[i] > 0 else (-1.0 if place[i] < 0 else 0.0))
            slab[2, i] = slope[i] * (1 - missing) + 2 * c[i] * missing * half / (s * s)
            slab[3, i] = by_s[i] * (1 - missing) - 2 * c[i] * missing * half * half / (s * s * s)
        return
    if half > flat_beyond(profile, s, pixel):
        other[:n] = 0
        other_slope[:n] = 0
        other_by_s[:n] = 0
    else:
        for i in range(n):
            depth[i] = -half - abs(place[i])
        profile_row(profile, s, pixel, n, depth, other, other_slope, other_by_s)
    for i in range(n):
        side = 1.0 if place[i] > 0 else (-1.0 if place[i] < 0 else 0.0)
        slab[0, i] = c[i] - other[i]
        slab[1, i] = (other_slope[i] - slope[i]) * side
        slab[2, i] = slope[i] + other_slope[i]
        slab[3, i] = by_s[i] - other_by_s[i]


@compiled
def _sharp_row(numbers, s, sharp, profile, pixel, n, work, rows):
    """The part of a box's alpha that it has as a sharp box: the product of two slabs."""
    across, down = work[ACROSS : ACROSS + 4], work[DOWN : DOWN + 4]
    _slab(profile, s, pixel, work[X], numbers[HALF_WIDTH], n, across, work)
    _slab(profile, s, pixel, work[Y], numbers[HALF_HEIGHT], n, down, work)
    for i in range(n):
        rows[SHARP, i] = across[0, i] * down[0, i]
        rows[ALPHA, i] = sharp * across[0, i] * down[0, i]
        rows[BY_SOFTNESS, i] = sharp * (across[3, i] * down[0, i] + across[0, i] * down[3, i])
        rows[BY_X, i] = sharp * across[1, i] * down[0, i]
        rows[BY_Y, i] = sharp * across[0, i] * down[1, i]
        rows[BY_HALF_WIDTH, i] = sharp * across[2, i] * down[0, i]
        rows[BY_HALF_HEIGHT, i] = sharp * across[0, i] * down[2, i]


@compiled
def _distance_row(numbers, n, smallest, work):
    """Distance to a rounded box and its derivatives, into the rows from D on."""
    half_width, half_height, roundness = numbers[HALF_WIDTH], numbers[HALF_HEIGHT], numbers[ROUNDNESS]
    circular = half_width == half_height or roundness == 0
    for i in range(n):
        x, y = abs(work[X, i]), abs(work[Y, i])
        if circular:
            nx, ny, arc_x, arc_y = _closest_on_circular_corner(x, y, half_width, half_height, roundness)
        else:
            nx, ny, arc_x, arc_y = _closest_on_elliptical_corner(x, y, half_width, half_height, roundness, smallest)
        keep_x, keep_y = 1 - roundness * (1 - arc_x), 1 - roundness * (1 - arc_y)
        work[D, i] = nx * (x - half_width * keep_x) + ny * (y - half_height * keep_y)
        work[NORMAL_X, i] = nx if work[X, i] > 0 else -nx
        work[NORMAL_Y, i] = ny if work[Y, i] > 0 else -ny
        work[D_HALF_WIDTH, i] = -nx * keep_x
        work[D_HALF_HEIGHT, i] = -ny * keep_y
        work[D_ROUNDNESS, i] = half_width * nx * (1 - arc_x) + half_height * ny * (1 - arc_y)


@compiled
def _thickness_row(numbers, n, smallest, work):
    """Thickness of a rounded box and its derivatives, into the rows from T on."""
    half_width, half_height, roundness = numbers[HALF_WIDTH], numbers[HALF_HEIGHT], numbers[ROUNDNESS]
    if half_width == half_height or roundness == 0:
        share = 1.0 if half_width == half_height else (2.0 if half_width < half_height else 0.0)
        work[T, :n] = 2 * min(half_width, half_height)
        work[T_X : T_ROUNDNESS + 1, :n] = 0
        work[T_HALF_WIDTH, :n] = share
        work[T_HALF_HEIGHT, :n] = 2 - share
        return
    for i in range(n):
        t, t_x, t_y, t_half_width, t_half_height, t_roundness = _thickness(
            abs(work[X, i]), abs(work[Y, i]), half_width, half_height, roundness, smallest
        )
        work[T, i], work[T_ROUNDNESS, i] = t, t_roundness
        work[T_X, i] = t_x if work[X, i] > 0 else -t_x
        work[T_Y, i] = t_y if work[Y, i] > 0 else -t_y
        work[T_HALF_WIDTH, i], work[T_HALF_HEIGHT, i] = t_half_width, t_half_height


@compiled
def _cover_stroke(width, s, profile, pixel, n, work):
    """Coverage by the stroke of a box and its derivatives by d, t, softness and width into ACROSS … ACROSS + 4.

    It is the coverage by all that lies within the outer edge without what lies within the inner one; a gaussian
    stroke has no inner edge.
    """
    across, within = work[ACROSS : ACROSS + 5], work[WITHIN : WITHIN + 4]
    if profile == GAUSSIAN:
        for i in range(n):
            across[4, i] = 1.0 if work[D, i] > 0 else (-1.0 if work[D, i] < 0 else 0.0)
            work[D, i] = abs(work[D, i]) - width / 2
        cover_row(profile, True, s, pixel, n, work, across)
        for i in range(n):
            side, across[4, i] = across[4, i], -across[1, i] / 2
            across[1, i] *= side
        return
    for i in range(n):
        work[D, i] -= width / 2
        work[T, i] += width
    cover_row(profile, False, s, pixel, n, work, across)
    for i in range(n):
        work[D, i] += width
        work[T, i] = max(work[T, i] - 2 * width, 0.0)
    cover_row(profile, False, s, pixel, n, work, within)
    for i in range(n):
        if work[T, i] == 0:
            within[2, i] = 0
        across[4, i] = across[2, i] - across[1, i] / 2 - within[1, i] / 2 + within[2, i]
        for part in range(4):
            across[part, i] -= within[part, i]


@compiled
def _rounded_row(kind, numbers, s, rounded, profile, pixel, n, smallest, work, rows):
    """Add the part of a box's alpha that its distance and thickness tell."""
    _thickness_row(numbers, n, smallest, work)
    across = work[ACROSS : ACROSS + 5]
    if kind == STROKED_BOX:
        _cover_stroke(numbers[STROKE_WIDTH], s, profile, pixel, n, work)
        for i in range(n):
            rows[BY_WIDTH, i] = rounded * across[4, i]
    else:
        cover_row(profile, False, s, pixel, n, work, across)
    for i in range(n):
        by_d, by_t = rounded * across[1, i], rounded * across[2, i]
        rows[ROUNDED, i] = across[0, i]
        rows[ALPHA, i] += rounded * across[0, i]
        rows[BY_SOFTNESS, i] += rounded * across[3, i]
        rows[BY_X, i] += by_d * work[NORMAL_X, i] + by_t * work[T_X, i]
        rows[BY_Y, i] += by_d * work[NORMAL_Y, i] + by_t * work[T_Y, i]
        rows[BY_HALF_WIDTH, i] += by_d * work[D_HALF_WIDTH, i] + by_t * work[T_HALF_WIDTH, i]
        rows[BY_HALF_HEIGHT, i] += by_d * work[D_HALF_HEIGHT, i] + by_t * work[T_HALF_HEIGHT, i]
        rows[BY_ROUNDNESS, i] = by_d * work[D_ROUNDNESS, i] + by_t * work[T_ROUNDNESS, i]


@compiled
def box_row(kind, numbers, s, rounded, sharp, blend, profile, pixel, y, start, n, smallest, work, rows):
    """Alpha of a rounded box in n pixels of a row from start on, and its derivatives."""
    cos, sin, dy = numbers[COS], numbers[SIN], y - numbers[CENTER_Y]
    for i in range(n):
        dx = (start + i + 0.5) * pixel - numbers[CENTER_X]
        work[X, i] = cos * dx + sin * dy
        work[Y, i] = cos * dy - sin * dx
    rows[:, :n] = 0
    if blend > 0:
        _sharp_row(numbers, s, sharp, profile, pixel, n, work, rows)
    if blend < 1:
        _distance_row(numbers, n, smallest, work)
        _rounded_row(kind, numbers, s, rounded, profile, pixel, n, smallest, work, rows)
