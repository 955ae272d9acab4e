"""Outlines: bounds, transforms, joining, and what a circle is."""

import math

import pytest
import torch
from helpers.scenes import box, line, white_on_black
from torch import Tensor

from vectorae import Path, RoundedBox, rasterize
from vectorae.scene import Outline, cat_outlines
from vectorae.svg.definitions import Definitions
from vectorae.svg.document import Shape, element
from vectorae.svg.markup import Box


def test_bounds_of_a_box_are_the_box() -> None:
    outline = box(0.25, 0.5, 0.2, 0.1, angle=0.7, roundness=0.5)
    assert outline.bounds() == (outline.center, outline.half_extents, outline.angle)


def test_bounds_of_a_path_are_upright() -> None:
    center, half_extents, angle = line([(0.25, 0.25), (0.75, 0.5), (0.5, 1.0)]).bounds()
    assert center.tolist() == [[[0.5, 0.625]]]
    assert half_extents.tolist() == [[[0.25, 0.375]]]
    assert angle.tolist() == [[0.0]]


CUBIC = Path(torch.tensor([[[[0.2, 0.3], [0.3, 0.1], [0.5, 0.6], [0.6, 0.4]]]]).double(), degree=3)


@pytest.mark.parametrize("outline", [box(0.25, 0.5, 0.2, 0.1, 0.3), line([(0.1, 0.2), (0.3, 0.25)]), CUBIC])
def test_a_transformed_outline_is_scaled_and_turned_about_its_centre(outline: Outline) -> None:
    center = torch.tensor([[0.6, 0.7]]).double()
    moved = outline.transformed(center)
    torch.testing.assert_close(moved.bounds().center, center[None])
    torch.testing.assert_close(moved.bounds().half_extents, outline.bounds().half_extents)
    turned = outline.transformed(center, scale=2.0, angle=math.pi / 2)
    x, y = points(outline).unbind(-1)
    middle = outline.bounds().center
    # A quarter turn clockwise on screen: right becomes down.
    expected = torch.stack([-(y - middle[..., 1:]), x - middle[..., :1]], dim=-1) * 2 + center
    torch.testing.assert_close(points(turned), expected)
    assert type(turned) is type(outline)


def points(outline: Outline) -> Tensor:
    """Points of an outline, ``[B, n, P, 2]``: of a box the middles of two neighbouring sides."""
    if isinstance(outline, Path):
        return outline.points
    cos, sin = outline.angle.cos(), outline.angle.sin()
    across = torch.stack([cos, sin], dim=-1) * outline.half_extents[..., :1]
    down = torch.stack([-sin, cos], dim=-1) * outline.half_extents[..., 1:]
    return torch.stack([outline.center + across, outline.center + down], dim=-2)


def test_every_shape_has_a_transform_of_its_own() -> None:
    outline = cat_outlines([box(0.1, 0.1, 0.1, 0.1), box(0.9, 0.9, 0.1, 0.1)])
    centers = torch.tensor([[0.25, 0.5], [0.75, 0.5]]).double()
    moved = outline.transformed(centers, torch.tensor([1.0, 2.0]), torch.tensor([0.0, 0.5]))
    assert torch.equal(moved.center, centers[None])
    torch.testing.assert_close(moved.half_extents, torch.tensor([[[0.1, 0.1], [0.2, 0.2]]]).double())
    assert moved.angle.tolist() == [[0.0, 0.5]]


def test_outlines_are_joined_along_the_shapes() -> None:
    boxes = [box(0.1, 0.2, 0.1, 0.1), box(0.3, 0.4, 0.2, 0.2, 0.5, 1.0)]
    joined = cat_outlines(boxes)
    torch.testing.assert_close(joined.center, torch.tensor([[[0.1, 0.2], [0.3, 0.4]]]).double())
    assert joined.roundness.tolist() == [[0.0, 1.0]]
    paths = cat_outlines([line([(0.0, 0.0), (1.0, 1.0)], closed=True)] * 3)
    assert (paths.points.shape, paths.closed, paths.degree) == ((1, 3, 2, 2), True, 1)
    assert cat_outlines(boxes[:1]) is boxes[0]


@pytest.mark.parametrize(
    "other",
    [
        box(0.5, 0.5, 0.1, 0.1),
        line([(0.0, 0.0)] * 6, closed=True),
        line([(0.0, 0.0)] * 7),
        Path(torch.zeros(1, 1, 6, 2).double(), closed=True, degree=3),
    ],
)
def test_outlines_that_cannot_be_joined_are_refused(other: Outline) -> None:
    with pytest.raises(ValueError, match="different topologies"):
        cat_outlines([line([(0.0, 0.0)] * 6), other])


NEARLY = [
    (0.1, 0.1, 1.0, True),
    (0.1, 0.1 * (1 + 5e-7), 1.0, True),
    (0.1, 0.1 * (1 + 5e-6), 1.0, False),
    (0.1, 0.1, 0.999, False),
    (0.1, 0.1, 0.0, False),
    (0.1, 0.2, 1.0, False),
    (0.0, 0.0, 1.0, True),
]


@pytest.mark.parametrize(("half_width", "half_height", "roundness", "circle"), NEARLY)
def test_the_scene_and_the_document_agree_on_what_a_circle_is(
    half_width: float, half_height: float, roundness: float, circle: bool
) -> None:
    """The document has no tensors, and so a definition of its own."""
    outline = box(0.5, 0.5, half_width, half_height, 0.2, roundness)
    assert outline.is_circle.tolist() == [[circle]]
    shape = Shape(Box((0.5, 0.5), (half_width, half_height), 0.2, roundness), (1.0,), 1.0, None)
    assert element(shape, Definitions()).bare.startswith("<circle") is circle


def test_no_path_is_a_circle() -> None:
    assert CUBIC.is_circle.tolist() == [[False]]


def test_a_transformed_shape_is_drawn_as_it_should() -> None:
    """A rectangle after a quarter turn, against one with exchanged sides."""
    wide, high = box(0.2, 0.2, 0.1, 0.05), box(0.5, 0.5, 0.1, 0.2)
    turned = wide.transformed(torch.tensor([0.5, 0.5]).double(), scale=2.0, angle=math.pi / 2)
    images = [rasterize(white_on_black(outline), 32, 32, coverage="ramp") for outline in (turned, high)]
    torch.testing.assert_close(*images, atol=1e-6, rtol=0)
    assert isinstance(turned, RoundedBox)
