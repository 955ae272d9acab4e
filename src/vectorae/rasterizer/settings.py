"""The two ways in which a model draws: soft, as trained, and crisp, as it will look as SVG."""

import math
from dataclasses import dataclass, replace

from vectorae.errors import UserError
from vectorae.rasterizer.compositing import COMPOSITINGS
from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.rasterize import BACKEND_CHOICES, check_choice
from vectorae.rasterizer.reference import CHUNK_SIZE
from vectorae.scene import Scene


@dataclass(frozen=True)
class Rasterizer:
    """Settings of ``rasterize`` for a run.

    Attributes:
        coverage: profile of the soft drawing: ``gaussian``, ``sigmoid``, ``ramp`` or ``hard``.
        compositing: ``over`` or ``soft_or``.
        backend: ``auto``, ``reference``, ``cpu`` or ``gpu``.
        chunk_size: shapes × pixels evaluated at once.
    """

    coverage: str = "sigmoid"
    compositing: str = "over"
    backend: str = "auto"
    chunk_size: int = CHUNK_SIZE

    def __post_init__(self) -> None:
        check_choice("coverage", self.coverage, PROFILES)
        check_choice("compositing", self.compositing, COMPOSITINGS)
        check_choice("backend", self.backend, BACKEND_CHOICES)
        if self.chunk_size < 1:
            raise UserError(f"chunk_size: {self.chunk_size} is not a number of 1 or more")

    def check_ordering(self, ordering: str) -> None:
        """Refuse a layout's ordering that the compositing has no use for.

        Raises:
            UserError: shapes that have a depth, of ink that adds up.
        """
        if ordering == "depth" and self.compositing == "soft_or":
            raise UserError(
                "primitives.ordering: ink that adds up (soft_or) has no order; write primitives.ordering=slot"
            )

    def crisp_scene(self, scene: Scene, softness: float) -> Scene:
        """The scene whose crisp drawing has as much ink as the soft one.

        A gaussian stroke has ink beyond its width: ∫exp(−d²/s²) = √π s, by which the crisp stroke is wider.
        """
        if self.coverage != "gaussian":
            return scene
        return scene.widen_strokes(math.sqrt(math.pi) * softness * scene.softness)

    def soft_scene(self, scene: Scene, softness: float) -> Scene:
        """The scene whose crisp scene (see ``crisp_scene``) is the one given; strokes are no narrower than nothing."""
        if self.coverage != "gaussian":
            return scene
        narrowed = scene.widen_strokes(-math.sqrt(math.pi) * softness * scene.softness)
        groups = (
            group if group.stroke_width is None else replace(group, stroke_width=group.stroke_width.clamp_min(0))
            for group in narrowed.groups
        )
        return replace(narrowed, groups=tuple(groups))
