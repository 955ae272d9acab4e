"""SVG as scenes: what ``to_svg`` has written."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.scene import Group, Outline, Path, RoundedBox, Scene

NAMESPACE = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class _Shape:
    """One element: its outline (B and n are 1), stroke width ``[1, 1]`` or None, colour and opacity."""

    outline: Outline
    stroke_width: Tensor | None
    color: list[float]
    opacity: float

    @property
    def family(self) -> tuple[object, ...]:
        """Shapes of one family can stand in one group."""
        outline = self.outline
        path = (outline.degree, outline.closed, outline.points.shape) if isinstance(outline, Path) else ()
        return type(outline), self.stroke_width is None, *path


def from_svg(text: str) -> Scene:
    """The drawing in an SVG document that ``to_svg`` has written.

    Args:
        text: the document.

    Returns:
        A scene of one drawing in RGB, float32, that is drawn as the document was: rasterize it at the document's size
        (or another of the same aspect) with coverage ``ramp``, and with the compositing that it was written with.

    Raises:
        UserError: no SVG, or one with elements, attributes or commands that ``to_svg`` does not write.
    """
    root = _parse(text)
    try:
        size = re.fullmatch("0 0 ([1-9][0-9]*) ([1-9][0-9]*)", root.attrib["viewBox"])
        if size is None:
            raise ValueError(f"viewBox {root.attrib['viewBox']!r}")
        side = min(float(size[1]), float(size[2]))
        background, *elements = [child for child in root if child.tag != f"{NAMESPACE}title"]
        if background.tag != f"{NAMESPACE}rect" or set(background.attrib) != {"width", "height", "fill"}:
            raise ValueError("the first element is no background")
        shapes = [_shape(element, side) for element in elements]
        groups = _groups(shapes)
        background_color = _color(background.attrib["fill"])
    except (KeyError, ValueError, IndexError, RuntimeError) as error:
        raise UserError(f"svg: not as vectorae writes it ({_reason(error)})") from error
    count = len(shapes)
    return Scene(
        groups,
        torch.tensor([shape.color for shape in shapes]).reshape(1, count, 3),
        torch.tensor([shape.opacity for shape in shapes]).reshape(1, count),
        torch.ones(1, count),
        torch.tensor([background_color]),
    )


def _parse(text: str) -> ElementTree.Element:
    # What entities could blow up to is not worth the risk: no SVG of ours has a document type.
    if "<!" in text:
        raise UserError("svg: not as vectorae writes it (a document type or comment)")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise UserError(f"svg: not well-formed ({error})") from error
    if root.tag != f"{NAMESPACE}svg":
        raise UserError(f"svg: the root is <{root.tag}>, not <svg> of http://www.w3.org/2000/svg")
    return root


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _groups(shapes: list[_Shape]) -> tuple[Group, ...]:
    families: dict[tuple[object, ...], list[int]] = {}
    for slot, shape in enumerate(shapes):
        families.setdefault(shape.family, []).append(slot)
    return tuple(_group([shapes[slot] for slot in slots], tuple(slots)) for slots in families.values())


def _group(shapes: list[_Shape], slots: tuple[int, ...]) -> Group:
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


FILL = {"fill", "fill-opacity"}
STROKE = {"fill", "stroke", "stroke-opacity", "stroke-width", "stroke-linecap", "stroke-linejoin"}
GEOMETRY = {
    "path": ({"d"}, set[str]()),
    "circle": ({"cx", "cy", "r"}, set[str]()),
    "ellipse": ({"cx", "cy", "rx", "ry"}, {"transform"}),
    "rect": ({"x", "y", "width", "height"}, {"rx", "ry", "transform"}),
}
"""Element → the attributes that it has, and those that it may have."""


def _shape(element: ElementTree.Element, side: float) -> _Shape:
    tag, attributes = element.tag.removeprefix(NAMESPACE), dict(element.attrib)
    if tag not in GEOMETRY:
        raise ValueError(f"<{tag}>")
    stroked = attributes.get("fill") == "none"
    needed, possible = GEOMETRY[tag][0] | (STROKE if stroked else FILL), GEOMETRY[tag][1]
    for name in sorted(needed - set(attributes)):
        raise KeyError(name)
    if attributes.pop("style", "mix-blend-mode:screen") != "mix-blend-mode:screen":
        raise ValueError(f"style of <{tag}>")
    for name in sorted(set(attributes) - needed - possible):
        raise ValueError(f"{name} of <{tag}>")
    outline = _path(attributes["d"], side) if tag == "path" else _box(tag, attributes, side)
    if not stroked:
        opacity = _between(attributes["fill-opacity"], 0, 1)
        return _Shape(outline, None, _color(attributes["fill"]), opacity)
    if (attributes["stroke-linecap"], attributes["stroke-linejoin"]) != ("round", "round"):
        raise ValueError("a stroke without round caps and joins")
    width = torch.tensor([[_between(attributes["stroke-width"], 0, math.inf) / side]])
    return _Shape(outline, width, _color(attributes["stroke"]), _between(attributes["stroke-opacity"], 0, 1))


def _between(text: str, low: float, high: float) -> float:
    value = float(text)
    if not low <= value <= high:
        raise ValueError(f"{text} is not between {low} and {high}")
    return value


def _box(tag: str, attributes: Mapping[str, str], side: float) -> RoundedBox:
    def length(name: str) -> float:
        return _between(attributes.get(name, "0"), 0, math.inf)

    if tag == "rect":
        half_width, half_height = length("width") / 2, length("height") / 2
        x, y = float(attributes["x"]) + half_width, float(attributes["y"]) + half_height
        # The longer side tells it with more digits.
        radius, half = max((length("rx"), half_width), (length("ry"), half_height), key=lambda pair: pair[1])
        roundness = min(1.0, radius / half) if half > 0 else 0.0
    else:
        x, y, roundness = float(attributes["cx"]), float(attributes["cy"]), 1.0
        half_width, half_height = length("r" if tag == "circle" else "rx"), length("r" if tag == "circle" else "ry")
    turn = re.fullmatch(r"rotate\((\S+) (\S+) (\S+)\)", attributes.get("transform", f"rotate(0 {x} {y})"))
    # About its own centre, which is a sum of rounded numbers.
    if turn is None or max(abs(float(turn[2]) - x), abs(float(turn[3]) - y)) > 0.05:
        raise ValueError(f"transform {attributes['transform']!r}")
    return RoundedBox(
        torch.tensor([[[x, y]]]) / side,
        torch.tensor([[[half_width, half_height]]]) / side,
        torch.tensor([[math.radians(float(turn[1]))]]),
        torch.tensor([[roundness]]),
    )


NUMBER = r"-?\d+(?:\.\d+)?"
PLACE = f"{NUMBER} {NUMBER}"


def _path(commands: str, side: float) -> Path:
    if re.fullmatch(f"M {PLACE}(?: L {PLACE})+(?: Z)?", commands):
        degree = 1
    elif re.fullmatch(f"M {PLACE}(?: C {PLACE} {PLACE} {PLACE})+(?: Z)?", commands):
        degree = 3
    else:
        raise ValueError(f"path {commands[:40]!r}")
    closed = commands.endswith("Z")
    points = torch.tensor([float(number) for number in re.findall(NUMBER, commands)]).reshape(1, 1, -1, 2) / side
    if degree == 3 and closed:
        points = points[..., :-1, :]
    return Path(points, closed, degree)


def _color(text: str) -> list[float]:
    digits = re.fullmatch("#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", text)
    if digits is None:
        raise ValueError(f"colour {text!r}")
    return [int(pair, 16) / 255 for pair in digits.groups()]
