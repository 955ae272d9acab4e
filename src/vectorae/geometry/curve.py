"""Flattening: control points of Bézier paths → vertices of polylines that differ by less than a pixel can show."""

import math

import torch
from torch import Tensor

FLATTENING_ERROR = 0.1
"""Largest distance between a flattened curve and the true one, in pixels of the image it is drawn in."""

MAX_PIECES = 1024
"""Upper limit of the pieces of a cubic; only curves many canvases long would need more."""


def flatten(points: Tensor, degree: int, closed: bool, pixel: float, bend: float | None = None) -> Tensor:
    """Approximate paths by polylines, differentiably with respect to the control points.

    A cubic B(t) cut into n pieces of equal t is off by at most max|B″|/(8n²), and |B″| is at most 6 times the longer of
    its control points' second differences; n is the smallest number that keeps this below a tenth of a pixel. Curves
    that need fewer pieces than others in the batch repeat their last vertex.

    Args:
        points: control points ``[B, n, P, 2]``, canvas units. For degree 3, P is 3k + 1 for k joined cubics, or 3k if
            the path is closed (the last cubic ends at the first point).
        degree: 1 or 3.
        closed: whether the path returns to its first point.
        pixel: size of a pixel in canvas units.
        bend: longest second differences, canvas units; where they are longer, cubics are not cut finer. V follows from
            it, so that nothing waits for a device to know how many pieces are needed. None: as many as are needed.

    Returns:
        Vertices ``[B, n, V, 2]`` with V ≥ 2, canvas units; closed paths end with their first vertex.

    Example:
        >>> triangle = torch.tensor([[[[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]]]])
        >>> flatten(triangle, degree=1, closed=True, pixel=1 / 64).shape
        torch.Size([1, 1, 4, 2])
    """
    if closed or points.shape[-2] == 1:
        points = torch.cat([points, points[..., :1, :]], dim=-2)
    if degree == 1:
        return points
    p0, p1, p2, p3 = points[..., :-1:3, :], points[..., 1::3, :], points[..., 2::3, :], points[..., 3::3, :]
    with torch.no_grad():
        bent = torch.maximum((p0 - 2 * p1 + p2).norm(dim=-1), (p1 - 2 * p2 + p3).norm(dim=-1))
        needed = (bent.nan_to_num() * 6 / (8 * FLATTENING_ERROR * pixel)).sqrt().ceil().clamp(1, MAX_PIECES)
        if bend is not None:
            most = min(math.ceil(math.sqrt(bend * 6 / (8 * FLATTENING_ERROR * pixel))), MAX_PIECES)
            needed = needed.clamp_max(most)
        else:
            most = int(needed.max()) if needed.numel() else 1
        step = torch.arange(1, most + 1, dtype=points.dtype, device=points.device)
        t = (step / needed[..., None]).clamp_max(1)[..., None]  # [B, n, k, most, 1]
        s = 1 - t
    p0, p1, p2, p3 = p0[..., None, :], p1[..., None, :], p2[..., None, :], p3[..., None, :]
    along = s**3 * p0 + 3 * s**2 * t * p1 + 3 * s * t**2 * p2 + t**3 * p3
    return torch.cat([points[..., :1, :], along.flatten(-3, -2)], dim=-2)


def polyline_length(vertices: Tensor) -> Tensor:
    """Length of polylines ``[..., V, 2]`` → ``[...]``, canvas units.

    Each segment counts as √(length² + ε²), ε the rounding error of 1, so that the gradient is finite at length 0.
    """
    along = vertices.diff(dim=-2)
    return (along.square().sum(-1) + torch.finfo(along.dtype).eps ** 2).sqrt().sum(-1)
