"""Scenes to SVG documents and back."""

from vectorae.svg.animate import to_animated_svg
from vectorae.svg.read import Reading, counted, from_svg, read_svg
from vectorae.svg.write import to_svg

__all__ = ["Reading", "counted", "from_svg", "read_svg", "to_animated_svg", "to_svg"]
