"""Scenes under affine maps: moved, turned, scaled, mirrored, sheared."""

import math
from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from vectorae.scene.group import Group
from vectorae.scene.outlines import Outline, RoundedBox, box_path
from vectorae.scene.plain import plain
from vectorae.scene.scene import Scene

ALIKE = 1e-6
"""How much longer one direction may become than another, relatively, where lengths are still scaled alike."""


def mapped(scene: Scene, matrix: Tensor, pixel: float) -> Scene:
    """The scene under an affine map; see ``Scene.mapped``."""
    (a, c, _), (b, d, _) = matrix.tolist()
    scale = math.sqrt(abs(a * d - b * c))
    size = math.hypot(a, b)
    is_alike = math.isclose(size, math.hypot(c, d), rel_tol=ALIKE) and abs(a * c + b * d) <= ALIKE * size**2
    if not is_alike:
        scene = plain(scene, pixel, outlined=True)
    mirrored = a * d < b * c
    linear, shift = matrix[:, :2].to(scene.color), matrix[:, 2].to(scene.color)

    def move(points: Tensor) -> Tensor:
        return points @ linear.T + shift

    def outline(one: Outline) -> Outline:
        if isinstance(one, RoundedBox) and is_alike:
            turn = math.atan2(b, a)
            angle = turn - one.angle if mirrored else turn + one.angle
            return replace(one, center=move(one.center), half_extents=one.half_extents * scale, angle=angle)
        path = box_path(one) if isinstance(one, RoundedBox) else one
        return replace(path, points=move(path.points))

    return replace(
        scene,
        groups=tuple(_group(group, outline, move, scale, mirrored) for group in scene.groups),
        softness=scene.softness * scale,
        composites=tuple(one.clipped(outline) for one in scene.composites),
    )


def _group(
    group: Group,
    outline: Callable[[Outline], Outline],
    move: Callable[[Tensor], Tensor],
    scale: float,
    mirrored: bool,
) -> Group:
    if mirrored and group.style.dashes and isinstance(group.outline, RoundedBox):
        # The dashes of a box go clockwise from its corner, those of its mirror image do not.
        group = replace(group, outline=box_path(group.outline))
    gradient, of_stroke = (None if one is None else one.moved(move) for one in (group.gradient, group.stroke_gradient))
    return replace(
        group,
        outline=outline(group.outline),
        stroke_width=None if group.stroke_width is None else group.stroke_width * scale,
        style=group.style.scaled(scale),
        gradient=gradient,
        stroke_gradient=of_stroke,
    )
