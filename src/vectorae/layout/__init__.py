"""Layouts: what raw numbers mean."""

from vectorae.layout.arguments import MARGIN
from vectorae.layout.layout import Layout
from vectorae.layout.redrawn import Redrawn, Stack
from vectorae.layout.seeds import Seeds

__all__ = ["MARGIN", "Layout", "Redrawn", "Seeds", "Stack"]
