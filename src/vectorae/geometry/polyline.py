"""Distance to a polyline."""

import torch
from torch import Tensor


def polyline_distance(x: Tensor, y: Tensor, vertices: Tensor) -> Tensor:
    """Euclidean distance to the nearest of a polyline's segments.

    The distance to a segment is equation 5 of Mihai & Hare (2021), *Differentiable Drawing and Sketching*: project onto
    the line, clamp to the segment. The gradient follows the envelope theorem: the closest point's place on the
    segment is a constant to autograd, so it is finite for segments of no length and for points on the line.

    Args:
        x: ``[W]``, y: ``[H]``, canvas units.
        vertices: ``[..., V, 2]`` with V ≥ 2, canvas units.

    Returns:
        ``[..., H, W]`` canvas units, ≥ 0.
    """
    starts, ends = vertices[..., :-1, :], vertices[..., 1:, :]
    with torch.no_grad():
        place, nearest = _closest_place(x, y, starts, ends)
    if starts.shape[-2] == 1:
        start_x, start_y = starts[..., 0, 0, None, None], starts[..., 0, 1, None, None]
        end_x, end_y = ends[..., 0, 0, None, None], ends[..., 0, 1, None, None]
    else:
        start_x, start_y = _pick(starts[..., 0], nearest), _pick(starts[..., 1], nearest)
        end_x, end_y = _pick(ends[..., 0], nearest), _pick(ends[..., 1], nearest)
    offset_x = x - (start_x + place * (end_x - start_x))
    offset_y = y[:, None] - (start_y + place * (end_y - start_y))
    with torch.no_grad():
        length = torch.hypot(offset_x, offset_y).clamp_min_(torch.finfo(x.dtype).tiny)
        normal_x, normal_y = offset_x / length, offset_y / length
    return normal_x * offset_x + normal_y * offset_y


def _closest_place(x: Tensor, y: Tensor, starts: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """Where on its segment, in [0, 1], the closest point lies, and the segment's index; both ``[..., H, W]``."""
    best = place = nearest = None
    for index in range(starts.shape[-2]):
        start, along = starts[..., index, :], ends[..., index, :] - starts[..., index, :]
        squared_length = along.square().sum(-1).clamp_min(torch.finfo(x.dtype).tiny)[..., None, None]
        along_x, along_y = along[..., 0, None, None], along[..., 1, None, None]
        from_x, from_y = x - start[..., 0, None, None], y[:, None] - start[..., 1, None, None]
        here = ((from_x * along_x + from_y * along_y) / squared_length).clamp_(0, 1)
        squared = (from_x - here * along_x).square() + (from_y - here * along_y).square()
        if best is None or place is None or nearest is None:
            best, place, nearest = squared, here, torch.zeros_like(squared, dtype=torch.long)
        else:
            closer = squared < best
            best = torch.where(closer, squared, best)
            place = torch.where(closer, here, place)
            nearest = nearest.masked_fill(closer, index)
    assert place is not None and nearest is not None, "a polyline needs two vertices or more"
    return place, nearest


def _pick(values: Tensor, index: Tensor) -> Tensor:
    """values ``[..., S]`` at index ``[..., H, W]``."""
    return values.gather(-1, index.flatten(-2)).view(index.shape)
