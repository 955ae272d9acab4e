"""Vectorae trains neural networks that draw."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vectorae import primitives
    from vectorae.errors import UserError
    from vectorae.layout import Layout
    from vectorae.rasterizer import rasterize
    from vectorae.scene import Group, Path, RoundedBox, Scene
    from vectorae.svg import from_svg, to_svg
    from vectorae.training.checkpoint import load

__all__ = [
    "Group",
    "Layout",
    "Path",
    "RoundedBox",
    "Scene",
    "UserError",
    "from_svg",
    "load",
    "primitives",
    "rasterize",
    "to_svg",
]

_HOMES = {
    "Group": "scene",
    "Layout": "layout",
    "Path": "scene",
    "RoundedBox": "scene",
    "Scene": "scene",
    "UserError": "errors",
    "from_svg": "svg",
    "load": "training",
    "rasterize": "rasterizer",
    "to_svg": "svg",
}


def __getattr__(name: str) -> Any:
    """The public names, on first use: torch takes seconds to import, and a typo on the command line should not."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"vectorae.{_HOMES[name]}"), name)
    if name == "primitives":
        return importlib.import_module("vectorae.primitives")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
