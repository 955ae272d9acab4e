"""SVG as scenes: our own drawings, and the plain shapes of anybody's. The syntax of SVG is svgelements' task."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import torch
from PIL import ImageColor
from torch import Tensor

from vectorae.errors import UserError
from vectorae.scene import Group, Outline, Path, RoundedBox, Scene
from vectorae.svg.outlines import UnsupportedError, closed, determinant, outlines_of

NAMESPACE = "{http://www.w3.org/2000/svg}"
BLACK = 0x000000FF
"""Red, green, blue, opacity."""

PAPER = (1.0, 1.0, 1.0)
"""What is behind a drawing that paints no background."""

SILENT = {"title", "desc", "metadata", "defs", "style", "svg", "a"}
"""Elements that draw nothing of their own."""

UNSUPPORTED = ("clip-path", "mask", "filter", "stroke-dasharray")
"""Properties that no shape of ours has."""


@dataclass(frozen=True)
class Reading:
    """What an SVG document holds.

    Attributes:
        scene: its shapes, one drawing in RGB, float32.
        width, height: of the document, in its own units.
        layers: for each shape the id of the group that it stands in, or None.
        skipped: what was left out, with the reason, and how often.
    """

    scene: Scene
    width: float
    height: float
    layers: list[str | None]
    skipped: dict[str, int]


@dataclass(frozen=True)
class _Shape:
    """One painted outline (B and n are 1), stroke width ``[1, 1]`` or None, colour, opacity, layer."""

    outline: Outline
    stroke_width: Tensor | None
    color: list[float]
    opacity: float
    layer: str | None

    @property
    def family(self) -> tuple[object, ...]:
        """Shapes of one family can stand in one group."""
        outline = self.outline
        if isinstance(outline, Path):
            return Path, self.stroke_width is None, outline.degree, outline.closed, outline.points.shape
        width, height = outline.half_extents.unbind(-1)
        circle = bool(outline.roundness == 1) and math.isclose(float(width), float(height), rel_tol=1e-6)
        return RoundedBox, self.stroke_width is None, circle


def from_svg(text: str) -> Scene:
    """The drawing in an SVG document: what ``to_svg`` has written, or plain shapes by anyone.

    Circles, ellipses, rects, lines, polylines, polygons and paths of one contour, with fill and stroke of one colour,
    in groups and under transforms. Strokes get round caps and joins.

    Args:
        text: the document.

    Returns:
        A scene of one drawing in RGB, float32: rasterize it at the document's size (or another of the same aspect) with
        coverage ``ramp``, and with the compositing that it was written with. A first rectangle that fills the document
        is the background; without one it is white.

    Raises:
        UserError: no SVG, or one with elements that no shape is equal to.
    """
    reading = read_svg(text)
    if reading.skipped:
        raise UserError(f"svg: cannot be drawn with shapes: {counted(reading.skipped)}")
    return reading.scene


def read_svg(text: str) -> Reading:
    """As ``from_svg``, but what no shape is equal to is left out and named.

    Raises:
        UserError: no SVG.
    """
    root, width, height = _parse(text)
    side = min(width, height)
    skipped: Counter[str] = Counter()
    shapes: list[_Shape] = []
    background: list[float] | None = None
    for element, layer, opacity in _elements(root, None, 1.0):
        try:
            found = list(_shapes(element, side, layer, opacity))
        except UnsupportedError as why:
            skipped[str(why)] += 1
            continue
        if background is None and not shapes and len(found) == 1 and _fills(found[0], width / side, height / side):
            background = found[0].color
            continue
        shapes += found
    count = len(shapes)
    scene = Scene(
        _groups(shapes),
        torch.tensor([shape.color for shape in shapes]).reshape(1, count, 3),
        torch.tensor([shape.opacity for shape in shapes]).reshape(1, count),
        torch.ones(1, count),
        torch.tensor([list(PAPER) if background is None else background]),
    )
    return Reading(scene, width, height, [shape.layer for shape in shapes], dict(skipped))


def counted(skipped: Mapping[str, int]) -> str:
    """`2 × <text>, <path> with a gradient`"""
    return ", ".join(name if times == 1 else f"{times} × {name}" for name, times in skipped.items())


def _parse(text: str) -> tuple[Any, float, float]:
    """The document's elements, in the units of its viewBox, and its width and height in them."""
    import svgelements

    # What entities could blow up to is not worth the risk.
    if "<!ENTITY" in text:
        raise UserError("svg: it defines entities, which are not read")
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise UserError(f"svg: not well-formed ({error})") from error
    if root.tag != f"{NAMESPACE}svg":
        raise UserError(f"svg: the root is <{root.tag}>, not <svg> of http://www.w3.org/2000/svg")
    left, top, width, height = _view(root)
    # Shapes as they are in the document's own units, whatever size it is shown at.
    root.attrib |= {"width": str(width), "height": str(height), "viewBox": f"{left} {top} {width} {height}"}
    try:
        parsed = svgelements.SVG.parse(StringIO(ElementTree.tostring(root, encoding="unicode")), reify=False)
    except Exception as error:  # its many converters raise what they like
        raise UserError(f"svg: cannot be read ({str(error) or type(error).__name__})") from error
    return parsed, width, height


