"""Scenes in diffvg's terms for tests: a name, shapes and groups each."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vectorae import pydiffvg

SIDE = 32

Scene = tuple[list[Any], list[pydiffvg.ShapeGroup]]


def numbers(*values: Any) -> Tensor:
    """A tensor that takes a gradient."""
    return torch.tensor(values[0] if len(values) == 1 else values, dtype=torch.float32, requires_grad=True)


def one(shape: Any, **paint: Any) -> Scene:
    """A shape alone."""
    return [shape], [pydiffvg.ShapeGroup(torch.tensor([0]), **({"fill_color": None} | paint))]


def draw(scene: Scene, side: int = SIDE, background: Tensor | None = None, **settings: Any) -> Tensor:
    """Draw a scene on a square canvas."""
    arguments = pydiffvg.RenderFunction.serialize_scene(side, side, *scene, **settings)
    return pydiffvg.RenderFunction.apply(side, side, 2, 2, 0, background, *arguments)


def _map() -> Tensor:
    return numbers([[0.9, 0.3, -2.0], [-0.2, 0.8, 5.0], [0.0, 0.0, 1.0]])


def _linear() -> pydiffvg.LinearGradient:
    return pydiffvg.LinearGradient(
        numbers(6.0, 8.0), numbers(25.0, 22.0), numbers(0.1, 0.5, 0.9), numbers([RED, HALF, BLUE])
    )


def _radial() -> pydiffvg.RadialGradient:
    return pydiffvg.RadialGradient(
        numbers(14.0, 15.0), numbers(12.0, 9.0), numbers(0.1, 0.5, 0.9), numbers([RED, HALF, BLUE])
    )


RED, BLUE, HALF = [0.9, 0.2, 0.1, 1.0], [0.1, 0.2, 0.8, 1.0], [0.2, 0.7, 0.3, 0.5]
CURVE = [[6.0, 6.0], [28.0, 8.0], [4.0, 24.0], [26.0, 26.3]]
RING = [[[6.2, 6.0], [26.0, 6.4], [25.7, 26.0], [6.0, 25.6]], [[12.0, 12.0], [20.0, 12.3], [19.8, 20.0], [12.1, 20.2]]]
MIXED = [[6.0, 6.0], [12.0, 4.0], [20.0, 9.0], [26.0, 5.0], [28.0, 20.0], [18.0, 29.0], [9.0, 27.0]]


def _curve(width: Any = 2.5) -> pydiffvg.Path:
    return pydiffvg.Path(torch.tensor([2]), numbers(CURVE), False, numbers(width))


def _ring() -> Scene:
    shapes = [pydiffvg.Polygon(numbers(corners), True, numbers(1.3)) for corners in RING]
    return shapes, [pydiffvg.ShapeGroup(torch.tensor([0, 1]), numbers(RED), True, numbers(HALF))]


SCENES: dict[str, Callable[[], Scene]] = {
    "circle": lambda: one(pydiffvg.Circle(numbers(9.3), numbers(16.0, 15.2)), fill_color=numbers(RED)),
    "ellipse": lambda: one(pydiffvg.Ellipse(numbers(11.0, 6.0), numbers(16.0, 15.2)), fill_color=numbers(HALF)),
    "ellipse mapped": lambda: one(
        pydiffvg.Ellipse(numbers(11.0, 6.0), numbers(16.0, 15.2)), fill_color=numbers(RED), shape_to_canvas=_map()
    ),
    "rect": lambda: one(
        pydiffvg.Rect(numbers(7.2, 9.1), numbers(24.7, 20.4), numbers(1.68)),
        fill_color=numbers(RED),
        stroke_color=numbers(BLUE),
    ),
    "polygon": lambda: one(pydiffvg.Polygon(numbers(RING[0]), True), fill_color=numbers(HALF)),
    "curve": lambda: one(_curve(), stroke_color=numbers(RED)),
    "curve of widths": lambda: one(_curve([3.0, 1.5, 1.0, 4.0]), stroke_color=numbers(HALF)),
    "curve mapped": lambda: one(_curve(), stroke_color=numbers(RED), shape_to_canvas=_map()),
    "mixed": lambda: one(
        pydiffvg.Path(torch.tensor([0, 1, 2]), numbers(MIXED), False, numbers(1.5)),
        fill_color=numbers(HALF),
        stroke_color=numbers(BLUE),
    ),
    "ring": _ring,
    "linear": lambda: one(pydiffvg.Circle(numbers(12.0), numbers(16.0, 15.2)), fill_color=_linear()),
    "radial": lambda: one(_curve(3.5), stroke_color=_radial()),
}
"""Name → a scene whose numbers take gradients."""


def tensors_of(scene: Scene) -> dict[str, Tensor]:
    """All numbers of a scene that take gradients, by name."""
    found = {}
    shapes, groups = scene
    inks = [ink for group in groups for ink in (group.fill_color, group.stroke_color) if hasattr(ink, "offsets")]
    for number, owner in enumerate([*shapes, *groups, *inks]):
        for name, value in vars(owner).items():
            if isinstance(value, Tensor) and value.requires_grad:
                found[f"{number}.{name}"] = value
    return found
