"""diffvg's Python interface, drawn by Vectorae: ``import vectorae.pydiffvg as pydiffvg``.

What is the same, what is done in another way and what is not there: see ``docs/pydiffvg.md``.

Example:
    >>> import torch
    >>> import vectorae.pydiffvg as pydiffvg
    >>> disc = pydiffvg.Circle(radius=torch.tensor(20.0), center=torch.tensor([32.0, 32.0]))
    >>> red = pydiffvg.ShapeGroup(torch.tensor([0]), fill_color=torch.tensor([1.0, 0.0, 0.0, 1.0]))
    >>> scene_args = pydiffvg.RenderFunction.serialize_scene(64, 64, [disc], [red])
    >>> pydiffvg.RenderFunction.apply(64, 64, 2, 2, 0, None, *scene_args).shape
    torch.Size([64, 64, 4])
"""

from typing import Any

from vectorae.pydiffvg.device import get_device, get_use_gpu, set_device, set_print_timing, set_use_gpu
from vectorae.pydiffvg.filters import FilterType, PixelFilter
from vectorae.pydiffvg.images import imread, imwrite
from vectorae.pydiffvg.inks import LinearGradient, RadialGradient
from vectorae.pydiffvg.read_svg import svg_to_scene
from vectorae.pydiffvg.render import OutputType, RenderFunction, render_batch
from vectorae.pydiffvg.shapes import Circle, Ellipse, Path, Polygon, Rect, ShapeGroup
from vectorae.pydiffvg.svg_paths import from_svg_path
from vectorae.pydiffvg.write_svg import save_svg

__all__ = [
    "Circle",
    "Ellipse",
    "FilterType",
    "LinearGradient",
    "OutputType",
    "Path",
    "PixelFilter",
    "Polygon",
    "RadialGradient",
    "Rect",
    "RenderFunction",
    "ShapeGroup",
    "from_svg_path",
    "get_device",
    "get_use_gpu",
    "imread",
    "imwrite",
    "render_batch",
    "save_svg",
    "set_device",
    "set_print_timing",
    "set_use_gpu",
    "svg_to_scene",
]

LACKING = {
    "OptimizableSvg": "optimize what svg_to_scene returns, then save_svg",
    "SvgOptimizationSettings": "optimize what svg_to_scene returns, then save_svg",
    "SVGWriter": "use save_svg",
    "Scene": "use RenderFunction.serialize_scene",
    "render": "use RenderFunction.apply",
}
"""Names of diffvg's that are not there → what to use."""


def __getattr__(name: str) -> Any:
    hint = LACKING.get(name)
    if hint is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise AttributeError(f"vectorae.pydiffvg: {name} is not there; {hint}")
