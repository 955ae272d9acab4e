"""Attributes and properties of elements, as svgelements has them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from vectorae.svg.outlines import UnsupportedError

UNSUPPORTED = ("clip-path", "mask", "filter")
"""Properties that shapes of a scene do not have."""


def attributes_of(element: Any) -> Mapping[str, Any]:
    """An element's own attributes, without inherited ones."""
    return element.values.get("attributes", {})


def unsupported(attributes: Mapping[str, Any], names: Sequence[str] = UNSUPPORTED) -> str | None:
    """The first unsupported property of an element."""
    return next((name for name in names if property_of(attributes, name, "none") != "none"), None)


def property_of(attributes: Mapping[str, Any], name: str, default: str) -> str:
    """A property of an element, from its style or else from an attribute of that name."""
    declarations = (one.partition(":") for one in str(attributes.get("style", "")).split(";"))
    styled = {key.strip(): value.strip() for key, _, value in declarations}
    return styled.get(name, str(attributes.get(name, default)).strip())


def number_of(text: str, name: str, element: Any, high: float = 1.0) -> float:
    """A number ≥ 0, clamped to ``high``; percentages become fractions."""
    tag = element.values.get("tag")
    try:
        value = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text.removesuffix("px"))
    except ValueError:
        raise UnsupportedError(f"<{tag}> with {name} {text!r}") from None
    if not 0 <= value < math.inf:
        raise UnsupportedError(f"<{tag}> with {name} {text!r}")
    return min(value, high)
