"""The loops of the CPU backend, compiled by numba and cached on disk.

All take one image and one row at a time, and compute in float64; partial derivatives of a row are kept in scratch rows until the compositing
has told how much each pixel's coverage counts. Names: c is the profile, d the distance, t the thickness, s the softness.
"""

# The compiler reads these functions, not a type checker: their arguments are arrays and numbers, told in docstrings.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"

import math

import numpy as np
from numba import njit

from vectorae.geometry.rounded_box import CLOSEST_POINT_STEPS

FILLED_BOX, STROKED_BOX, POLYLINE = 0, 1, 2
GAUSSIAN, SIGMOID, RAMP = 0, 1, 2

# Rows kept for each shape: alpha; the coverages it is the weighted sum of; its derivatives by what the kind depends on.
ALPHA, ROUNDED, SHARP, BY_SOFTNESS, BY_WIDTH, BY_X, BY_Y, BY_HALF_WIDTH, BY_HALF_HEIGHT, BY_ROUNDNESS = range(10)
PLACE, SEGMENT = BY_HALF_WIDTH, BY_HALF_HEIGHT
KEPT = 10

# Rows of intermediate results: the point, the distance and thickness with their derivatives, and two slabs (coverage and
# its derivatives by the place, the thickness and the softness, then room for two profiles).
X, Y, D, NORMAL_X, NORMAL_Y, D_HALF_WIDTH, D_HALF_HEIGHT, D_ROUNDNESS = range(8)
T, T_X, T_Y, T_HALF_WIDTH, T_HALF_HEIGHT, T_ROUNDNESS = range(8, 14)
ACROSS, DOWN, PROFILES = 14, 18, 22
WORK = PROFILES + 7

TAIL = 14 * math.log(2)
"""−ln of the coverage that may be dropped, 2⁻¹⁴."""

# No branch for a NaN or an infinity and sums in any order: what lets LLVM vectorise.
_compile = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "nnan"})


@_compile
def _length(x, y):
    return math.sqrt(x * x + y * y)


@_compile
def _profile(profile, s, pixel, n, depth, c, slope, by_s):
    """The profile c of each depth, its derivative by depth, and by softness: four rows. Branch-free, to be vectorised."""
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


@_compile
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


@_compile
def _reach(profile, s, pixel):
    """How far beyond the outline coverage may be above 2⁻¹⁴."""
    if profile == GAUSSIAN:
        return s * math.sqrt(TAIL)
    if profile == SIGMOID:
        return s * TAIL
    return pixel / 2


@_compile
def _flat(profile, s, pixel):
    """How far from an edge the profile is 0 or 1 to within 1e-11."""
    if profile == GAUSSIAN:
        return 5 * s
    if profile == SIGMOID:
        return 25 * s
    return pixel / 2


@_compile
def _bounds(kind, numbers, vertices, first, size, reach):
    """Left, top, right, bottom of all that a shape may cover, canvas units."""
    reach += numbers[7] / 2
    if kind == POLYLINE:
        left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
        for v in range(first, first + size):
            left, right = min(left, vertices[v, 0]), max(right, vertices[v, 0])
            top, bottom = min(top, vertices[v, 1]), max(bottom, vertices[v, 1])
    else:
        x, y = numbers[0], numbers[1]
        across = abs(numbers[2]) * numbers[4] + abs(numbers[3]) * numbers[5]
        down = abs(numbers[3]) * numbers[4] + abs(numbers[2]) * numbers[5]
        left, top, right, bottom = x - across, y - down, x + across, y + down
    return left - reach, top - reach, right + reach, bottom + reach


@_compile
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


@_compile
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
    side = x - half_width if corner_y <= 0 else -np.inf
    top = y - half_height if corner_x <= 0 else -np.inf
    if in_corner or outwards > max(side, top):
        return nx, ny, cos, sin
    if side >= top:
        return 1.0, 0.0, 1.0, 0.0
    return 0.0, 1.0, 0.0, 1.0


