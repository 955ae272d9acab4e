"""Starting formations: where each shape stands before anything is learned."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vectorae.geometry.canvas import canvas_size

GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))

Formation = Callable[[int, int, float], tuple[Tensor, Tensor]]
"""(rows, columns, aspect) -> centres ``[N, 2]`` and cell sizes ``[N]`` of N = rows × columns places, canvas units."""


def grid(rows: int, columns: int, aspect: float) -> tuple[Tensor, Tensor]:
    """Row by row, from the top left."""
    width, height = canvas_size(aspect)
    x = (torch.arange(columns) + 0.5) * (width / columns)
    y = (torch.arange(rows) + 0.5) * (height / rows)
    centers = torch.stack([x.repeat(rows), y.repeat_interleave(columns)], dim=-1)
    return centers, torch.full((rows * columns,), min(width / columns, height / rows))


def even_rows(count: int, aspect: float) -> tuple[Tensor, Tensor]:
    """Any number of places in rows of nearly equal numbers, from the top left: a grid without holes."""
    width, height = canvas_size(aspect)
    rows = min(count, max(1, round(math.sqrt(count / aspect))))
    places = []
    for row in range(rows):
        first, end = row * count // rows, (row + 1) * count // rows
        x = (torch.arange(end - first) + 0.5) * (width / (end - first))
        places.append(torch.stack([x, torch.full_like(x, (row + 0.5) * height / rows)], dim=-1))
    return torch.cat(places), torch.full((count,), min(width / math.ceil(count / rows), height / rows))


def random(rows: int, columns: int, aspect: float) -> tuple[Tensor, Tensor]:
    """Anywhere on the canvas; the same places every time."""
    count = rows * columns
    size = torch.tensor(canvas_size(aspect))
    centers = torch.rand(count, 2, generator=torch.Generator().manual_seed(0)) * size
    return centers, _equal_cells(count, aspect)


def ring(rows: int, columns: int, aspect: float) -> tuple[Tensor, Tensor]:
    """On a circle around the middle, clockwise from the top."""
    count = rows * columns
    turn = torch.arange(count) * (2 * math.pi / count)
    centers = _middle(aspect) + 0.35 * torch.stack([turn.sin(), -turn.cos()], dim=-1)
    return centers, _equal_cells(count, aspect).clamp_max(2 * math.pi * 0.35 / count)


def spiral(rows: int, columns: int, aspect: float) -> tuple[Tensor, Tensor]:
    """From the middle outwards at the golden angle (Vogel's sunflower), each with the same area to itself."""
    count = rows * columns
    order = torch.arange(count)
    radius, turn = 0.45 * ((order + 0.5) / count).sqrt(), order * GOLDEN_ANGLE
    centers = _middle(aspect) + radius[:, None] * torch.stack([turn.cos(), turn.sin()], dim=-1)
    return centers, _equal_cells(count, aspect).clamp_max(0.45 * math.sqrt(math.pi / count))


FORMATIONS: dict[str, Formation] = {"grid": grid, "random": random, "ring": ring, "spiral": spiral}


def _middle(aspect: float) -> Tensor:
    return torch.tensor(canvas_size(aspect)) / 2


def _equal_cells(count: int, aspect: float) -> Tensor:
    """The side of a square that has the count-th part of the canvas."""
    width, height = canvas_size(aspect)
    return torch.full((count,), math.sqrt(width * height / count))
