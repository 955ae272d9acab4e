"""What the CPU's kernels draw of boxes: of their insides as little as possible, and all that is neither 0 nor 1."""

import math

import pytest
import torch
from torch import Tensor

from vectorae import RoundedBox, Scene, rasterize
from vectorae.rasterizer import cpu
from vectorae.rasterizer.cpu.drawing import _plan
from vectorae.rasterizer.cpu.plan import LEFT, PLACE, SLOT, START, STOP, TOP
from vectorae.rasterizer.cpu.scratch import TILE_WIDTH
from vectorae.rasterizer.cpu.threads import Part
from vectorae.scene import Group

HEIGHT, WIDTH, COUNT = 96, 128, 48

EDGE = 0.5 / HEIGHT
"""Softness, canvas units."""

FAINT = 2**-13
"""Twice the coverage that may be left out."""


def boxes(kind: str) -> Group:
    """Of all sizes and roundnesses, also beyond the canvas."""
    random = torch.Generator().manual_seed(0)
    center, extents, roundness = (torch.rand(1, COUNT, size, generator=random) for size in (2, 2, 1))
    extents, roundness = 0.02 + 0.5 * extents, roundness[..., 0]
    if kind == "circle":
        extents, roundness = extents[..., :1].expand(-1, -1, 2), torch.ones_like(roundness)
    if kind in ("ellipse", "rectangle"):
        roundness = torch.full_like(roundness, kind == "ellipse")
    angle = math.tau * torch.rand(1, COUNT, generator=random)
    stroke = 0.05 * torch.rand(1, COUNT, generator=random) if kind == "stroke" else None
    return Group(RoundedBox(center, extents, angle, roundness), tuple(range(COUNT)), stroke)


def covered_by_each(group: Group) -> Tensor:
    """The coverage of each shape alone, ``[N, H, W]``, by the reference."""
    alone = group.map(lambda tensor: tensor.transpose(0, 1))
    one = torch.ones(COUNT, 1)
    scene = Scene((Group(alone.outline, (0,), alone.stroke_width),), one[..., None], one, one, torch.zeros(COUNT, 1))
    return rasterize(scene, HEIGHT, WIDTH, softness=EDGE, backend="reference")[:, 0]


@pytest.mark.parametrize("kind", ["circle", "ellipse", "rectangle", "any", "stroke"])
def test_what_is_not_drawn_is_covered_wholly_or_not_at_all(kind: str) -> None:
    group = boxes(kind)
    one = torch.ones(1, COUNT)
    scene = Scene((group,), one[..., None], one, one, torch.zeros(1, 1))
    *tensors, _, topology, canvas, present, _ = cpu._arguments(scene, HEIGHT, WIDTH, "sigmoid", EDGE * one, 0.0)
    shapes = cpu._shapes(topology, [tensor.contiguous() for tensor in tensors])
    planned = _plan(Part((0, 1), (0, HEIGHT), 0), shapes, canvas, present, keep=False)

    drawn, wholly = torch.zeros(2, COUNT, HEIGHT, WIDTH, dtype=torch.bool)
    for entry in planned.entries.tolist():
        top, left = entry[TOP], entry[LEFT]
        rows = slice(top + entry[START] // TILE_WIDTH, top + entry[STOP] // TILE_WIDTH)
        into = drawn if entry[PLACE] >= 0 else wholly
        assert not (drawn | wholly)[entry[SLOT], rows, left : left + TILE_WIDTH].any()
        into[entry[SLOT], rows, left : left + TILE_WIDTH] = True

    covered = covered_by_each(group)
    assert (covered[wholly] > 1 - FAINT).all()
    assert (covered[~drawn & ~wholly] < FAINT).all()
    # Pairs of rows that are as wide as a tile, and inside, take no work.
    inside = (covered < FAINT / 4) if kind == "stroke" else (covered > 1 - FAINT / 4)
    blocks = inside.unfold(1, 2, 2).unfold(2, TILE_WIDTH, TILE_WIDTH).flatten(3).all(-1)
    skipped = ~drawn.unfold(1, 2, 2).unfold(2, TILE_WIDTH, TILE_WIDTH).flatten(3).any(-1)
    assert (blocks & skipped).sum() > 0.7 * blocks.sum()
