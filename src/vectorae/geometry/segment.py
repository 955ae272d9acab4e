"""Distance to points and segments, in any number of dimensions.

Places are given axis by axis: one tensor for each axis, all broadcastable with one another, so that a grid of pixels
needs no more than its rows and columns.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

FAR = 1e4
"""The distance to nothing, canvas units: finite, as gradients have to be."""


def point_distance(place: Sequence[Tensor], point: Sequence[Tensor]) -> Tensor:
    """Euclidean distance to a point (Mihai & Hare 2021, equation 4), in as many dimensions as there are axes.

    Its gradient has length 1, and is 0 at the point itself, as nearly as numbers can tell.

    Args:
        place, point: a tensor for each axis, canvas units.

    Returns:
        ≥ 0, of the shape that they broadcast to.
    """
    offset = [here - there for here, there in zip(place, point, strict=True)]
    with torch.no_grad():
        length = torch.stack(torch.broadcast_tensors(*offset)).square().sum(0).sqrt()
        # What is left of rounding has a direction, but it means nothing.
        extent = sum((torch.maximum(here.abs(), there.abs()) for here, there in zip(place, point, strict=True)), length)
        none = length <= 4 * torch.finfo(length.dtype).eps * extent
        normal = [torch.where(none, 0, axis / torch.where(none, 1, length)) for axis in offset]
    return sum((towards * axis for towards, axis in zip(normal, offset, strict=True)), torch.zeros_like(length))


def segment_distance(place: Sequence[Tensor], start: Sequence[Tensor], end: Sequence[Tensor]) -> Tensor:
    """Euclidean distance to a segment (Mihai & Hare 2021, equation 5), in as many dimensions as there are axes.

    The gradient follows the envelope theorem: where on the segment the closest point lies is a constant to autograd, so
    it is finite for segments of no length and for places on the segment.

    Args:
        place, start, end: a tensor for each axis, canvas units.

    Returns:
        ≥ 0, of the shape that they broadcast to.
    """
    with torch.no_grad():
        part = closest_part(place, start, end)
    return point_distance(place, [a + part * (b - a) for a, b in zip(start, end, strict=True)])


def closest_part(place: Sequence[Tensor], start: Sequence[Tensor], end: Sequence[Tensor]) -> Tensor:
    """Where on the segment its closest point lies, from 0 (start) to 1 (end); 0 on a segment of no length."""
    along = [b - a for a, b in zip(start, end, strict=True)]
    squared = sum((axis.square() for axis in along[1:]), along[0].square())
    projected = [(here - a) * axis for here, a, axis in zip(place, start, along, strict=True)]
    total = sum(projected[1:], projected[0])
    return (total / squared.clamp_min(torch.finfo(squared.dtype).tiny)).clamp(0, 1)


def nearest_segment_distance(x: Tensor, y: Tensor, starts: Tensor, ends: Tensor, present: Tensor) -> Tensor:
    """Distance to the nearest of several segments, at every pixel.

    Args:
        x: ``[W]``, y: ``[H]``, canvas units.
        starts, ends: ``[..., S, 2]``, canvas units.
        present: ``[..., S]``, false for those that do not count.

    Returns:
        ``[..., H, W]`` canvas units, ≥ 0; ``FAR`` where no segment is present.
    """
    place = (x, y[:, None])
    with torch.no_grad():
        nearest, any_present = _nearest(place, starts, ends, present)
    start, end = _pick(starts, nearest), _pick(ends, nearest)
    return segment_distance(place, start, end).masked_fill(~any_present, FAR)


def _nearest(place: Sequence[Tensor], starts: Tensor, ends: Tensor, present: Tensor) -> tuple[Tensor | None, Tensor]:
    """The nearest segment's index ``[..., H, W]`` (None where there is one only), and whether any is present."""
    any_present = present.any(-1)[..., None, None]
    if starts.shape[-2] == 1:
        return None, any_present
    shape = (*present.shape[:-1], *torch.broadcast_shapes(*(axis.shape for axis in place)))
    best = starts.new_full(shape, torch.inf)
    nearest = torch.zeros(shape, dtype=torch.long, device=starts.device)
    for index in range(starts.shape[-2]):
        start, end = ([ends_of[..., index, axis, None, None] for axis in (0, 1)] for ends_of in (starts, ends))
        part = closest_part(place, start, end)
        offsets = [here - a - part * (b - a) for here, a, b in zip(place, start, end, strict=True)]
        squared = sum((axis.square() for axis in offsets[1:]), offsets[0].square())
        closer = (squared < best) & present[..., index, None, None]
        best = torch.where(closer, squared, best)
        nearest = nearest.masked_fill(closer, index)
    return nearest, any_present


def _pick(points: Tensor, index: Tensor | None) -> tuple[Tensor, Tensor]:
    """x and y of ``[..., S, 2]`` at index ``[..., H, W]``."""
    if index is None:
        return points[..., 0, 0, None, None], points[..., 0, 1, None, None]
    flat = index.flatten(-2)
    x, y = (points[..., axis].gather(-1, flat).view(index.shape) for axis in (0, 1))
    return x, y
