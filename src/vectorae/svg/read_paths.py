"""Paths in usvg's normal form as outlines, and which of them are boxes and ellipses. Plain numbers, no tensors."""

import math
from collections.abc import Sequence
from itertools import pairwise

from vectorae.svg.markup import Box, Curve, Point

Matrix = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f: (x, y) becomes (a x + c y + e, b x + d y + f), as in SVG."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

NEAR = 4e-4
"""How far a path may be from the ellipse that it is, relative to its size; of four cubics it is 2.7e-4."""

ALIKE = 1e-5
"""How much longer one direction may become than another, relatively, where a map still counts as a similarity."""


def matrix_of(text: str | None) -> Matrix:
    """The matrix of an attribute ``transform``, which usvg writes as ``matrix(…)``."""
    if not text:
        return IDENTITY
    a, b, c, d, e, f = (float(word) for word in text.removeprefix("matrix(").removesuffix(")").split())
    return a, b, c, d, e, f


def combined(outer: Matrix, inner: Matrix) -> Matrix:
    """First the inner, then the outer."""
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f


def moved(matrix: Matrix, point: Point) -> Point:
    """A point under a map."""
    a, b, c, d, e, f = matrix
    return a * point[0] + c * point[1] + e, b * point[0] + d * point[1] + f


def scale_of(matrix: Matrix) -> float | None:
    """The factor on lengths, or None where it depends on their direction."""
    a, b, c, d, _, _ = matrix
    size = math.hypot(a, b)
    is_alike = math.isclose(size, math.hypot(c, d), rel_tol=ALIKE) and abs(a * c + b * d) <= ALIKE * size**2
    return size if is_alike else None


def curve_of(data: str, fill_rule: str = "nonzero") -> Curve | None:
    """The contours of an attribute ``d`` of absolute M, L, C, Q and Z; None if there are none.

    All segments become cubics if one is curved.
    """
    contours: list[tuple[list[list[Point]], Point, bool]] = []  # segments without their starts, start, closed
    segments: list[list[Point]] = []
    start, at, is_open = (0.0, 0.0), (0.0, 0.0), False
    words = data.split()
    index = 0
    while index < len(words):
        command = words[index]
        if command == "Z":
            if is_open:
                contours.append((segments, start, True))
            # What follows without a new beginning goes on from the start.
            segments, at, is_open = [], start, False
            index += 1
            continue
        count = POINTS_OF[command]
        numbers = [float(word) for word in words[index + 1 : index + 1 + 2 * count]]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        index += 1 + 2 * count
        if command == "M":
            if is_open:
                contours.append((segments, start, False))
            segments, start, is_open = [], points[0], True
        else:
            is_open = True
            segments.append(_cubic(at, points) if command == "Q" else points)
        at = points[-1]
    if is_open:
        contours.append((segments, start, False))
    contours = [contour for contour in contours if contour[0] or contour[2]]
    if not contours:
        return None
    degree = 3 if any(len(one) == 3 for made, _, _ in contours for one in made) else 1
    # A closed contour of no length is a dot, of which the caps are drawn.
    contours = [
        (made, begin, closed and any(point != begin for segment in made for point in segment))
        for made, begin, closed in contours
    ]
    each = [_points(*contour, degree) for contour in contours]
    closings = [closed for _, _, closed in contours]
    closed: bool | tuple[bool, ...] = closings[0] if len(set(closings)) == 1 else tuple(closings)
    sizes = tuple(len(points) for points in each) if len(each) > 1 else ()
    return Curve([point for points in each for point in points], closed, degree, sizes, fill_rule)


POINTS_OF = {"M": 1, "L": 1, "Q": 2, "C": 3}
"""How many points follow a command."""


def _cubic(start: Point, points: Sequence[Point]) -> list[Point]:
    (x0, y0), (x1, y1), (x2, y2) = start, *points
    first = x0 + (x1 - x0) * 2 / 3, y0 + (y1 - y0) * 2 / 3
    return [first, (x2 + (x1 - x2) * 2 / 3, y2 + (y1 - y2) * 2 / 3), (x2, y2)]


