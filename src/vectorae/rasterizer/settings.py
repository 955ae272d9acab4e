"""Settings of the rasterizer for soft drawings, as trained, and crisp ones, equal to their SVG."""

import math
from dataclasses import dataclass, replace
from typing import Annotated

from torch import Tensor

from vectorae.config import OneOf, PositiveInt, validate
from vectorae.errors import UserError
from vectorae.rasterizer import reference
from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.rasterize import BACKEND_CHOICES, rasterize
from vectorae.scene import COMPOSITING_CHOICES, Scene


@dataclass(frozen=True)
class Rasterizer:
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

    def __post_init__(self) -> None:
        validate(self)

    def check_ordering(self, ordering: str) -> None:
        """Refuse an ordering of shapes that the compositing cannot use.

        Raises:
            UserError: ordering by depth under ``soft_or``.
        """
        if ordering == "depth" and self.compositing == "soft_or":
            raise UserError(
                "primitives.ordering: ink that adds up (soft_or) has no order; write primitives.ordering=slot"
            )

    def soft(
        self, scene: Scene, height: int, width: int, softness: float, temperature: float = 0.0, exact: bool = False
    ) -> Tensor:
        """The drawing as trained, ``[B, C, H, W]``.

        Args:
            scene: B drawings.
            height, width: in pixels.
            softness: of the edges, canvas units.
            temperature: of the order by depth, in units of depth.
            exact: whether edges and order are those of the crisp drawing; the gradient is then the one of each pixel's
                covered area, and 0 with respect to depth.
        """
        if exact:
            return self.crisp(self.crisp_scene(scene, softness), height, width)
        return self._draw(scene, height, width, self.coverage, softness, temperature)

    def crisp(self, scene: Scene, height: int, width: int) -> Tensor:
        """The drawing of a crisp scene (see ``crisp_scene``), equal to its SVG, ``[B, C, H, W]``."""
        return self._draw(scene, height, width, "ramp", softness=1.0, temperature=0.0)

    def crisp_scene(self, scene: Scene, softness: float) -> Scene:
        """The scene whose crisp drawing has as much ink as the soft one.

        A gaussian stroke has ink beyond its width: ∫exp(−d²/s²) = √π s, by which the crisp stroke is wider.
        """
        if self.coverage != "gaussian":
            return scene
        return scene.widen_strokes(math.sqrt(math.pi) * softness * scene.softness)

    def soft_scene(self, scene: Scene, softness: float) -> Scene:
        """The inverse of ``crisp_scene``; strokes that would be narrower than 0 have width 0."""
        if self.coverage != "gaussian":
            return scene
        narrowed = scene.widen_strokes(-math.sqrt(math.pi) * softness * scene.softness)
        groups = (
            group if group.stroke_width is None else replace(group, stroke_width=group.stroke_width.clamp_min(0))
            for group in narrowed.groups
        )
        return replace(narrowed, groups=tuple(groups))

    def _draw(
        self, scene: Scene, height: int, width: int, coverage: str, softness: float, temperature: float
    ) -> Tensor:
        with reference.chunk_size(self.chunk_size):
            return rasterize(
                scene,
                height,
                width,
                coverage=coverage,
                compositing=self.compositing,
                softness=softness,
                temperature=temperature,
                backend=self.backend,
            )
