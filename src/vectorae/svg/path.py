"""Paths by their data, as in the attribute ``d`` of SVG."""

from dataclasses import replace
from typing import Unpack
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from vectorae.errors import UserError
from vectorae.scene import Path
from vectorae.scene.shapes import Shape, ShapePaint, filled
from vectorae.svg.read_paths import curve_of
from vectorae.svg.to_scene import outline_of
from vectorae.svg.usvg import simplified


def path(data: str, fill_rule: str = "nonzero", **paint: Unpack[ShapePaint]) -> Shape:
    """A path by its data: ``M 0.2 0.8 L 0.5 0.2 C … Z``.

    Args:
        data: commands and coordinates as in SVG, in canvas units.
        fill_rule: ``nonzero`` or ``evenodd``.
        paint: ``fill``, ``stroke``, ``stroke_width`` and ``opacity``, see ``vectorae.circle``; filled in black unless
            it says otherwise.

    Raises:
        UserError: data that makes no path, or another fill rule.

    Example:
        A square with a hole.

        >>> ring = path("M .1 .1 H .9 V .9 H .1 Z M .3 .3 H .7 V .7 H .3 Z", fill_rule="evenodd", fill="teal")
        >>> len(ring.outline.contours)
        2
    """
    text = f'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><path d={quoteattr(data)}/></svg>'
    found, warnings = simplified(text.encode())
    element = ElementTree.fromstring(found).find(".//{*}path")
    curve = None if element is None or warnings else curve_of(element.attrib["d"])
    if curve is None:
        why = "data of a path begins with M, and has numbers after each letter"
        raise UserError(f"path: {data!r} cannot be drawn; {why}")
    outline = outline_of([curve], side=1.0)
    assert isinstance(outline, Path)
    try:
        return filled(replace(outline, fill_rule=fill_rule), paint)
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"path: {error}") from error
