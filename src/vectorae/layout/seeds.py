"""Seeds: where shapes are put, and how large, before anything is learned."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from vectorae.primitives import DEPTH, Field

UNDECIDED = tuple(DEPTH)
"""Fields that a place says nothing about."""


@dataclass(frozen=True)
class Seeds:
    """Places for n shapes of any kind; leading dimensions ``...`` are free.

    Attributes:
        center: ``[..., n, 2]`` canvas units.
        cell: side of the square that each shape has to itself, ``[..., n]``, canvas units: the unit of its size.
        turn: ``[..., n]`` radians, clockwise.
        color: ``[..., n, C]`` in [0, 1]; None has nothing to say about it.
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

    def value(self, name: str, field: Field) -> Tensor | None:
        """A field's value: ``[..., n]``, or ``[..., n, size]``, or ``[..., n, P, 2]``; None if they do not tell."""
        if name in UNDECIDED:
            return None
        if name == "color":
            return self.color
        if isinstance(field.start, tuple):
            x, y = self.cell.new_tensor(field.start).unbind(-1)  # [P]
            cos, sin = self.turn.cos()[..., None], self.turn.sin()[..., None]
            offset = torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)  # [..., n, P, 2]
            value = self.center[..., None, :] + self.cell[..., None, None] * offset
            return value[..., 0, :] if field.quantity == "point" else value
        value = torch.full_like(self.cell, field.start)
        if field.quantity == "length":
            return value * self.cell
        return value + self.turn if field.quantity == "angle" else value
