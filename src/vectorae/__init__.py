"""Vectorae trains neural networks that draw."""

from vectorae import primitives
from vectorae.checkpoint import load
from vectorae.errors import UserError
from vectorae.layout import Layout
from vectorae.rasterizer import rasterize
from vectorae.scene import Group, Path, RoundedBox, Scene
from vectorae.svg import to_svg

__all__ = [
    "Group",
    "Layout",
    "Path",
    "RoundedBox",
    "Scene",
    "UserError",
    "load",
    "primitives",
    "rasterize",
    "to_svg",
]
