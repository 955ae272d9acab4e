"""From control points to the vertices of a polyline that looks the same."""

import math

import torch
from torch import Tensor

FLATTENING_ERROR = 0.1
"""How far a flattened curve may be from the true one, in units of the pixel that it is drawn with."""

MOST_PIECES = 1024
"""Pieces that a cubic is cut into at most; more would only be needed many canvases away."""


def flatten(points: Tensor, degree: int, closed: bool, pixel: float) -> Tensor:
    """The vertices of a path as straight segments, differentiable with respect to its control points.

    A cubic B(t) cut into n pieces of equal t is off by at most max|B″|/(8n²), and |B″| is at most 6 times the longer of
    its control points' second differences; n is the least that keeps this below a tenth of a pixel. Curves that need
    fewer pieces than others of the batch repeat their last vertex. While a CUDA graph is captured n is the same for
    all: what a curve needs whose second differences are as long as the canvas.

    Args:
        points: control points ``[B, n, P, 2]``, canvas units: of degree 3, P is 3k + 1 for k joined cubics, and 3k
            where the path is closed (the last one ends at the first point).
        degree: 1 or 3.
        closed: whether the path leads back to its first point.
        pixel: the size of a pixel in canvas units.

    Returns:
        ``[B, n, V, 2]`` with V ≥ 2; of closed paths the last vertex is the first one again.
    """
    if closed or points.shape[-2] == 1:
        points = torch.cat([points, points[..., :1, :]], dim=-2)
    if degree == 1:
        return points
    p0, p1, p2, p3 = points[..., :-1:3, :], points[..., 1::3, :], points[..., 2::3, :], points[..., 3::3, :]
    with torch.no_grad():
        bend = torch.maximum((p0 - 2 * p1 + p2).norm(dim=-1), (p1 - 2 * p2 + p3).norm(dim=-1))
        needed = (bend.nan_to_num() * 6 / (8 * FLATTENING_ERROR * pixel)).sqrt().ceil().clamp(1, MOST_PIECES)
        if points.is_cuda and torch.cuda.is_current_stream_capturing():
            most = min(math.ceil(math.sqrt(6 / (8 * FLATTENING_ERROR * pixel))), MOST_PIECES)
            needed = torch.full_like(needed, most)
        else:
            most = int(needed.max()) if needed.numel() else 1
        step = torch.arange(1, most + 1, dtype=points.dtype, device=points.device)
        t = (step / needed[..., None]).clamp_max(1)[..., None]  # [B, n, k, most, 1]
        s = 1 - t
    p0, p1, p2, p3 = p0[..., None, :], p1[..., None, :], p2[..., None, :], p3[..., None, :]
    along = s**3 * p0 + 3 * s**2 * t * p1 + 3 * s * t**2 * p2 + t**3 * p3
    return torch.cat([points[..., :1, :], along.flatten(-3, -2)], dim=-2)


def polyline_length(vertices: Tensor) -> Tensor:
    """Length of polylines ``[..., V, 2]`` → ``[...]``; a hair above the true one, so that its gradient is finite."""
    along = vertices.diff(dim=-2)
    return (along.square().sum(-1) + torch.finfo(along.dtype).eps ** 2).sqrt().sum(-1)
