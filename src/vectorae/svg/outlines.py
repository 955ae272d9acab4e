"""Elements of SVG as outlines in canvas units."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vectorae.scene import Outline, Path, RoundedBox


class UnsupportedError(Exception):
    """An element that no shape can represent; the message names it and the reason."""


def determinant(matrix: Any) -> float:
    """The factor by which a transform enlarges areas."""
    return float(matrix.a * matrix.d - matrix.b * matrix.c)


def outlines_of(element: Any, side: float, name: str) -> Iterator[Outline]:
    """The outlines of an element in canvas units: a box, or a path for each of its contours."""
    import svgelements

    try:
        if isinstance(element, svgelements.Circle | svgelements.Ellipse):
            _check_sizes(element, name, "rx", "ry")
            yield _ellipse(element, side)
            return
        if isinstance(element, svgelements.Rect):
            _check_sizes(element, name, "width", "height", "rx", "ry")
            if (box := _rectangle(element, side)) is not None:
                yield box
                return
        if not isinstance(element, svgelements.Shape):
            raise UnsupportedError(name)
        path = svgelements.Path(element)
        path.reify()
        contours = [contour for contour in path.as_subpaths() if len(contour)]
    except UnsupportedError:
        raise
    except Exception as error:  # svgelements has no one exception for what it cannot read
        raise UnsupportedError(f"{name} ({str(error) or type(error).__name__})") from error
    if not contours:
        raise UnsupportedError(f"{name} without a shape")
    for contour in contours:
        yield _contour(contour, side, name)


def _check_sizes(element: Any, name: str, *sizes: str) -> None:
    for size in sizes:
        value = getattr(element, size)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise UnsupportedError(f"{name} with {size} {value:g}")


def _ellipse(element: Any, side: float) -> RoundedBox:
    """An ellipse under a transform, which is an ellipse again: its axes are the singular vectors."""
    matrix = element.transform
    linear = torch.tensor([[matrix.a, matrix.c], [matrix.b, matrix.d]], dtype=torch.float64)
    center = matrix.point_in_matrix_space((element.cx, element.cy))
    radii = torch.tensor([element.rx, element.ry], dtype=torch.float64)
    columns = linear * radii
    if abs(float((linear[:, 0] * linear[:, 1]).sum())) < 1e-9 * float(linear.square().sum()):
        angle, half = math.atan2(float(linear[1, 0]), float(linear[0, 0])), columns.norm(dim=0)
    else:
        axes, half, _ = torch.linalg.svd(columns)
        angle = math.atan2(float(axes[1, 0]), float(axes[0, 0]))
    if element.rx == element.ry and math.isclose(float(half[0]), float(half[1]), rel_tol=1e-9):
        angle = 0.0
    return _box(center, half, angle, 1.0, side)


def _rectangle(element: Any, side: float) -> RoundedBox | None:
    """A rectangle under a transform, or None where that is no rectangle, or its corner radii do not match its sides."""
    matrix, width, height = element.transform, float(element.width), float(element.height)
    linear = torch.tensor([[matrix.a, matrix.c], [matrix.b, matrix.d]], dtype=torch.float64)
    radii = [min(float(element.rx or 0), width / 2), min(float(element.ry or 0), height / 2)]
    # Roundness has more digits by the longer side.
    (radius, half), (other, other_half) = sorted(
        zip(radii, (width / 2, height / 2), strict=True), key=lambda pair: -pair[1]
    )
    roundness = min(1.0, radius / half) if half > 0 else 0.0
    straight = abs(float((linear[:, 0] * linear[:, 1]).sum())) < 1e-9 * float(linear.square().sum())
    if not straight or abs(other - roundness * other_half) > 0.02 + 1e-3 * other_half:
        return None
    center = matrix.point_in_matrix_space((element.x + width / 2, element.y + height / 2))
    extents = linear.norm(dim=0) * torch.tensor([width / 2, height / 2], dtype=torch.float64)
    return _box(center, extents, math.atan2(float(linear[1, 0]), float(linear[0, 0])), roundness, side)


def _box(center: Any, half_extents: Tensor, angle: float, roundness: float, side: float) -> RoundedBox:
    return RoundedBox(
        torch.tensor([[[center.x, center.y]]]) / side,
        half_extents.float().reshape(1, 1, 2) / side,
        torch.tensor([[angle]]),
        torch.tensor([[roundness]]),
    )


def _contour(contour: Any, side: float, name: str) -> Path:
    """One contour: straight segments, or all of it as cubics."""
    import svgelements

    segments = [one for one in contour if not isinstance(one, svgelements.Move)]
    closed = any(isinstance(one, svgelements.Close) for one in segments)
    straight = all(isinstance(one, svgelements.Line | svgelements.Close) for one in segments)
    first = next(iter(contour)).end
    points = [first]
    for segment in segments:
        points += [segment.end] if straight else _cubic(segment)
    if closed and len(points) > 1 and _same(points[-1], first):
        points = points[:-1]
    if not straight and not closed and len(points) < 4 or not all(math.isfinite(p.x + p.y) for p in points):
        raise UnsupportedError(f"{name} without a shape")
    if straight and not closed and len(points) == 2 and _same(points[0], points[1]):
        points = points[:1]  # a dot
    places = torch.tensor([[[[point.x, point.y] for point in points]]]) / side
    return Path(places, closed, 1 if straight else 3)


def _same(one: Any, other: Any) -> bool:
    return bool(abs(one.x - other.x) + abs(one.y - other.y) < 1e-9)


def _cubic(segment: Any) -> list[Any]:
    """The control points of a segment as cubics, without its start."""
    import svgelements

    start, end = segment.start, segment.end
    if isinstance(segment, svgelements.CubicBezier):
        return [segment.control1, segment.control2, end]
    if isinstance(segment, svgelements.QuadraticBezier):
        return [start + (segment.control - start) * (2 / 3), end + (segment.control - end) * (2 / 3), end]
    if isinstance(segment, svgelements.Arc):
        return [point for cubic in segment.as_cubic_curves() for point in _cubic(cubic)]
    if isinstance(segment, svgelements.Close) and _same(start, end):
        return []
    return [start + (end - start) * (1 / 3), start + (end - start) * (2 / 3), end]


def joined(contours: list[Outline], fill_rule: str) -> list[Outline]:
    """Contours as one path; a box as it is."""
    paths = [contour for contour in contours if isinstance(contour, Path)]
    if len(paths) != len(contours):
        return contours
    if len({path.degree for path in paths}) != 1:
        paths = [path if path.degree == 3 else _as_cubics(path) for path in paths]
    points, sizes = torch.cat([path.points for path in paths], dim=-2), tuple(path.points.shape[-2] for path in paths)
    closings = tuple(bool(path.closed) for path in paths)
    is_same, several = len(set(closings)) == 1, len(paths) > 1
    return [Path(points, closings[0] if is_same else closings, paths[0].degree, sizes if several else (), fill_rule)]


def _as_cubics(path: Path) -> Path:
    """Straight segments as cubics whose control points lie at a third of them each."""
    points = path.points
    if path.closed or points.shape[-2] == 1:
        points = torch.cat([points, points[..., :1, :]], dim=-2)
    start, along = points[..., :-1, :], points.diff(dim=-2)
    cubics = torch.stack([start + along * (part / 3) for part in range(3)], dim=-2).flatten(-3, -2)
    return Path(cubics if path.closed else torch.cat([cubics, points[..., -1:, :]], dim=-2), path.closed, 3)


def closed(outline: Outline) -> Outline | None:
    """The outline that is filled, or None for a line: open paths are closed by a straight line to their start."""
    if isinstance(outline, RoundedBox) or outline.sizes:
        return outline
    points = outline.points
    if outline.closed or outline.degree == 1:
        return replace(outline, closed=True) if points.shape[-2] > 2 else None
    first, last = points[..., :1, :], points[..., -1:, :]
    if torch.equal(first, last):
        return replace(outline, points=points[..., :-1, :], closed=True)
    return replace(outline, points=outline.enclosing.points, closed=True)
