"""Paths by their data, as in the attribute ``d`` of SVG."""

from typing import Unpack

from vectorae.errors import UserError
from vectorae.scene import Path
from vectorae.scene.shapes import Shape, ShapePaint, filled
from vectorae.svg.outlines import joined, outlines_of


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
    from svgelements import Path as Parsed

    try:
        if data.strip()[:1] not in ("M", "m"):
            raise ValueError("it begins with no M")
        (outline,) = joined(list(outlines_of(Parsed(data), 1.0, "path")), fill_rule)
    except Exception as error:  # svgelements has no one exception for what it cannot read
        why = str(error) or type(error).__name__
        raise UserError(f"path: {data!r} cannot be drawn ({why})") from error
    assert isinstance(outline, Path)
    return filled(outline, paint)
