"""The arguments of a layout, checked: kinds, counts, paint, fields, formation, background."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import torch
from torch import Tensor

from vectorae.config import check_value
from vectorae.errors import UserError, choose
from vectorae.geometry import canvas_size
from vectorae.layout.base import BACKGROUND
from vectorae.layout.formations import FORMATIONS
from vectorae.primitives import DEPTH, KINDS, MARGIN, Field, Options, Paint

LEARNED = "learned"


def known_kinds(kinds: Sequence[str]) -> list[str]:
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    if not names:
        raise UserError(f"kinds: name one or more of {', '.join(KINDS)}")
    for name in names:
        if name not in KINDS:
            raise UserError(f"kinds: no {name!r}; {choose(name, KINDS)}")
    if len(set(names)) != len(names):
        raise UserError(f"kinds: {', '.join(names)} names a kind twice")
    return names


def checked_counts(counts: Sequence[int], kinds: Sequence[str], count: int) -> Sequence[int]:
    if len(counts) != len(kinds):
        raise UserError(f"counts: give one number for each of {', '.join(kinds)}, not {list(counts)}")
    if sum(counts) != count:
        raise UserError(f"counts: {sum(counts)} shapes altogether, but the layout has {count}")
    return counts


def take_turns(counts: Sequence[int]) -> list[int]:
    """The kind of each slot: kinds take turns until all of their shapes are placed."""
    return [kind for turn in range(max(counts)) for kind, count in enumerate(counts) if turn < count]


def checked_slots(rows: int | None, columns: int | None, count: int | None) -> tuple[int | None, int | None, int]:
    """Rows, columns (None for a free layout) and the number of slots."""
    if count is not None and rows is None and columns is None:
        return None, None, count
    if count is None and rows is not None and columns is not None:
        return rows, columns, rows * columns
    raise UserError(
        "primitives: give either rows and columns (a grid) or count (any number), and null for the others: "
        "rows=null columns=null count=20"
    )


def checked_options(options: Mapping[str, Any], kinds: Sequence[str]) -> list[Options]:
    """The options of each kind."""
    known = [name for kind in kinds for name in KINDS[kind].options()]
    for name, value in options.items():
        if not known:
            raise UserError(f"options.{name}: {', '.join(kinds)} without options; write primitives.options=null")
        if name not in known:
            raise UserError(f"options.{name}: no such option; {choose(name, set(known))}")
        for kind in kinds:
            if name in KINDS[kind].options():
                check_value(f"options.{name}", value, KINDS[kind].options()[name].allowed)
    return [{name: options[name] for name in KINDS[kind].options() if name in options} for kind in kinds]


def checked_paint(paint: str | Mapping[str, str], kinds: Sequence[str]) -> list[Paint]:
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


def checked_fields(fields: Mapping[str, Any], channels: int) -> dict[str, Tensor | None]:
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
        if not field.quantity.fixable:
            raise UserError(f"{key}: a point is always learned")
        checked[name] = torch.tensor(checked_numbers(key, value, field, channels))
    return checked


def checked_numbers(key: str, value: Any, field: Field, channels: int) -> float | list[float]:
    numbers = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if any(isinstance(one, bool) or not isinstance(one, int | float) or not math.isfinite(one) for one in numbers):
        raise UserError(f"{key}: {value!r} is neither 'learned' nor a number")
    for one in numbers:
        if field.quantity.bounded and not field.low <= one <= field.high:
            raise UserError(f"{key} must be a number in [{field.low:g}, {field.high:g}], got {one}")
    if numbers != [value] and (field.size is not None or len(numbers) != channels):
        raise UserError(f"{key}: {value!r} is not one number" + (f" or {channels}" if field.size is None else ""))
    return [float(one) for one in numbers] if numbers != [value] else float(value)


def arranged(
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


def background_color(background: str | float | Sequence[float], channels: int) -> Tensor:
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
