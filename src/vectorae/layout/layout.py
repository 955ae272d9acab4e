"""Layout: the slots of a scene, and what an encoder's raw numbers mean in each of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vectorae.errors import UserError, choose
from vectorae.geometry import canvas_size
from vectorae.layout.arguments import (
    BACKGROUND,
    LEARNED,
    MARGIN,
    ORDERINGS,
    arranged,
    background_color,
    checked_counts,
    checked_fields,
    checked_options,
    checked_paint,
    checked_slots,
    known_kinds,
    take_turns,
)
from vectorae.layout.formations import GOLDEN_ANGLE
from vectorae.layout.seeds import Seeds
from vectorae.primitives import DEPTH, KINDS, Field, from_value, nearest_end, to_value
from vectorae.scene import Group, Scene

GREY = 0.7
"""That all shapes begin with where nothing else is known."""


@dataclass(frozen=True)
class _Column:
    """Some raw numbers of every shape of a group: which field they are."""

    name: str
    field: Field
    first: int
    size: int


@dataclass(frozen=True)
class Part:
    """Where the raw numbers of the shapes of one kind lie, those of one shape next to each other.

    Attributes:
        slots: of the n shapes, in the order of their numbers.
        width: numbers of each shape.
        first: place of the first number.
    """

    slots: tuple[int, ...]
    width: int
    first: int

    @property
    def end(self) -> int:
        """Place behind the last number."""
        return self.first + len(self.slots) * self.width

    def of(self, raw: Tensor) -> Tensor:
        """The numbers of these shapes, ``[B, n, width]``, of all, ``[B, raw_size]``: a view where there can be one."""
        return raw[:, self.first : self.end].reshape(raw.shape[0], len(self.slots), self.width)


class Layout(nn.Module):
    """The slots of a scene. Maps raw numbers ``[B, raw_size]`` to a ``Scene``; zeros are the starting arrangement.

    Raw numbers are ordered by kind (in the order of ``kinds``), within a kind by slot, within a slot by field as
    ``Primitive.fields`` lists them (without those that are fixed); the background comes last.

    Args:
        kinds: names from ``vectorae.primitives.KINDS``. In a grid they repeat as a checkerboard, else one after the
            other.
        rows, columns: a grid of slots; or
        count: any number of slots.
        counts: how many of each kind, if not about as many of all; they take turns as long as there are some left.
        channels: 1 (grey) or 3 (RGB).
        start: the formation in which the shapes begin: ``grid``, ``random``, ``ring`` or ``spiral``, or a list of
            [x, y] in canvas units, one for each slot.
        background: ``learned``, or a number or a list of C numbers in [0, 1].
        fields: for each field by name ``learned``, or the number that it is fixed to (opacity: 1.0, angle: 0.0). What
            is not named is learned, but for softness, which is 1. Colour may also be a list of C numbers.
        options: settings of the kinds by name, such as ``corners`` of a polygon (see ``vectorae.primitives``); each is
            that of all kinds that have it.
        paint: ``fill``, or ``stroke`` for the outlines of all kinds; or one of them for each kind by name. Lines and
            curves are always stroked.
        ordering: ``slot`` (the last on top), or ``depth``: every shape learns how far in front it is, beginning in the
            order of the slots.
        aspect: width / height of the canvas.

    Raises:
        UserError: an unknown kind, formation, field or option, or a number out of its range.
    """

    def __init__(
        self,
        kinds: Sequence[str],
        rows: int | None = None,
        columns: int | None = None,
        count: int | None = None,
        counts: Sequence[int] | None = None,
        channels: int = 3,
        start: str | Sequence[Sequence[float]] = "grid",
        background: str | float | Sequence[float] = LEARNED,
        fields: Mapping[str, str | float | Sequence[float]] | None = None,
        options: Mapping[str, int | bool | str] | None = None,
        paint: str | Mapping[str, str] = "fill",
        ordering: str = "slot",
        aspect: float = 1.0,
    ) -> None:
        super().__init__()
        self.kinds = known_kinds(kinds)
        self.rows, self.columns, self.count = checked_slots(rows, columns, count)
        self._turns = None if counts is None else take_turns(checked_counts(counts, self.kinds, self.count))
        if channels not in (1, 3):
            raise UserError(f"channels: {channels} is neither 1 (grey) nor 3 (RGB)")
        if not 0 < aspect < math.inf:
            raise UserError(f"aspect: {aspect} is not a ratio above 0")
        if ordering not in ORDERINGS:
            raise UserError(f"ordering: no {ordering!r}; {choose(ordering, ORDERINGS)}")
        self.channels, self.aspect, self.ordering = channels, aspect, ordering
        self._options = checked_options(options or {}, self.kinds)
        self._paint = checked_paint(paint, self.kinds)
        fixed = checked_fields(fields or {}, channels)
        centers, cells = arranged(start, self.rows, self.columns, self.count, aspect)

        self._parts: list[Part] = []
        self._columns: list[list[_Column]] = []
        self._fixed: list[dict[str, tuple[Field, Tensor | None]]] = []
        self.raw_size = 0
        for index in range(len(self.kinds)):
            slots = tuple(slot for slot in range(self.count) if self._kind_of(slot) == index)
            learned, constant = self._sort_fields(index, fixed)
            part = Part(slots, sum(column.size for column in learned), self.raw_size)
            self._parts.append(part)
            self._columns.append(learned)
            self._fixed.append(constant)
            self._register_starts(index, centers[list(slots)], cells[list(slots)], torch.tensor(slots))
            self.raw_size = part.end
        self.learns_background = background == LEARNED
        if self.learns_background:
            self.raw_size += channels
        order = torch.tensor([slot for part in self._parts for slot in part.slots])
        self.register_buffer("_place", order.argsort(), persistent=False)
        self.register_buffer("_background", background_color(background, channels), persistent=False)

    def forward(self, raw: Tensor, crisp: bool = False) -> Scene:
        """The scene that raw numbers stand for.

        Args:
            raw: ``[B, raw_size]``; half precision is raised to float32.
            crisp: make the discrete choices (circle or square).

        Returns:
            A scene of B drawings of ``count`` shapes.
        """
        if raw.shape[-1] != self.raw_size:
            raise ValueError(f"raw has {raw.shape[-1]} numbers for each drawing; this layout takes {self.raw_size}")
        raw = raw if raw.dtype == torch.float64 else raw.float()
        groups, paints = [], []
        for index, part in enumerate(self._parts):
            if part.slots:
                values = self._values(index, part.of(raw), crisp)
                paints.append([values.pop(name) for name in ("color", "opacity", "softness", *self._ordered_by)])
                stroke_width = values.pop("stroke_width", None)
                outline = KINDS[self.kinds[index]](**values, **self._options[index]).outline()
                groups.append(Group(outline, part.slots, stroke_width))
        place = self.get_buffer("_place")
        paint = (torch.cat(parts, dim=1)[:, place] for parts in zip(*paints, strict=True))
        color, opacity, softness, *depth = paint
        background = self._background_color(raw)
        return Scene(tuple(groups), color, opacity, softness, background, depth[0] if depth else None)

    def random_raw(self, batch: int, seed: int, spread: float = 1.5) -> Tensor:
        """Raw numbers of random drawings, normally distributed, ``[batch, raw_size]``: the same for the same seed."""
        return torch.randn(batch, self.raw_size, generator=torch.Generator().manual_seed(seed)) * spread

    @property
    def parts(self) -> Sequence[Part]:
        """Where the numbers of each kind of shape lie, in their order; what is left at the end is the background's."""
        return [part for part in self._parts if part.slots]

    @property
    def seedable(self) -> Sequence[int]:
        """Slots whose shapes may be put elsewhere: all."""
        return range(self.count)

    def field_names(self) -> list[str]:
        """The field that each raw number belongs to, by name; ``background`` for that of the background."""
        names: list[str] = []
        for columns, part in zip(self._columns, self._parts, strict=True):
            names += [column.name for column in columns for _ in range(column.size)] * len(part.slots)
        return names + ["background"] * (self.raw_size - len(names))

    def quantities(self) -> Mapping[str, str]:
        """The quantity of each learned field by name: ``{"center": "point", …}``."""
        found = {column.name: column.field.quantity for columns in self._columns for column in columns}
        return found | ({"background": BACKGROUND.quantity} if self.learns_background else {})

    def indices_of(self, slots: Sequence[int]) -> Tensor:
        """Which raw numbers are those of some slots, ``[n]``."""
        numbers: list[int] = []
        wanted = set(slots)
        for part in self._parts:
            for place, slot in enumerate(part.slots):
                if slot in wanted:
                    first = part.first + place * part.width
                    numbers += range(first, first + part.width)
        return torch.tensor(numbers, dtype=torch.long)

    def seeded(self, raw: Tensor, slots: Sequence[int], seeds: Seeds) -> Tensor:
        """Raw numbers by which some shapes stand where seeds are, all others as they were.

        Args:
            raw: ``[B, raw_size]``.
            slots: n of them.
            seeds: for each of the B drawings one for each of the slots, in their order.

        Returns:
            ``[B, raw_size]``; whatever lies out of a field's range comes as near as it can.
        """
        raw, asked = raw.clone(), {slot: number for number, slot in enumerate(slots)}
        for index, part in enumerate(self._parts):
            places = [place for place, slot in enumerate(part.slots) if slot in asked]
            if not places:
                continue
            some, found = seeds.take([asked[part.slots[place]] for place in places]), part.of(raw).clone()
            for column in self._columns[index]:
                value = some.value(column.name, column.field)
                if value is None:
                    continue
                start = self._start(index, column.name, raw)[places]
                numbers = from_value(column.field, value, start, *self._range(column.field, raw))
                found[:, places, column.first : column.first + column.size] = numbers.reshape(*numbers.shape[:2], -1)
            raw[:, part.first : part.end] = found.flatten(1)
        return raw

    @property
    def present_kinds(self) -> list[str]:
        """The kind of each group of a scene: kinds that have no slot are left out."""
        return [kind for kind, part in zip(self.kinds, self._parts, strict=True) if part.slots]

    @property
    def _ordered_by(self) -> tuple[str, ...]:
        return tuple(DEPTH) if self.ordering == "depth" else ()

    def _fields(self, index: int) -> dict[str, Field]:
        """Name → field of the kind with this index."""
        fields = KINDS[self.kinds[index]].fields(self._options[index], self._paint[index])
        return fields | (DEPTH if self.ordering == "depth" else {})

    def _kind_of(self, slot: int) -> int:
        """Index into ``kinds``: a checkerboard in a grid, else in turn; or as many of each as are wanted."""
        if self._turns is not None:
            return self._turns[slot]
        if self.columns is None:
            return slot % len(self.kinds)
        return (slot // self.columns + slot % self.columns) % len(self.kinds)

    def _sort_fields(
        self, index: int, fixed: Mapping[str, Tensor | None]
    ) -> tuple[list[_Column], dict[str, tuple[Field, Tensor | None]]]:
        """The fields of a kind: those that are learned, with their places, and those that are constant."""
        learned: list[_Column] = []
        constant: dict[str, tuple[Field, Tensor | None]] = {}
        first = 0
        for name, field in self._fields(index).items():
            if name in fixed and fixed[name] is None or name not in fixed and field.learned:
                size = self.channels if field.size is None else field.size
                learned.append(_Column(name, field, first, size))
                first += size
            else:
                constant[name] = (field, fixed.get(name))
        return learned, constant

    def _register_starts(self, index: int, centers: Tensor, cells: Tensor, slots: Tensor) -> None:
        """Every field's value in the starting arrangement, as a buffer ``[n]``, or ``[n, size]``, or ``[n, P, 2]``."""
        strokes = KINDS[self.kinds[index]].paint == "stroke"
        turns = slots * GOLDEN_ANGLE if strokes else torch.zeros(len(slots))
        seeds = Seeds(centers, cells, turns)
        for name, field in self._fields(index).items():
            value = seeds.value(name, field)
            if value is None and name in DEPTH:
                value = (slots + 0.5) / self.count
            elif value is None:
                value = torch.full((len(slots), self.channels), GREY)
            self.register_buffer(f"_start_{index}_{name}", value.clone(), persistent=False)

    def _values(self, index: int, raw: Tensor, crisp: bool) -> dict[str, Tensor]:
        """Name → value of the shapes of one kind, ``[B, n]`` or ``[B, n, size]``; raw is ``[B, n, numbers]``."""
        values = {}
        for column in self._columns[index]:
            start = self._start(index, column.name, raw)
            numbers = raw[..., column.first : column.first + column.size]
            numbers = numbers.reshape(raw.shape[0], *start.shape)
            low, high = self._range(column.field, raw)
            value = to_value(column.field, numbers, start, low, high)
            values[column.name] = nearest_end(column.field, value) if crisp and column.field.discrete else value
        for name, (field, number) in self._fixed[index].items():
            start = self._start(index, name, raw)
            value = start if number is None else number.to(start).expand_as(start)
            value = nearest_end(field, value) if crisp and field.discrete else value
            values[name] = value.expand(raw.shape[0], *value.shape)
        return values

    def _start(self, index: int, name: str, like: Tensor) -> Tensor:
        start: Tensor = self.get_buffer(f"_start_{index}_{name}")
        return start.to(like)

    def _range(self, field: Field, like: Tensor) -> tuple[Tensor | float, Tensor | float]:
        if field.quantity not in ("point", "points"):
            return field.low, field.high
        return -MARGIN, torch.tensor(canvas_size(self.aspect)).to(like) + MARGIN

    def _background_color(self, raw: Tensor) -> Tensor:
        start = self.get_buffer("_background").to(raw)
        if not self.learns_background:
            return start.expand(raw.shape[0], -1)
        return to_value(BACKGROUND, raw[:, -self.channels :], start, BACKGROUND.low, BACKGROUND.high)
