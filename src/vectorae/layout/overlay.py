"""New shapes on top of an existing scene."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.layout.base import LayoutBase
from vectorae.layout.layout import Layout
from vectorae.layout.scene_layout import SceneLayout
from vectorae.primitives import Quantity, Seeds
from vectorae.scene import Scene


class OverlayLayout(LayoutBase):
    """An existing scene with new shapes on top of it; the raw numbers of the scene come first.

    Args:
        below: the scene; its background is that of all.
        above: a layout of the same channels and aspect; its background, if it learns one, is not used.

    Raises:
        UserError: layouts that cannot lie on top of each other.
    """

    def __init__(self, below: SceneLayout, above: Layout) -> None:
        super().__init__()
        if below.channels != above.channels:
            raise UserError(f"channels: the drawing has {below.channels}, the shapes on top of it {above.channels}")
        if above.ordering == "depth":
            raise UserError("primitives.ordering: new shapes lie on top of a drawing; write primitives.ordering=slot")
        self.below, self.above = below, above
        self.count, self.raw_size = below.count + above.count, below.raw_size + above.raw_size
        self.channels, self.aspect = above.channels, above.aspect

    @property
    def seedable(self) -> Sequence[int]:
        return range(self.below.count, self.count)

    def forward(self, raw: Tensor, crisp: bool = False) -> Scene:
        below, above = self.below(raw[:, : self.below.raw_size]), self.above(raw[:, self.below.raw_size :], crisp)
        moved = (replace(group, slots=tuple(slot + self.below.count for slot in group.slots)) for group in above.groups)
        color, opacity, softness = (
            torch.cat([getattr(one, name) for one in (below, above)], dim=1)
            for name in ("color", "opacity", "softness")
        )
        return Scene((*below.groups, *moved), color, opacity, softness, below.background)

    def field_names(self) -> list[str]:
        return self.below.field_names() + self.above.field_names()

    def quantities(self) -> Mapping[str, Quantity]:
        return {**self.below.quantities(), **self.above.quantities()}

    def indices_of(self, slots: Sequence[int]) -> Tensor:
        return self.above.indices_of([slot - self.below.count for slot in slots]) + self.below.raw_size

    def with_seeds(self, raw: Tensor, slots: Sequence[int], seeds: Seeds) -> Tensor:
        below, above = raw[:, : self.below.raw_size], raw[:, self.below.raw_size :]
        placed = self.above.with_seeds(above, [slot - self.below.count for slot in slots], seeds)
        return torch.cat([below, placed], dim=1)
