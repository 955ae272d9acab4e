"""SVG documents of plain numbers.

No tensors and nothing to install: this file is copied into exports, which draw without torch.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar
from xml.sax.saxutils import quoteattr

from vectorae.io.frame import Frame
from vectorae.svg.definitions import Definitions, Gradient
from vectorae.svg.markup import Box, Curve, css_color, number, outline_element, printable, text, turn_of

VIEW_DECIMALS = 4
"""Of the size of the view box: shown a hundred times as large, it is off by less than a hundredth of a pixel."""


class Ends(NamedTuple):
    """Ends and corners of a stroke: see ``StrokeStyle``; lengths in pixels."""

    cap: str = "round"
    join: str = "round"
    miter_limit: float = 4.0
    dashes: Sequence[float] = ()
    dash_offset: float = 0.0

    @property
    def is_plain(self) -> bool:
        """Whether they are round, and there are no dashes."""
        return self.cap == self.join == "round" and not self.dashes

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes of an element, but for those that SVG has by default."""
        words = {"stroke-linecap": "" if self.cap == "butt" else self.cap}
        words["stroke-linejoin"] = "" if self.join == "miter" else self.join
        if self.join == "miter" and self.miter_limit != 4:
            words["stroke-miterlimit"] = number(self.miter_limit, 4)
        words["stroke-dasharray"] = " ".join(number(length, 4) for length in self.dashes)
        if self.dashes and self.dash_offset:
            words["stroke-dashoffset"] = number(self.dash_offset, 4)
        return {name: value for name, value in words.items() if value}


class Shape(NamedTuple):
    """A painted outline; coordinates and lengths in pixels, colour and opacity in [0, 1].

    Attributes:
        outline: the geometry.
        color: one channel or three.
        opacity: of the paint.
        stroke_width: None fills the outline.
        layer: the id of the group ``<g>`` that consecutive shapes of the same layer are put into.
        stroke_color: of an outline that is filled and stroked; its fill has ``color``.
        stroke_below: whether such a stroke lies below the fill.
        contour_opacity: of contours that are stroked each for itself, a factor on ``opacity``.
        ends: of the stroke.
        gradient: what is seen instead of ``color``.
        stroke_gradient: what is seen instead of ``stroke_color``.
    """

    outline: Box | Curve
    color: Sequence[float]
    opacity: float
    stroke_width: float | None
    layer: str | None = None
    stroke_color: Sequence[float] | None = None
    stroke_below: bool = False
    contour_opacity: Sequence[float] | None = None
    ends: Ends = Ends()
    gradient: Gradient | None = None
    stroke_gradient: Gradient | None = None

    @property
    def stroke_ink(self) -> tuple[Sequence[float], Gradient | None]:
        """The colour of the stroke, and its gradient."""
        if self.stroke_color is None:
            return self.color, self.gradient
        return self.stroke_color, self.stroke_gradient

    def turned_back(self, angle: float) -> "Shape":
        """The shape with its gradients as they are for an element that is turned by an angle, with all it refers to."""
        if isinstance(self.outline, Curve) or angle == 0:
            return self
        center = self.outline.center
        gradient, of_stroke = (
            None if one is None else one.turned(-angle, center) for one in (self.gradient, self.stroke_gradient)
        )
        return self._replace(gradient=gradient, stroke_gradient=of_stroke)

    def parts(self, screen: bool) -> "list[Shape]":
        """The shapes that are painted for themselves, from the bottom to the top; by *screen*, fill and stroke are."""
        if screen and self.stroke_color is not None:
            fill = self._replace(stroke_width=None, stroke_color=None, stroke_gradient=None)
            stroke = self._replace(color=self.stroke_color, gradient=self.stroke_gradient)
            stroke = stroke._replace(stroke_color=None, stroke_gradient=None)
            return [stroke, fill] if self.stroke_below else [fill, stroke]
        if self.contour_opacity is None or not isinstance(self.outline, Curve):
            return [self]
        return [
            self._replace(outline=contour, opacity=self.opacity * own, contour_opacity=None)
            for contour, own in zip(self.outline.contours, self.contour_opacity, strict=True)
        ]


_Part = TypeVar("_Part")


