"""Contours of single shapes as polylines."""

import torch
from torch import Tensor

from vectorae.geometry.curve import flatten
from vectorae.pydiffvg.contours import corners_of
from vectorae.pydiffvg.recording import RecordedShape


def polyline(shape: RecordedShape, pixel: float) -> Tensor:
    """The contour of a shape before its map, on the CPU: place and full width of its stroke, ``[V, 3]``, pixels.

    Closed ones end where they begin. ``pixel``: see ``flatten``.
    """
    topology = shape.topology
    tensors = [
        tensor.cpu().float().reshape(1, 1, *size) for tensor, size in zip(shape.tensors, topology.shapes, strict=True)
    ]
    width = 2 * shape.width.cpu().float().abs().reshape(-1, 1).expand(topology.size, 1)
    points = torch.cat([topology.points(tensors)[0, 0], width], dim=1)
    degree = 1 if topology.is_straight else 3
    corners = corners_of(topology, 0, degree, False, len(topology.counts))
    first, second, share = (torch.tensor(column) for column in zip(*corners, strict=True))
    return flatten(torch.lerp(points[first], points[second], share[:, None]), degree, topology.closed, pixel)
