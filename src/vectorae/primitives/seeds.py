"""Seeds: where shapes start, how large and in which direction, before anything is learned."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Seeds:
    """Where n shapes of any kind start; leading dimensions ``...`` are free.

    Attributes:
        center: ``[..., n, 2]`` canvas units.
        cell: side of the square that each shape has to itself, ``[..., n]``, canvas units: the unit of its size.
        turn: ``[..., n]`` radians, clockwise.
        color: ``[..., n, C]`` in [0, 1], or None.
    """

    center: Tensor
    cell: Tensor
    turn: Tensor
    color: Tensor | None = None

    def take(self, places: Sequence[int]) -> "Seeds":
        """Some of the n."""
        last = {"center": -2, "cell": -1, "turn": -1, "color": -2}
        index = torch.tensor(places, device=self.cell.device)
        given = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}
        return replace(self, **{name: value.index_select(last[name], index) for name, value in given.items()})
