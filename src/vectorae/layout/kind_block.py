"""The shapes of one kind: which raw numbers they have, and what these stand for."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vectorae.geometry.canvas import canvas_size
from vectorae.layout.painting import Painting
from vectorae.layout.values import Values
from vectorae.primitives import DEPTH, Field, Quantity, Seeds, base_color
from vectorae.scene import Group, Outline

_CURVE = ("_origin", "_least", "_span")
"""Buffers with ``Quantity.curve`` of all raw numbers."""


@dataclass(frozen=True)
class FieldStart:
    """A field of the shapes of a block, before the block exists.

    Attributes:
        field: what it is.
        start: its values where raw numbers are 0, ``[n]``, ``[n, size]`` or ``[n, P, 2]``.
        learned: whether it has raw numbers, or stays at ``start``.
        limits: its range, tensors that broadcast to ``start``; None stands for that of its quantity.
    """

    field: Field
    start: Tensor
    learned: bool
    limits: tuple[Tensor, Tensor] | None = None


class KindBlock(nn.Module):
    """The shapes of one kind in a layout; the raw numbers of one shape lie next to each other.

    Starts and ranges are buffers, so that nothing is sent to a device when shapes are made.

    Args:
        slots: of the n shapes, in the order of their raw numbers.
        first: index of the first raw number.
        fields: by name, in the order of a shape's raw numbers.
        outline: values → the outline of the shapes.
        aspect: width / height of the canvas.
        painting: how these are painted.

    Attributes:
        width: raw numbers of each shape.
    """

    def __init__(
        self,
        slots: Sequence[int],
        first: int,
        fields: Mapping[str, FieldStart],
        outline: Callable[[Values], Outline],
        aspect: float,
        painting: Painting,
    ) -> None:
        super().__init__()
        self.slots, self.first, self.outline, self.painting = tuple(slots), first, outline, painting
        self._fields = {name: one.field for name, one in fields.items()}
        self._columns: dict[str, slice] = {}
        self._limited: set[str] = set()
        self.width = 0
        self.register_buffer("canvas", torch.tensor(canvas_size(aspect)), persistent=False)
        for name, one in fields.items():
            self.register_buffer(f"{name}_start", one.start.clone(), persistent=False)
            if one.learned:
                size = one.start[0].numel()
                self._columns[name] = slice(self.width, self.width + size)
                self.width += size
                if one.limits is not None:
                    self._limited.add(name)
                    for end, value in zip(("low", "high"), one.limits, strict=True):
                        self.register_buffer(f"{name}_{end}", value, persistent=False)
        # A tensor that is made in inference mode could not be saved for a backward pass later.
        with torch.inference_mode(False), torch.no_grad():
            for part, value in zip(_CURVE, self._curves(self.get_buffer("canvas")), strict=True):
                self.register_buffer(part, value, persistent=False)

    @property
    def end(self) -> int:
        """Index after the last raw number."""
        return self.first + len(self.slots) * self.width

    def moved(self, by: int, first: int) -> "KindBlock":
        """A copy whose slots are larger by a number, and whose raw numbers begin at another index."""
        copy = deepcopy(self)
        copy.slots, copy.first = tuple(slot + by for slot in self.slots), first
        return copy

    @property
    def learned(self) -> dict[str, Field]:
        """The learned fields by name, in the order of their raw numbers."""
        return {name: self._fields[name] for name in self._columns}

    def field_names(self) -> list[str]:
        """The field of each raw number, by name."""
        one = [name for name, column in self._columns.items() for _ in range(column.stop - column.start)]
        return one * len(self.slots)

    def of(self, raw: Tensor) -> Tensor:
        """The raw numbers of these shapes, ``[B, n, width]``, of all, ``[B, raw_size]``: a view where possible."""
        return raw[:, self.first : self.end].reshape(raw.shape[0], len(self.slots), self.width)

    def forward(self, raw: Tensor, crisp: bool = False) -> dict[str, Tensor]:
        """The values of all fields by name.

        Args:
            raw: of the layout, ``[B, raw_size]``.
            crisp: make the discrete choices.
        """
        own = self.of(raw)
        numbers, decoded = self._by_field(own), self._by_field(self._decoded(own))
        values = {}
        for name, field in self._fields.items():
            shape = (raw.shape[0], *self.get_buffer(f"{name}_start").shape)
            if name not in self._columns:
                value = self._start(name, raw).expand(shape)
            elif _follows_sigmoid(field):
                value = decoded[name].reshape(shape)
                if field.quantity.beyond:  # limits take operations of their own
                    value = field.quantity.within(value, *self._limits(name, raw))
            else:
                start, limits = self._start(name, raw), self._limits(name, raw)
                value = field.quantity.decode(numbers[name].reshape(shape), start, *limits)
            values[name] = field.nearest_end(value) if crisp and field.discrete else value
        return values

    def _by_field(self, columns: Tensor) -> dict[str, Tensor]:
        """Columns ``[B, n, width]`` by field: by one operation, whose gradient is one too."""
        sizes = [column.stop - column.start for column in self._columns.values()]
        return dict(zip(self._columns, columns.split(sizes, dim=-1), strict=True)) if sizes else {}

    def _decoded(self, own: Tensor) -> Tensor:
        """Raw numbers ``[B, n, width]`` on their sigmoids: of all fields at once, as tensor operations have a price."""
        if not self.width:
            return own
        kept = [self.get_buffer(part) for part in _CURVE]
        # In another precision ranges are to be as exact as that is.
        same = kept[0].dtype == own.dtype
        origin, least, span = (part.to(own) for part in kept) if same else self._curves(own)
        return torch.addcmul(least, span, torch.sigmoid(own + origin))

    def _curves(self, like: Tensor) -> list[Tensor]:
        """``Quantity.curve`` of each raw number, ``[n, width]`` each; 0 of fields that follow none."""
        parts: list[list[Tensor]] = []
        for name, column in self._columns.items():
            field, size = self._fields[name], (len(self.slots), column.stop - column.start)
            start = self._start(name, like)
            if _follows_sigmoid(field):
                curve = field.quantity.curve(start, *self._limits(name, like))
                full = (one if isinstance(one, Tensor) else like.new_full((), one) for one in curve)
                parts.append([one.expand_as(start).reshape(size) for one in full])
            else:
                parts.append([like.new_zeros(size)] * 3)
        return [torch.cat(of_all, dim=1) for of_all in zip(*parts, strict=True)]

    def group(self, values: Values) -> Group:
        """The shapes that values stand for."""
        return self.painting.group(self.outline(values), self.slots, values)

    def with_seeds(self, raw: Tensor, members: Sequence[int], seeds: Seeds) -> Tensor:
        """The raw numbers of these shapes ``[B, n, width]``, with some of them where seeds are.

        Args:
            raw: of the layout, ``[B, raw_size]``.
            members: which of the n shapes.
            seeds: for each of the B drawings one for each member.
        """
        own, chosen = self.of(raw).clone(), list(members)
        for name, column in self._columns.items():
            if (value := seeded_value(name, self._fields[name], seeds)) is not None:
                start, limits = self._start(name, raw), self._limits(name, raw)
                if name in self._limited:  # each shape may have a range of its own
                    low, high = (torch.as_tensor(end).expand_as(start)[chosen] for end in limits)
                    limits = low, high
                numbers = self._fields[name].quantity.encode(value, start[chosen], *limits)
                own[:, chosen, column] = numbers.reshape(*numbers.shape[:2], -1)
        return own

    def start_offsets(self, order: Tensor, like: Tensor) -> Tensor:
        """What to add to raw numbers so that each shape stays as it is in another slot, where another start is.

        Args:
            order: the shape that comes to each of the n slots, ``[B, n]``.
            like: a tensor of the device and type wanted.

        Returns:
            ``[B, n, width]``.
        """
        found = like.new_zeros(*order.shape, self.width)
        for name, column in self._columns.items():
            start, quantity = self._start(name, like), self._fields[name].quantity
            offset = quantity.encode(start[order], start, *self._limits(name, like))
            found[..., column] = offset.reshape(*order.shape, -1)
        return found

    def _start(self, name: str, like: Tensor) -> Tensor:
        return self.get_buffer(f"{name}_start").to(like)

    def _limits(self, name: str, like: Tensor) -> tuple[Tensor | float, Tensor | float]:
        if name in self._limited:
            return self.get_buffer(f"{name}_low").to(like), self.get_buffer(f"{name}_high").to(like)
        field = self._fields[name]
        return field.quantity.limits(field.low, field.high, self.get_buffer("canvas").to(like))


def _follows_sigmoid(field: Field) -> bool:
    """Whether the values of a field are what ``Quantity.decode`` makes of raw numbers."""
    return type(field.quantity).decode is Quantity.decode


def seeded_value(name: str, field: Field, seeds: Seeds) -> Tensor | None:
    """The value of a field at seeds: ``[..., n]``, ``[..., n, size]`` or ``[..., n, P, 2]``; None if they have none."""
    if name in DEPTH:
        return None
    return seeds.color if base_color(name) in ("color", "stroke_color") else field.quantity.seed(field.start, seeds)


def in_order(blocks: Sequence[KindBlock]) -> Tensor:
    """Index that brings rows, block by block, into the order of their slots, ``[N]``."""
    return torch.tensor([slot for block in blocks for slot in block.slots], dtype=torch.long).argsort()