def _view(root: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, width and height of what the document shows."""
    try:
        if "viewBox" in root.attrib:
            numbers = [float(word) for word in root.attrib["viewBox"].replace(",", " ").split()]
            left, top, width, height = numbers
        else:
            left, top = 0.0, 0.0
            width, height = (float(root.attrib[name].removesuffix("px")) for name in ("width", "height"))
    except (KeyError, ValueError) as error:
        raise UserError("svg: neither a viewBox of four numbers nor a width and height in pixels") from error
    if not (0 < width < math.inf and 0 < height < math.inf and math.isfinite(left + top)):
        raise UserError(f"svg: a viewBox of {width:g}×{height:g} shows nothing")
    return left, top, width, height


def _elements(group: Any, layer: str | None, opacity: float) -> Iterator[tuple[Any, str | None, float]]:
    """The elements that draw, each with the id of its innermost group that has one, and the opacity of its groups."""
    import svgelements

    for element in group:
        own = element.values.get("attributes", {})
        if _property(own, "display", "inline") == "none":
            continue
        if isinstance(element, svgelements.Group) and len(element) and not _troubles(own):
            name, share = own.get("id", layer), opacity * _number(own.get("opacity", "1"), "opacity", element)
            yield from _elements(element, name, share)
        elif own.get("tag") not in SILENT and element.values.get("visibility", "visible") == "visible":
            yield element, layer, opacity


def _shapes(element: Any, side: float, layer: str | None, opacity: float) -> Iterator[_Shape]:
    """What an element paints: its fill, then its stroke."""
    values, name = element.values, f"<{element.values.get('tag', 'unknown')}>"
    own = values.get("attributes", {})
    if trouble := _troubles(own):
        raise UnsupportedError(f"{name} with {trouble}")
    opacity *= _number(own.get("opacity", "1"), "opacity", element)
    fill, stroke = _color(values.get("fill", "black"), element), _color(values.get("stroke", "none"), element)
    outlines = list(outlines_of(element, side, name)) if fill or stroke else []
    if fill and name != "<line>":
        if len(outlines) > 1:
            raise UnsupportedError(f"{name} with several contours")
        if values.get("fill-rule", "nonzero") != "nonzero":
            raise UnsupportedError(f"{name} with fill-rule {values['fill-rule']}")
        for outline in outlines:
            filled = closed(outline)
            if filled is not None:
                color, own_opacity = fill
                share = _number(values.get("fill-opacity", "1"), "fill-opacity", element)
                yield _Shape(filled, None, color, opacity * own_opacity * share, layer)
    if stroke:
        color, own_opacity = stroke
        share = _number(values.get("stroke-opacity", "1"), "stroke-opacity", element)
        width = _number(str(values.get("stroke-width", "1")), "stroke-width", element, math.inf)
        width *= math.sqrt(abs(determinant(element.transform))) / side
        for outline in outlines:
            yield _Shape(outline, torch.tensor([[width]]), color, opacity * own_opacity * share, layer)


def _troubles(attributes: Mapping[str, Any]) -> str | None:
    """What an element has that we cannot draw."""
    return next((name for name in UNSUPPORTED if _property(attributes, name, "none") != "none"), None)


def _property(attributes: Mapping[str, Any], name: str, default: str) -> str:
    """An element's own property, by its style or else by its attribute."""
    declarations = (one.partition(":") for one in str(attributes.get("style", "")).split(";"))
    styled = {key.strip(): value.strip() for key, _, value in declarations}
    return styled.get(name, str(attributes.get(name, default)).strip())


def _number(text: str, name: str, element: Any, high: float = 1.0) -> float:
    """A number from 0 to ``high``; of ``%`` the part."""
    tag = element.values.get("tag")
    try:
        value = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text.removesuffix("px"))
    except ValueError:
        raise UnsupportedError(f"<{tag}> with {name} {text!r}") from None
    if not 0 <= value < math.inf:
        raise UnsupportedError(f"<{tag}> with {name} {text!r}")
    return min(value, high)


