"""The elements of usvg's normal form as painted shapes."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element

import torch

from vectorae.errors import UserError
from vectorae.geometry.curve import flatten
from vectorae.geometry.stroke_outline import MOST_DASHES, stroke_outlines
from vectorae.svg.definitions import Gradient
from vectorae.svg.document import Ends, Painted, Shape, Together, bounds_of
from vectorae.svg.markup import Box, Curve
from vectorae.svg.read_definitions import Clip, Clips, Definitions, LeftOutError, color_of, gradient_of, referred
from vectorae.svg.read_paths import IDENTITY, Matrix, combined, curve_of, filled, matrix_of, moved, placed, scale_of
from vectorae.svg.source import Source
from vectorae.svg.to_scene import style_of

MOST_NESTED = 400
"""Groups within groups, with those that usvg makes."""

MOST_SHAPES, MOST_POINTS = 10_000, 300_000

MOST_UNEVEN = 4_000
"""Points, and dashes, of all strokes whose width depends on their direction."""

FINE = 1024
"""Strokes under uneven scale become polygons, as fine as for a drawing of this many pixels."""


class MixedError(Exception):
    """Some shapes are blended by *screen*, and others are not."""


@dataclass(frozen=True)
class _Place:
    """Where an element is: the map to pixels, the id of the innermost group that has one, and how deep.

    ``plain`` is false within what is clipped or translucent; ``isolated`` is true within what is blended by itself, on
    top of something else.
    """

    matrix: Matrix = IDENTITY
    layer: str | None = None
    depth: int = 0
    plain: bool = True
    screened: bool = False
    isolated: bool = False


class ElementReader:
    """Reads the shapes of a document.

    Args:
        source: the document as it was.
        root: its normal form.
        screen: whether all shapes but a background must be blended by *screen*; else those that are, are left out.

    Attributes:
        width, height: of the document in pixels.
        background: the colour of a first rectangle that fills the document, or None.
        skipped: names of what was left out → how many.
    """

    def __init__(self, source: Source, root: Element, screen: bool) -> None:
        self._source, self._root, self._screen = source, root, screen
        self._definitions: Definitions = {
            one.attrib["id"]: one for defs in root.iter("defs") for one in defs.iter() if "id" in one.attrib
        }
        self.width, self.height = float(root.attrib["width"]), float(root.attrib["height"])
        self.background: Sequence[float] | None = None
        self.skipped: Counter[str] = Counter()
        self._clips = Clips(source, self._definitions)
        self._count = self._uneven = self._points = 0

    def read(self) -> list[Painted]:
        """The shapes from the bottom to the top, in pixels.

        Raises:
            MixedError: see ``screen``.
            UserError: too many shapes, or nested too deeply.
        """
        return self._children(self._root, _Place())

    def _children(self, parent: Element, place: _Place) -> list[Painted]:
        if place.depth > MOST_NESTED:
            raise UserError(f"svg: its groups are nested more than {MOST_NESTED} deep")
        found: list[Painted] = []
        for child in parent:
            try:
                if child.tag == "g":
                    found += self._group(child, place)
                elif child.tag == "path":
                    found += self._path(child, place)
                elif child.tag == "image":
                    raise LeftOutError(self._name(child, "image"))
            except LeftOutError as what:
                self.skipped[str(what)] += 1
        return found

    def _name(self, element: Element, tag: str) -> str:
        """What an element was in the source."""
        own = element.get("id") or next((one.attrib["id"] for one in element.iter() if "id" in one.attrib), None)
        return self._source.called(self._source.names.get(own or "", tag), own)

    def _group(self, group: Element, place: _Place) -> list[Painted]:
        for what in ("mask", "filter"):
            if what in group.attrib:
                raise LeftOutError(f"{self._name(group, 'g')} with a {what}")
        blend = _blend_of(group)
        if blend not in ("normal", "screen" if self._screen else "normal"):
            raise LeftOutError(f"{self._name(group, 'g')} with mix-blend-mode {blend}")
        matrix, opacity = combined(place.matrix, matrix_of(group.get("transform"))), float(group.get("opacity", 1))
        clips = self._clips.of(group, matrix)
        own = group.get("id")
        layer = place.layer if own is None else self._source.ids.get(own, own)
        is_plain = place.plain and opacity == 1 and not clips
        is_alone = "isolation:isolate" in group.get("style", "") or not is_plain
        isolated = place.isolated or is_alone and (self._count > 0 or self.background is not None)
        before = Counter(self.skipped)
        inner = _Place(matrix, layer, place.depth + 1, is_plain, blend == "screen", isolated)
        found = self._children(group, inner)
        if blend == "screen" and len(found) > 1:
            raise MixedError
        if [] in clips or opacity == 0:
            self.skipped = before  # nothing of it is seen
            return []
        clips = [clip for clip in clips if not _contains(clip, found)]
        if self._screen and (clips or opacity < 1 and len(found) > 1):
            raise MixedError
        return _together(found, opacity, clips)

    def _path(self, path: Element, place: _Place) -> list[Painted]:
        if path.get("visibility", "visible") != "visible":
            return []
        data = path.get("d", "")
        self._points += data.count(" ") // 3  # a line is a letter and two numbers
        if self._points > MOST_POINTS:
            raise UserError(f"svg: its paths have more than {MOST_POINTS} points")
        curve = curve_of(data, path.get("fill-rule", "nonzero"))
        if curve is None:
            return []
        if (name := self._source.marked_by(curve)) is not None:
            raise LeftOutError(name)
        found = self._painted(path, curve, place)
        if not found:
            return []
        self._count += len(found)
        if self._count > MOST_SHAPES:
            raise UserError(f"svg: more than {MOST_SHAPES} shapes")
        if self._count == len(found) == 1 and place.plain and self.background is None and self._fills(found[0]):
            self.background, self._count = found[0].color, 0
            return []
        is_one = len(found) == 1 and found[0].stroke_color is None
        if self._screen and (not place.screened or place.isolated or not is_one):
            raise MixedError
        return [*found]

    def _fills(self, shape: Shape) -> bool:
        """Whether a shape covers the whole document with one opaque colour."""
        box, is_flat = shape.outline, shape.stroke_width is None and shape.gradient is None
        if not isinstance(box, Box) or not is_flat or shape.opacity < 1 or box.roundness > 0 or box.angle != 0:
            return False
        size, error = (self.width, self.height), 1e-4 * min(self.width, self.height)
        columns = list(zip(box.center, box.half_extents, size, strict=True))
        return all(middle - half <= error and middle + half >= whole - error for middle, half, whole in columns)

    def _painted(self, path: Element, curve: Curve, place: _Place) -> list[Shape]:
        """The shapes that an element paints: its fill, then its stroke, unless ``paint-order`` says otherwise."""
        fill, stroke = (self._ink(path, which, place.matrix) for which in ("fill", "stroke"))
        if stroke is not None and float(path.get("stroke-width", 1)) <= 0:
            stroke = None
        width, ends, along = None, Ends(), None
        if stroke is not None:
            try:
                width, ends, along = self._stroke(path, curve, place.matrix)
            except LeftOutError as what:
                self.skipped[str(what)] += 1
                stroke = None
        is_below, layer = path.get("paint-order", "").strip().startswith("stroke"), place.layer
        inside = None if fill is None else filled(curve)
        if fill is not None and stroke is not None and inside is not None and width is not None:
            (color, opacity, gradient), (ink, other, of_stroke) = fill, stroke
            if math.isclose(opacity, other, abs_tol=1e-6):
                outline = placed(curve, place.matrix, bool(ends.dashes))
                both = ink, is_below, None, ends, gradient, of_stroke
                return [Shape(outline, color, opacity, width, layer, *both)]
        shapes = []
        if fill is not None and inside is not None:
            color, opacity, gradient = fill
            shapes.append(Shape(placed(inside, place.matrix), color, opacity, None, layer, gradient=gradient))
        if stroke is not None and along is not None:
            color, opacity, gradient = stroke
            shapes.append(Shape(along, color, opacity, width, layer, ends=ends, gradient=gradient))
        return shapes[::-1] if is_below else shapes

    def _ink(self, path: Element, which: str, matrix: Matrix) -> tuple[Sequence[float], float, Gradient | None] | None:
        """Colour, opacity and gradient of a fill or stroke; None for none."""
        value, opacity = path.get(which, "none"), float(path.get(f"{which}-opacity", 1))
        if value == "none" or opacity == 0:
            return None
        if not value.startswith("url("):
            return color_of(value), opacity, None
        element = referred(value, self._definitions)
        gradient = None if element is None else gradient_of(element, matrix)
        if gradient is None:
            kind = "gradient" if element is None or element.tag != "pattern" else "pattern"
            self.skipped[f"{self._name(path, 'path')} with a {kind}"] += 1
            return None
        return gradient.stops[0].color, opacity, gradient

    def _stroke(self, path: Element, curve: Curve, matrix: Matrix) -> tuple[float | None, Ends, Box | Curve]:
        """The width, the ends and the line of a stroke in pixels; without a width its outline, which is filled.

        Raises:
            LeftOutError: strokes that scenes do not have.
        """
        width, scale = float(path.get("stroke-width", 1)), scale_of(matrix)
        join, cap = path.get("stroke-linejoin", "miter"), path.get("stroke-linecap", "butt")
        words = path.get("stroke-dasharray", "none").split()
        name = self._name(path, "path")
        if len(words) > 2 * MOST_DASHES:
            raise LeftOutError(f"{name} with more than {MOST_DASHES} dashes")
        dashes = [] if words == ["none"] else [float(word) for word in words]
        if not math.isfinite(sum(dashes)):
            raise LeftOutError(f"{name} with endless dashes")
        offset = float(path.get("stroke-dashoffset", 0)) if dashes else 0.0
        ends = Ends(cap, join, float(path.get("stroke-miterlimit", 4)), dashes, offset)
        if join not in ("miter", "round", "bevel"):
            raise LeftOutError(f"{name} with stroke-linejoin {join}")
        count = _length(curve) * len(dashes) / (2 * sum(dashes)) if dashes else 0.0
        if count > MOST_DASHES:
            raise LeftOutError(f"{name} with more than {MOST_DASHES} dashes")
        # The squares that square caps make of dots are turned with them.
        is_turned_dot = cap == "square" and matrix[1] != 0 and any(len(one.points) == 1 for one in curve.contours)
        if scale is not None and not is_turned_dot:
            dashes = [one * scale for one in dashes]
            ends = ends._replace(dashes=dashes, dash_offset=offset * scale)
            return width * scale, ends, placed(curve, matrix, bool(dashes))
        self._uneven += len(curve.points) + math.ceil(4 * count)
        if self._uneven > MOST_UNEVEN:
            raise LeftOutError(f"{name} with one of too many strokes under uneven scale")
        pixel = min(self.width, self.height) / FINE / max(math.hypot(*matrix[:2]), math.hypot(*matrix[2:4]))
        return None, Ends(), _stroke_outline(curve, width, ends, matrix, pixel)


def _blend_of(group: Element) -> str:
    styled = dict(one.split(":", 1) for one in group.get("style", "").split(";") if ":" in one)
    return styled.get("mix-blend-mode", "normal")


def _length(curve: Curve) -> float:
    """The length of a curve's control polygons, which it does not exceed."""
    total = 0.0
    for contour in curve.contours:
        points = [*contour.points, contour.points[0]] if contour.closed else contour.points
        total += sum(math.dist(one, other) for one, other in pairwise(points))
    return total


