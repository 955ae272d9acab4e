"""Layouts of large drawings that are made of tiles, each of which is a drawing of one small layout."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from vectorae.layout.base import BlockLayout, LayoutBase
from vectorae.primitives import Quantity
from vectorae.scene import Group, RoundedBox, Scene

OVERLAP = 0.02
"""Of the boxes behind neighbouring tiles, in sides of a tile: nothing else is seen between them."""


class TiledLayout(LayoutBase):
    """A canvas of T square tiles with a drawing of the same layout in each. Nothing is cut off at a tile's sides.

    The raw numbers are those of the tiles, one tile after the other. From the bottom there are first the backgrounds of
    the tiles, as boxes that meet between them; then the lowest shapes of all tiles, then the second ones, and so on. So
    whatever is said of a number of shapes holds for each tile.

    Args:
        tile: the layout of a tile, on a square canvas.
        corners: upper left corners of the tiles, ``[T, 2]`` canvas units, a whole grid of them row by row.
        side: of a tile, canvas units.
        aspect: width / height of the canvas.

    Attributes:
        tiles: number of tiles, T.
        lowest: number of backgrounds below the shapes: T, or 0 where the background is fixed.
    """

    def __init__(self, tile: BlockLayout, corners: Tensor, side: float, aspect: float) -> None:
        super().__init__()
        self.tile, self.side, self.tiles = tile, side, len(corners)
        self.lowest = self.tiles if tile.learns_background else 0
        self.count = self.lowest + self.tiles * tile.count
        self.raw_size = self.tiles * tile.raw_size
        self.channels, self.aspect, self.ordering = tile.channels, aspect, tile.ordering
        self.register_buffer("_corners", corners, persistent=False)
        self.register_buffer("_boxes", _cells(corners, side), persistent=False)

    @property
    def is_transparent(self) -> bool:
        return self.tile.is_transparent

    def forward(self, raw: Tensor, crisp: bool = False) -> Scene:
        scene = self.tile(raw.unflatten(1, (self.tiles, -1)).flatten(0, 1), crisp)
        groups = [self._backgrounds(len(raw))] if self.lowest else []
        groups += [self._joined(group, len(raw)) for group in scene.groups]
        backgrounds = None if scene.background is None else scene.background.unflatten(0, (-1, self.tiles))
        color, opacity, softness = (self._by_slot(one) for one in (scene.color, scene.opacity, scene.softness))
        depth = None if scene.depth is None else self._by_slot(scene.depth)
        if self.lowest and backgrounds is not None:
            color = torch.cat([backgrounds, color], dim=1)
            below = opacity.new_ones(len(raw), self.lowest)
            opacity, softness = torch.cat([below, opacity], dim=1), torch.cat([below, softness], dim=1)
            if depth is not None:
                under = torch.arange(-self.lowest, 0, device=raw.device).to(depth)
                depth = torch.cat([under.expand(len(raw), -1), depth], dim=1)
        return replace(
            scene,
            groups=tuple(groups),
            color=color,
            opacity=opacity,
            softness=softness,
            background=None if backgrounds is None else backgrounds.mean(1),
            depth=depth,
        )

    def field_names(self) -> list[str]:
        return self.tile.field_names() * self.tiles

    def field_values(self, raw: Tensor) -> dict[str, Tensor]:
        return self.tile.field_values(raw.unflatten(1, (self.tiles, -1)).flatten(0, 1))

    def quantities(self) -> Mapping[str, Quantity]:
        return self.tile.quantities()

    def indices_of(self, slots: Sequence[int]) -> Tensor:
        size, indices = self.tile.raw_size, list[Tensor]()
        for slot in slots:
            shape, tile = divmod(slot - self.lowest, self.tiles)
            own = self.tile.indices_of([shape]) if shape >= 0 else torch.arange(size - self.channels, size)
            indices.append(own + tile * size)
        return torch.cat(indices) if indices else torch.zeros(0, dtype=torch.long)

    def _by_slot(self, values: Tensor) -> Tensor:
        """Values of the shapes of each tile, ``[B T, n, …]``, as they lie in the canvas: ``[B, n T, …]``."""
        return values.unflatten(0, (-1, self.tiles)).transpose(1, 2).flatten(1, 2)

    def _joined(self, group: Group, drawings: int) -> Group:
        """A group of each tile, of B T drawings, as one group of the canvas, of B ``drawings``."""
        corners = self.get_buffer("_corners").repeat(drawings, 1)
        placed = group.zoomed(self.side, corners[:, None])
        return replace(placed.map(self._by_slot), slots=_slots_of_tiles(group.slots, self.tiles, self.lowest))

    def _backgrounds(self, batch: int) -> Group:
        boxes = self.get_buffer("_boxes").expand(batch, -1, -1)
        nothing = torch.zeros_like(boxes[..., 0])
        return Group(RoundedBox(boxes[..., :2], boxes[..., 2:], nothing, nothing), tuple(range(self.lowest)))


@lru_cache(maxsize=64)
def _slots_of_tiles(slots: tuple[int, ...], tiles: int, lowest: int) -> tuple[int, ...]:
    """Where the shapes of each tile lie in the canvas."""
    return tuple(lowest + slot * tiles + tile for slot in slots for tile in range(tiles))


def _cells(corners: Tensor, side: float) -> Tensor:
    """Centres and half extents, ``[T, 4]``, of boxes that meet midway between the tiles of a grid."""
    ranges = []
    for axis in range(2):
        starts = corners[:, axis].unique()
        middles = (starts[1:] + starts[:-1] + side) / 2
        low = torch.cat([starts[:1] - side, middles])
        high = torch.cat([middles + OVERLAP * side, starts[-1:] + 2 * side])
        place = torch.searchsorted(starts, corners[:, axis].contiguous())
        ranges.append((low[place], high[place]))
    low, high = (torch.stack(ends, dim=-1) for ends in zip(*ranges, strict=True))
    return torch.cat([(low + high) / 2, (high - low) / 2], dim=-1)
