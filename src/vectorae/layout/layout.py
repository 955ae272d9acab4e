"""Layout: the slots of a scene, and what raw numbers stand for in each of them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, TypedDict, Unpack, get_args

import torch
from torch import Tensor

from vectorae.config.arguments import Choices, Fraction, OneOf, PositiveFloat, PositiveInt, validated, with_defaults
from vectorae.errors import UserError
from vectorae.layout.arguments import (
    LEARNED,
    Value,
    arranged,
    background_color,
    checked_counts,
    checked_fields,
    checked_options,
    checked_paint,
    checked_slots,
    checked_style,
    known_kinds,
    take_turns,
)
from vectorae.layout.base import BlockLayout
from vectorae.layout.formations import FORMATIONS, GOLDEN_ANGLE, even_rows
from vectorae.layout.kind_block import FieldStart, KindBlock, seeded_value
from vectorae.layout.painting import Painting
from vectorae.layout.values import Values
from vectorae.primitives import DEPTH, KINDS, Coats, Options, Paint, Seeds, base_color
from vectorae.scene import Outline

GREY = 0.7
"""The colour that all shapes start with."""

Kind = Annotated[str, OneOf(KINDS)]
CoatsName = Annotated[str, OneOf(get_args(Coats))]
Ordering = Annotated[str, OneOf(("slot", "depth"))]


class LayoutSettings(TypedDict, total=False):
    """Settings of a layout beyond its slots.

    Attributes:
        counts: how many of each kind; by default about as many of all. They take turns.
        channels: 1 (grey) or 3 (RGB).
        start: the formation in which the shapes begin: ``grid``, ``random``, ``ring`` or ``spiral``, or a list of
            [x, y] in canvas units, one for each slot.
        background: ``learned``, a number or a list of C numbers in [0, 1], or ``none``: drawings are transparent where
            there is no shape.
        fields: for each field by name ``learned``, or the number that it is fixed to (opacity: 1.0, angle: 0.0). By
            default all are learned but softness, which is 1. Colour may also be a list of C numbers, and is that of all
            stops of a gradient; a fixed opacity leaves these opaque.
        options: settings of the kinds by name, such as ``corners`` of a polygon (see ``vectorae.primitives``); each is
            that of all kinds that have it.
        paint: ``fill``; ``stroke`` for the outlines of all kinds; ``both`` in two colours, the stroke on top, or
            ``both_stroke_below``. Or ``{fill: linear}``, ``{stroke: radial}`` or both for gradients instead of ``flat``
            colours, with ``stops: 3`` for more than two; and, for a kind by name, what all are given without it:
            ``{fill: linear, circle: stroke}``. Lines and curves are always stroked.
        stroke: caps, joins and dashes of all strokes, see ``StrokeStyle``: ``{cap: butt, join: miter}``; round by
            default.
        ordering: ``slot`` (the last on top), or ``depth``: every shape learns how far in front it is, beginning in the
            order of the slots.
        aspect: width / height of the canvas.
    """

    counts: Sequence[PositiveInt] | None
    channels: Annotated[int, Choices((1, 3))]
    start: Annotated[str, OneOf(FORMATIONS)] | Sequence[Sequence[float]]
    background: Literal["learned", "none"] | Fraction | Sequence[Fraction]
    fields: Mapping[str, Value] | None
    options: Mapping[str, int | bool | str] | None
    paint: CoatsName | Mapping[str, str | int]
    stroke: Mapping[str, Any] | None
    ordering: Ordering
    aspect: PositiveFloat


DEFAULTS: LayoutSettings = {
    "counts": None,
    "channels": 3,
    "start": "grid",
    "background": "learned",
    "fields": None,
    "options": None,
    "paint": "fill",
    "stroke": None,
    "ordering": "slot",
    "aspect": 1.0,
}


class Layout(BlockLayout):
    """The slots of a scene. Maps raw numbers ``[B, raw_size]`` to a ``Scene``; zeros are the starting arrangement.

    Raw numbers are ordered by kind (in the order of ``kinds``), within a kind by slot, within a slot by field as
    ``Primitive.fields`` lists them (without those that are fixed); the background comes last.

    Example:
        >>> layout = Layout(kinds=["circle", "square"], rows=4, columns=4)
        >>> scene = layout(layout.random_raw(batch=8, seed=0))
        >>> scene.batch, scene.count
        (8, 16)

    Args:
        kinds: names from ``vectorae.primitives.KINDS``. In a grid they repeat as a checkerboard, else one after the
            other.
        rows, columns: a grid of slots; or
        count: any number of slots.
        settings: see ``LayoutSettings``.

    Raises:
        UserError: an unknown kind, formation, field or option, or a number out of its range.
    """

    @validated
    def __init__(
        self,
        kinds: Kind | Sequence[Kind],
        rows: PositiveInt | None = None,
        columns: PositiveInt | None = None,
        count: PositiveInt | None = None,
        **settings: Unpack[LayoutSettings],
    ) -> None:
        super().__init__()
        chosen = with_defaults(DEFAULTS, settings)
        self.kinds = known_kinds(kinds)
        self.rows, self.columns, self.count = checked_slots(rows, columns, count)
        self.channels, self.aspect, self.ordering = chosen["channels"], chosen["aspect"], chosen["ordering"]
        kind_of = self._kinds_of_slots(chosen["counts"])
        options, paints = (
            checked_options(chosen["options"] or {}, self.kinds),
            checked_paint(chosen["paint"], self.kinds),
        )
        if self.ordering == "depth" and any(paint.is_both for paint in paints):
            raise UserError("ordering: depth, and fill and stroke of a shape have but one; write paint=fill or stroke")
        fixed = checked_fields(chosen["fields"] or {}, self.channels, paints)
        style = checked_style(chosen["stroke"] or {})
        if not style.is_plain and all(paint.coats == "fill" for paint in paints):
            raise UserError("stroke: none of these shapes is stroked; write paint=stroke, or leave stroke out")
        centers, cells = arranged(chosen["start"], self.rows, self.columns, self.count, self.aspect)
        seeds = Seeds(centers, cells, torch.zeros(self.count))
        blocks: list[KindBlock] = []
        self.present_kinds: list[str] = []
        for index, kind in enumerate(self.kinds):
            slots = [slot for slot in range(self.count) if kind_of[slot] == index]
            if slots:
                starts = self._starts(kind, options[index], paints[index], slots, seeds.take(slots), fixed)
                outline = partial(_outline, kind, options[index])
                before, painting = blocks[-1].end if blocks else 0, Painting(paints[index].stroke_below, style)
                blocks.append(KindBlock(slots, before, starts, outline, self.aspect, painting))
                self.present_kinds.append(kind)
        background = chosen["background"]
        self._assemble(blocks, background_color(background, self.channels), background == LEARNED)
        self._start = chosen["start"]

    def __repr__(self) -> str:
        """`Layout(16 shapes: 8 circle, 8 square; 115 raw numbers)`."""
        parts = [f"{len(block.slots)} {kind}" for kind, block in zip(self.present_kinds, self.kind_blocks, strict=True)]
        return f"Layout({self.count} shapes: {', '.join(parts)}; {self.raw_size} raw numbers)"

    def starts(self) -> Tensor:
        """The starting arrangements of fewer shapes: raw numbers ``[N, raw_size]``, row k − 1 for the k lowest.

        Each is that of a layout of k shapes: spread over the whole canvas, and larger. The last row is 0.
        """
        rows = [torch.zeros(1, self.raw_size)]
        turn = torch.zeros(1, self.count)
        for kind, block in zip(self.present_kinds, self.kind_blocks, strict=True):
            if KINDS[kind].paint == "stroke":
                turn[:, block.slots] = torch.tensor(block.slots) * GOLDEN_ANGLE
        for count in range(self.count - 1, 0, -1):
            centers, cells = self._spread(count)
            seeds = Seeds(centers[None], cells[None], turn[:, :count])
            rows.append(self.with_seeds(torch.zeros(1, self.raw_size), range(count), seeds))
        return torch.cat(rows[::-1])

    def _spread(self, count: int) -> tuple[Tensor, Tensor]:
        """Centres ``[k, 2]`` and cell sizes ``[k]`` of the formation of fewer shapes."""
        if self._start == "grid":
            return even_rows(count, self.aspect)
        if isinstance(self._start, str):
            return FORMATIONS[self._start](1, count, self.aspect)
        return arranged(self._start[:count], None, None, count, self.aspect)

    def _kinds_of_slots(self, counts: Sequence[int] | None) -> list[int]:
        """The kind of each slot, an index into ``kinds``: a checkerboard in a grid, else in turn."""
        if counts is not None:
            return take_turns(checked_counts(counts, self.kinds, self.count))
        if self.columns is None:
            return [slot % len(self.kinds) for slot in range(self.count)]
        return [(slot // self.columns + slot % self.columns) % len(self.kinds) for slot in range(self.count)]

    def _starts(
        self,
        kind: str,
        options: Options,
        paint: Paint,
        slots: Sequence[int],
        seeds: Seeds,
        fixed: Mapping[str, Tensor | None],
    ) -> dict[str, FieldStart]:
        """Every field of the shapes of a kind in the starting arrangement."""
        place = torch.tensor(slots)
        if KINDS[kind].paint == "stroke":
            seeds = Seeds(seeds.center, seeds.cell, place * GOLDEN_ANGLE)
        found = {}
        for name, field in (KINDS[kind].fields(options, paint) | (DEPTH if self.ordering == "depth" else {})).items():
            given = name if name in fixed else base_color(name)
            learned = fixed[given] is None if given in fixed else field.learned
            opaque = name.endswith("stop_opacity") and fixed.get("opacity") is not None and name not in fixed
            value = seeded_value(name, field, seeds)
            if name in DEPTH:
                value = (place + 0.5) / self.count
            elif value is None:
                value = torch.full((len(slots), self.channels), GREY)
            number = fixed.get(given)
            start = value if number is None else number.to(value).expand_as(value)
            # What is to have one opacity has it everywhere.
            found[name] = FieldStart(field, torch.ones_like(start) if opaque else start, learned and not opaque)
        return found


def _outline(kind: str, options: Options, values: Values) -> Outline:
    primitive = KINDS[kind]
    own: dict[str, Any] = {name: value for name, value in values.items() if name in primitive.__dataclass_fields__}
    return primitive(**own, **options).outline()
