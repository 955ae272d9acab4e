"""SVG documents of plain numbers.

No tensors and nothing to install: this file is copied into exports, which draw without torch.
"""

from collections import Counter
from collections.abc import Sequence
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
    def attributes(self) -> str:
        """The attributes of an element."""
        words = [f'stroke-linecap="{self.cap}"', f'stroke-linejoin="{self.join}"']
        if self.join == "miter" and self.miter_limit != 4:
            words.append(f'stroke-miterlimit="{number(self.miter_limit, 4)}"')
        if self.dashes:
            words.append(f'stroke-dasharray="{" ".join(number(length, 4) for length in self.dashes)}"')
        if self.dashes and self.dash_offset:
            words.append(f'stroke-dashoffset="{number(self.dash_offset, 4)}"')
        return " ".join(words)


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
) -> str:
    """An SVG document.

    Args:
        shapes: from the bottom to the top.
        background: its colour, one channel or three in [0, 1]; None is transparent.
        frame: the part of the drawing to show, and how large; coordinates of shapes begin at its corner.
        title: the document's ``<title>``.
        screen: whether shapes are blended by *screen*, as ink that adds up like light.
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
    definitions = Definitions()
    painted = _in_layers(shapes, definitions, screen, Counter())
    lines += definitions.lines
    if background is not None:
        lines.append(f'<rect width="{width}" height="{height}" fill="{css_color(background)}"/>')
    return "\n".join([*lines, *painted, "</svg>"]) + "\n"


def _in_layers(shapes: Sequence[Painted], definitions: Definitions, screen: bool, times: Counter[str]) -> list[str]:
    """The elements of shapes, those of a layer in a group; ``times``: how often each layer has been seen."""
    lines = []
    for layer, own in groupby(shapes, _layer_of):
        elements = [line for shape in own for line in _painted(shape, definitions, screen, times, layer)]
        if layer is not None:
            times[layer] += 1
            # Shapes that are ordered by depth may interrupt a layer, and an id must be unique.
            name = layer if times[layer] == 1 else f"{layer}-part-{times[layer]}"
            elements = [f"<g id={quoteattr(printable(name))}>", *elements, "</g>"]
        lines += elements
    return lines


def _painted(
    shape: Painted, definitions: Definitions, screen: bool, times: Counter[str], layer: str | None
) -> list[str]:
    """The elements of a shape, or of several that are painted as one, within a layer."""
    if isinstance(shape, Shape):
        blend = ' style="mix-blend-mode:screen"' if screen else ""
        return [element(part, definitions).replace("/>", f"{blend}/>") for part in shape.parts(screen)]
    if layer is None:
        inner = _in_layers(shape.shapes, definitions, screen, times)
    else:
        inner = [line for one in shape.shapes for line in _painted(one, definitions, screen, times, layer)]
    return [shape.opening(definitions), *inner, "</g>"]


def element(shape: Shape, definitions: Definitions) -> str:
    """A shape as an SVG element; its contours are one (see ``Shape.parts``)."""
    outline = shape.outline
    # Closed curves are opened for round strokes alone.
    round_width = shape.stroke_width if shape.ends.is_plain else None
    if isinstance(outline, Box):
        shape = shape.turned_back(turn_of(outline, shape.stroke_width, round_width))
    is_filled = shape.stroke_width is None or shape.stroke_color is not None
    words = _ink("fill", shape.color, shape.gradient, shape.opacity, definitions) if is_filled else ' fill="none"'
    if shape.stroke_width is not None:
        ink, gradient = shape.stroke_ink
        words += _ink("stroke", ink, gradient, shape.opacity, definitions)
        words += f' stroke-width="{number(shape.stroke_width)}" {shape.ends.attributes}'
        words += ' paint-order="stroke"' if shape.stroke_color is not None and shape.stroke_below else ""
    return outline_element(outline, words, shape.stroke_width, round_width)


def _ink(name: str, color: Sequence[float], gradient: Gradient | None, opacity: float, definitions: Definitions) -> str:
    """The attributes of a fill or a stroke."""
    value, share = definitions.paint(color, gradient)
    return f' {name}="{value}" {name}-opacity="{number(opacity * share, 3)}"'