class Together(NamedTuple, Generic[_Part]):
    """Shapes that are painted as one, see ``vectorae.scene.Composite``.

    Attributes:
        shapes: from the bottom to the top; others that are painted as one among them.
        opacity: of all of them together.
        clip: outlines by whose insides they are clipped, in pixels; None does not clip.
    """

    shapes: "Sequence[_Part | Together[_Part]]"
    opacity: float
    clip: Sequence[Box | Curve] | None

    def opening(self, definitions: Definitions) -> str:
        """The tag with which the group begins."""
        words = f' opacity="{number(self.opacity, 3)}"' if self.opacity < 1 else ""
        words += f' clip-path="{definitions.clip(self.clip)}"' if self.clip is not None else ""
        return f"<g{words}>"


Painted = Shape | Together[Shape]


def _layer_of(shape: Painted) -> str | None:
    """The layer of a shape, or that of all that are painted as one, or None."""
    if isinstance(shape, Shape):
        return shape.layer
    layers = {_layer_of(one) for one in shape.shapes}
    return layers.pop() if len(layers) == 1 else None


def document(
    shapes: Sequence[Painted],
    background: Sequence[float] | None,
    frame: Frame,
    title: str | None = None,
    screen: bool = False,
    keep_hidden: bool = False,
) -> str:
    """An SVG document.

    Attributes that shapes share stand on the group around them.

    Args:
        shapes: from the bottom to the top.
        background: its colour, one channel or three in [0, 1]; None is transparent.
        frame: the part of the drawing to show, and how large; coordinates of shapes begin at its corner.
        title: the document's ``<title>``.
        screen: whether shapes are blended by *screen*, as ink that adds up like light.
        keep_hidden: whether shapes that lie wholly beyond the frame are written too.
    """
    style = ' style="isolation:isolate"' if screen else ""
    aspect = ' preserveAspectRatio="none"' if frame.stretched else ""
    shown_width, shown_height = frame.attributes
    shown = f'width="{shown_width}" height="{shown_height}"'
    width, height = (number(side, VIEW_DECIMALS) for side in (frame.part.width, frame.part.height))
    view = f'viewBox="0 0 {width} {height}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {shown} {view}{aspect}{style}>']
    if title is not None:
        lines.append(f"<title>{text(title)}</title>")
    if not keep_hidden:
        shapes = _within(shapes, frame.part.width, frame.part.height)
    definitions = Definitions()
    painted = _in_layers(shapes, definitions, screen, Counter())
    if any(SCREENED in line for line in painted):
        lines.append(f"<style>.{SCREENED}>*{{mix-blend-mode:screen}}</style>")
    lines += definitions.lines
    if background is not None:
        lines.append(f'<rect width="{width}" height="{height}" fill="{css_color(background)}"/>')
    return "\n".join([*lines, *painted, "</svg>"]) + "\n"


SCREENED = "screened"
"""The class of groups whose elements are blended by *screen*: that is no property that they would inherit."""

BLEND = "mix-blend-mode:screen"

WORTHWHILE = 3
"""From how many elements on a group is written for the attributes that they share."""


def _within(shapes: Sequence[Painted], width: float, height: float) -> list[Painted]:
    """The shapes that reach into a frame."""
    seen: list[Painted] = []
    for shape in shapes:
        left, top, right, bottom = bounds_of(shape)
        if right < 0 or bottom < 0 or left > width or top > height:
            continue
        seen.append(shape if isinstance(shape, Shape) else shape._replace(shapes=_within(shape.shapes, width, height)))
    return seen


def bounds_of(painted: Painted) -> tuple[float, float, float, float]:
    """Left, top, right and bottom that a shape does not exceed, or shapes that are painted as one."""
    if isinstance(painted, Together):
        left, top, right, bottom = zip(*map(bounds_of, painted.shapes), strict=True)
        return min(left), min(top), max(right), max(bottom)
    outline, reach = painted.outline, 0.0
    if painted.stroke_width is not None:
        ends = painted.ends
        reach = painted.stroke_width / 2 * max(1.5, ends.miter_limit if ends.join == "miter" else 0.0)
    if isinstance(outline, Box):
        (x, y), across = outline.center, outline.half_extents
        if outline.angle:
            across = (math.hypot(*across),) * 2
        return x - across[0] - reach, y - across[1] - reach, x + across[0] + reach, y + across[1] + reach
    xs, ys = zip(*outline.points, strict=True)
    return min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach


class Element(NamedTuple):
    """An element without the attributes that a group could have for it, ``<path d="…"/>``, and these."""

    bare: str
    attributes: dict[str, str]

    def without(self, shared: Mapping[str, str]) -> str:
        """The element with the attributes that its group does not have."""
        own = {name: value for name, value in self.attributes.items() if name not in shared}
        return f"{self.bare.removesuffix('/>')}{_words(own)}/>"


