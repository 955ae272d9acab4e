"""Regularizers: penalties on the opacity, size and overlap of shapes."""

from dataclasses import dataclass, replace

from torch import Tensor

from vectorae.losses.loss import Regularizer
from vectorae.rasterizer import rasterize
from vectorae.scene import Group, Scene, sort_by_slot

SIDE = 32
"""Shorter side in pixels of the grid on which areas are measured."""


@dataclass(frozen=True)
class OpacitySparsity(Regularizer):
    """Mean opacity of the shapes, an L1 penalty as in the lasso: shapes that the drawing does not need fade out."""

    def __call__(self, scene: Scene, height: int, width: int) -> Tensor:
        return scene.opacity.mean(1)


@dataclass(frozen=True)
class Size(Regularizer):
    """Mean fraction of the canvas that a shape covers, whatever the opacity of it or of its stops."""

    def __call__(self, scene: Scene, height: int, width: int) -> Tensor:
        return coverages(scene, *_grid(height, width)).mean((1, 2, 3))


@dataclass(frozen=True)
class Overlap(Regularizer):
    """Paint on top of paint: the mean over the canvas of Σ αₖ − (1 − ∏ (1 − αₖ)), α being coverage × opacity."""

    def __call__(self, scene: Scene, height: int, width: int) -> Tensor:
        alpha = coverages(scene, *_grid(height, width)) * scene.opacity[:, :, None, None]
        return (alpha.sum(1) - 1 + (1 - alpha).prod(1)).mean((1, 2))


def coverages(scene: Scene, height: int, width: int) -> Tensor:
    """The coverage of each pixel by each shape, ``[B, N, height, width]``, with edges half a pixel soft.

    Opacities of stops, and what shapes are clipped by, are left out.
    """
    parts = []
    for group in scene.groups:
        shapes = scene.batch * len(group.slots)
        alone = Scene(
            (_alone(group),),
            color=scene.color.new_ones(shapes, 1, 1),
            opacity=scene.opacity.new_ones(shapes, 1),
            softness=scene.softness.new_ones(shapes, 1),
            background=scene.color.new_zeros(shapes, 1),
        )
        alone = alone.painted(alone.color)
        drawn = rasterize(alone, height, width, softness=0.5 / min(height, width))
        parts.append(drawn.reshape(scene.batch, len(group.slots), height, width))
    (coverage,) = sort_by_slot(scene.slots, parts)
    return coverage


def _alone(group: Group) -> Group:
    """The group with a drawing for each shape: ``[B, n, …]`` → ``[B n, 1, …]``."""
    flat = replace(group, gradient=None, stroke_gradient=None)
    return replace(flat.map(lambda tensor: tensor.flatten(0, 1)[:, None]), slots=(0,))


def _grid(height: int, width: int) -> tuple[int, int]:
    shrink = min(1.0, SIDE / min(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))
