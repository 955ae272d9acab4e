"""Shapes and groups as SVG documents."""

from collections.abc import Sequence
from pathlib import Path as FilePath
from xml.sax.saxutils import quoteattr

import torch
from torch import Tensor

from vectorae.geometry.stroke_outline import stroke_outlines
from vectorae.geometry.stroke_style import PLAIN
from vectorae.io.atomic import write_atomic
from vectorae.pydiffvg.inks import RecordedInk
from vectorae.pydiffvg.polyline import polyline
from vectorae.pydiffvg.recording import RecordedGroup, RecordedShape, Recording, record
from vectorae.pydiffvg.shapes import Shape, ShapeGroup
from vectorae.pydiffvg.topology import CIRCLE, ELLIPSE, RECT
from vectorae.scene import LinearGradient
from vectorae.svg.markup import css_color, number

DECIMALS = 4

FINE = 0.25
"""Pixels for which outlines of strokes are fine enough."""

GAMMA = (
    '<filter id="gamma" x="0" y="0" width="100%" height="100%" color-interpolation-filters="sRGB">'
    "<feComponentTransfer>"
    + "".join(f'<feFunc{channel} type="gamma" amplitude="1" exponent="{1 / 2.2:.5f}"/>' for channel in "RGB")
    + "</feComponentTransfer></filter>"
)


def save_svg(
    filename: str | FilePath,
    width: float,
    height: float,
    shapes: Sequence[Shape],
    shape_groups: Sequence[ShapeGroup],
    use_gamma: bool = False,
) -> None:
    """Write a scene that looks as it is drawn, an element for each group; strokes of varying width by their outlines.

    Args:
        filename: its folder is made.
        width, height: of the canvas, pixels.
        shapes, shape_groups: as of ``RenderFunction.serialize_scene``.
        use_gamma: show colours to the power of 1 / 2.2, by a filter.
    """
    scene = record(width, height, shapes, shape_groups)
    definitions, elements = [GAMMA] if use_gamma else [], []
    for index, group in enumerate(scene.groups):
        inks = {"fill": group.fill, "stroke": group.stroke}
        for which, ink in inks.items():
            if ink is not None and ink.kind is not None:
                definitions.append(_definition(ink, f"{which}-{index}", group.matrix))
        elements += _elements(scene, group, index, shape_groups[index].id)
    size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
    style = ' filter="url(#gamma)"' if use_gamma else ""
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" version="1.1" {size}>']
    lines += ["<defs>", *definitions, "</defs>"] if definitions else []
    lines += [f"<g{style}>", *elements, "</g>", "</svg>", ""]
    write_atomic(FilePath(filename), "\n".join(lines).encode())


def _elements(scene: Recording, group: RecordedGroup, index: int, name: str) -> list[str]:
    """The element of a group; before it the outline of a stroke without one width."""
    own = [scene.shapes[one] for one in group.shapes]
    if not own or group.fill is None and group.stroke is None:
        return []
    widths = {float(width) for shape in own for width in shape.width.detach().flatten()}
    elements = []
    stroke = group.stroke
    placed = _transform(group.matrix)
    if stroke is not None and len(widths) > 1:
        data = " ".join(_polygon(points) for shape in own for points in _around(shape))
        elements.append(f'<path d="{data}"{_paint("fill", stroke, f"stroke-{index}")}{placed}/>')
        stroke = None
    if stroke is None and group.fill is None:
        return elements
    paint = _paint("fill", group.fill, f"fill-{index}") + _paint("stroke", stroke, f"stroke-{index}")
    if stroke is not None:
        paint += f' stroke-width="{_number(2 * abs(widths.pop()))}" stroke-linecap="round" stroke-linejoin="round"'
        paint += ' paint-order="stroke"' if group.fill is not None else ""
    if group.fill is not None and group.even_odd and (len(own) > 1 or not own[0].topology.is_box):
        paint += ' fill-rule="evenodd"'
    name = f" id={quoteattr(name)}" if name else ""
    return [*elements, f"<{_outline(own)}{name}{paint}{placed}/>"]