def _words(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{value}"' for name, value in attributes.items())


def _in_layers(shapes: Sequence[Painted], definitions: Definitions, screen: bool, times: Counter[str]) -> list[str]:
    """The elements of shapes, those of a layer in a group; ``times``: how often each layer has been seen."""
    lines = []
    for layer, own in groupby(shapes, _layer_of):
        elements = [one for shape in own for one in _painted(shape, definitions, screen, times, layer)]
        if layer is None:
            lines += _grouped(elements)
            continue
        times[layer] += 1
        # Shapes that are ordered by depth may interrupt a layer, and an id must be unique.
        name = layer if times[layer] == 1 else f"{layer}-part-{times[layer]}"
        lines += _grouped(elements, f" id={quoteattr(printable(name))}")
    return lines


def _grouped(elements: Sequence[Element | str], words: str | None = None) -> list[str]:
    """Elements as lines, those that follow each other with the same attributes in a group that has what they share.

    Args:
        elements: and lines of groups that are there already.
        words: attributes of a group around all of them; None for no such group.
    """
    runs = [list(run) for _, run in groupby(elements, lambda one: isinstance(one, Element) and tuple(one.attributes))]
    lines = []
    for run in runs:
        alike = [one for one in run if isinstance(one, Element)]
        shared = _shared(alike)
        inner = [one if isinstance(one, str) else one.without(shared) for one in run]
        if len(runs) == 1 and words is not None:
            return [f"<g{words}{_on_group(shared)}>", *inner, "</g>"]
        lines += [f"<g{_on_group(shared)}>", *inner, "</g>"] if shared else inner
    return lines if words is None else [f"<g{words}>", *lines, "</g>"]


def _shared(elements: Sequence[Element]) -> dict[str, str]:
    """The attributes that all elements have alike, if it is worth a group."""
    if len(elements) < WORTHWHILE:
        return {}
    first = elements[0].attributes
    return {name: value for name, value in first.items() if all(one.attributes.get(name) == value for one in elements)}


def _on_group(shared: Mapping[str, str]) -> str:
    own = {name: value for name, value in shared.items() if name != "style"}
    return _words({"class": SCREENED} | own if "style" in shared else own)


def _painted(
    shape: Painted, definitions: Definitions, screen: bool, times: Counter[str], layer: str | None
) -> list[Element | str]:
    """The elements of a shape, or of several that are painted as one, within a layer."""
    if isinstance(shape, Shape):
        blend = {"style": BLEND} if screen else {}
        made = [element(part, definitions) for part in shape.parts(screen)]
        return [one._replace(attributes=one.attributes | blend) for one in made]
    if layer is None:
        inner = _in_layers(shape.shapes, definitions, screen, times)
    else:
        inner = _grouped([line for one in shape.shapes for line in _painted(one, definitions, screen, times, layer)])
    return [shape.opening(definitions), *inner, "</g>"]


def element(shape: Shape, definitions: Definitions) -> Element:
    """A shape as an SVG element; its contours are one (see ``Shape.parts``)."""
    outline = shape.outline
    # Closed curves are opened for round strokes alone.
    round_width = shape.stroke_width if shape.ends.is_plain else None
    if isinstance(outline, Box):
        shape = shape.turned_back(turn_of(outline, shape.stroke_width, round_width))
    is_filled = shape.stroke_width is None or shape.stroke_color is not None
    words = _ink("fill", shape.color, shape.gradient, shape.opacity, definitions) if is_filled else {"fill": "none"}
    if shape.stroke_width is not None:
        words |= _ink("stroke", *shape.stroke_ink, shape.opacity, definitions)
        words |= {"stroke-width": number(shape.stroke_width), **shape.ends.attributes}
        if shape.stroke_color is not None and shape.stroke_below:
            words["paint-order"] = "stroke"
    return Element(outline_element(outline, "", shape.stroke_width, round_width), words)


def _ink(
    name: str, color: Sequence[float], gradient: Gradient | None, opacity: float, definitions: Definitions
) -> dict[str, str]:
    """The attributes of a fill or a stroke."""
    value, share = definitions.paint(color, gradient)
    seen = number(opacity * share, 3)
    return {name: value} if seen == "1" else {name: value, f"{name}-opacity": seen}
