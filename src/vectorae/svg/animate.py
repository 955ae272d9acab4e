"""A sequence of scenes as one animated SVG."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

from torch import Tensor

from vectorae.config.arguments import NonNegativeFloat, NonNegativeInt, OneOf, PositiveFloat, PositiveInt, validated
from vectorae.errors import UserError
from vectorae.io.frame import READABLE_WIDTH
from vectorae.scene import COMPOSITING_CHOICES, Scene
from vectorae.scene.highlight import HIGHLIGHT
from vectorae.svg.definitions import Definitions, Gradient
from vectorae.svg.document import Shape, Together
from vectorae.svg.markup import Box, Curve, box_as_curve, css_color, number, path_data
from vectorae.svg.moving import Attributes, moving_element, moving_gradient
from vectorae.svg.write import shapes_of, together

MOST_VALUES = 300_000
"""Limit on the numbers and colours of an animation, a few megabytes; beyond it scenes are left out."""

GAP = 4
"""Space between drawings, in pixels of the drawings."""


@validated
def to_animated_svg(
    scenes: Sequence[Scene],
    height: PositiveInt,
    width: PositiveInt,
    *,
    compositing: Annotated[str, OneOf(COMPOSITING_CHOICES)] | None = None,
    columns: PositiveInt = 8,
    seconds: PositiveFloat = 8.0,
    rest: NonNegativeFloat = 2.0,
    highlight: NonNegativeInt | None = None,
) -> str:
    """An animation that moves from scene to scene, rests on the last one, and repeats without end.

    Every number changes linearly between two scenes. Shapes are painted in the last scene's order, and as one with the
    opacity and the clip that they have there.

    Args:
        scenes: crisp scenes of one layout in order of time, each of the same B drawings.
        height, width: of a drawing, in pixels.
        compositing: ``over``, or ``soft_or``, which becomes the blend mode *screen*; None is the scenes' own.
        columns: drawings in a row, ≥ 1.
        seconds: from the first scene to the last, > 0.
        rest: seconds on the last scene, ≥ 0.
        highlight: the slot of a shape whose outline is drawn on top of all others; None for none.

    Returns:
        An SVG document, for browsers (SMIL).

    Raises:
        UserError: no scenes, scenes of different layouts or compositings, or no shape in that slot.
    """
    if not scenes:
        raise UserError("animation: no scenes")
    if len({(scene.batch, scene.count, compositing or scene.compositing) for scene in scenes}) != 1:
        raise UserError("animation: the scenes differ in their number of drawings or shapes, or in compositing")
    if highlight is not None and highlight >= scenes[0].count:
        raise UserError(f"highlight: no shape {highlight}; the scenes have 0 to {scenes[0].count - 1}")
    compositing = compositing or scenes[0].compositing
    scenes = [replace(scene.detach().to("cpu"), compositing=compositing) for scene in thinned(scenes)]
    screen = compositing == "soft_or"
    times = _times(len(scenes), seconds, rest)
    batch = scenes[0].batch
    columns = max(1, min(columns, batch))
    rows = math.ceil(batch / columns)
    whole_width, whole_height = (width + GAP) * columns + GAP, (height + GAP) * rows + GAP
    times_as_large = max(2, math.ceil(READABLE_WIDTH / whole_width))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole_width} {whole_height}" '
        f'width="{times_as_large * whole_width}" height="{times_as_large * whole_height}">',
        # A nested <svg> would clip as well, but has a clock of its own in some browsers.
        f'<clipPath id="drawing"><rect width="{width}" height="{height}"/></clipPath>',
        f'<rect width="{whole_width}" height="{whole_height}" fill="#ffffff"/>',
    ]
    for index in range(batch):
        x, y = GAP + (width + GAP) * (index % columns), GAP + (height + GAP) * (index // columns)
        alone = ' style="isolation:isolate"' if screen else ""
        lines.append(f'<g transform="translate({x} {y})" clip-path="url(#drawing)"{alone}>')
        lines += _drawing(scenes, index, height, width, screen, times)
        if highlight is not None:
            side = min(height, width)
            lines += _highlight([_by_slot(scene, index, side)[highlight] for scene in scenes], side, times)
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"]) + "\n"


def thinned(scenes: Sequence[Scene]) -> Sequence[Scene]:
    """The scenes, or as many of them as ``MOST_VALUES`` allows, evenly spaced from the first to the last."""
    sizes: list[int] = []

    def note(tensor: Tensor) -> Tensor:
        sizes.append(tensor.numel())
        return tensor

    scenes[0].map(note)
    most = max(2, MOST_VALUES // (sum(sizes) + 1))
    if len(scenes) <= most:
        return scenes
    return [scenes[round(place * (len(scenes) - 1) / (most - 1))] for place in range(most)]


def _times(count: int, seconds: float, rest: float) -> str:
    """The timing attributes of all animations."""
    whole = seconds + rest
    keys = [seconds / whole * place / max(1, count - 1) for place in range(count)] + [1.0]
    return f'keyTimes="{";".join(number(key, 4) for key in keys)}" dur="{number(whole)}s" repeatCount="indefinite"'


def _drawing(scenes: Sequence[Scene], index: int, height: int, width: int, screen: bool, times: str) -> list[str]:
    side = min(height, width)
    order: list[int] = scenes[-1].order()[index].tolist()
    stages = [_by_slot(scene, index, side) for scene in scenes]
    definitions = Definitions()
    moving = {
        place: _moving([stage[slot] for stage in stages], times, screen, definitions)
        for place, slot in enumerate(order)
    }
    parts = together(moving, scenes[-1].composites, (0, len(order)), index, side)
    shapes = [line for part in parts for line in _lines(part, definitions)]
    shapes = [*definitions.lines, *shapes]
    backgrounds = [scene.background for scene in scenes if scene.background is not None]
    if not backgrounds:
        return shapes
    fill = {"fill": [css_color(background[index].tolist()) for background in backgrounds]}
    return [moving_element("rect", f'width="{width}" height="{height}"', fill, times), *shapes]


def _lines(part: str | Together[str], definitions: Definitions) -> list[str]:
    if isinstance(part, str):
        return [part]
    return [part.opening(definitions), *(line for one in part.shapes for line in _lines(one, definitions)), "</g>"]


def _by_slot(scene: Scene, index: int, side: int) -> dict[int, Shape]:
    order: list[int] = scene.order()[index].tolist()
    return dict(zip(order, shapes_of(scene, index, side), strict=True))


def _highlight(shapes: Sequence[Shape], side: int, times: str) -> list[str]:
    """The outline of a shape, while it can be seen."""
    strokes = (
        [Shape(shape.outline, color, float(shape.opacity > 0), width * side) for shape in shapes]
        for color, width in HIGHLIGHT.items()
    )
    return [_moving(stroke, times, screen=False, definitions=Definitions()) for stroke in strokes]


def _moving(shapes: Sequence[Shape], times: str, screen: bool, definitions: Definitions) -> str:
    """One shape as elements with their animations, one for each of its parts."""
    parts = zip(*(shape.parts(screen) for shape in shapes), strict=True)
    return "\n".join(_moving_part(part, times, screen, definitions) for part in parts)


def _moving_part(shapes: Sequence[Shape], times: str, screen: bool, definitions: Definitions) -> str:
    first, fixed = shapes[0], 'style="mix-blend-mode:screen"' if screen else ""
    is_stroked, is_filled = first.stroke_width is not None, first.stroke_width is None or first.stroke_color is not None
    boxes = [shape.outline for shape in shapes if isinstance(shape.outline, Box)]
    is_box = bool(boxes) and not (is_stroked and first.ends.is_plain)
    turns = _turns(boxes) if is_box else []
    if turns:
        shapes = [shape.turned_back(box.angle) for shape, box in zip(shapes, boxes, strict=True)]
    opacity, attributes = [number(shape.opacity, 3) for shape in shapes], Attributes()
    if is_filled:
        inks = _inks([shape.color for shape in shapes], [shape.gradient for shape in shapes], times, definitions)
        attributes |= {"fill": inks, "fill-opacity": opacity}
    if is_stroked:
        colors, gradients = zip(*(shape.stroke_ink for shape in shapes), strict=True)
        inks = _inks(colors, gradients, times, definitions)
        widths = [number(shape.stroke_width or 0.0) for shape in shapes]
        attributes |= {"stroke": inks, "stroke-opacity": opacity, "stroke-width": widths}
        fixed += "" if is_filled else ' fill="none"'
        fixed += "".join(f' {name}="{value}"' for name, value in first.ends.attributes.items())
        fixed += ' paint-order="stroke"' if is_filled and first.stroke_below else ""
    if is_box and is_stroked and all(box.roundness == 1 for box in boxes):
        # Whose dashes begin on the right, as those of the still drawing.
        return moving_element("ellipse", fixed, attributes | _ellipse(boxes), times, turns)
    if is_box:
        return moving_element("rect", fixed, attributes | _box(boxes), times, turns)
    curves = [box_as_curve(box) for box in boxes] or [
        shape.outline for shape in shapes if isinstance(shape.outline, Curve)
    ]
    if is_filled and curves[0].fill_rule != "nonzero":
        fixed += f' fill-rule="{curves[0].fill_rule}"'
    # A stroke may become wide, and the commands of a path must not change.
    widest = math.inf if is_stroked and first.ends.is_plain else None
    return moving_element("path", fixed, attributes | {"d": [path_data(curve, widest) for curve in curves]}, times)


def _inks(
    colors: Sequence[Sequence[float]], gradients: Sequence[Gradient | None], times: str, definitions: Definitions
) -> list[str]:
    """The values of a fill or a stroke in order of time."""
    moving = [gradient for gradient in gradients if gradient is not None]
    if moving:
        return [definitions.defined("gradient", partial(moving_gradient, moving, times))]
    return [css_color(color) for color in colors]


def _box(boxes: Sequence[Box]) -> Attributes:
    return {
        "x": [number(box.center[0] - box.half_extents[0]) for box in boxes],
        "y": [number(box.center[1] - box.half_extents[1]) for box in boxes],
        "width": [number(2 * box.half_extents[0]) for box in boxes],
        "height": [number(2 * box.half_extents[1]) for box in boxes],
        "rx": [number(box.roundness * box.half_extents[0]) for box in boxes],
        "ry": [number(box.roundness * box.half_extents[1]) for box in boxes],
    }


def _ellipse(boxes: Sequence[Box]) -> Attributes:
    return {
        "cx": [number(box.center[0]) for box in boxes],
        "cy": [number(box.center[1]) for box in boxes],
        "rx": [number(box.half_extents[0]) for box in boxes],
        "ry": [number(box.half_extents[1]) for box in boxes],
    }


def _turns(boxes: Sequence[Box]) -> list[tuple[str, list[str]]]:
    """The rotation in order of time, or none where no box is turned."""
    if all(number(math.degrees(box.angle)) == "0" for box in boxes):
        return []
    turns = [f"{number(math.degrees(box.angle))} {number(box.center[0])} {number(box.center[1])}" for box in boxes]
    return [("rotate", turns)]
