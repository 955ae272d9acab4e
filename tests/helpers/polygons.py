"""Polygons, and what is known of them without the code under test."""

import math

import torch
from torch import Tensor


def random(*shape: int, seed: int = 0) -> Tensor:
    """Uniform in [0, 1], float64."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def closed(corners: Tensor) -> Tensor:
    """``[..., V, 2]`` → ``[..., V + 1, 2]``."""
    return torch.cat([corners, corners[..., :1, :]], dim=-2)


def grid(x: Tensor, y: Tensor) -> Tensor:
    """``[H, W, 2]``."""
    return torch.stack(torch.broadcast_tensors(x, y[:, None]), dim=-1)


def winding(points: Tensor, corners: Tensor) -> Tensor:
    """Winding number of a polygon ``[V, 2]`` around points ``[..., 2]``: the angles that its edges span, summed."""
    starts = corners.double() - points[..., None, :]
    ends = starts.roll(-1, -2)
    cross = starts[..., 0] * ends[..., 1] - starts[..., 1] * ends[..., 0]
    return (torch.atan2(cross, (starts * ends).sum(-1)).sum(-1) / (2 * math.pi)).round()


def to_outline(points: Tensor, corners: Tensor) -> Tensor:
    """Distance from points ``[..., 2]`` to the edges of a polygon ``[V, 2]``."""
    corners = corners.double()
    along = corners.roll(-1, 0) - corners
    offset = points[..., None, :] - corners
    part = ((offset * along).sum(-1) / along.square().sum(-1).clamp_min(1e-30)).clamp(0, 1)
    return (offset - part[..., None] * along).norm(dim=-1).amin(-1)
