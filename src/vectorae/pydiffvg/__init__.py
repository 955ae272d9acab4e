"""diffvg's Python interface, drawn by Vectorae: ``import vectorae.pydiffvg as pydiffvg``.

What is the same, what is done in another way and what is not there: see ``docs/pydiffvg.md``.
"""

from vectorae.pydiffvg.device import get_device, get_use_gpu, set_device, set_print_timing, set_use_gpu
from vectorae.pydiffvg.filters import FilterType, PixelFilter
from vectorae.pydiffvg.inks import LinearGradient, RadialGradient
from vectorae.pydiffvg.render import OutputType, RenderFunction, render_batch
from vectorae.pydiffvg.shapes import Circle, Ellipse, Path, Polygon, Rect, ShapeGroup
