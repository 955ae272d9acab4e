"""Scenes in plain shapes: each one outline, filled or stroked, in one colour, which is what backends draw."""

from dataclasses import replace
from itertools import accumulate

from torch import Tensor

from vectorae.scene.outlines import Path
from vectorae.scene.scene import Group, Scene
from vectorae.scene.slots import select_slots, slot_index


def plain(scene: Scene) -> Scene:
    """A scene that looks the same, in plain shapes alone.

    A shape that is filled and stroked becomes two, one whose contours are painted for themselves as many as there are
    contours; they lie on top of each other where the shape lay. Differentiable.
    """
    if all(group.is_plain for group in scene.groups):
        return scene
    counts = [1] * scene.count
    for group in scene.groups:
        for slot in group.slots:
            counts[slot] = _number_of_parts(group)
    first = [0, *accumulate(counts)]
    source = tuple(slot for slot, count in enumerate(counts) for _ in range(count))
    color, opacity = select_slots(scene.color, source), select_slots(scene.opacity, source)
    groups: list[Group] = []
    for group in scene.groups:
        starts = [first[slot] for slot in group.slots]
        if group.stroke_color is not None:
            above, below = (tuple(start + part for start in starts) for part in (1, 0))
            fill, stroke = (above, below) if group.stroke_below else (below, above)
            groups.append(Group(group.outline, fill))
            groups.append(Group(group.outline, stroke, group.stroke_width))
            color = _placed(color, stroke, group.stroke_color)
        elif group.contour_opacity is not None and isinstance(group.outline, Path):
            for number, contour in enumerate(group.outline.contours):
                slots = tuple(start + number for start in starts)
                groups.append(Group(contour, slots, group.stroke_width))
                own = select_slots(opacity, slots) * group.contour_opacity[..., number]
                opacity = _placed(opacity, slots, own)
        else:
            groups.append(replace(group, slots=tuple(starts)))
    return replace(
        scene,
        groups=tuple(groups),
        color=color,
        opacity=opacity,
        softness=select_slots(scene.softness, source),
        depth=None if scene.depth is None else select_slots(scene.depth, source),
    )


def _number_of_parts(group: Group) -> int:
    if group.stroke_color is not None:
        return 2
    return 1 if group.contour_opacity is None else group.contour_opacity.shape[-1]


def _placed(rows: Tensor, slots: tuple[int, ...], own: Tensor) -> Tensor:
    """Rows ``[B, N, …]`` with those of some slots replaced by ``own`` ``[B, n, …]``."""
    return rows.index_copy(1, slot_index(slots, rows.device), own.to(rows))
