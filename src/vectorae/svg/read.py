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


class _UnsupportedError(Exception):
    """An element that no shape of ours is equal to; says which and why."""


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
        except _UnsupportedError as why:
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
        raise _UnsupportedError(f"{name} with {trouble}")
    opacity *= _number(own.get("opacity", "1"), "opacity", element)
    fill, stroke = _color(values.get("fill", "black"), element), _color(values.get("stroke", "none"), element)
    outlines = list(_outlines(element, side, name)) if fill or stroke else []
    if fill and name != "<line>":
        if len(outlines) > 1:
            raise _UnsupportedError(f"{name} with several contours")
        if values.get("fill-rule", "nonzero") != "nonzero":
            raise _UnsupportedError(f"{name} with fill-rule {values['fill-rule']}")
        for outline in outlines:
            filled = _closed(outline)
            if filled is not None:
                color, own_opacity = fill
                share = _number(values.get("fill-opacity", "1"), "fill-opacity", element)
                yield _Shape(filled, None, color, opacity * own_opacity * share, layer)
    if stroke:
        color, own_opacity = stroke
        share = _number(values.get("stroke-opacity", "1"), "stroke-opacity", element)
        width = _number(str(values.get("stroke-width", "1")), "stroke-width", element, math.inf)
        width *= math.sqrt(abs(_determinant(element.transform))) / side
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
        raise _UnsupportedError(f"<{tag}> with {name} {text!r}") from None
    if not 0 <= value < math.inf:
        raise _UnsupportedError(f"<{tag}> with {name} {text!r}")
    return min(value, high)


def _color(text: Any, element: Any) -> tuple[list[float], float] | None:
    """Red, green and blue, and the opacity; None for no paint."""
    import svgelements

    name = str(text).strip()
    if text is None or name in ("none", "transparent"):
        return None
    tag = element.values.get("tag")
    if "url(" in name:
        raise _UnsupportedError(f"<{tag}> with a gradient or pattern")
    color = svgelements.Color(name)
    if color.value == BLACK and not _is_black(name):
        raise _UnsupportedError(f"<{tag}> with colour {name!r}")
    return [color.red / 255, color.green / 255, color.blue / 255], color.alpha / 255


def _is_black(name: str) -> bool:
    """Whether what svgelements takes for black, as everything that it does not know, is meant to be black."""
    try:
        return ImageColor.getrgb(name) == (0, 0, 0)
    except ValueError:
        return name == "currentColor"


def _determinant(matrix: Any) -> float:
    return float(matrix.a * matrix.d - matrix.b * matrix.c)


def _outlines(element: Any, side: float, name: str) -> Iterator[Outline]:
    """The outlines of an element in canvas units: a box, or a path for each of its contours."""
    import svgelements

    try:
        if isinstance(element, svgelements.Circle | svgelements.Ellipse):
            _check_sizes(element, name, "rx", "ry")
            yield _ellipse(element, side)
            return
        if isinstance(element, svgelements.Rect):
            _check_sizes(element, name, "width", "height", "rx", "ry")
            if (box := _rectangle(element, side)) is not None:
                yield box
                return
        if not isinstance(element, svgelements.Shape):
            raise _UnsupportedError(name)
        path = svgelements.Path(element)
        path.reify()
        contours = [contour for contour in path.as_subpaths() if len(contour)]
    except _UnsupportedError:
        raise
    except Exception as error:  # as in _parse
        raise _UnsupportedError(f"{name} ({str(error) or type(error).__name__})") from error
    if not contours:
        raise _UnsupportedError(f"{name} without a shape")
    for contour in contours:
        yield _contour(contour, side, name)


def _check_sizes(element: Any, name: str, *sizes: str) -> None:
    for size in sizes:
        value = getattr(element, size)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise _UnsupportedError(f"{name} with {size} {value:g}")


def _ellipse(element: Any, side: float) -> RoundedBox:
    """An ellipse under any transform is an ellipse: its axes are the singular vectors."""
    matrix = element.transform
    linear = torch.tensor([[matrix.a, matrix.c], [matrix.b, matrix.d]], dtype=torch.float64)
    center = matrix.point_in_matrix_space((element.cx, element.cy))
    radii = torch.tensor([element.rx, element.ry], dtype=torch.float64)
    columns = linear * radii
    if abs(float((linear[:, 0] * linear[:, 1]).sum())) < 1e-9 * float(linear.square().sum()):
        angle, half = math.atan2(float(linear[1, 0]), float(linear[0, 0])), columns.norm(dim=0)
    else:
        axes, half, _ = torch.linalg.svd(columns)
        angle = math.atan2(float(axes[1, 0]), float(axes[0, 0]))
    if element.rx == element.ry and math.isclose(float(half[0]), float(half[1]), rel_tol=1e-9):
        angle = 0.0
    return _box(center, half, angle, 1.0, side)


