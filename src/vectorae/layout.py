"""Layout: the slots of a scene, and what an encoder's raw numbers mean in each of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vectorae.errors import UserError, choose
from vectorae.formations import FORMATIONS, GOLDEN_ANGLE
from vectorae.geometry import canvas_size
from vectorae.primitives import KINDS, Field, nearest_end, to_value
from vectorae.scene import Group, Scene

MARGIN = 0.1
"""How far beyond the canvas points may go, so that a shape can also leave it."""

BACKGROUND = Field("unit", 0.3, size=None)

LEARNED = "learned"


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
        channels: 1 (grey) or 3 (RGB).
        start: the formation in which the shapes begin: ``grid``, ``random``, ``ring`` or ``spiral``, or a list of
            [x, y] in canvas units, one for each slot.
        background: ``learned``, or a number or a list of C numbers in [0, 1].
        fields: for each field by name ``learned``, or the number that it is fixed to (opacity: 1.0, angle: 0.0). What
            is not named is learned, but for softness, which is 1.
        aspect: width / height of the canvas.

    Raises:
        UserError: an unknown kind, formation or field, or a number out of its range.
    """

    def __init__(
        self,
        kinds: Sequence[str],
        rows: int | None = None,
        columns: int | None = None,
        count: int | None = None,
        channels: int = 3,
        start: str | Sequence[Sequence[float]] = "grid",
        background: str | float | Sequence[float] = LEARNED,
        fields: Mapping[str, str | float] | None = None,
        aspect: float = 1.0,
    ) -> None:
        super().__init__()
        self.kinds = _known_kinds(kinds)
        self.rows, self.columns, self.count = _slots(rows, columns, count)
        if channels not in (1, 3):
            raise UserError(f"channels: {channels} is neither 1 (grey) nor 3 (RGB)")
        if not aspect > 0:
            raise UserError(f"aspect: {aspect} is not a ratio above 0")
        self.channels, self.aspect = channels, aspect
        fixed = _checked_fields(fields or {})
        centers, cells = _formation(start, self.rows, self.columns, self.count, aspect)

        self._slots: list[tuple[int, ...]] = []
        self._columns: list[list[_Column]] = []
        self._fixed: list[dict[str, tuple[Field, float | None]]] = []
        self.raw_size = 0
        for index in range(len(self.kinds)):
            slots = tuple(slot for slot in range(self.count) if self._kind_of(slot) == index)
            learned, constant = self._sort_fields(self.kinds[index], fixed)
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
            part = raw[:, first : first + len(slots) * width].reshape(len(raw), len(slots), width)
            first += len(slots) * width
            if slots:
                values = self._values(index, part, crisp)
                paints.append([values.pop("color"), values.pop("opacity"), values.pop("softness")])
                stroke_width = values.pop("stroke_width", None)
                groups.append(Group(KINDS[self.kinds[index]](**values).outline(), slots, stroke_width))
        order = [slot for group in groups for slot in group.slots]
        place = [order.index(slot) for slot in range(self.count)]
        color, opacity, softness = (torch.cat(parts, dim=1)[:, place] for parts in zip(*paints, strict=True))
        return Scene(tuple(groups), color, opacity, softness, self._background_color(raw))

    def random_raw(self, batch: int, seed: int, spread: float = 1.5) -> Tensor:
        """Raw numbers of random drawings, normally distributed, ``[batch, raw_size]``: the same for the same seed."""
        return torch.randn(batch, self.raw_size, generator=torch.Generator().manual_seed(seed)) * spread

    def _kind_of(self, slot: int) -> int:
        """Index into ``kinds``: a checkerboard in a grid, else in turn."""
        if self.columns is None:
            return slot % len(self.kinds)
        return (slot // self.columns + slot % self.columns) % len(self.kinds)

    def _sort_fields(
        self, kind: str, fixed: Mapping[str, float | None]
    ) -> tuple[list[_Column], dict[str, tuple[Field, float | None]]]:
        """The fields of a kind: those that are learned, with their places, and those that are constant."""
        learned: list[_Column] = []
        constant: dict[str, tuple[Field, float | None]] = {}
        first = 0
        for name, field in KINDS[kind].fields().items():
            if name in fixed and fixed[name] is None or name not in fixed and field.learned:
                size = self.channels if field.size is None else field.size
                learned.append(_Column(name, field, first, size))
                first += size
            else:
                constant[name] = (field, fixed.get(name))
        return learned, constant

    def _register_starts(self, index: int, centers: Tensor, cells: Tensor, slots: Tensor) -> None:
        """Every field's value in the starting arrangement, as a buffer ``[n]`` or ``[n, size]``."""
        strokes = KINDS[self.kinds[index]].paint == "stroke"
        turn = slots * GOLDEN_ANGLE if strokes else torch.zeros(len(slots))
        for name, field in KINDS[self.kinds[index]].fields().items():
            if field.quantity == "point":
                assert isinstance(field.start, tuple)
                x, y = field.start
                offset = torch.stack([x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()], dim=-1)
                value = centers + cells[:, None] * offset
            else:
                assert not isinstance(field.start, tuple)
                value = torch.full((len(slots),), float(field.start))
                value = value * cells if field.quantity == "length" else value
                value = value[:, None].expand(-1, self.channels) if field.size is None else value
            self.register_buffer(f"_start_{index}_{name}", value.clone(), persistent=False)

    def _values(self, index: int, raw: Tensor, crisp: bool) -> dict[str, Tensor]:
        """Name → value of the shapes of one kind, ``[B, n]`` or ``[B, n, size]``; raw is ``[B, n, numbers]``."""
        values = {}
        for column in self._columns[index]:
            start = self._start(index, column.name, raw)
            numbers = raw[..., column.first : column.first + column.size]
            numbers = numbers if start.dim() == 2 else numbers.squeeze(-1)
            low, high = self._range(column.field, raw)
            value = to_value(column.field, numbers, start, low, high)
            values[column.name] = nearest_end(column.field, value) if crisp and column.field.discrete else value
        for name, (field, number) in self._fixed[index].items():
            start = self._start(index, name, raw)
            value = start if number is None else torch.full_like(start, number)
            value = nearest_end(field, value) if crisp and field.discrete else value
            values[name] = value.expand(len(raw), *value.shape)
        return values

    def _start(self, index: int, name: str, like: Tensor) -> Tensor:
        start: Tensor = self.get_buffer(f"_start_{index}_{name}")
        return start.to(like)

    def _range(self, field: Field, like: Tensor) -> tuple[Tensor | float, Tensor | float]:
        if field.quantity != "point":
            return field.low, field.high
        return -MARGIN, torch.tensor(canvas_size(self.aspect)).to(like) + MARGIN

    def _background_color(self, raw: Tensor) -> Tensor:
        start = self.get_buffer("_background").to(raw)
        if not self.learns_background:
            return start.expand(len(raw), -1)
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


def _checked_fields(fields: Mapping[str, Any]) -> dict[str, float | None]:
    """Name → the number a field is fixed to, None where it is learned."""
    known = {name: field for kind in KINDS.values() for name, field in kind.fields().items()}
    checked: dict[str, float | None] = {}
    for name, value in fields.items():
        key = f"fields.{name}"
        if name not in known:
            raise UserError(f"{key}: no such field; {choose(name, known)}")
        field = known[name]
        if value == LEARNED:
            checked[name] = None
            continue
        if field.quantity == "point":
            raise UserError(f"{key}: a point is always learned")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UserError(f"{key}: {value!r} is neither 'learned' nor a number")
        if field.quantity != "angle" and not field.low <= value <= field.high:
            raise UserError(f"{key}: {value} is not between {field.low} and {field.high}")
        checked[name] = float(value)
    return checked


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
