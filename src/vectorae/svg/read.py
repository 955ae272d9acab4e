"""SVG documents as scenes: those of ``to_svg``, and plain shapes by others. svgelements parses the syntax."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import torch
from PIL import ImageColor

from vectorae.errors import UserError
from vectorae.geometry.stroke_style import PLAIN, StrokeStyle
from vectorae.scene import FILL_RULES, Composite, Gradient, Outline, RoundedBox, Scene
from vectorae.svg.attributes import attributes_of, number_of, property_of, unsupported
from vectorae.svg.outlines import UnsupportedError, closed, determinant, joined, outlines_of
from vectorae.svg.read_definitions import Definitions, clip_of, definitions_of, gradient_of, referred
from vectorae.svg.read_shapes import ReadShape, groups_of

NAMESPACE = "{http://www.w3.org/2000/svg}"
BLACK = 0x000000FF
"""Red, green, blue and opacity, a byte each."""

PAPER = (1.0, 1.0, 1.0)
"""The background of a document that paints none."""

SILENT = {
    "title",
    "desc",
    "metadata",
    "defs",
    "style",
    "svg",
    "a",
    "clipPath",
    "linearGradient",
    "radialGradient",
    "stop",
}
"""Elements that draw nothing themselves."""


@dataclass(frozen=True)
class Reading:
    """The contents of an SVG document.

    Attributes:
        scene: its shapes, one drawing in RGB, float32.
        width, height: of the document, in its own units.
        layers: for each shape the id of its innermost group that has one, or None.
        skipped: elements that were left out, with the reason → how many there were.
        paints_background: whether a first rectangle fills the document; else the scene's background is white.
    """

    scene: Scene
    width: float
    height: float
    layers: list[str | None]
    skipped: dict[str, int]
    paints_background: bool = True


def from_svg(text: str, transparent: bool = False) -> Scene:
    """Read a drawing from an SVG document, written by ``to_svg`` or by any other program.

    Supported are circles, ellipses, rects, lines, polylines, polygons and paths, with fill and stroke of one colour or
    a gradient as ``to_svg`` writes them, in groups, with their opacity and clip paths, and under transforms.

    Args:
        text: the document.
        transparent: leave a document without a background as it is; else it is white.

    Returns:
        A scene of one drawing in RGB, float32: rasterize it at the document's size (or another of the same aspect) with
        coverage ``ramp``. Its compositing is ``soft_or`` if all shapes are blended by *screen*, else ``over``. A first
        rectangle that fills the document is the background.

    Raises:
        UserError: not an SVG document, or one with unsupported elements.

    Example:
        >>> import vectorae
        >>> disc = '<circle cx="5" cy="5" r="2" fill="red"/>'
        >>> scene = vectorae.from_svg(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{disc}</svg>')
        >>> scene.count, scene.color
        (1, tensor([[[1., 0., 0.]]]))
    """
    reading = read_svg(text)
    if reading.skipped:
        raise UserError(f"svg: cannot be drawn with shapes: {counted(reading.skipped)}")
    if transparent and not reading.paints_background:
        return replace(reading.scene, background=None)
    return reading.scene


def read_svg(text: str) -> Reading:
    """Read an SVG document as ``from_svg`` does, but leave out unsupported elements and name them.

    Raises:
        UserError: not an SVG document.
    """
    source = _source(text)
    root, width, height = _parse(source)
    definitions, view = definitions_of(source), source.attrib["viewBox"]
    side = min(width, height)
    skipped: Counter[str] = Counter()
    shapes: list[ReadShape] = []
    background: list[float] | None = None
    blends: set[str] = set()
    members: dict[_Together, list[int]] = {}
    for element, layer, around in _elements(root, None, ()):
        try:
            for group in around:
                group.read(definitions, view, side)
            if any(group.is_left_out for group in around):
                continue
            found = _shapes(element, side, layer, definitions)
        except UnsupportedError as why:
            skipped[str(why)] += 1
            continue
        if (
            background is None
            and not shapes
            and not around
            and len(found) == 1
            and _fills(found[0], width / side, height / side)
        ):
            background = found[0].color
            continue
        for group in around:
            members.setdefault(group, []).extend(range(len(shapes), len(shapes) + len(found)))
        shapes += found
        blends.update(property_of(attributes_of(element), "mix-blend-mode", "normal") for _ in found)
    screen = blends == {"screen"}
    composites = [one for group, slots in members.items() if (one := group.composite(slots, shapes, screen))]
    count = len(shapes)
    scene = Scene(
        groups=groups_of(shapes),
        color=torch.tensor([shape.color for shape in shapes]).reshape(1, count, 3),
        opacity=torch.tensor([shape.opacity for shape in shapes]).reshape(1, count),
        softness=torch.ones(1, count),
        background=torch.tensor([list(PAPER) if background is None else background]),
        compositing="soft_or" if screen else "over",
        composites=tuple(composites),
    )
    layers = [shape.layer for shape in shapes]
    return Reading(scene, width, height, layers, dict(skipped), background is not None)


def counted(skipped: Mapping[str, int]) -> str:
    """Names with their numbers in words.

    >>> counted({"<text>": 2, "<path> with a gradient": 1})
    '2 × <text>, <path> with a gradient'
    """
    return ", ".join(name if times == 1 else f"{times} × {name}" for name, times in skipped.items())


def _source(text: str) -> ElementTree.Element:
    """The document's elements, with its size in the units of its viewBox."""
    # Entities could expand to gigabytes.
    if "<!ENTITY" in text:
        raise UserError("svg: it defines entities, which are not read")
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise UserError(f"svg: not well-formed ({error})") from error
    if root.tag != f"{NAMESPACE}svg":
        raise UserError(f"svg: the root is <{root.tag}>, not <svg> of http://www.w3.org/2000/svg")
    left, top, width, height = _view(root)
    # In the document's own units, whatever its display size.
    root.attrib |= {"width": str(width), "height": str(height), "viewBox": f"{left} {top} {width} {height}"}
    return root


def _parse(source: ElementTree.Element) -> tuple[Any, float, float]:
    """The document's elements as svgelements has them, and its width and height."""
    import svgelements

    try:
        parsed = svgelements.SVG.parse(StringIO(ElementTree.tostring(source, encoding="unicode")), reify=False)
    except Exception as error:  # its many converters raise what they like
        raise UserError(f"svg: cannot be read ({str(error) or type(error).__name__})") from error
    return parsed, float(source.attrib["width"]), float(source.attrib["height"])


def _view(root: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, width and height of the document's view box."""
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


class _Together:
    """A group ``<g>`` whose shapes are painted as one, unless it has but one."""

    def __init__(self, element: Any, is_moved: bool) -> None:
        own = attributes_of(element)
        self._element, self._is_moved = element, is_moved
        self._opacity, self._clip_path = own.get("opacity", "1"), property_of(own, "clip-path", "none")
        self._found: tuple[float, tuple[Outline, ...] | None] | None = None
        self.is_left_out = False

    @property
    def is_plain(self) -> bool:
        """Whether it changes nothing."""
        return self._opacity in ("1", "100%") and self._clip_path == "none"

    def read(self, definitions: Definitions, view: str, side: float) -> None:
        """Read its opacity and what it is clipped by, the first time.

        Raises:
            UnsupportedError: one of these cannot be read; its shapes are left out.
        """
        if self._found is not None or self.is_left_out:
            return
        self.is_left_out = True
        opacity, clip = number_of(self._opacity, "opacity", self._element), None
        if self._clip_path != "none":
            if self._is_moved:
                raise UnsupportedError("<g> with clip-path and transform")
            clip = clip_of(referred(self._clip_path, definitions), view, side)
        self._found, self.is_left_out = (opacity, clip), False

    def composite(self, slots: list[int], shapes: list[ReadShape], screen: bool) -> Composite | None:
        """The shapes in these slots as one; None where each can have the opacity itself: one alone, or by screen."""
        opacity, clip = self._found or (1.0, None)
        if clip is None and (screen or len(slots) == 1 and shapes[slots[0]].stroke_color is None):
            for slot in slots:
                shapes[slot] = replace(shapes[slot], opacity=shapes[slot].opacity * opacity)
            return None
        if screen:
            raise UserError("svg: it has a clip path on shapes that are blended by screen, which is not read")
        return Composite(slots[0], slots[-1] + 1, torch.tensor([opacity]), clip) if slots else None


def _elements(
    group: Any, layer: str | None, around: tuple[_Together, ...], is_moved: bool = False
) -> Iterator[tuple[Any, str | None, tuple[_Together, ...]]]:
    """The visible elements, each with the id of its innermost group that has one, and groups painted as one."""
    import svgelements

    for element in group:
        own = attributes_of(element)
        if property_of(own, "display", "inline") == "none":
            continue
        if isinstance(element, svgelements.Group) and len(element) and not unsupported(own, ("mask", "filter")):
            moved = is_moved or "transform" in own
            one = _Together(element, moved)
            yield from _elements(element, own.get("id", layer), around if one.is_plain else (*around, one), moved)
        elif own.get("tag") not in SILENT and element.values.get("visibility", "visible") == "visible":
            yield element, layer, around


def _shapes(element: Any, side: float, layer: str | None, definitions: Definitions) -> list[ReadShape]:
    """The shapes that an element paints: its fill, then its stroke, unless ``paint-order`` says otherwise."""
    values, name = element.values, f"<{element.values.get('tag', 'unknown')}>"
    own = attributes_of(element)
    if (found := unsupported(own)) is not None:
        raise UnsupportedError(f"{name} with {found}")
    opacity = number_of(own.get("opacity", "1"), "opacity", element)
    fill, stroke = (
        _ink(values.get(which, default), element, definitions, side)
        for which, default in (("fill", "black"), ("stroke", "none"))
    )
    fill_rule = values.get("fill-rule", "nonzero")
    if fill_rule not in FILL_RULES:
        raise UnsupportedError(f"{name} with fill-rule {fill_rule}")
    outlines = joined(list(outlines_of(element, side, name)), fill_rule) if fill or stroke else []
    shares = [
        opacity * paint[1] * number_of(values.get(f"{which}-opacity", "1"), f"{which}-opacity", element)
        if paint
        else 0.0
        for which, paint in (("fill", fill), ("stroke", stroke))
    ]
    width, style, is_below = None, PLAIN, False
    if stroke:
        scale = math.sqrt(abs(determinant(element.transform))) / side
        width = torch.tensor(
            [[scale * number_of(str(values.get("stroke-width", "1")), "stroke-width", element, math.inf)]]
        )
        style = _style(values, element, scale)
        is_below = str(values.get("paint-order", "")).strip().startswith("stroke")
    shapes: list[ReadShape] = []
    for outline in outlines:
        inside = closed(outline) if fill and name != "<line>" else None
        if fill and stroke and inside is not None and math.isclose(*shares, abs_tol=1e-6):
            order = style, stroke[0], is_below
            shapes.append(ReadShape(outline, width, fill[0], shares[0], layer, *order, fill[2], stroke[2]))
            continue
        both: list[ReadShape] = []
        if fill and inside is not None:
            both.append(ReadShape(inside, None, fill[0], shares[0], layer, gradient=fill[2]))
        both += [ReadShape(outline, width, stroke[0], shares[1], layer, style, gradient=stroke[2])] if stroke else []
        shapes += both[::-1] if is_below else both
    return shapes


def _style(values: Mapping[str, Any], element: Any, scale: float) -> StrokeStyle:
    """Caps, joins and dashes of a stroke, in canvas units."""

    def lengths(name: str) -> list[float]:
        words = str(values.get(name) or "none").replace(",", " ").split()
        return [] if words == ["none"] else [scale * number_of(word, name, element, math.inf) for word in words]

    tag, given = values.get("tag"), {"cap": values.get("stroke-linecap", "butt")}
    given["join"] = values.get("stroke-linejoin", "miter")
    dashes, limit = lengths("stroke-dasharray"), str(values.get("stroke-miterlimit", "4"))
    offset = lengths("stroke-dashoffset") if dashes else []
    try:
        return StrokeStyle(
            **given,
            miter_limit=float(limit),
            dashes=tuple(dashes if sum(dashes) > 0 else []),
            dash_offset=offset[0] if offset else 0.0,
        )
    except (UserError, ValueError) as error:
        raise UnsupportedError(f"<{tag}> with {error}") from error


def _ink(
    text: Any, element: Any, definitions: Definitions, side: float
) -> tuple[list[float], float, Gradient | None] | None:
    """As ``_color``, and the gradient, whose first colour it is."""
    gradient = gradient_of(referred(str(text), definitions), getattr(element, "transform", ""), side)
    if gradient is not None:
        return gradient.colors[0, 0, 0].tolist(), 1.0, gradient
    found = _color(text, element)
    return found and (*found, None)


def _color(text: Any, element: Any) -> tuple[list[float], float] | None:
    """Red, green and blue in [0, 1], and the opacity; None for no paint."""
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
    """Whether a colour that svgelements reads as black, as it does with unknown ones, really is black."""
    try:
        return ImageColor.getrgb(name) == (0, 0, 0)
    except ValueError:
        return name == "currentColor"


def _fills(shape: ReadShape, width: float, height: float) -> bool:
    """Whether a shape covers the whole document, width × height in canvas units."""
    box = shape.outline
    is_flat = shape.stroke_width is None and shape.gradient is None
    if not isinstance(box, RoundedBox) or not is_flat or shape.opacity < 1:
        return False
    size = torch.tensor([width, height])
    inside = (box.center[0, 0] - box.half_extents[0, 0] <= 1e-4).all()
    beyond = (box.center[0, 0] + box.half_extents[0, 0] >= size - 1e-4).all()
    return bool(inside and beyond and box.roundness == 0 and box.angle == 0)
