"""Distance to line segments.

A point is given as a pair of tensors, x and y, broadcastable with those of the other points, so that a grid of pixels
needs no more than its columns and its rows.
"""

import torch
from torch import Tensor

Point = tuple[Tensor, Tensor]
"""x and y, canvas units."""

FAR = 1e4
"""The distance where there is no segment, canvas units: finite, so that gradients are."""


def segment_distance(point: Point, start: Point, end: Point) -> Tensor:
    """Euclidean distance to a segment (Mihai & Hare 2021, equations 4 and 5).

    The gradient follows the envelope theorem: the position of the closest point along the segment is a constant to
    autograd, so the gradient is finite for segments of zero length and for points on the segment. It has length 1 by
    the point, and is 0 where the point lies on the segment (up to rounding).

    Args:
        point, start, end: x and y each, canvas units; any shapes that broadcast.

    Returns:
        ≥ 0, canvas units, of the broadcast shape.

    Example:
        >>> x, y = torch.tensor([0.0, 0.5, 2.0]), torch.tensor([0.5, 0.5, 0.0])
        >>> start, end = (torch.zeros(()), torch.zeros(())), (torch.ones(()), torch.zeros(()))
        >>> segment_distance((x, y), start, end)
        tensor([0.5000, 0.5000, 1.0000])
    """
    with torch.no_grad():
        part = _closest_part(point, start, end)
    (x, y), (x0, y0), (x1, y1) = point, start, end
    closest_x, closest_y = x0 + part * (x1 - x0), y0 + part * (y1 - y0)
    dx, dy = x - closest_x, y - closest_y
    with torch.no_grad():
        length = (dx.square() + dy.square()).sqrt()
        # Below rounding error the direction is noise.
        extent = length + torch.maximum(x.abs(), closest_x.abs()) + torch.maximum(y.abs(), closest_y.abs())
        on_segment = length <= 4 * torch.finfo(length.dtype).eps * extent
        divisor = torch.where(on_segment, 1, length)
        normal_x, normal_y = torch.where(on_segment, 0, dx / divisor), torch.where(on_segment, 0, dy / divisor)
    return normal_x * dx + normal_y * dy


def _closest_part(point: Point, start: Point, end: Point) -> Tensor:
    """Position of the closest point along the segment, from 0 (start) to 1 (end); 0 on a segment of zero length."""
    (x, y), (x0, y0), (x1, y1) = point, start, end
    along_x, along_y = x1 - x0, y1 - y0
    squared = along_x.square() + along_y.square()
    projected = (x - x0) * along_x + (y - y0) * along_y
    return (projected / squared.clamp_min(torch.finfo(squared.dtype).tiny)).clamp(0, 1)


def nearest_segment_distance(x: Tensor, y: Tensor, starts: Tensor, ends: Tensor, present: Tensor) -> Tensor:
    """Distance to the nearest of several segments, at every pixel.

    Args:
        x: ``[W]``, y: ``[H]``, canvas units.
        starts, ends: ``[..., S, 2]``, canvas units.
        present: ``[..., S]``, false for entries that are padding.

    Returns:
        ``[..., H, W]`` canvas units, ≥ 0; ``FAR`` where no segment is present.
    """
    point = (x, y[:, None])
    with torch.no_grad():
        nearest, any_present = _nearest(point, starts, ends, present)
    start, end = _pick(starts, nearest), _pick(ends, nearest)
    return segment_distance(point, start, end).masked_fill(~any_present, FAR)


def _nearest(point: Point, starts: Tensor, ends: Tensor, present: Tensor) -> tuple[Tensor | None, Tensor]:
    """The nearest segment's index ``[..., H, W]`` (None if there is only one), and whether any is present."""
    any_present = present.any(-1)[..., None, None]
    if starts.shape[-2] == 1:
        return None, any_present
    x, y = point
    shape = (*present.shape[:-1], *torch.broadcast_shapes(x.shape, y.shape))
    best = starts.new_full(shape, torch.inf)
    nearest = torch.zeros(shape, dtype=torch.long, device=starts.device)
    for index in range(starts.shape[-2]):
        (x0, y0), (x1, y1) = (points[..., index, :, None, None].unbind(-3) for points in (starts, ends))
        part = _closest_part(point, (x0, y0), (x1, y1))
        squared = (x - x0 - part * (x1 - x0)).square() + (y - y0 - part * (y1 - y0)).square()
        closer = (squared < best) & present[..., index, None, None]
        best = torch.where(closer, squared, best)
        nearest = nearest.masked_fill(closer, index)
    return nearest, any_present


def _pick(points: Tensor, index: Tensor | None) -> Point:
    """x and y of ``[..., S, 2]`` at index ``[..., H, W]``."""
    if index is None:
        return points[..., 0, 0, None, None], points[..., 0, 1, None, None]
    flat = index.flatten(-2)
    x, y = (points[..., axis].gather(-1, flat).view(index.shape) for axis in (0, 1))
    return x, y
