"""Signed distances to the contours of a serialized scene; differentiable."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.pydiffvg.polyline import polyline
from vectorae.pydiffvg.recording import RecordedGroup, Recording
from vectorae.rasterizer.cpu.nearest import EVEN_ODD, NONZERO, UNFILLED, nearest_segments

FINE = 0.1
"""Pixels to which curves are flattened as for an image whose pixels are as large: within a hundredth of a pixel."""


def signed_distance(scene: Recording, width: int, height: int, positions: Tensor, device: torch.device) -> Tensor:
    """Distances to the nearest contour, negative where that is the contour of a fill and the place is inside.

    Args:
        scene: its strokes count as their centre lines, whatever their widths.
        width, height: of the image, pixels, to which the canvas is stretched.
        positions: ``[N, 2]``, pixels of the image; empty: the centres of all pixels.
        device: of the result.

    Returns:
        ``[height, width, 1]`` or ``[N, 1]``, pixels of the canvas; 0 where there is nothing.
    """
    size = (height, width, 1) if positions.numel() == 0 else (len(positions), 1)
    places = _centres(width, height) if positions.numel() == 0 else positions.detach().cpu().float()
    if places.dim() != 2 or places.shape[1] != 2:
        raise UserError(f"eval_positions: {list(positions.shape)}, where [N, 2] is wanted")
    places = places * torch.tensor([scene.width / width, scene.height / height])
    fine = FINE * max(scene.width / width, scene.height / height)
    figures = [list(_segments(group, scene, fine)) for group in scene.groups]
    segments = [one for figure in figures for one, _ in figure]
    if not segments:
        return torch.zeros(size, device=device)
    edges = torch.cat(segments)
    counts = [sum(len(one) for one, _ in figure) for figure in figures]
    is_edge = np.concatenate([np.full(len(one), edge) for figure in figures for one, edge in figure])
    found, inside = nearest_segments(
        places.numpy(),
        edges.detach().numpy(),
        is_edge,
        np.cumsum([0, *counts]),
        np.array([_fill(group) for group in scene.groups]),
    )
    length = _distance(places, edges[torch.from_numpy(found)])
    return torch.where(torch.from_numpy(inside), -length, length).view(size).to(device)


def _centres(width: int, height: int) -> Tensor:
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    return torch.stack([x, y], dim=-1).view(-1, 2)


def _fill(group: RecordedGroup) -> int:
    if group.fill is None:
        return UNFILLED
    return EVEN_ODD if group.even_odd else NONZERO


def _segments(group: RecordedGroup, scene: Recording, fine: float) -> Iterator[tuple[Tensor, bool]]:
    """Segments ``[S, 2, 2]`` of a group's contours, and whether they are edges, or only close a contour."""
    for index in group.shapes:
        shape = scene.shapes[index]
        vertices = polyline(shape, fine)[:, :2]
        if group.matrix is not None:
            matrix = group.matrix.cpu().float()
            vertices = vertices @ matrix[:2, :2].T + matrix[:2, 2]
        yield torch.stack([vertices[:-1], vertices[1:]], dim=1), True
        if not shape.topology.closed:
            yield torch.stack([vertices[-1:], vertices[:1]], dim=1), False


def _distance(places: Tensor, segments: Tensor) -> Tensor:
    """From places ``[N, 2]`` to a segment of each, ``[N, 2, 2]``."""
    start, end = segments.unbind(1)
    along, apart = end - start, places - start
    square = along.square().sum(-1)
    part = (apart * along).sum(-1) / torch.where(square > 0, square, 1)
    away = apart - part.detach().clamp(0, 1)[:, None] * along
    return (away.square().sum(-1) + torch.finfo(away.dtype).tiny).sqrt()
