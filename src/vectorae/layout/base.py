"""What makes scenes of raw numbers: the base of all layouts, and of those that are made of blocks of one kind each."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

import torch
from torch import Tensor, nn

from vectorae.config.arguments import NonNegativeFloat, NonNegativeInt, validated
from vectorae.errors import UserError
from vectorae.layout.kind_block import KindBlock, in_order
from vectorae.primitives import UNIT, Field, Quantity, Seeds
from vectorae.scene import Composite, Scene

BACKGROUND_START = 0.3
BACKGROUND = Field(UNIT, BACKGROUND_START, size=None)


class LayoutBase(nn.Module, ABC):
    """Maps raw numbers ``[B, raw_size]`` to a ``Scene``; zeros are the starting arrangement. Nothing is learned.

    Attributes:
        count: number of shapes, N.
        raw_size: raw numbers of each drawing.
        channels: 1 (grey) or 3 (RGB).
        aspect: width / height of the canvas.
        ordering: ``slot`` or ``depth``.
        rows, columns: of a grid of slots, or None.
    """

    count: int
    raw_size: int
    channels: int
    aspect: float
    ordering: str = "slot"
    rows: int | None = None
    columns: int | None = None

    @property
    def is_transparent(self) -> bool:
        """Whether drawings have no background."""
        return False

    @property
    def image_channels(self) -> int:
        """Channels of the images that are drawn: with those of the colour, alpha where there is no background."""
        return self.channels + self.is_transparent

    @abstractmethod
    def forward(self, raw: Tensor, crisp: bool = False) -> Scene:
        """The scene that raw numbers stand for.

        Args:
            raw: ``[B, raw_size]``; half precision is raised to float32.
            crisp: make the discrete choices (circle or square).

        Returns:
            A scene of B drawings of ``count`` shapes.
        """

    @property
    def seedable(self) -> Sequence[int]:
        """Slots whose shapes may be put elsewhere: of some layouts none."""
        return ()

    @property
    def drawn(self) -> int:
        """How many shapes, from the bottom, are a drawing already: from the start they are there, where they are."""
        return self.count - len(self.seedable)

    @abstractmethod
    def field_names(self) -> list[str]:
        """The field of each raw number, by name; ``background`` for those of the background."""

    @abstractmethod
    def field_values(self, raw: Tensor) -> dict[str, Tensor]:
        """The values of each learned field by name, of all shapes that have it, as one vector.

        Args:
            raw: ``[B, raw_size]``.

        Returns:
            In the units of the fields, lengths in canvas units; ``background`` for the background.
        """

    @abstractmethod
    def quantities(self) -> Mapping[str, Quantity]:
        """The quantity of each learned field by name."""

    @abstractmethod
    def indices_of(self, slots: Sequence[int]) -> Tensor:
        """Indices of the raw numbers of some slots, ``[n]``, on the CPU."""

    def with_seeds(self, raw: Tensor, slots: Sequence[int], seeds: Seeds) -> Tensor:
        """Raw numbers with some seedable shapes moved to seeds, all others as they were.

        Args:
            raw: ``[B, raw_size]``.
            slots: n of them.
            seeds: for each of the B drawings one for each of the slots, in their order.

        Returns:
            ``[B, raw_size]``; what lies out of a field's range comes as near as it can.
        """
        raise ValueError(f"shapes {list(slots)} of this layout stay where they are")

    def raised(self, slots: Sequence[int], chosen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """How raw numbers change where chosen shapes come to lie on top of all others of their kind.

        Args:
            slots: n seedable ones, among which the shapes stay.
            chosen: which shapes, bool ``[B, N]``; none outside of these slots.

        Returns:
            Index and offset, ``[B, raw_size]`` each: ``raw.gather(1, index) + offset`` are the new raw numbers. And the
            slot that each shape comes from, ``[B, N]``.
        """
        raise ValueError(f"shapes {list(slots)} of this layout stay where they are")

    @validated
    def random_raw(self, batch: NonNegativeInt, seed: int, spread: NonNegativeFloat = 1.5) -> Tensor:
        """Raw numbers of random drawings, normally distributed, ``[batch, raw_size]``: the same for the same seed."""
        return torch.randn(batch, self.raw_size, generator=torch.Generator().manual_seed(seed)) * spread


class BlockLayout(LayoutBase):
    """A layout of blocks, one for each kind, and a background.

    Raw numbers are ordered by block, within a block by slot, within a slot by field (without those that are fixed); the
    background comes last.

    Attributes:
        blocks: the shapes by kind.
        learns_background: whether the background has raw numbers.
        background_field: what those stand for.
        composites: shapes that are painted as one, of a batch of 1; nothing of them is learned.
    """

    composites: Sequence[Composite] = ()
    background_field: Field = BACKGROUND

    def _assemble(
        self,
        blocks: Sequence[KindBlock],
        background: Tensor | None,
        learns_background: bool,
        composites: Sequence[Composite] = (),
    ) -> None:
        """Take blocks, in the order of their raw numbers, a background ``[C]``, or None, and composites as they are."""
        self.blocks, self.composites = nn.ModuleList(blocks), composites
        for number, tensor in enumerate(_tensors(composites)):
            self.register_buffer(f"_composite_{number}", tensor, persistent=False)
        self.learns_background = learns_background
        self.raw_size = (blocks[-1].end if blocks else 0) + (self.channels if learns_background else 0)
        self.register_buffer("_place", in_order(blocks), persistent=False)
        self.register_buffer("_background", background, persistent=False)

    @property
    def is_transparent(self) -> bool:
        return self._buffers["_background"] is None

    @property
    def kind_blocks(self) -> list[KindBlock]:
        """The blocks, typed."""
        return [block for block in self.blocks if isinstance(block, KindBlock)]

    def forward(self, raw: Tensor, crisp: bool = False) -> Scene:
        if not isinstance(raw, Tensor) or raw.dim() != 2 or raw.shape[1] != self.raw_size:
            given = list(raw.shape) if isinstance(raw, Tensor) else type(raw).__name__
            raise UserError(f"raw: {given}; this layout takes a tensor [B, {self.raw_size}]")
        raw = full_precision(raw)
        groups, paints = [], []
        names = ("color", "opacity", "softness", *(("depth",) if self.ordering == "depth" else ()))
        for block in self.kind_blocks:
            values = block(raw, crisp)
            paints.append([values[name] for name in names])
            groups.append(block.group(values))
        place = self.get_buffer("_place")
        color, opacity, softness, *depth = (
            torch.cat(parts, dim=1).index_select(1, place) for parts in zip(*paints, strict=True)
        )
        background = None if self.is_transparent else self._background_color(raw)
        scene = Scene(tuple(groups), color, opacity, softness, background, depth[0] if depth else None)
        return replace(scene, composites=self._composites(raw)) if self.composites else scene

    def _composites(self, raw: Tensor) -> tuple[Composite, ...]:
        number = count()

        def own(_: str, tensor: Tensor) -> Tensor:
            buffer = self.get_buffer(f"_composite_{next(number)}").to(raw)
            return buffer.expand(len(raw), *tensor.shape[1:])

        return tuple(one.map_named(own) for one in self.composites)

    @property
    def seedable(self) -> Sequence[int]:
        return range(self.count)

    def field_names(self) -> list[str]:
        names = [name for block in self.kind_blocks for name in block.field_names()]
        return names + ["background"] * (self.raw_size - len(names))

    def field_values(self, raw: Tensor) -> dict[str, Tensor]:
        found: dict[str, list[Tensor]] = {}
        for block in self.kind_blocks:
            values = block(full_precision(raw))
            for name in block.learned:
                found.setdefault(name, []).append(values[name].flatten())
        if self.learns_background:
            found["background"] = [self._background_color(raw).flatten()]
        return {name: torch.cat(values) for name, values in found.items()}

    def quantities(self) -> Mapping[str, Quantity]:
        found = {name: field.quantity for block in self.kind_blocks for name, field in block.learned.items()}
        return found | ({"background": self.background_field.quantity} if self.learns_background else {})

    def indices_of(self, slots: Sequence[int]) -> Tensor:
        indices: list[int] = []
        wanted = set(slots)
        for block in self.kind_blocks:
            for member, slot in enumerate(block.slots):
                if slot in wanted:
                    first = block.first + member * block.width
                    indices += range(first, first + block.width)
        return torch.tensor(indices, dtype=torch.long)

    def with_seeds(self, raw: Tensor, slots: Sequence[int], seeds: Seeds) -> Tensor:
        raw, asked = raw.clone(), {slot: number for number, slot in enumerate(slots)}
        for block in self.kind_blocks:
            members = [member for member, slot in enumerate(block.slots) if slot in asked]
            if members:
                some = seeds.take([asked[block.slots[member]] for member in members])
                raw[:, block.first : block.end] = block.with_seeds(raw, members, some).flatten(1)
        return raw

    def raised(self, slots: Sequence[int], chosen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch, device = len(chosen), chosen.device
        index = torch.arange(self.raw_size, device=device).repeat(batch, 1)
        offset = torch.zeros(batch, self.raw_size, device=device)
        origin, within = torch.arange(self.count, device=device).repeat(batch, 1), set(slots)
        for block in self.kind_blocks:
            members = [member for member, slot in enumerate(block.slots) if slot in within]
            if not members:
                continue
            # Those that are chosen last, all others and they among themselves as before.
            rank = chosen[:, [block.slots[member] for member in members]].to(torch.int8).argsort(dim=1, stable=True)
            order = torch.arange(len(block.slots), device=device).repeat(batch, 1)
            order[:, members] = torch.tensor(members, device=device)[rank]
            places = torch.tensor(block.slots, device=device)
            origin[:, places] = places[order]
            numbers = torch.arange(block.first, block.end, device=device).view(len(block.slots), block.width)
            index[:, block.first : block.end] = numbers[order].flatten(1)
            offset[:, block.first : block.end] = block.start_offsets(order, offset).flatten(1)
        return index, offset, origin

    def _background_color(self, raw: Tensor) -> Tensor:
        start = self.get_buffer("_background").to(raw)
        if not self.learns_background:
            return start.expand(raw.shape[0], -1)
        field = self.background_field
        return field.quantity.decode(raw[:, -self.channels :], start, field.low, field.high)


def _tensors(composites: Sequence[Composite]) -> list[Tensor]:
    """In the order of ``Composite.map_named``."""
    found: list[Tensor] = []

    def note(_: str, tensor: Tensor) -> Tensor:
        found.append(tensor)
        return tensor

    for one in composites:
        one.map_named(note)
    return found


def full_precision(raw: Tensor) -> Tensor:
    """Raw numbers in float32 at least: geometry needs its digits."""
    return raw if raw.dtype == torch.float64 else raw.float()
