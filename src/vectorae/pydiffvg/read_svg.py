"""SVG documents as shapes and groups."""

import re
import warnings
from collections import Counter
from dataclasses import dataclass
from os import PathLike
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import torch
from torch import Tensor

from vectorae.pydiffvg.inks import LinearGradient, RadialGradient
from vectorae.pydiffvg.shapes import IDENTITY, Circle, Ellipse, Polygon, Rect, Shape, ShapeGroup
from vectorae.pydiffvg.svg_paths import contours_of, path_of
from vectorae.svg.definitions import Gradient
from vectorae.svg.markup import Box
from vectorae.svg.read import counted
from vectorae.svg.read_definitions import color_of, gradient_of, referred
from vectorae.svg.read_paths import IDENTITY as NO_MAP
from vectorae.svg.read_paths import Matrix, box_of, combined, curve_of, matrix_of, scale_of
from vectorae.svg.source import Source, read_source
from vectorae.svg.usvg import not_understood, simplified


def svg_to_scene(filename: str | PathLike[str]) -> tuple[int, int, list[Shape], list[ShapeGroup]]:
    """Read an SVG document: width and height of the canvas in pixels, shapes, and a group for each element.

    All that ``vectorae.from_svg`` reads, in the units of the ``viewBox`` if there is one. Paths have the maps of their
    elements in their points; circles, ellipses, rectangles, polygons and lines in ``shape_to_canvas``. What groups of
    shapes cannot show is left out, with one warning that names it: clip paths, masks, filters, images, text; the
    opacity of a ``<g>`` becomes that of its elements.

    Raises:
        UserError: no SVG document.
    """
    source = read_source(filename)
    _without_units(source.root)
    tags = _named(source)
    text, said = simplified(source.text)
    root = ElementTree.fromstring(text)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    reader = _Reader(source, root, tags)
    reader.read(root, _Place())
    skipped = reader.skipped + Counter([*source.unlike, *not_understood(said)])
    if skipped:
        warnings.warn(f"svg_to_scene: left out: {counted(skipped)}", stacklevel=2)
    width, height = (max(1, round(float(root.attrib[name]))) for name in ("width", "height"))
    return width, height, reader.shapes, reader.groups


def _without_units(root: Element) -> None:
    """Let the document be as large as its ``viewBox``."""
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    if len(box) == 4:
        root.set("width", box[2])
        root.set("height", box[3])


MARK = "pydiffvg-{}"


def _named(source: Source) -> dict[str, tuple[str, str]]:
    """Give every element an id of its own, by which it is found again; that → its name and the id it had."""
    found: dict[str, tuple[str, str]] = {}
    referred_to = {one for element in source.root.iter() for one in re.findall(r"#([\w.:-]+)", str(element.attrib))}
    for number, element in enumerate(source.root.iter()):
        own = element.get("id", "")
        if own in referred_to and own:
            found[own] = element.tag, own
            continue
        if element.tag in _SHAPES:
            mark = MARK.format(number)
            found[mark] = element.tag, source.ids.get(own, own)
            element.set("id", mark)
    return found


_SHAPES = {"path", "circle", "ellipse", "rect", "line", "polygon", "polyline"}


@dataclass(frozen=True)
class _Place:
    """The map to the canvas of an element's surroundings, and their opacity."""

    matrix: Matrix = NO_MAP
    opacity: float = 1.0


