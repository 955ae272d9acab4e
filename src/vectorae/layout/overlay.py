"""New shapes on top of an existing scene."""

from collections.abc import Sequence

from vectorae.errors import UserError
from vectorae.layout.base import BlockLayout
from vectorae.layout.layout import Layout
from vectorae.layout.scene_layout import SceneLayout


class OverlayLayout(BlockLayout):
    """An existing scene with new shapes on top of it, which alone can be seeded.

    Args:
        below: the scene; its background is that of all.
        above: a layout of the same channels and aspect; its background is not used.

    Raises:
        UserError: layouts that cannot lie on top of each other.
    """

    def __init__(self, below: SceneLayout, above: Layout) -> None:
        super().__init__()
        if below.channels != above.channels:
            raise UserError(f"channels: the drawing has {below.channels}, the shapes on top of it {above.channels}")
        if above.ordering == "depth":
            raise UserError("primitives.ordering: new shapes lie on top of a drawing; write primitives.ordering=slot")
        self.count, self.channels, self.aspect = below.count + above.count, above.channels, above.aspect
        self._existing, self.background_field = below.count, below.background_field
        blocks = list(below.kind_blocks)
        for block in above.kind_blocks:
            blocks.append(block.moved(below.count, blocks[-1].end if blocks else 0))
        self._assemble(blocks, below._buffers["_background"], below.learns_background, below.composites)

    @property
    def seedable(self) -> Sequence[int]:
        return range(self._existing, self.count)