@_compile
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
    by_roundness = -by_inside * slimness * u * u - by_u * (along - a) / (a * roundness * roundness) if free else (
        -by_inside * slimness * u * u
    )
    if wide:
        return t, by_along, 0.0, by_a, by_b, by_roundness
    return t, 0.0, by_along, by_b, by_a, by_roundness


@_compile
def _cover(profile, stroked, s, pixel, thickness, n, work):
    """Coverage c(−d) − c(−d − t) and its derivatives by d, t and softness into four rows at ACROSS.

    d is the row D; t the row T where ``thickness`` is negative, else that number. A gaussian stroke is c(−d) alone.
    """
    depth, c, slope, by_s = work[PROFILES], work[PROFILES + 1], work[PROFILES + 2], work[PROFILES + 3]
    for i in range(n):
        depth[i] = -work[D, i]
    _profile(profile, s, pixel, n, depth, c, slope, by_s)
    for i in range(n):
        work[ACROSS, i], work[ACROSS + 1, i] = c[i], -slope[i]
        work[ACROSS + 2, i], work[ACROSS + 3, i] = 0, by_s[i]
    if profile == GAUSSIAN and stroked:
        return
    for i in range(n):
        depth[i] = -work[D, i] - (work[T, i] if thickness < 0 else thickness)
    _profile(profile, s, pixel, n, depth, c, slope, by_s)
    for i in range(n):
        work[ACROSS, i] -= c[i]
        work[ACROSS + 1, i] += slope[i]
        work[ACROSS + 2, i] = slope[i]
        work[ACROSS + 3, i] -= by_s[i]


@_compile
def _slab(profile, s, pixel, place, half, n, slab, work):
    """Coverage c(h − |p|) − c(−h − |p|) by a slab around 0, and its derivatives by p, h and softness, into four rows."""
    depth, c, slope, by_s = work[PROFILES], work[PROFILES + 1], work[PROFILES + 2], work[PROFILES + 3]
    other, other_slope, other_by_s = work[PROFILES + 4], work[PROFILES + 5], work[PROFILES + 6]
    for i in range(n):
        depth[i] = half - abs(place[i])
    _profile(profile, s, pixel, n, depth, c, slope, by_s)
    if half > _flat(profile, s, pixel):
        other[:n] = 0
        other_slope[:n] = 0
        other_by_s[:n] = 0
    else:
        for i in range(n):
            depth[i] = -half - abs(place[i])
        _profile(profile, s, pixel, n, depth, other, other_slope, other_by_s)
    for i in range(n):
        side = 1.0 if place[i] > 0 else (-1.0 if place[i] < 0 else 0.0)
        slab[0, i] = c[i] - other[i]
        slab[1, i] = (other_slope[i] - slope[i]) * side
        slab[2, i] = slope[i] + other_slope[i]
        slab[3, i] = by_s[i] - other_by_s[i]


@_compile
def _sharp_row(numbers, s, sharp, profile, pixel, n, work, rows):
    """The part of a box's alpha that it has as a sharp box: the product of two slabs."""
    across, down = work[ACROSS : ACROSS + 4], work[DOWN : DOWN + 4]
    _slab(profile, s, pixel, work[X], numbers[4], n, across, work)
    _slab(profile, s, pixel, work[Y], numbers[5], n, down, work)
    for i in range(n):
        rows[SHARP, i] = across[0, i] * down[0, i]
        rows[ALPHA, i] = sharp * across[0, i] * down[0, i]
        rows[BY_SOFTNESS, i] = sharp * (across[3, i] * down[0, i] + across[0, i] * down[3, i])
        rows[BY_X, i] = sharp * across[1, i] * down[0, i]
        rows[BY_Y, i] = sharp * across[0, i] * down[1, i]
        rows[BY_HALF_WIDTH, i] = sharp * across[2, i] * down[0, i]
        rows[BY_HALF_HEIGHT, i] = sharp * across[0, i] * down[2, i]


@_compile
def _distance_row(numbers, n, smallest, work):
    """Distance to a rounded box and its derivatives, into the rows from D on."""
    half_width, half_height, roundness = numbers[4], numbers[5], numbers[6]
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


