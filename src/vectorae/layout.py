"""Layout: the slots of a scene, and what an encoder's raw numbers mean in each of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import torch
from torch import Tensor, nn

from vectorae.errors import UserError, choose
from vectorae.formations import FORMATIONS, GOLDEN_ANGLE
from vectorae.geometry import canvas_size
from vectorae.primitives import DEPTH, KINDS, Field, Options, Paint, nearest_end, to_value
from vectorae.scene import Group, Scene

MARGIN = 0.1
"""How far beyond the canvas points may go, so that a shape can also leave it."""

BACKGROUND = Field("unit", 0.3, size=None)

LEARNED = "learned"

ORDERINGS = ("slot", "depth")


@dataclass(frozen=True)
class _Column:
    """Some raw numbers of every shape of a group: which field they are."""

    name: str
    field: Field
    first: int
    size: int


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
        self.kinds = _known_kinds(kinds)
        self.rows, self.columns, self.count = _slots(rows, columns, count)
        self._turns = None if counts is None else _take_turns(_checked_counts(counts, self.kinds, self.count))
        if channels not in (1, 3):
            raise UserError(f"channels: {channels} is neither 1 (grey) nor 3 (RGB)")
        if not 0 < aspect < math.inf:
            raise UserError(f"aspect: {aspect} is not a ratio above 0")
        if ordering not in ORDERINGS:
            raise UserError(f"ordering: no {ordering!r}; {choose(ordering, ORDERINGS)}")
        self.channels, self.aspect, self.ordering = channels, aspect, ordering
        self._options = _checked_options(options or {}, self.kinds)
        self._paint = _checked_paint(paint, self.kinds)
        fixed = _checked_fields(fields or {}, channels)
        centers, cells = _formation(start, self.rows, self.columns, self.count, aspect)

        self._slots: list[tuple[int, ...]] = []
        self._columns: list[list[_Column]] = []
        self._fixed: list[dict[str, tuple[Field, Tensor | None]]] = []
        self.raw_size = 0
        for index in range(len(self.kinds)):
            slots = tuple(slot for slot in range(self.count) if self._kind_of(slot) == index)
            learned, constant = self._sort_fields(index, fixed)
            self._slots.append(slots)
            self._columns.append(learned)
            self._fixed.append(constant)
            self._register_starts(index, centers[list(slots)], cells[list(slots)], torch.tensor(slots))
            self.raw_size += len(slots) * sum(column.size for column in learned)
        self.learns_background = background == LEARNED
        if self.learns_background:
            self.raw_size += channels
        self.register_buffer("_background", _background(background, channels), persistent=False)

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
        groups, paints, first = [], [], 0
        for index, slots in enumerate(self._slots):
            width = sum(column.size for column in self._columns[index])
            part = raw[:, first : first + len(slots) * width].reshape(raw.shape[0], len(slots), width)
            first += len(slots) * width
            if slots:
                values = self._values(index, part, crisp)
                paints.append([values.pop(name) for name in ("color", "opacity", "softness", *self._ordered_by)])
                stroke_width = values.pop("stroke_width", None)
                outline = KINDS[self.kinds[index]](**values, **self._options[index]).outline()
                groups.append(Group(outline, slots, stroke_width))
        order = [slot for group in groups for slot in group.slots]
        place = [order.index(slot) for slot in range(self.count)]
        color, opacity, softness, *depth = (torch.cat(parts, dim=1)[:, place] for parts in zip(*paints, strict=True))
        return Scene(tuple(groups), color, opacity, softness, self._background_color(raw), *depth)

    def random_raw(self, batch: int, seed: int, spread: float = 1.5) -> Tensor:
        """Raw numbers of random drawings, normally distributed, ``[batch, raw_size]``: the same for the same seed."""
        return torch.randn(batch, self.raw_size, generator=torch.Generator().manual_seed(seed)) * spread

    @property
    def present_kinds(self) -> list[str]:
        """The kind of each group of a scene: kinds that have no slot are left out."""
        return [kind for kind, slots in zip(self.kinds, self._slots, strict=True) if slots]

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
        turn = slots * GOLDEN_ANGLE if strokes else torch.zeros(len(slots))
        for name, field in self._fields(index).items():
            if isinstance(field.start, tuple):
                x, y = torch.tensor(field.start)[:, None].unbind(-1)
                offset = torch.stack([x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()], dim=-1)
                value = centers[:, None] + cells[:, None, None] * offset.transpose(0, 1)
                value = value[:, 0] if field.quantity == "point" else value
            else:
                value = torch.full((len(slots),), float(field.start))
                value = (slots + 0.5) / self.count if name in DEPTH else value
                value = value * cells if field.quantity == "length" else value
                value = value[:, None].expand(-1, self.channels) if field.size is None else value
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


def _known_kinds(kinds: Sequence[str]) -> list[str]:
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    if not names:
        raise UserError(f"kinds: name one or more of {', '.join(KINDS)}")
    for name in names:
        if name not in KINDS:
            raise UserError(f"kinds: no {name!r}; {choose(name, KINDS)}")
    if len(set(names)) != len(names):
        raise UserError(f"kinds: {', '.join(names)} names a kind twice")
    return names


def _checked_counts(counts: Sequence[Any], kinds: Sequence[str], count: int) -> Sequence[int]:
    if any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in counts) or len(counts) != len(kinds):
        raise UserError(f"counts: {list(counts)} is not a whole number of 1 or more for each of {', '.join(kinds)}")
    if sum(counts) != count:
        raise UserError(f"counts: {sum(counts)} shapes altogether, but the layout has {count}")
    return counts


def _take_turns(counts: Sequence[int]) -> list[int]:
    """The kind of each slot: those of which there are still some, one after the other."""
    return [kind for turn in range(max(counts)) for kind, count in enumerate(counts) if turn < count]


def _slots(rows: int | None, columns: int | None, count: int | None) -> tuple[int | None, int | None, int]:
    """Rows, columns (None for a free layout) and the number of slots."""
    for name, value in (("rows", rows), ("columns", columns), ("count", count)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise UserError(f"{name}: {value} is not a whole number of 1 or more")
    if count is not None and rows is None and columns is None:
        return None, None, count
    if count is None and rows is not None and columns is not None:
        return rows, columns, rows * columns
    raise UserError(
        "primitives: give either rows and columns (a grid) or count (any number), and null for the others: "
        "rows=null columns=null count=20"
    )


def _checked_options(options: Mapping[str, Any], kinds: Sequence[str]) -> list[Options]:
    """The options of each kind."""
    known = [name for kind in kinds for name in KINDS[kind].options()]
    for name, value in options.items():
        if not known:
            raise UserError(f"options.{name}: {', '.join(kinds)} without options; write primitives.options=null")
        if name not in known:
            raise UserError(f"options.{name}: no such option; {choose(name, set(known))}")
        for kind in kinds:
            if name in KINDS[kind].options():
                KINDS[kind].options()[name].check(f"options.{name}", value)
    return [{name: options[name] for name in KINDS[kind].options() if name in options} for kind in kinds]


def _checked_paint(paint: str | Mapping[str, str], kinds: Sequence[str]) -> list[Paint]:
    """The paint of each kind."""
    choices: tuple[Paint, ...] = get_args(Paint)
    by_kind = paint if isinstance(paint, Mapping) else dict.fromkeys(kinds, paint)
    for kind, value in by_kind.items():
        key = f"paint.{kind}" if isinstance(paint, Mapping) else "paint"
        if kind not in kinds:
            raise UserError(f"{key}: {kind} is not among the kinds ({', '.join(kinds)})")
        if value not in choices:
            raise UserError(f"{key}: no {value!r}; {choose(str(value), choices)}")
        if isinstance(paint, Mapping) and value == "fill" and KINDS[kind].paint == "stroke":
            raise UserError(f"{key}: a {kind} has no inside to fill; it is stroked")
    return ["stroke" if by_kind.get(kind) == "stroke" else KINDS[kind].paint for kind in kinds]


def _checked_fields(fields: Mapping[str, Any], channels: int) -> dict[str, Tensor | None]:
    """Name → the value that a field is fixed to, ``[]`` or ``[C]``; None where it is learned."""
    known = {name: field for kind in KINDS.values() for name, field in kind.fields(paint="stroke").items()}
    checked: dict[str, Tensor | None] = {}
    for name, value in fields.items():
        key = f"fields.{name}"
        if name in DEPTH:
            raise UserError(f"{key}: write ordering=depth, and it is learned")
        if name not in known:
            raise UserError(f"{key}: no such field; {choose(name, known)}")
        field = known[name]
        if value == LEARNED:
            checked[name] = None
            continue
        if field.quantity in ("point", "points"):
            raise UserError(f"{key}: a point is always learned")
        checked[name] = torch.tensor(_checked_numbers(key, value, field, channels))
    return checked


def _checked_numbers(key: str, value: Any, field: Field, channels: int) -> float | list[float]:
    numbers = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if any(isinstance(one, bool) or not isinstance(one, int | float) or not math.isfinite(one) for one in numbers):
        raise UserError(f"{key}: {value!r} is neither 'learned' nor a number")
    for one in numbers:
        if field.quantity != "angle" and not field.low <= one <= field.high:
            raise UserError(f"{key}: {one} is not between {field.low} and {field.high}")
    if numbers != [value] and (field.size is not None or len(numbers) != channels):
        raise UserError(f"{key}: {value!r} is not one number" + (f" or {channels}" if field.size is None else ""))
    return [float(one) for one in numbers] if numbers != [value] else float(value)


def _formation(
    start: str | Sequence[Sequence[float]], rows: int | None, columns: int | None, count: int, aspect: float
) -> tuple[Tensor, Tensor]:
    """Centres ``[N, 2]`` and cell sizes ``[N]``."""
    if isinstance(start, str):
        if start not in FORMATIONS:
            raise UserError(f"start: no {start!r}; {choose(start, FORMATIONS)}, or list a place for each shape")
        if rows is None or columns is None:
            columns = math.ceil(math.sqrt(count * aspect))
            rows = math.ceil(count / columns)
        if start != "grid":
            rows, columns = 1, count
        centers, cells = FORMATIONS[start](rows, columns, aspect)
        return centers[:count], cells[:count]
    try:
        centers = torch.tensor([[float(x) for x in place] for place in start])
    except (TypeError, ValueError):
        centers = torch.empty(0)
    if centers.shape != (count, 2):
        raise UserError(f"start: list one [x, y] for each of the {count} shapes, or name a formation")
    size = torch.tensor(canvas_size(aspect))
    if not bool(((centers >= -MARGIN) & (centers <= size + MARGIN)).all()):
        width, height = size.tolist()
        raise UserError(f"start: a place is not on the canvas, which is {width:g} wide and {height:g} high")
    _, cells = FORMATIONS["spiral"](1, count, aspect)
    return centers, cells


def _background(background: str | float | Sequence[float], channels: int) -> Tensor:
    """``[C]``"""
    if background == LEARNED:
        assert isinstance(BACKGROUND.start, float)
        return torch.full((channels,), BACKGROUND.start)
    try:
        color = torch.as_tensor(background, dtype=torch.float32).expand(channels).clone()
    except (TypeError, ValueError, RuntimeError):
        color = torch.tensor([torch.nan])
    if not bool(((color >= 0) & (color <= 1)).all()):
        raise UserError(f"background: {background!r} is neither 'learned' nor a number or {channels} numbers in [0, 1]")
    return color
