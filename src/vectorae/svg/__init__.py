"""Scenes as SVG, and back."""

from vectorae.svg.read import from_svg
from vectorae.svg.write import to_svg

__all__ = ["from_svg", "to_svg"]
