"""The differentiable rasterizer: coverage, compositing, and one module per backend."""

from vectorae.rasterizer.compositing import COMPOSITINGS
from vectorae.rasterizer.coverage import PROFILES
from vectorae.rasterizer.cpu import show_compiling
from vectorae.rasterizer.rasterize import BACKEND_CHOICES, fastest, measure_contributions, rasterize
from vectorae.rasterizer.settings import Rasterizer

__all__ = [
    "BACKEND_CHOICES",
    "COMPOSITINGS",
    "PROFILES",
    "Rasterizer",
    "fastest",
    "measure_contributions",
    "rasterize",
    "show_compiling",
]