def _line(start: Point, end: Point) -> list[Point]:
    """A line as a cubic whose control points lie at thirds of it."""
    (x0, y0), (x1, y1) = start, end
    return [(x0 + (x1 - x0) * part / 3, y0 + (y1 - y0) * part / 3) for part in (1, 2)] + [end]


def _points(segments: Sequence[list[Point]], start: Point, closed: bool, degree: int) -> list[Point]:
    """The points of a contour, without the last one where that is the first again."""
    points = [start]
    for segment in segments:
        points += segment if len(segment) == degree else _line(points[-1], segment[0])
    if closed and len(points) > 1 and points[-1] == start:
        return points[:-1]
    if closed and degree == 3:
        points += _line(points[-1], start)[:-1]
    if degree == 1 and len(points) == 2 and points[0] == points[1]:
        return points[:1]  # a dot
    if degree == 3 and len(points) == 1:
        points += [start] * (2 if closed else 3)
    return points


def box_of(curve: Curve, pixel: float) -> Box | None:
    """The rectangle, rounded rectangle or ellipse that a curve is, if it begins as those of SVG do; pixel: its size."""
    if curve.sizes or curve.closed is not True or curve.fill_rule != "nonzero":
        return None
    points = curve.points
    if curve.degree == 1:
        return _rectangle(points) if len(points) == 4 else None
    if not 12 <= len(points) <= MOST_POINTS:
        return None
    # An ellipse begins on its right, a rectangle on the left of its upper side.
    ends = points[::3]
    left, top, right, bottom = _extent(ends)
    if right <= left or bottom <= top:
        return None
    error = 1e-6 * (abs(left) + abs(right) + abs(top) + abs(bottom))  # of numbers in single precision
    (x, y), (half_width, half_height) = (
        ((left + right) / 2, (top + bottom) / 2),
        ((right - left) / 2, (bottom - top) / 2),
    )
    if ends[0][0] >= right - error and abs(ends[0][1] - y) <= error + 0.01 * pixel:
        roundness = 1.0
        if abs(half_width - half_height) <= error:
            half_width = half_height = (half_width + half_height) / 2
    else:
        radius = (ends[0][0] - left) / half_width
        other = (next(point[1] for point in ends if point[0] >= right - error) - top) / half_height
        roundness = radius if half_width >= half_height else other  # which has more digits
    box = Box((x, y), (half_width, half_height), 0.0, min(1.0, max(0.0, roundness)))
    # Of our own documents, whose numbers are written to a hundredth of a pixel, the two radii may differ a little.
    tolerance = max(NEAR * max(half_width, half_height), 0.02 * pixel) + error
    return box if _is_around(points, box, tolerance) else None


MOST_POINTS = 3 * 4 * 5
"""Of a box: usvg writes each corner as one cubic or a few."""


def _rectangle(points: Sequence[Point]) -> Box | None:
    (left, top), second, (right, bottom), last = points
    if second != (right, top) or last != (left, bottom) or right <= left or bottom <= top:
        return None
    return Box(((left + right) / 2, (top + bottom) / 2), ((right - left) / 2, (bottom - top) / 2), 0.0, 0.0)