@_compile
def _rounded_row(numbers, s, rounded, profile, pixel, n, smallest, work, rows):
    """Add the part of a filled box's alpha that its distance and thickness tell."""
    half_width, half_height, roundness = numbers[4], numbers[5], numbers[6]
    thickness = -1.0
    if half_width == half_height or roundness == 0:
        thickness = 2 * min(half_width, half_height)
        share = 1.0 if half_width == half_height else (2.0 if half_width < half_height else 0.0)
        work[T_X : T_ROUNDNESS + 1, :n] = 0
        work[T_HALF_WIDTH, :n] = share
        work[T_HALF_HEIGHT, :n] = 2 - share
    else:
        for i in range(n):
            t, t_x, t_y, t_half_width, t_half_height, t_roundness = _thickness(
                abs(work[X, i]), abs(work[Y, i]), half_width, half_height, roundness, smallest
            )
            work[T, i], work[T_ROUNDNESS, i] = t, t_roundness
            work[T_X, i] = t_x if work[X, i] > 0 else -t_x
            work[T_Y, i] = t_y if work[Y, i] > 0 else -t_y
            work[T_HALF_WIDTH, i], work[T_HALF_HEIGHT, i] = t_half_width, t_half_height
    _cover(profile, False, s, pixel, thickness, n, work)
    for i in range(n):
        by_d, by_t = rounded * work[ACROSS + 1, i], rounded * work[ACROSS + 2, i]
        rows[ROUNDED, i] = work[ACROSS, i]
        rows[ALPHA, i] += rounded * work[ACROSS, i]
        rows[BY_SOFTNESS, i] += rounded * work[ACROSS + 3, i]
        rows[BY_X, i] += by_d * work[NORMAL_X, i] + by_t * work[T_X, i]
        rows[BY_Y, i] += by_d * work[NORMAL_Y, i] + by_t * work[T_Y, i]
        rows[BY_HALF_WIDTH, i] += by_d * work[D_HALF_WIDTH, i] + by_t * work[T_HALF_WIDTH, i]
        rows[BY_HALF_HEIGHT, i] += by_d * work[D_HALF_HEIGHT, i] + by_t * work[T_HALF_HEIGHT, i]
        rows[BY_ROUNDNESS, i] = by_d * work[D_ROUNDNESS, i] + by_t * work[T_ROUNDNESS, i]


@_compile
def _stroked_box_row(numbers, s, weight, profile, pixel, n, work, rows):
    """The alpha of a box's outline."""
    for i in range(n):
        side = 1.0 if work[D, i] > 0 else (-1.0 if work[D, i] < 0 else 0.0)
        work[T_X, i] = weight * side
        work[D, i] = abs(work[D, i]) - numbers[7] / 2
    _cover(profile, True, s, pixel, numbers[7], n, work)
    for i in range(n):
        by_d = work[T_X, i] * work[ACROSS + 1, i]
        rows[ROUNDED, i] = work[ACROSS, i]
        rows[ALPHA, i] = weight * work[ACROSS, i]
        rows[BY_SOFTNESS, i] = weight * work[ACROSS + 3, i]
        rows[BY_WIDTH, i] = weight * (work[ACROSS + 2, i] - work[ACROSS + 1, i] / 2)
        rows[BY_X, i] = by_d * work[NORMAL_X, i]
        rows[BY_Y, i] = by_d * work[NORMAL_Y, i]
        rows[BY_HALF_WIDTH, i] = by_d * work[D_HALF_WIDTH, i]
        rows[BY_HALF_HEIGHT, i] = by_d * work[D_HALF_HEIGHT, i]
        rows[BY_ROUNDNESS, i] = by_d * work[D_ROUNDNESS, i]


