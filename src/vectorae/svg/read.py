"""SVG documents as scenes: those of ``to_svg``, and those of anyone else."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

from torch import Tensor

from vectorae.errors import UserError
from vectorae.scene import Scene
from vectorae.svg.document import Painted, Shape
from vectorae.svg.markup import Curve
from vectorae.svg.read_elements import ElementReader, MixedError
from vectorae.svg.source import read_source
from vectorae.svg.to_scene import scene_of
from vectorae.svg.usvg import not_understood, simplified

PAPER = (1.0, 1.0, 1.0)
"""The background of a document that paints none."""

Document = str | bytes | os.PathLike[str]
"""A document, or the path of its file; a text without ``<`` is a path."""


@dataclass(frozen=True)
class Reading:
    """The contents of an SVG document.

    Attributes:
        scene: its shapes, one drawing in RGB, float32.
        width, height: of the document, in pixels.
        layers: for each shape the id of its innermost group that has one, or None.
        skipped: what was left out, by name, with its id where it has one → how many there were.
        paints_background: whether a first rectangle fills the document; else the scene's background is white.

    Example:
        >>> import vectorae
        >>> svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><text>Hi</text><circle r="2"/></svg>'
        >>> reading = vectorae.read_svg(svg)
        >>> reading.width, reading.height, reading.scene.count, reading.skipped
        (8.0, 4.0, 1, {'<text>': 1})
    """

    scene: Scene
    width: float
    height: float
    layers: list[str | None]
    skipped: dict[str, int]
    paints_background: bool = True


def from_svg(
    document: Document, transparent: bool = False, *, fonts: Sequence[Document] = (), keep_hidden: bool = False
) -> Scene:
    """Read a drawing from an SVG document, written by ``to_svg`` or by any other program.

    All of SVG that is made of shapes: paths, circles and so on, under transforms, style sheets, ``<use>``, markers and
    nested documents; fills and strokes of one colour or a gradient, dashes, clip paths, the opacity of groups. Text
    becomes paths where its font is given. Filters, masks, patterns, images, and blend modes but *screen* are refused
    by name. Neither files nor the network are read, whatever the document says.

    Args:
        document: the document, or the path of its file, which may be compressed (``.svgz``).
        transparent: leave a document without a background as it is; else it is white.
        fonts: paths of the fonts that text is drawn with, TTF or OTF.
        keep_hidden: read shapes too that lie right under an opaque one of the same outline. Nobody sees them, but for a
            fringe where edges are smoothed.

    Returns:
        A scene of one drawing in RGB, float32: rasterize it at the document's size (or another of the same aspect) with
        coverage ``ramp``. Its compositing is ``soft_or`` if all shapes are blended by *screen*, else ``over``. A first
        rectangle that fills the document is the background.

    Raises:
        UserError: no SVG document, one with what no shape can show, or one that takes seconds to resolve.

    Example:
        >>> import vectorae
        >>> disc = '<circle cx="5" cy="5" r="2" fill="red"/>'
        >>> scene = vectorae.from_svg(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{disc}</svg>')
        >>> scene.count, scene.color
        (1, tensor([[[1., 0., 0.]]]))
    """
    reading = read_svg(document, fonts=fonts, keep_hidden=keep_hidden)
    if reading.skipped:
        raise UserError(f"svg: cannot be drawn with shapes: {counted(reading.skipped)}")
    if transparent and not reading.paints_background:
        return replace(reading.scene, background=None)
    return reading.scene


def read_svg(document: Document, *, fonts: Sequence[Document] = (), keep_hidden: bool = False) -> Reading:
    """Read an SVG document as ``from_svg`` does, but leave out what no shape can show, and name it.

    usvg resolves it first, see ``vectorae.svg.usvg``.

    Args:
        document, fonts, keep_hidden: as of ``from_svg``.

    Raises:
        UserError: no SVG document, or one that takes seconds to resolve.

    Example:
        >>> import vectorae
        >>> reading = vectorae.read_svg("logo.svg")  # doctest: +SKIP
        >>> image = vectorae.rasterize(reading.scene, 256, 256, coverage="ramp")  # doctest: +SKIP
        >>> print(reading.skipped)  # what no shape can show  # doctest: +SKIP
        {'<filter id="shadow">': 1}
    """
    source = read_source(document, has_fonts=bool(fonts))
    text, warnings = simplified(source.text, [Path(os.fsdecode(font)) for font in fonts])
    root = _without_namespaces(ElementTree.fromstring(text))
    is_screened = any("mix-blend-mode:screen" in group.get("style", "") for group in root.iter("g"))
    try:
        reader, screen = ElementReader(source, root, screen=is_screened), is_screened
        painted = reader.read()
    except MixedError:
        reader, screen = ElementReader(source, root, screen=False), False
        painted = reader.read()
    if not keep_hidden and not screen:
        painted = _seen(painted)
    side, background = min(reader.width, reader.height), reader.background
    # By screen nothing would be seen on white paper: in SVG shapes are blended with each other first.
    paper = None if screen else PAPER
    scene = scene_of(painted, paper if background is None else background, side, screen)
    if not _is_finite(scene):
        raise UserError("svg: its numbers are too large")
    skipped = reader.skipped + Counter([*source.unlike, *not_understood(warnings)])
    layers = [shape.layer for shape in _shapes(painted)]
    return Reading(scene, reader.width, reader.height, layers, dict(skipped), background is not None)


def counted(skipped: Mapping[str, int]) -> str:
    """Names with their numbers in words.

    >>> counted({"<text>": 2, "<path> with a gradient": 1})
    '2 × <text>, <path> with a gradient'
    """
    return ", ".join(name if times == 1 else f"{times} × {name}" for name, times in skipped.items())


def _seen(painted: Sequence[Painted]) -> list[Painted]:
    """The shapes that do not lie under an opaque one of the same outline."""
    seen: list[Painted] = []
    covered: set[object] = set()
    for one in reversed(painted):
        if not isinstance(one, Shape):
            seen.append(one._replace(shapes=_seen(one.shapes)))
            continue
        place = _place(one)
        if place not in covered:
            seen.append(one)
        if one.opacity == 1 and one.gradient is one.stroke_gradient is None:
            covered.add(place)
    return seen[::-1]


def _place(shape: Shape) -> object:
    """The same for shapes that cover the same."""
    outline = shape.outline
    if isinstance(outline, Curve):
        outline = outline._replace(points=tuple(outline.points), sizes=tuple(outline.sizes))
        outline = outline if isinstance(outline.closed, bool) else outline._replace(closed=tuple(outline.closed))
    ends = shape.ends._replace(dashes=tuple(shape.ends.dashes))
    return outline, shape.stroke_width, ends, shape.stroke_color is None


def _without_namespaces(root: ElementTree.Element) -> ElementTree.Element:
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _is_finite(scene: Scene) -> bool:
    finite = []

    def look(tensor: Tensor) -> Tensor:
        finite.append(bool(tensor.isfinite().all()))
        return tensor

    scene.map(look)
    return all(finite)


def _shapes(painted: Sequence[Painted]) -> Iterator[Shape]:
    """All shapes, also those that are painted as one with others."""
    for one in painted:
        if isinstance(one, Shape):
            yield one
        else:
            yield from _shapes(one.shapes)