def _extent(points: Sequence[Point]) -> tuple[float, float, float, float]:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _is_around(points: Sequence[Point], box: Box, tolerance: float) -> bool:
    """Whether closed cubics go around a box once, clockwise, all along its outline."""
    (x, y), (half_width, half_height), flat = box.center, box.half_extents, 1 - box.roundness
    places = []
    for start in range(0, len(points), 3):
        corners = [points[(start + number) % len(points)] for number in range(4)]
        places += [_on_cubic(corners, part / 3) for part in range(3)]
    local = [((a - x) / half_width, (b - y) / half_height) for a, b in places]
    for across, down in local:
        beyond = abs(across) - flat, abs(down) - flat
        if min(beyond) > 0 and box.roundness > 0:
            # In a corner: how far from its quarter of an ellipse.
            length = math.hypot(*beyond)
            off = abs(length - box.roundness) / length * math.hypot(beyond[0] * half_width, beyond[1] * half_height)
        else:
            off = min(abs(abs(across) - 1) * half_width, abs(abs(down) - 1) * half_height)
        if off > tolerance or max(abs(across) - 1, 0) * half_width + max(abs(down) - 1, 0) * half_height > tolerance:
            return False
    turns = [math.atan2(a * d - b * c, a * c + b * d) for (a, b), (c, d) in pairwise([*local, local[0]])]
    return min(turns) > -1e-3 and math.isclose(sum(turns), 2 * math.pi, rel_tol=1e-3)


def _on_cubic(corners: Sequence[Point], part: float) -> Point:
    rest = 1 - part
    weights = rest**3, 3 * rest**2 * part, 3 * rest * part**2, part**3
    x, y = (sum(weight * corner[axis] for weight, corner in zip(weights, corners, strict=True)) for axis in (0, 1))
    return x, y


def placed(curve: Curve, matrix: Matrix, dashed: bool = False) -> Box | Curve:
    """A curve under a map to pixels: a box where it is one.

    Args:
        curve: before the map.
        matrix: the map.
        dashed: whether it matters where the curve begins, and which way it goes.
    """
    area = matrix[0] * matrix[3] - matrix[1] * matrix[2]
    box = box_of(curve, 1 / math.sqrt(abs(area))) if area != 0 else None
    moved_box = None if box is None else _placed_box(box, matrix)
    if dashed and moved_box is not None and (area < 0 or box and box.roundness == 1 and matrix[1:3] != (0, 0)):
        moved_box = None
    return moved_box or curve._replace(points=[moved(matrix, point) for point in curve.points])


def _placed_box(box: Box, matrix: Matrix) -> Box | None:
    """A box under a map, or None where it is none any more: rectangles that are sheared."""
    a, b, c, d, _, _ = matrix
    (half_width, half_height), center = box.half_extents, moved(matrix, box.center)
    straight = abs(a * c + b * d) <= ALIKE * math.hypot(a, b) * math.hypot(c, d)
    if straight and box.angle == 0:
        size = half_width * math.hypot(a, b), half_height * math.hypot(c, d)
        is_circle = box.roundness == 1 and math.isclose(*size, rel_tol=ALIKE)
        if is_circle:
            size = (sum(size) / 2,) * 2
        return Box(center, size, 0.0 if is_circle else math.atan2(b, a), box.roundness)
    if box.roundness < 1:
        return None
    # The half axes are the singular values of the map from the unit circle.
    a, b, c, d = a * half_width, b * half_width, c * half_height, d * half_height
    same, other = math.hypot(a + d, b - c) / 2, math.hypot(a - d, b + c) / 2
    sum_of_angles, difference = math.atan2(b + c, a - d), math.atan2(b - c, a + d)
    return Box(center, (same + other, abs(same - other)), (sum_of_angles + difference) / 2, 1.0)


def filled(outline: Curve) -> Curve | None:
    """What is filled of a curve: its contours closed, without those that enclose nothing; None if nothing is left.

    An open contour is closed by a line.
    """
    kept = []
    for contour in outline.contours:
        points = list(contour.points)
        if contour.degree == 3 and not contour.closed:
            points = points[:-1] if points[0] == points[-1] else points + _line(points[-1], points[0])[:-1]
        if len(points) > 2 and any(one != other for one, other in pairwise(points)):
            kept.append(points)
    if not kept:
        return None
    sizes = tuple(map(len, kept)) if len(kept) > 1 else ()
    return Curve([point for points in kept for point in points], True, outline.degree, sizes, outline.fill_rule)