@_compile
def _box_row(kind, numbers, s, rounded, sharp, blend, profile, pixel, y, start, n, smallest, work, rows):
    """Alpha of a rounded box in n pixels of a row from start on, and its derivatives."""
    cos, sin, dy = numbers[2], numbers[3], y - numbers[1]
    for i in range(n):
        dx = (start + i + 0.5) * pixel - numbers[0]
        work[X, i] = cos * dx + sin * dy
        work[Y, i] = cos * dy - sin * dx
    rows[:, :n] = 0
    if blend > 0:
        _sharp_row(numbers, s, sharp, profile, pixel, n, work, rows)
    if blend < 1:
        _distance_row(numbers, n, smallest, work)
        if kind == STROKED_BOX:
            _stroked_box_row(numbers, s, rounded, profile, pixel, n, work, rows)
        else:
            _rounded_row(numbers, s, rounded, profile, pixel, n, smallest, work, rows)


@_compile
def _polyline_row(vertices, first, size, width, s, weight, profile, pixel, y, start, n, tiny, work, rows):
    """As for a box; the derivative by the nearest point's place, that point's segment and where on it it lies."""
    for i in range(n):
        x = (start + i + 0.5) * pixel
        best, place, segment = np.inf, 0.0, 0
        offset_x = offset_y = 0.0
        for v in range(first, first + size - 1):
            along_x, along_y = vertices[v + 1, 0] - vertices[v, 0], vertices[v + 1, 1] - vertices[v, 1]
            from_x, from_y = x - vertices[v, 0], y - vertices[v, 1]
            squared_length = max(along_x * along_x + along_y * along_y, tiny)
            here = min(max((from_x * along_x + from_y * along_y) / squared_length, 0.0), 1.0)
            to_x, to_y = from_x - here * along_x, from_y - here * along_y
            squared = to_x * to_x + to_y * to_y
            if squared < best:
                best, place, segment, offset_x, offset_y = squared, here, v, to_x, to_y
        length = math.sqrt(best)
        work[D, i] = length - width / 2
        work[NORMAL_X, i], work[NORMAL_Y, i] = offset_x / max(length, tiny), offset_y / max(length, tiny)
        rows[PLACE, i], rows[SEGMENT, i] = place, segment
    _cover(profile, True, s, pixel, width, n, work)
    for i in range(n):
        by_d = weight * work[ACROSS + 1, i]
        rows[ALPHA, i], rows[ROUNDED, i], rows[SHARP, i] = weight * work[ACROSS, i], work[ACROSS, i], 0
        rows[BY_SOFTNESS, i] = weight * work[ACROSS + 3, i]
        rows[BY_WIDTH, i] = weight * work[ACROSS + 2, i] - by_d / 2
        rows[BY_X, i], rows[BY_Y, i] = by_d * work[NORMAL_X, i], by_d * work[NORMAL_Y, i]


@_compile
def _place_shapes(kinds, first, size, numbers, vertices, softness, profile, pixel, height, width, places):
    """Columns and rows that each shape of an image may cover: start, stop, top, bottom."""
    for k in range(len(kinds)):
        reach = _reach(profile, softness[k], pixel)
        left, top, right, bottom = _bounds(kinds[k], numbers[k], vertices, first[k], size[k], reach)
        if left <= right and top <= bottom:  # false for NaN too
            places[k, 0] = int(min(max(math.floor(left / pixel - 0.5), 0), width))
            places[k, 1] = int(min(max(math.ceil(right / pixel + 0.5), 0), width))
            places[k, 2] = int(min(max(math.floor(top / pixel - 0.5), 0), height))
            places[k, 3] = int(min(max(math.ceil(bottom / pixel + 0.5), 0), height))
        else:
            places[k] = (0, width, 0, height)


@_compile
def _shape_row(
    k, kinds, first, size, blend, numbers, vertices, softness, rounded, sharp,
    profile, pixel, row, place, smallest, tiny, work, rows,
):  # fmt: skip
    y = (row + 0.5) * pixel
    if kinds[k] == POLYLINE:
        _polyline_row(
            vertices, first[k], size[k], numbers[k, 7], softness[k], rounded[k],
            profile, pixel, y, place[0], place[1] - place[0], tiny, work, rows,
        )  # fmt: skip
    else:
        _box_row(
            kinds[k], numbers[k], softness[k], rounded[k], sharp[k], blend[k],
            profile, pixel, y, place[0], place[1] - place[0], smallest, work, rows,
        )  # fmt: skip


