"""Scenes in plain shapes: each one outline, filled or stroked round, in one paint, which is what backends draw."""

from dataclasses import replace
from itertools import accumulate

import torch
from torch import Tensor

from vectorae.geometry.curve import flatten
from vectorae.geometry.stroke_outline import stroke_outlines
from vectorae.geometry.stroke_style import PLAIN
from vectorae.scene.group import Group
from vectorae.scene.outlines import Outline, Path, RoundedBox, box_path
from vectorae.scene.scene import Scene
from vectorae.scene.slots import select_slots, slot_index


def plain(scene: Scene, pixel: float, outlined: bool = False) -> Scene:
    """A scene that looks the same, in plain shapes alone.

    A shape that is filled and stroked becomes two, one whose contours are painted for themselves as many as there are
    contours; they lie on top of each other where the shape lay. A stroke with other ends or corners than round ones
    becomes its outline. Differentiable.

    Args:
        scene: B drawings.
        pixel: size of a pixel in canvas units.
        outlined: whether round strokes become their outlines too, so that all shapes are filled.
    """
    if all(group.is_plain and not (outlined and group.stroke_width is not None) for group in scene.groups):
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
            groups.append(Group(group.outline, fill, style=PLAIN, gradient=group.gradient))
            groups.append(_stroked(group, group.outline, stroke, pixel, outlined))
            color = _placed(color, stroke, group.stroke_color)
        elif group.contour_opacity is not None and isinstance(group.outline, Path):
            for number, contour in enumerate(group.outline.contours):
                slots = tuple(start + number for start in starts)
                groups.append(_stroked(group, contour, slots, pixel, outlined))
                own = select_slots(opacity, slots) * group.contour_opacity[..., number]
                opacity = _placed(opacity, slots, own)
        elif group.stroke_width is not None:
            groups.append(_stroked(group, group.outline, tuple(starts), pixel, outlined))
        else:
            groups.append(replace(group, slots=tuple(starts)))
    return replace(
        scene,
        groups=tuple(groups),
        color=color,
        opacity=opacity,
        softness=select_slots(scene.softness, source),
        depth=None if scene.depth is None else select_slots(scene.depth, source),
        composites=tuple(replace(one, start=first[one.start], stop=first[one.stop]) for one in scene.composites),
    )


def _stroked(group: Group, outline: Outline, slots: tuple[int, ...], pixel: float, outlined: bool) -> Group:
    """An outline with the stroke of a group."""
    # Where torch compiles this, it cannot follow a default that is an object: PLAIN is named.
    width, style = group.stroke_width, group.style
    gradient = group.gradient if group.stroke_color is None else group.stroke_gradient
    if style.is_plain and not outlined or width is None:
        return Group(outline, slots, width, style=PLAIN, gradient=gradient)
    path = box_path(outline) if isinstance(outline, RoundedBox) else outline
    # Chords are shorter than their arcs, and where a dash lies depends on the length of all before it.
    fine = pixel / 4 if style.dashes else pixel
    contours = [
        around
        for one in path.contours
        for around in stroke_outlines(
            flatten(one.points, one.degree, one.is_closed, fine), one.is_closed, width, style, pixel
        )
    ]
    sizes = tuple(one.shape[-2] for one in contours) if len(contours) > 1 else ()
    if not contours:  # dashes of a path of no length
        return Group(Path(path.points[..., :1, :], closed=True), slots, style=PLAIN, gradient=gradient)
    return Group(Path(torch.cat(contours, dim=-2), closed=True, sizes=sizes), slots, style=PLAIN, gradient=gradient)


def _number_of_parts(group: Group) -> int:
    if group.stroke_color is not None:
        return 2
    return 1 if group.contour_opacity is None else group.contour_opacity.shape[-1]


def _placed(rows: Tensor, slots: tuple[int, ...], own: Tensor) -> Tensor:
    """Rows ``[B, N, …]`` with those of some slots replaced by ``own`` ``[B, n, …]``."""
    return rows.index_copy(1, slot_index(slots, rows.device), own.to(rows))
