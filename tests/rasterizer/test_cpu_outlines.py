"""Outlines that the CPU's kernels place, compared with those that torch places: values and gradients."""

from dataclasses import astuple

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from vectorae.geometry import rounded_box
from vectorae.geometry.canvas import turn_of
from vectorae.geometry.rounded_box import Corners, Place, corners_of_box, corners_of_capsule
from vectorae.rasterizer.cpu import outlines

PIXEL = 1 / 32

SIDES = 0.0, 1e-4, 0.02, 0.3, 40.0
"""Half extents from none to very much larger than the canvas."""


def random(*shape: int, seed: int = 0) -> Tensor:
    """Uniform in [0, 1], float64."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def boxes(roundness: float) -> Corners:
    """Boxes with every pair of sides, in two drawings."""
    extents = torch.cartesian_prod(*2 * [torch.tensor(SIDES, dtype=torch.float64)]).expand(2, -1, 2)
    shape = extents.shape[:-1]
    turn = turn_of(9 * random(*shape, seed=1))
    return corners_of_box(random(*shape, 2), extents, turn, torch.full(shape, roundness, dtype=torch.float64))


def capsules() -> Corners:
    """Straight strokes, of them a dot and one of no width."""
    points, width = random(2, 4, 2, 2), 0.2 * random(2, 4, seed=1)
    points[0, 0], width[0, 1] = 0.5, 0
    return corners_of_capsule(points, width)


def gradients(place: Place, corners: Corners) -> tuple[Tensor, list[Tensor]]:
    """The segments that there are, and the gradient of a sum over them by all that corners are made of."""
    leaves = [tensor.detach().clone().requires_grad_() for tensor in astuple(corners)]
    boundary = place(Corners(*leaves), PIXEL)
    found = boundary.segments[boundary.present]
    # What has no length has no gradient either, as in a drawing.
    cost = ((found[:, 1] - found[:, 0]).square() * torch.sin(3 * found[:, 0].flip(-1))).sum()
    return found, list(torch.autograd.grad(cost, leaves))


@pytest.mark.parametrize("corners", [boxes(0.0), boxes(0.4), boxes(1.0), capsules()], ids=["0", ".4", "1", "strokes"])
def test_outlines_agree(corners: Corners) -> None:
    expected, by_expected = gradients(rounded_box.place_corners, corners)
    found, by_found = gradients(outlines.place_corners, corners)
    torch.testing.assert_close(_long(found), _long(expected))
    for one, other in zip(by_found, by_expected, strict=True):
        torch.testing.assert_close(one, other)


def _long(segments: Tensor) -> Tensor:
    """Without those that rounding alone makes longer than nothing."""
    return segments[(segments[:, 0] - segments[:, 1]).norm(dim=-1) > 1e-12]


def test_the_gradient_is_exact() -> None:
    given = [random(1, 3, 2, seed=seed).requires_grad_() for seed in range(4)]
    assert gradcheck(lambda *tensors: outlines.place_corners(Corners(*tensors), PIXEL).segments, given, eps=1e-7)


def test_nothing_is_placed_of_no_shapes_and_of_shapes_of_no_size() -> None:
    none = [torch.zeros(2, 0, 2)] * 4
    assert outlines.place_corners(Corners(*none), PIXEL).segments.shape[:2] == (2, 0)
    dot = [torch.full((1, 1, 2), 0.5)] * 2 + [torch.zeros(1, 1, 2)] * 2
    assert not outlines.place_corners(Corners(*dot), PIXEL).present.any()
