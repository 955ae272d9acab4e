"""Scenes that several tests draw."""

from typing import Any

import torch
from torch import Tensor

from vectorae import Group, Path, RoundedBox, Scene
from vectorae.geometry.region import Boundary
from vectorae.primitives import KINDS


def paint(outlines: list[tuple[RoundedBox | Path, Tensor | None]], color: Tensor, background: Tensor) -> Scene:
    """One shape after the other, opaque: (outline of one shape a drawing, stroke width or None)."""
    batch, count = color.shape[:2]
    ones = torch.ones(batch, count, dtype=color.dtype)
    groups = tuple(Group(outline, (slot,), width) for slot, (outline, width) in enumerate(outlines))
    return Scene(groups, color, ones, ones, background)


def box(
    x: float, y: float, half_width: float, half_height: float, angle: float = 0.0, roundness: float = 0.0
) -> RoundedBox:
    """One rounded box in one drawing, float64."""
    return RoundedBox(
        torch.tensor([[[x, y]]]).double(),
        torch.tensor([[[half_width, half_height]]]).double(),
        torch.tensor([[angle]]).double(),
        torch.tensor([[roundness]]).double(),
    )


def white_on_black(outline: RoundedBox | Path, stroke_width: float | None = None) -> Scene:
    """A scene of that one shape, one channel, float64."""
    width = None if stroke_width is None else torch.tensor([[stroke_width]]).double()
    return paint([(outline, width)], torch.ones(1, 1, 1).double(), torch.zeros(1, 1).double())


def line(points: list[tuple[float, float]], closed: bool = False) -> Path:
    """One polyline in one drawing, float64."""
    return Path(torch.tensor([[points]]).double(), closed)


CLOSED_KINDS = [kind for kind, primitive in KINDS.items() if primitive.paint == "fill"]
"""The kinds that have an inside: they can be filled or stroked."""

IN_GRADIENTS: list[tuple[str, Any]] = [
    ("circle", {"fill": "linear"}),
    ("blob", {"fill": "radial", "stops": 3}),
    ("cubic", {"stroke": "linear", "stops": 3}),
    ("ring", {"fill": "radial", "stroke": "linear"}),
]
"""Kinds with gradients: of each sort, filled, stroked or both."""

PAINTED: list[tuple[str, Any]] = [(kind, "fill") for kind in KINDS] + [(kind, "stroke") for kind in CLOSED_KINDS]
PAINTED += IN_GRADIENTS
"""Every kind, every closed kind once more as an outline, and some with gradients."""


def leaves_of(scene: Scene) -> tuple[Scene, list[Tensor]]:
    """The same scene made of new tensors that take a gradient, and these tensors."""
    leaves: list[Tensor] = []

    def leaf(tensor: Tensor) -> Tensor:
        leaves.append(tensor.detach().clone().requires_grad_())
        return leaves[-1]

    return scene.map(leaf), leaves


def segments_of(region: Boundary, path: int) -> set[tuple[float, ...]]:
    """The segments of one of the boundaries ``[1, n]``, in any order: x0, y0, x1, y1 of each."""
    return {tuple(segment) for segment in region.segments[0, path][region.present[0, path]].flatten(1).tolist()}
