"""Settings of the rasterizer for a run, and how wide strokes are in crisp drawings."""

import math
from dataclasses import dataclass, replace
from typing import Annotated

from torch import Tensor

from vectorae.config.arguments import OneOf, PositiveInt, Validated
from vectorae.errors import UserError
from vectorae.rasterizer import reference
from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.rasterize import BACKEND_CHOICES
from vectorae.scene import COMPOSITING_CHOICES, Scene


@dataclass(frozen=True)
class Rasterizer(Validated):
    """Settings of ``rasterize`` for a run.

    Attributes:
        coverage: profile of the soft drawing: ``gaussian``, ``sigmoid``, ``ramp`` or ``hard``.
        compositing: ``over`` or ``soft_or``.
        backend: ``auto``, ``reference``, ``cpu`` or ``gpu``.
        chunk_size: shapes × pixels that the reference backend evaluates at once.
    """

    coverage: Annotated[str, OneOf(PROFILES)] = "sigmoid"
    compositing: Annotated[str, OneOf(COMPOSITING_CHOICES)] = "over"
    backend: Annotated[str, OneOf(BACKEND_CHOICES)] = "auto"
    chunk_size: PositiveInt = reference.CHUNK_SIZE

    def check_ordering(self, ordering: str) -> None:
        """Refuse an ordering of shapes that the compositing cannot use.

        Raises:
            UserError: ordering by depth under ``soft_or``.
        """
        if ordering == "depth" and self.compositing == "soft_or":
            raise UserError(
                "primitives.ordering: ink that adds up (soft_or) has no order; write primitives.ordering=slot"
            )

    def crisp_scene(self, scene: Scene, softness: float | Tensor) -> Scene:
        """The scene whose crisp drawing has as much ink as the soft one.

        A gaussian stroke has ink beyond its width: ∫exp(−d²/s²) = √π s, by which the crisp stroke is wider.
        """
        if self.coverage != "gaussian":
            return scene
        return scene.widen_strokes(math.sqrt(math.pi) * softness * scene.softness)

    def soft_scene(self, scene: Scene, softness: float | Tensor) -> Scene:
        """The inverse of ``crisp_scene``; strokes that would be narrower than 0 have width 0."""
        if self.coverage != "gaussian":
            return scene
        narrowed = scene.widen_strokes(-math.sqrt(math.pi) * softness * scene.softness)
        groups = (
            group if group.stroke_width is None else replace(group, stroke_width=group.stroke_width.clamp_min(0))
            for group in narrowed.groups
        )
        return replace(narrowed, groups=tuple(groups))
