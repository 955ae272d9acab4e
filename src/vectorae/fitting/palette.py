"""A drawing in a few colours: which they are, and which shapes share one."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.layout import LayoutBase
from vectorae.scene import Scene

FROM = 0.7
"""The progress at which colours are limited: all shapes are there, and there is time to adapt to the palette."""

ROUNDS = 30
"""Iterations of k-means."""


@dataclass(frozen=True)
class Palette:
    """Which raw numbers of colours are one and the same from now on.

    Attributes:
        leaders: of each raw number the one that it goes with, ``[B, raw_size]``; itself if it is alone.
        first: the first shape with the colour of each shape, ``[B, N]``.
    """

    leaders: Tensor
    first: Tensor

    def shared(self, gradient: Tensor) -> Tensor:
        """A gradient ``[B, raw_size]`` in which those that go together have their sum."""
        return torch.zeros_like(gradient).scatter_add_(1, self.leaders, gradient).gather(1, self.leaders)


def check_palette(layout: LayoutBase, colors: int) -> None:
    """Refuse a palette for shapes without colours of their own.

    Raises:
        UserError: colours are fixed, or one colour alone cannot be shapes and background.
    """
    learned = layout.quantities()
    if "color" not in learned:
        raise UserError(
            "palette: the colour of these shapes is fixed; write palette=null, or primitives.fields.color=learned"
        )
    if "stroke_color" in learned or "color_2" in learned:
        raise UserError("palette: these shapes have several colours each, which have no palette; write palette=null")
    if colors < 2 and "background" in learned:
        raise UserError("palette: the background is one of the colours; write palette=2 or more, or fix it")


def limited(layout: LayoutBase, raw: Tensor, scene: Scene, areas: Tensor, colors: int) -> tuple[Tensor, Palette]:
    """Raw numbers with the colours of shapes limited by k-means (Lloyd, 1982); a learned background keeps its own.

    Args:
        layout: of the raw numbers.
        raw: ``[B, raw_size]``.
        scene: what they stand for, with all shapes.
        areas: on how many pixels each shape is visible, ``[B, N]``.
        colors: how many, with the background's if it is learned.

    Returns:
        ``[B, raw_size]``, and the palette.
    """
    names = layout.field_names()
    numbers = [
        [index for index in layout.indices_of([slot]).tolist() if names[index] == "color"]
        for slot in range(layout.count)
    ]
    columns = torch.tensor(numbers, device=raw.device)
    many = colors - ("background" in names)
    raw, leaders = raw.clone(), torch.arange(raw.shape[1], device=raw.device).repeat(len(raw), 1)
    first = torch.zeros_like(areas, dtype=torch.long)
    for row, (before, weights) in enumerate(zip(scene.color, areas, strict=True)):
        member, centres = k_means(before, weights, many)
        after = centres[member].clamp(0.01, 0.99)
        raw[row, columns] += torch.logit(after) - torch.logit(before.clamp(1e-4, 1 - 1e-4))
        same = member[:, None] == member[None]
        first[row] = same.int().argmax(1)
        leaders[row, columns] = columns[first[row]]
    return raw, Palette(leaders, first)


def k_means(points: Tensor, weights: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Clusters of points: which each of n belongs to, ``[n]``, and their centres ``[count, C]``.

    It begins with the point of most weight; each further centre is the point that adds most to the error.

    Args:
        points: ``[n, C]``.
        weights: ``[n]``, ≥ 0.
        count: of the clusters; some are empty where there are fewer points.
    """
    weights = weights + 1e-6 * weights.sum() + 1e-12
    centres = points[weights.argmax()][None]
    for _ in range(count - 1):
        error = (points[:, None] - centres[None]).square().sum(-1).amin(1)
        centres = torch.cat([centres, points[(weights * error).argmax()][None]])
    for _ in range(ROUNDS):
        member = torch.cdist(points, centres).argmin(1)
        one = torch.nn.functional.one_hot(member, count).to(points) * weights[:, None]
        total = one.sum(0)[:, None]
        centres = torch.where(total > 0, one.T @ points / total.clamp_min(1e-12), centres)
    return torch.cdist(points, centres).argmin(1), centres
