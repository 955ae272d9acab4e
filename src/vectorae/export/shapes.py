"""The outputs of an exported network as shapes for an SVG.

Imports numpy and what ``draw.py`` is made of: exports carry this file with them.
"""

from typing import Any

import numpy as np

from vectorae.geometry.gradient_limits import FARTHEST_FOCUS
from vectorae.svg.definitions import Gradient, Stop
from vectorae.svg.document import Ends, Shape
from vectorae.svg.markup import Box, Curve


def shapes_of(outputs: dict[str, Any], scene: dict[str, Any], side: int, origin: tuple[float, float]) -> list[Shape]:
    """The shapes of one image from the bottom to the top, in pixels.

    Args:
        outputs: name → array, of one image, without the batch dimension.
        scene: the content of ``scene.json``.
        side: of the drawing, pixels.
        origin: what becomes (0, 0), pixels.
    """
    painted: dict[int, Shape] = {}
    left, top = origin
    for group in scene["groups"]:
        kind = group["kind"]
        widths, inks, shares = (
            outputs[f"{kind}.{name}"].tolist() if name in group["painted"] else [None] * len(group["slots"])
            for name in ("stroke_width", "stroke_color", "contour_opacity")
        )
        ends = Ends(**group["ends"])
        ends = ends._replace(dashes=[one * side for one in ends.dashes], dash_offset=ends.dash_offset * side)
        own, of_stroke = (gradients_of(outputs, group, name, side, origin) for name in ("gradient", "stroke_gradient"))
        for member, slot in enumerate(group["slots"]):
            outline: Box | Curve
            if group["outline"] == "box":
                (x, y), size = outputs[f"{kind}.center"][member].tolist(), outputs[f"{kind}.size"][member].tolist()
                roundness = float(outputs[f"{kind}.roundness"][member])
                if group["roundness"] == "nearest of 0 and 1":
                    roundness = float(roundness >= 0.5)
                extents = size[0] / 2 * side, size[1] / 2 * side
                angle = float(outputs[f"{kind}.angle"][member])
                outline = Box((x * side - left, y * side - top), extents, angle, roundness)
            else:
                points = outputs[f"{kind}.points"][member].tolist()
                places = [(x * side - left, y * side - top) for x, y in points]
                outline = Curve(places, group["closed"], group["degree"], group["sizes"], group["fill_rule"])
            color, opacity = outputs["color"][slot].tolist(), float(outputs["opacity"][slot])
            width = widths[member]
            more = inks[member], group["stroke_below"], shares[member], ends, own[member], of_stroke[member]
            painted[slot] = Shape(outline, color, opacity, None if width is None else width * side, None, *more)
    slots = sorted(painted)
    if "depth" in outputs:
        slots = np.argsort(outputs["depth"], kind="stable").tolist()
    return [painted[slot] for slot in slots]


def gradients_of(
    outputs: dict[str, Any], group: dict[str, Any], name: str, side: int, origin: tuple[float, float]
) -> list[Gradient | None]:
    """The gradients of a group's shapes, in pixels; None for those without.

    Args:
        outputs, side, origin: as of ``shapes_of``.
        group: of the scene.
        name: ``gradient`` or ``stroke_gradient``.
    """
    if name not in group:
        return [None] * len(group["slots"])

    def output(part: str) -> "np.ndarray[Any, Any]":
        array: np.ndarray[Any, Any] = outputs[f"{group['kind']}.{name}.{part}"]
        return array

    if group[name]["kind"] == "linear":
        places = np.stack([output("start"), output("end")], axis=-2)
    else:
        center, axes = output("center")[:, None], output("axes")
        focus = output("focus")
        length = np.linalg.norm(focus, axis=-1, keepdims=True)
        inner = focus * np.minimum(1, FARTHEST_FOCUS / np.maximum(length, 1e-30))
        places = np.concatenate([center, center + axes, center + inner[:, None] @ axes], axis=-2)
    points = (places * side - np.array(origin)).tolist()
    stops = zip(output("offsets").tolist(), output("colors").tolist(), output("opacities").tolist(), strict=True)
    return [
        Gradient(where, list(map(Stop, *given)), group[name]["spread"])
        for where, given in zip(points, stops, strict=True)
    ]