class _Reader:
    """Reads the shapes of usvg's normal form."""

    def __init__(self, source: Source, root: Element, tags: dict[str, tuple[str, str]]) -> None:
        self._source, self._tags = source, tags
        self._definitions = {
            one.attrib["id"]: one for defs in root.iter("defs") for one in defs.iter() if "id" in one.attrib
        }
        self.shapes: list[Shape] = []
        self.groups: list[ShapeGroup] = []
        self.skipped: Counter[str] = Counter()

    def read(self, parent: Element, place: _Place) -> None:
        """Add the shapes within an element, from the bottom to the top."""
        for child in parent:
            if child.tag == "g":
                for what in ("mask", "filter", "clip-path"):
                    self.skipped[what] += what in child.attrib
                matrix = combined(place.matrix, matrix_of(child.get("transform")))
                self.read(child, _Place(matrix, place.opacity * float(child.get("opacity", 1))))
            elif child.tag == "path" and child.get("visibility", "visible") == "visible":
                self._path(child, place)
            elif child.tag == "image":
                self.skipped["<image>"] += 1
        self.skipped = +self.skipped

    def _path(self, path: Element, place: _Place) -> None:
        data = path.get("d", "")
        curve = curve_of(data)
        marked = self._source.marked_by(curve)
        if curve is None or marked:
            self.skipped[marked or ""] += bool(marked)
            return
        fill, stroke = (self._ink(path, which, place) for which in ("fill", "stroke"))
        if fill is None and stroke is None:
            return
        width = float(path.get("stroke-width", 1)) / 2
        tag, name = self._tags.get(path.get("id", ""), ("path", ""))
        own = self._named_shape(tag, data, width)
        a, b, c, d, e, f = place.matrix
        matrix = torch.tensor([[a, c, e], [b, d, f], [0.0, 0.0, 1.0]])
        # Paths are moved; where their strokes would become uneven, they are mapped as all others are.
        factor = scale_of(place.matrix)
        shape_to_canvas = IDENTITY if place.matrix == NO_MAP else matrix
        if own is None:
            is_moved = factor is not None or stroke is None
            half = torch.tensor(width * (factor or 1.0 if is_moved else 1.0))
            shapes: list[Shape] = [path_of(one, half, matrix if is_moved else None) for one in contours_of(data)]
            shape_to_canvas = IDENTITY if is_moved else shape_to_canvas
        else:
            shapes = [own]
        for number, shape in enumerate(shapes):
            shape.id = f"{name}-{number}" if len(shapes) > 1 else name
        ids = torch.arange(len(self.shapes), len(self.shapes) + len(shapes))
        self.shapes += shapes
        even_odd = path.get("fill-rule", "nonzero") == "evenodd"
        self.groups.append(ShapeGroup(ids, fill, even_odd, stroke, shape_to_canvas, name))

    def _named_shape(self, tag: str, data: str, width: float) -> Shape | None:
        """A shape that is no path, by the name of its element."""
        half = torch.tensor(width)
        if tag in ("line", "polygon", "polyline"):
            contours = list(contours_of(data))
            if len(contours) == 1 and not any(contours[0].counts):
                return Polygon(torch.tensor(contours[0].points), contours[0].closed, half)
        curve = curve_of(data)
        box = box_of(curve, 1.0) if tag in ("circle", "ellipse", "rect") and curve is not None else None
        return None if box is None else _box_shape(tag, box, half)

    def _ink(self, path: Element, which: str, place: _Place) -> Tensor | LinearGradient | RadialGradient | None:
        value = path.get(which, "none")
        opacity = place.opacity * float(path.get(f"{which}-opacity", 1))
        if value == "none":
            return None
        if not value.startswith("url("):
            return torch.tensor([*color_of(value), opacity])
        element = referred(value, self._definitions)
        gradient = None if element is None else gradient_of(element, place.matrix)
        if gradient is None:
            self.skipped["a pattern"] += 1
            return None
        if gradient.spread != "pad":
            self.skipped[f"spreadMethod {gradient.spread}"] += 1
        return _gradient(gradient, opacity)


def _box_shape(tag: str, box: Box, half: Tensor) -> Shape | None:
    (x, y), (across, down) = box.center, box.half_extents
    center = torch.tensor([x, y])
    if tag == "circle" and box.roundness == 1:
        return Circle(torch.tensor((across + down) / 2), center, half)
    if tag == "ellipse" and box.roundness == 1:
        return Ellipse(torch.tensor([across, down]), center, half)
    if tag == "rect" and box.roundness == 0:
        return Rect(torch.tensor([x - across, y - down]), torch.tensor([x + across, y + down]), half)
    return None


def _gradient(gradient: Gradient, opacity: float) -> LinearGradient | RadialGradient:
    stops = {
        "offsets": torch.tensor([stop.offset for stop in gradient.stops]),
        "stop_colors": torch.tensor([[*stop.color, stop.opacity * opacity] for stop in gradient.stops]),
    }
    points = torch.tensor([list(point) for point in gradient.points])
    if len(points) == 2:
        return LinearGradient(points[0], points[1], **stops)
    # The ellipse whose half axes are upright, and as large.
    axes = points[1:3] - points[0]
    return RadialGradient(points[0], axes.square().sum(0).sqrt(), **stops)