@_compile
def draw(
    image_from, image_to, row_from, row_to,
    kinds, first, size, blend,
    numbers, vertices, softness, rounded, sharp, color, background,
    height, width, profile, soft_or,
    image,
):  # fmt: skip
    """Draw rows of images into ``image`` ``[B, C, H, W]``; the other arrays as rasterizer.cpu packs them."""
    count, channels, pixel = len(kinds), color.shape[2], 1 / min(height, width)
    smallest, tiny = np.finfo(numbers.dtype).eps, np.finfo(numbers.dtype).tiny
    places = np.empty((count, 4), dtype=np.int64)
    work, rows = np.empty((WORK, width)), np.empty((KEPT, width))
    for b in range(image_from, image_to):
        _place_shapes(kinds, first, size, numbers[b], vertices[b], softness[b], profile, pixel, height, width, places)
        for row in range(row_from, row_to):
            for channel in range(channels):
                image[b, channel, row, :] = background[b, channel]
            for k in range(count):
                if not places[k, 2] <= row < places[k, 3]:
                    continue
                _shape_row(
                    k, kinds, first, size, blend[b], numbers[b], vertices[b], softness[b], rounded[b], sharp[b],
                    profile, pixel, row, places[k], smallest, tiny, work, rows,
                )  # fmt: skip
                for channel in range(channels):
                    ink, canvas = color[b, k, channel], image[b, channel, row, places[k, 0] : places[k, 1]]
                    for i in range(len(canvas)):
                        if soft_or:
                            canvas[i] = 1 - (1 - canvas[i]) * (1 - rows[ALPHA, i] * ink)
                        else:
                            canvas[i] += rows[ALPHA, i] * (ink - canvas[i])


@_compile
def differentiate(
    image_from, image_to, row_from, row_to,
    kinds, first, size, blend,
    numbers, vertices, softness, rounded, sharp, color, background,
    height, width, profile, soft_or,
    gradient,
    by_numbers, by_vertices, by_softness, by_rounded, by_sharp, by_color, by_background,
):  # fmt: skip
    """Add to ``by_…`` the derivatives of Σ gradient · image over some rows of some images."""
    count, channels, pixel = len(kinds), color.shape[2], 1 / min(height, width)
    smallest, tiny = np.finfo(numbers.dtype).eps, np.finfo(numbers.dtype).tiny
    places = np.empty((count, 4), dtype=np.int64)
    work, rows = np.empty((WORK, width)), np.empty((count, KEPT, width))
    # Transmittance differs from channel to channel only where ink adds up like light.
    layers = channels if soft_or else 1
    in_front = np.empty((count, layers, width))
    passed = np.empty((layers, width))
    behind = np.empty((channels, width))
    by_alpha = np.empty(width)
    for b in range(image_from, image_to):
        _place_shapes(kinds, first, size, numbers[b], vertices[b], softness[b], profile, pixel, height, width, places)
        for row in range(row_from, row_to):
            passed[:] = 1
            for k in range(count - 1, -1, -1):
                if not places[k, 2] <= row < places[k, 3]:
                    continue
                _shape_row(
                    k, kinds, first, size, blend[b], numbers[b], vertices[b], softness[b], rounded[b], sharp[b],
                    profile, pixel, row, places[k], smallest, tiny, work, rows[k],
                )  # fmt: skip
                for layer in range(layers):
                    ink = color[b, k, layer] if soft_or else 1.0
                    remaining, front = passed[layer, places[k, 0] : places[k, 1]], in_front[k, layer]
                    for i in range(len(remaining)):
                        front[i] = remaining[i]
                        remaining[i] *= 1 - rows[k, ALPHA, i] * ink
            for channel in range(channels):
                layer, total = channel if soft_or else 0, 0.0
                behind[channel, :] = background[b, channel]
                for i in range(width):
                    total += gradient[b, channel, row, i] * passed[layer, i]
                by_background[b, channel] += total
            for k in range(count):
                if not places[k, 2] <= row < places[k, 3]:
                    continue
                start, stop = places[k, 0], places[k, 1]
                n = stop - start
                by_alpha[:n] = 0
                for channel in range(channels):
                    ink, layer, total = color[b, k, channel], channel if soft_or else 0, 0.0
                    weight, canvas = gradient[b, channel, row, start:stop], behind[channel, start:stop]
                    for i in range(n):
                        alpha, below = rows[k, ALPHA, i], canvas[i]
                        seen = weight[i] * in_front[k, layer, i]
                        if soft_or:
                            by_alpha[i] += seen * (1 - below) * ink
                            total += seen * (1 - below) * alpha
                            canvas[i] = 1 - (1 - below) * (1 - alpha * ink)
                        else:
                            by_alpha[i] += seen * (ink - below)
                            total += seen * alpha
                            canvas[i] = below + alpha * (ink - below)
                    by_color[b, k, channel] += total
                _add_shape(
                    k, kinds[k], numbers[b, k], pixel, row, start, n, by_alpha, rows[k],
                    by_numbers[b, k], by_vertices[b], by_softness[b], by_rounded[b], by_sharp[b],
                )  # fmt: skip


