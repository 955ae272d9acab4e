"""What elements of an SVG document refer to: gradients and clip paths, as ``to_svg`` writes them."""

import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import torch
from torch import Tensor

from vectorae.scene import FILL_RULES, SPREADS, Gradient, LinearGradient, Outline, RadialGradient
from vectorae.svg.outlines import UnsupportedError, closed, joined, outlines_of

OF_GRADIENTS = {"id", "gradientUnits", "gradientTransform", "spreadMethod", "x1", "y1", "x2", "y2", "cx", "cy", "r"}
OF_GRADIENTS |= {"fx", "fy"}
OF_STOPS = {"offset", "stop-color", "stop-opacity"}
"""The attributes that ``to_svg`` writes."""

Definitions = Mapping[str, ElementTree.Element]
"""Id → element."""


def definitions_of(root: ElementTree.Element) -> Definitions:
    """The elements of a document that have an id."""
    return {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}


def referred(value: str, definitions: Definitions) -> ElementTree.Element | None:
    """The element that ``url(#id)`` refers to, or None."""
    found = re.fullmatch(r"url\(['\"]?#(.+?)['\"]?\)", value.strip())
    return definitions.get(found[1]) if found else None


def gradient_of(element: ElementTree.Element | None, matrix: Any, side: float) -> Gradient | None:
    """A gradient in canvas units, with B and n 1; None for what is no gradient, or not one of ours.

    Args:
        element: ``<linearGradient>`` or ``<radialGradient>``.
        matrix: the transform of what refers to it.
        side: length of a canvas unit.
    """
    if element is None or element.get("gradientUnits") != "userSpaceOnUse" or set(element.attrib) - OF_GRADIENTS:
        return None
    stops, spread = list(element), element.get("spreadMethod", "pad")
    if not stops or spread not in SPREADS or any(set(stop.attrib) - OF_STOPS for stop in stops):
        return None
    try:
        return _gradient(element, stops, spread).moved(_mover(element, matrix, side))
    except (KeyError, ValueError):
        return None


def _gradient(element: ElementTree.Element, stops: list[ElementTree.Element], spread: str) -> Gradient:
    inks = [_color(stop.attrib["stop-color"]) for stop in stops]
    given: dict[str, Any] = {
        "colors": torch.tensor([[inks]]),
        "opacities": torch.tensor([[[float(stop.get("stop-opacity", 1)) for stop in stops]]]),
        "offsets": torch.tensor([[[float(stop.attrib["offset"]) for stop in stops]]]),
        "spread": spread,
    }

    def numbers(*names: str) -> Tensor:
        return torch.tensor([[[float(element.attrib[name]) for name in names]]])

    if _tag(element) == "linearGradient":
        return LinearGradient(start=numbers("x1", "y1"), end=numbers("x2", "y2"), **given)
    if _tag(element) != "radialGradient":
        raise ValueError(element.tag)
    center, radius = numbers("cx", "cy"), float(element.attrib["r"])
    focus = (numbers("fx", "fy") - center) / radius if radius > 0 else torch.zeros(1, 1, 2)
    return RadialGradient(center=center, axes=radius * torch.eye(2)[None, None], focus=focus, **given)


def _color(text: str) -> list[float]:
    """Red, green and blue of ``#rrggbb``.

    Raises:
        ValueError: another colour.
    """
    if not re.fullmatch("#[0-9a-f]{6}", text):
        raise ValueError(text)
    return [int(text[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def _mover(element: ElementTree.Element, matrix: Any, side: float) -> Any:
    """Points of a gradient → the same on the canvas."""
    import svgelements

    whole = svgelements.Matrix(element.get("gradientTransform", "")) * svgelements.Matrix(matrix)
    linear = torch.tensor([[whole.a, whole.b], [whole.c, whole.d]]) / side
    shift = torch.tensor([whole.e, whole.f]) / side
    return lambda points: points @ linear + shift


def clip_of(element: ElementTree.Element | None, view: str, side: float) -> tuple[Outline, ...]:
    """The outlines of a ``<clipPath>``, in canvas units.

    Args:
        element: what is referred to.
        view: the document's ``viewBox``.
        side: length of a canvas unit.

    Raises:
        UnsupportedError: no clip path, or not one of ours.
    """
    import svgelements

    if element is None or _tag(element) != "clipPath" or set(element.attrib) - {"id"}:
        raise UnsupportedError("<g> with clip-path")
    _, _, width, height = view.split()
    document = ElementTree.Element(
        "{http://www.w3.org/2000/svg}svg", {"viewBox": view, "width": width, "height": height}
    )
    document.extend(list(element))
    text = ElementTree.tostring(document, encoding="unicode")
    return tuple(_outlines(svgelements.SVG.parse(StringIO(text), reify=False), side))


def _outlines(elements: Any, side: float) -> Iterator[Outline]:
    for element in elements:
        own = element.values.get("attributes", {})
        rule = own.get("clip-rule", "nonzero")
        if rule not in FILL_RULES or "clip-path" in own or "style" in own:
            raise UnsupportedError("<clipPath> of other programs")
        for outline in joined(list(outlines_of(element, side, "<clipPath>")), rule):
            if (inside := closed(outline)) is not None:
                yield inside


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