def _rectangle(element: Any, side: float) -> RoundedBox | None:
    """A rectangle, if the transform leaves it one, and its corners alike."""
    matrix, width, height = element.transform, float(element.width), float(element.height)
    linear = torch.tensor([[matrix.a, matrix.c], [matrix.b, matrix.d]], dtype=torch.float64)
    radii = [min(float(element.rx or 0), width / 2), min(float(element.ry or 0), height / 2)]
    # The longer side tells with more digits how round it is.
    (radius, half), (other, other_half) = sorted(
        zip(radii, (width / 2, height / 2), strict=True), key=lambda pair: -pair[1]
    )
    roundness = min(1.0, radius / half) if half > 0 else 0.0
    straight = abs(float((linear[:, 0] * linear[:, 1]).sum())) < 1e-9 * float(linear.square().sum())
    if not straight or abs(other - roundness * other_half) > 0.02 + 1e-3 * other_half:
        return None
    center = matrix.point_in_matrix_space((element.x + width / 2, element.y + height / 2))
    extents = linear.norm(dim=0) * torch.tensor([width / 2, height / 2], dtype=torch.float64)
    return _box(center, extents, math.atan2(float(linear[1, 0]), float(linear[0, 0])), roundness, side)


def _box(center: Any, half_extents: Tensor, angle: float, roundness: float, side: float) -> RoundedBox:
    return RoundedBox(
        torch.tensor([[[center.x, center.y]]]) / side,
        half_extents.float().reshape(1, 1, 2) / side,
        torch.tensor([[angle]]),
        torch.tensor([[roundness]]),
    )


def _contour(contour: Any, side: float, name: str) -> Path:
    """One contour: straight segments, or all of it as cubics."""
    import svgelements

    segments = [one for one in contour if not isinstance(one, svgelements.Move)]
    closed = any(isinstance(one, svgelements.Close) for one in segments)
    straight = all(isinstance(one, svgelements.Line | svgelements.Close) for one in segments)
    first = next(iter(contour)).end
    points = [first]
    for segment in segments:
        points += [segment.end] if straight else _cubic(segment)
    if closed and len(points) > 1 and _same(points[-1], first):
        points = points[:-1]
    if not straight and not closed and len(points) < 4 or not all(math.isfinite(p.x + p.y) for p in points):
        raise _UnsupportedError(f"{name} without a shape")
    if straight and not closed and len(points) == 2 and _same(points[0], points[1]):
        points = points[:1]  # a dot
    places = torch.tensor([[[[point.x, point.y] for point in points]]]) / side
    return Path(places, closed, 1 if straight else 3)


def _same(one: Any, other: Any) -> bool:
    return bool(abs(one.x - other.x) + abs(one.y - other.y) < 1e-9)


def _cubic(segment: Any) -> list[Any]:
    """The control points of a segment as cubics, without its start."""
    import svgelements

    start, end = segment.start, segment.end
    if isinstance(segment, svgelements.CubicBezier):
        return [segment.control1, segment.control2, end]
    if isinstance(segment, svgelements.QuadraticBezier):
        return [start + (segment.control - start) * (2 / 3), end + (segment.control - end) * (2 / 3), end]
    if isinstance(segment, svgelements.Arc):
        return [point for cubic in segment.as_cubic_curves() for point in _cubic(cubic)]
    if isinstance(segment, svgelements.Close) and _same(start, end):
        return []
    return [start + (end - start) * (1 / 3), start + (end - start) * (2 / 3), end]


def _closed(outline: Outline) -> Outline | None:
    """What is filled of an outline: an open path ends with a straight line to its start; nothing of a line."""
    if not isinstance(outline, Path) or outline.closed:
        return outline if not isinstance(outline, Path) or outline.points.shape[-2] > 2 else None
    points = outline.points
    if outline.degree == 1:
        return Path(points, True, 1) if points.shape[-2] > 2 else None
    first, last = points[..., :1, :], points[..., -1:, :]
    if torch.equal(first, last):
        return Path(points[..., :-1, :], True, 3)
    return Path(torch.cat([points, last + (first - last) / 3, last + (first - last) * 2 / 3], dim=-2), True, 3)


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