@_compile
def _add_shape(
    k, kind, numbers, pixel, row, start, n, by_alpha, rows,
    by_numbers, by_vertices, by_softness, by_rounded, by_sharp,
):  # fmt: skip
    """Add a row's share of the derivatives by one shape's numbers, given those by its alpha."""
    sum_s = sum_rounded = sum_sharp = sum_width = 0.0
    for i in range(n):
        sum_s += by_alpha[i] * rows[BY_SOFTNESS, i]
        sum_rounded += by_alpha[i] * rows[ROUNDED, i]
        sum_sharp += by_alpha[i] * rows[SHARP, i]
        sum_width += by_alpha[i] * rows[BY_WIDTH, i]
    by_softness[k] += sum_s
    by_rounded[k] += sum_rounded
    by_sharp[k] += sum_sharp
    by_numbers[7] += sum_width
    if kind == POLYLINE:
        for i in range(n):
            place, v = rows[PLACE, i], int(rows[SEGMENT, i])
            by_x, by_y = by_alpha[i] * rows[BY_X, i], by_alpha[i] * rows[BY_Y, i]
            by_vertices[v, 0] -= by_x * (1 - place)
            by_vertices[v, 1] -= by_y * (1 - place)
            by_vertices[v + 1, 0] -= by_x * place
            by_vertices[v + 1, 1] -= by_y * place
        return
    sum_x = sum_y = sum_x_dx = sum_y_dx = sum_half_width = sum_half_height = sum_roundness = 0.0
    for i in range(n):
        dx = (start + i + 0.5) * pixel - numbers[0]
        by_x, by_y = by_alpha[i] * rows[BY_X, i], by_alpha[i] * rows[BY_Y, i]
        sum_x += by_x
        sum_y += by_y
        sum_x_dx += by_x * dx
        sum_y_dx += by_y * dx
        sum_half_width += by_alpha[i] * rows[BY_HALF_WIDTH, i]
        sum_half_height += by_alpha[i] * rows[BY_HALF_HEIGHT, i]
        sum_roundness += by_alpha[i] * rows[BY_ROUNDNESS, i]
    cos, sin, dy = numbers[2], numbers[3], (row + 0.5) * pixel - numbers[1]
    by_numbers[0] += sin * sum_y - cos * sum_x
    by_numbers[1] -= sin * sum_x + cos * sum_y
    by_numbers[2] += sum_x_dx + sum_y * dy
    by_numbers[3] += sum_x * dy - sum_y_dx
    by_numbers[4] += sum_half_width
    by_numbers[5] += sum_half_height
    by_numbers[6] += sum_roundness
