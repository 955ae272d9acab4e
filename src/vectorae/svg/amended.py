"""What usvg does not do as SVG 2 and CSS have it, written in a way that it knows."""

import math
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import NamedTuple
from xml.etree.ElementTree import Element

XLINK_HREF = "{http://www.w3.org/1999/xlink}href"

_NUMBER = r"[-+]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20})(?:[eE][-+]?\d{1,3})?"  # of hostile documents not all digits
_GAP = r"\s{0,20}"
_COLOR = re.compile(
    rf"\b(rgb|hsl)a?\({_GAP}({_NUMBER}%?)(?:deg)?[\s,]{{1,20}}({_NUMBER}%?)[\s,]{{1,20}}({_NUMBER}%?)"
    rf"(?:{_GAP}[,/]{_GAP}({_NUMBER}%?))?{_GAP}\)"
)
_TRANSFORM = re.compile(r"(?<![\w-])(?:translate|rotate|scale|skewX|skewY|matrix)\([^()]{0,200}\)")


def amended_text(text: str) -> str:
    """A document with colours as ``rgb(255 0 0 / 30%)`` in the older way, with commas, and angles without units."""

    def older(found: re.Match[str]) -> str:
        name, *parts, opacity = found.groups()
        if opacity is None:
            return f"{name}({', '.join(parts)})"
        share = float(opacity.rstrip("%")) / (100 if opacity.endswith("%") else 1)
        return f"{name}a({', '.join(parts)}, {min(1.0, max(0.0, share)):g})"

    text = re.sub("currentcolor", "currentColor", _COLOR.sub(older, text), flags=re.IGNORECASE)
    return _TRANSFORM.sub(lambda found: re.sub(r"(?<=[\d.])(deg|px)\b", "", found[0]), text)


def amend(root: Element) -> list[str]:
    """Change the elements of a document in place.

    ``href`` comes before ``xlink:href``; a nested ``<svg>`` is moved by its transform; radial gradients that begin with
    a circle, not at a point, begin within it.

    Returns:
        Names of what cannot be shown as it should be.
    """
    by_id = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
    lost, changes = [], []
    for element in list(root.iter()):
        if "href" in element.attrib:
            element.attrib.pop(XLINK_HREF, None)
        if element.tag == "svg" and element is not root and "transform" in element.attrib:
            _put_into_group(element)
        if element.tag == "radialGradient":
            change = _from_a_point(element, by_id)
            if isinstance(change, _Change):
                changes.append(change)
            elif not change and _is_used(element, root):
                lost.append(f'<radialGradient id="{element.get("id")}"> with fr')
    # Gradients take from each other what they were, so none is changed before all are known.
    for change in changes:
        change.apply()
    return lost


def _is_used(gradient: Element, root: Element) -> bool:
    """Whether anything refers to a gradient."""
    name = f"#{gradient.get('id')}"
    texts = (text for one in root.iter() for text in (*one.attrib.values(), one.text or ""))
    return "id" in gradient.attrib and any(name in text for text in texts)


class _Change(NamedTuple):
    """Another geometry and other stops of a gradient."""

    gradient: Element
    attributes: dict[str, str]
    stops: list[Element]

    def apply(self) -> None:
        self.gradient.attrib |= self.attributes
        for stop in self.gradient.findall("stop"):
            self.gradient.remove(stop)
        self.gradient.extend(self.stops)


def _put_into_group(element: Element) -> None:
    """Make of ``<svg transform>`` a group of that transform with an ``<svg>`` in it."""
    inner = Element("svg", {name: value for name, value in element.attrib.items() if name not in ("id", "transform")})
    inner.extend(list(element))
    own = {name: value for name, value in element.attrib.items() if name in ("id", "transform")}
    tail = element.tail
    element.clear()
    element.tag, element.attrib, element.tail = "g", own, tail
    element.append(inner)


def _from_a_point(gradient: Element, by_id: Mapping[str, Element]) -> "_Change | bool":
    """A gradient between two circles as one from a point, of the same colours; true where it is one, else false.

    The circles between the two become ever smaller the other way too, down to a point: at t₀ = −fr / (r − fr), where 0
    is the inner and 1 the outer circle. What is 0 at that point and 1 at the outer circle is (fr + t (r − fr)) / r.
    """
    chain = list(_templates(gradient, by_id))

    def given(name: str, default: str) -> str:
        return next((one.attrib[name] for one in chain if name in one.attrib), default)

    inner = given("fr", "0")
    if re.fullmatch(rf"\s*{_NUMBER}%?\s*", inner) and float(inner.strip(" %")) <= 0:
        return True
    of_box = given("gradientUnits", "objectBoundingBox") == "objectBoundingBox"
    words = [given("cx", "50%"), given("cy", "50%"), given("r", "50%"), inner]
    words += [given("fx", words[0]), given("fy", words[1])]
    numbers = [_number(word, of_box) for word in words]
    if None in numbers or given("spreadMethod", "pad") != "pad":
        return False
    x, y, outer, radius, focus_x, focus_y = (number or 0.0 for number in numbers)
    if radius + math.dist((x, y), (focus_x, focus_y)) >= outer:
        return False  # the inner circle is not within the outer one
    begin = -radius / (outer - radius)
    attributes = {"cx": repr(x), "cy": repr(y), "r": repr(outer), "fr": "0"}
    attributes |= {"fx": repr(focus_x + begin * (x - focus_x)), "fy": repr(focus_y + begin * (y - focus_y))}
    with_stops = next((one for one in chain if one.find("stop") is not None), gradient)
    stops = [deepcopy(stop) for stop in with_stops.findall("stop")]
    for stop in stops:
        offset = _number(stop.get("offset", "0"), True) or 0.0
        stop.set("offset", repr((radius + min(1.0, max(0.0, offset)) * (outer - radius)) / outer))
    return _Change(gradient, attributes, stops)


def _templates(gradient: Element, by_id: Mapping[str, Element]) -> Iterator[Element]:
    """A gradient and those from which it takes what it does not say."""
    found: Element | None = gradient
    for _ in range(MOST_TEMPLATES):
        if found is None:
            return
        yield found
        found = by_id.get(found.get("href", found.get(XLINK_HREF, "")).strip().removeprefix("#"))


MOST_TEMPLATES = 32
"""Gradients that take from each other; more than that are a circle, or no drawing."""


def _number(word: str, has_percents: bool) -> float | None:
    """A number or a percentage, or None for another length."""
    if not re.fullmatch(rf"{_NUMBER}%?", word.strip()):
        return None
    if word.strip().endswith("%"):
        return float(word.strip()[:-1]) / 100 if has_percents else None
    return float(word)