def _outline(shapes: Sequence[RecordedShape]) -> str:
    """The name of an element and the attributes of its outline."""
    first = shapes[0]
    if len(shapes) == 1 and first.topology.is_box:
        numbers = [tensor.detach().cpu().double().flatten().tolist() for tensor in first.tensors]
        names = {
            CIRCLE: ("circle", "r cx cy"),
            ELLIPSE: ("ellipse", "rx ry cx cy"),
            RECT: ("rect", "x y width height"),
        }[first.topology]
        values = [value for row in numbers for value in row]
        if first.topology is RECT:
            values[2:] = [max(0.0, high - low) for low, high in zip(values[:2], values[2:], strict=True)]
        pairs = zip(names[1].split(), values, strict=True)
        return f"{names[0]} " + " ".join(f'{key}="{_number(value)}"' for key, value in pairs)
    return f'path d="{" ".join(map(_data, shapes))}"'


def _data(shape: RecordedShape) -> str:
    """A contour as data of a path."""
    topology = shape.topology
    tensors = [
        tensor.detach().cpu().reshape(1, 1, *size) for tensor, size in zip(shape.tensors, topology.shapes, strict=True)
    ]
    places = [f"{_number(x)} {_number(y)}" for x, y in topology.points(tensors)[0, 0].tolist()]
    words, at = [f"M {places[0]}"], 1
    for count in topology.counts:
        points = [places[(at + step) % len(places)] for step in range(count + 1)]
        words.append(f"{'LQC'[count]} {' '.join(points)}")
        at += count + 1
    return " ".join(words) + (" Z" if topology.closed else "")


def _around(shape: RecordedShape) -> list[Tensor]:
    """The outline of a stroke as polygons ``[P, 2]``, filled by non-zero winding."""
    vertices = polyline(shape, FINE).detach()
    return stroke_outlines(vertices[:, :2], shape.topology.closed, vertices[:, 2], PLAIN, FINE)


def _polygon(points: Tensor) -> str:
    return "M " + " L ".join(f"{_number(x)} {_number(y)}" for x, y in points.tolist()) + " Z"


def _paint(which: str, ink: RecordedInk | None, name: str) -> str:
    if ink is None:
        return f' {which}="none"' if which == "fill" else ""
    if ink.kind is not None:
        return f' {which}="url(#{name})"'
    *color, alpha = ink.tensors[0].detach().tolist()
    return f' {which}="{css_color(color)}" {which}-opacity="{_number(min(1.0, max(0.0, alpha)))}"'


def _definition(ink: RecordedInk, name: str, matrix: Tensor | None) -> str:
    """A gradient, which lies on the canvas whatever the map of what it paints."""
    first, second, offsets, colors = (tensor.detach().cpu().double() for tensor in ink.tensors)
    back = "" if matrix is None else _transform(torch.linalg.inv(matrix.detach().double()), "gradientTransform")
    stops = "".join(
        f'<stop offset="{_number(offset)}" stop-color="{css_color(color)}" stop-opacity="{_number(alpha)}"/>'
        for offset, (*color, alpha) in zip(offsets.flatten().tolist(), colors.view(-1, 4).tolist(), strict=True)
    )
    (x, y), (a, b) = first.tolist(), second.expand(2).tolist()
    if ink.kind is LinearGradient:
        where = f'x1="{_number(x)}" y1="{_number(y)}" x2="{_number(a)}" y2="{_number(b)}"'
        return f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" {where}{back}>{stops}</linearGradient>'
    # A circle of radius 1, stretched.
    place = torch.tensor([[a, 0.0, x], [0.0, b, y], [0.0, 0.0, 1.0]]).double()
    whole = place if matrix is None else torch.linalg.inv(matrix.detach().cpu().double()) @ place
    where = f'cx="0" cy="0" r="1"{_transform(whole, "gradientTransform")}'
    return f'<radialGradient id="{name}" gradientUnits="userSpaceOnUse" {where}>{stops}</radialGradient>'


def _transform(matrix: Tensor | None, name: str = "transform") -> str:
    if matrix is None:
        return ""
    numbers = matrix.detach()[:2].T.flatten().tolist()
    return f' {name}="matrix({" ".join(number(value, 6) for value in numbers)})"'


def _number(value: float) -> str:
    return number(value, DECIMALS)