def _stroke_outline(curve: Curve, width: float, ends: Ends, matrix: Matrix, pixel: float) -> Curve:
    """The outline of a stroke whose width depends on its direction; pixel: in units before the map."""
    style = style_of(ends, side=1)
    around = []
    for contour in curve.contours:
        closed = bool(contour.closed)
        vertices = flatten(torch.tensor(contour.points, dtype=torch.float64), contour.degree, closed, pixel)
        around += stroke_outlines(vertices, closed, torch.tensor(width, dtype=torch.float64), style, pixel)
    points = [moved(matrix, (x, y)) for contour in around for x, y in contour.tolist()]
    sizes = tuple(len(contour) for contour in around) if len(around) > 1 else ()
    return Curve(points, True, 1, sizes)


def _together(found: list[Painted], opacity: float, clips: list[Clip]) -> list[Painted]:
    """Shapes that are painted as one, in as few groups as it takes."""
    if not found or opacity == 1 and not clips:
        return found
    if not clips and len(found) == 1 and (isinstance(found[0], Together) or found[0].stroke_color is None):
        return [found[0]._replace(opacity=found[0].opacity * opacity)]
    inner: list[Painted] = found
    for clip in clips[1:]:
        inner = [Together(inner, 1.0, clip)]
    return [Together(inner, opacity, clips[0] if clips else None)]


def _contains(clip: Clip, shapes: Sequence[Painted]) -> bool:
    """Whether a clip path is a rectangle around shapes, so that it takes nothing of them."""
    if len(clip) != 1 or not isinstance(clip[0], Box) or clip[0].roundness > 0 or clip[0].angle != 0:
        return False
    (x, y), (half_width, half_height) = clip[0].center, clip[0].half_extents
    bounds = [bounds_of(one) for one in shapes]
    return all(
        left >= x - half_width and top >= y - half_height and right <= x + half_width and bottom <= y + half_height
        for left, top, right, bottom in bounds
    )
