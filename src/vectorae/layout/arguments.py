"""The arguments of a layout, checked: kinds, counts, paint, fields, formation, background."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, get_args

import torch
from annotated_types import Ge, Le
from torch import Tensor

from vectorae.config.arguments import OneOf, check_value
from vectorae.errors import UserError, choose
from vectorae.geometry.canvas import canvas_size
from vectorae.geometry.stroke_style import StrokeStyle
from vectorae.layout.base import BACKGROUND_START
from vectorae.layout.formations import FORMATIONS
from vectorae.primitives import DEPTH, KINDS, MARGIN, MOST_STOPS, Coats, Field, Ink, Options, Paint

LEARNED, NONE = "learned", "none"

Value = Literal["learned"] | float | Sequence[float]
"""The value that a field is fixed to."""

MOST_SHAPES = 1_000_000
"""Shapes of a drawing, at most."""


def known_kinds(kinds: str | Sequence[str]) -> list[str]:
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    if not names:
        raise UserError(f"kinds: name one or more of {', '.join(KINDS)}")
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
    if (count is None) == (rows is None) or (rows is None) != (columns is None):
        raise UserError(
            "primitives: give either rows and columns (a grid) or count (any number), and null for the others: "
            "rows=null columns=null count=20"
        )
    slots = count if count is not None else (rows or 0) * (columns or 0)
    if slots > MOST_SHAPES:
        raise UserError(f"primitives: {slots} shapes are more than the {MOST_SHAPES} that a drawing may have")
    return rows, columns, slots


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


def checked_paint(paint: str | Mapping[str, str | int], kinds: Sequence[str]) -> list[Paint]:
    """The paint of each kind."""
    given: dict[str, Any] = {} if isinstance(paint, str) else dict(paint)
    inks, stops = {name: given.pop(name) for name in ("fill", "stroke") if name in given}, given.pop("stops", 2)
    check_value("paint.stops", stops, Annotated[int, Ge(2), Le(MOST_STOPS)])
    for name, ink in inks.items():
        check_value(f"paint.{name}", ink, Annotated[str, OneOf(get_args(Ink))])
    for kind, value in given.items():
        if kind not in kinds:
            if kind in KINDS:
                raise UserError(f"paint.{kind}: {kind} is not among the kinds ({', '.join(kinds)})")
            choices = ("fill", "stroke", "stops", *kinds)
            raise UserError(f"paint.{kind}: neither a kind of these shapes nor a setting; {choose(kind, choices)}")
        check_value(f"paint.{kind}", value, Annotated[str, OneOf(get_args(Coats))])
        if value != "stroke" and KINDS[kind].paint == "stroke":
            raise UserError(f"paint.{kind}: a {kind} has no inside to fill; it is stroked")
    both: Coats = "both" if len(inks) == 2 else "stroke" if "stroke" in inks else "fill"
    coats = paint if isinstance(paint, str) else both
    paints = [KINDS[kind].painted(Paint(given.get(kind, coats), stops=stops, **inks)) for kind in kinds]
    for name, ink in inks.items():
        if ink != "flat" and not any(
            name in (one.coats, "fill" if one.is_both else None) or one.is_both for one in paints
        ):
            raise UserError(f"paint.{name}: {ink}, but nothing has a {name}; leave it out, or choose other kinds")
    if isinstance(paint, Mapping) and "stops" in paint and all(ink == "flat" for ink in inks.values()):
        raise UserError("paint.stops: of gradients, and there are none; write paint.fill=linear, or leave it out")
    return paints


def checked_style(stroke: Mapping[str, Any]) -> StrokeStyle:
    """The caps, joins and dashes of strokes."""
    for name in stroke:
        if name not in StrokeStyle.__dataclass_fields__:
            raise UserError(f"stroke.{name}: no such key; {choose(name, StrokeStyle.__dataclass_fields__)}")
    given = dict(stroke)
    if isinstance(given.get("dashes"), Sequence):
        given["dashes"] = tuple(given["dashes"])
    try:
        return StrokeStyle(**given)
    except UserError as error:
        raise UserError(f"stroke.{error}") from error


def checked_fields(
    fields: Mapping[str, Value], channels: int, paints: Sequence[Paint] = ()
) -> dict[str, Tensor | None]:
    """Name → the value that a field is fixed to, ``[]`` or ``[C]``; None where it is learned."""
    wanted = [Paint("both"), *(replace(paint, coats="both") for paint in paints)]
    known = {name: one for kind in KINDS.values() for paint in wanted for name, one in kind.fields(paint=paint).items()}
    checked: dict[str, Tensor | None] = {}
    for name, value in fields.items():
        key = f"fields.{name}"
        if name in DEPTH:
            raise UserError(f"{key}: write ordering=depth, and it is learned")
        if name not in known:
            raise UserError(f"{key}: no such field; {choose(name, known)}")
        if value != LEARNED and not known[name].quantity.fixable:
            raise UserError(f"{key}: a point is always learned")
        checked[name] = None if isinstance(value, str) else fixed_value(key, value, known[name], channels)
    return checked


def fixed_value(key: str, value: float | Sequence[float], field: Field, channels: int) -> Tensor:
    numbers = value if isinstance(value, Sequence) else [value]
    if numbers is value and (field.size is not None or len(numbers) != channels):
        raise UserError(f"{key}: {value!r} is not one number" + (f" or {channels}" if field.size is None else ""))
    for one in numbers:
        if field.quantity.bounded and not field.low <= one <= field.high:
            raise UserError(f"{key} must be a number in [{field.low:g}, {field.high:g}], got {one}")
    return torch.tensor(value, dtype=torch.float32)


def arranged(
    start: str | Sequence[Sequence[float]], rows: int | None, columns: int | None, count: int, aspect: float
) -> tuple[Tensor, Tensor]:
    """Centres ``[N, 2]`` and cell sizes ``[N]``."""
    if isinstance(start, str):
        if rows is None or columns is None:
            columns = math.ceil(math.sqrt(count * aspect))
            rows = math.ceil(count / columns)
        if start != "grid":
            rows, columns = 1, count
        centers, cells = FORMATIONS[start](rows, columns, aspect)
        return centers[:count], cells[:count]
    if len(start) != count or any(len(place) != 2 for place in start):
        raise UserError(f"start: list one [x, y] for each of the {count} shapes, or name a formation")
    centers, size = torch.tensor(start, dtype=torch.float32), torch.tensor(canvas_size(aspect))
    if not bool(((centers >= -MARGIN) & (centers <= size + MARGIN)).all()):
        width, height = size.tolist()
        raise UserError(f"start: a place is not on the canvas, which is {width:g} wide and {height:g} high")
    _, cells = FORMATIONS["spiral"](1, count, aspect)
    return centers, cells


def background_color(background: str | float | Sequence[float], channels: int) -> Tensor | None:
    """``[C]``, or None for no background."""
    if background == NONE:
        return None
    if background == LEARNED:
        return torch.full((channels,), BACKGROUND_START)
    if isinstance(background, Sequence) and len(background) != channels:
        raise UserError(f"background: {background!r} is neither 'learned', 'none' nor one number or {channels}")
    return torch.tensor(background, dtype=torch.float32).expand(channels).clone()