def _color(text: Any, element: Any) -> tuple[list[float], float] | None:
    """Red, green and blue, and the opacity; None for no paint."""
    import svgelements

    name = str(text).strip()
    if text is None or name in ("none", "transparent"):
        return None
    tag = element.values.get("tag")
    if "url(" in name:
        raise UnsupportedError(f"<{tag}> with a gradient or pattern")
    color = svgelements.Color(name)
    if color.value == BLACK and not _is_black(name):
        raise UnsupportedError(f"<{tag}> with colour {name!r}")
    return [color.red / 255, color.green / 255, color.blue / 255], color.alpha / 255


def _is_black(name: str) -> bool:
    """Whether what svgelements takes for black, as everything that it does not know, is meant to be black."""
    try:
        return ImageColor.getrgb(name) == (0, 0, 0)
    except ValueError:
        return name == "currentColor"


def _fills(shape: _Shape, width: float, height: float) -> bool:
    """Whether a shape paints all of the document, width × height in canvas units."""
    box = shape.outline
    if not isinstance(box, RoundedBox) or shape.stroke_width is not None or shape.opacity < 1:
        return False
    size = torch.tensor([width, height])
    inside = (box.center[0, 0] - box.half_extents[0, 0] <= 1e-4).all()
    beyond = (box.center[0, 0] + box.half_extents[0, 0] >= size - 1e-4).all()
    return bool(inside and beyond and box.roundness == 0 and box.angle == 0)


def _groups(shapes: list[_Shape]) -> tuple[Group, ...]:
    families: dict[tuple[object, ...], list[int]] = {}
    for slot, shape in enumerate(shapes):
        families.setdefault(shape.family, []).append(slot)
    return tuple(_group([shapes[slot] for slot in slots], tuple(slots)) for slots in families.values())


def _group(shapes: Sequence[_Shape], slots: tuple[int, ...]) -> Group:
    first, outlines = shapes[0].outline, [shape.outline for shape in shapes]
    outline: Outline
    if isinstance(first, Path):
        points = torch.cat([one.points for one in outlines if isinstance(one, Path)], dim=1)
        outline = Path(points, first.closed, first.degree)
    else:
        boxes = [one for one in outlines if isinstance(one, RoundedBox)]
        outline = RoundedBox(
            torch.cat([one.center for one in boxes], dim=1),
            torch.cat([one.half_extents for one in boxes], dim=1),
            torch.cat([one.angle for one in boxes], dim=1),
            torch.cat([one.roundness for one in boxes], dim=1),
        )
    widths = [shape.stroke_width for shape in shapes if shape.stroke_width is not None]
    return Group(outline, slots, torch.cat(widths, dim=1) if widths else None)
