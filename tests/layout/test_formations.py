"""Where shapes stand before anything is learned."""

import math

import pytest
import torch

from vectorae.geometry.canvas import canvas_size
from vectorae.layout.formations import FORMATIONS

ASPECTS = [1.0, 2.0, 0.4]


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("name", FORMATIONS)
def test_every_place_lies_on_the_canvas(name: str, aspect: float) -> None:
    centers, cells = FORMATIONS[name](4, 5, aspect)
    assert centers.shape == (20, 2)
    assert cells.shape == (20,)
    assert (centers >= 0).all()
    assert (centers <= torch.tensor(canvas_size(aspect))).all()
    assert (cells > 0).all()
    # No more cells than the canvas has room for.
    width, height = canvas_size(aspect)
    assert cells.square().sum() <= width * height * 1.001


@pytest.mark.parametrize("name", FORMATIONS)
def test_a_formation_is_the_same_every_time_and_no_two_shapes_share_a_place(name: str) -> None:
    torch.manual_seed(1)
    first = FORMATIONS[name](1, 30, 1.0)
    torch.manual_seed(2)
    assert all(torch.equal(*pair) for pair in zip(first, FORMATIONS[name](1, 30, 1.0), strict=True))
    assert torch.pdist(first[0]).min() > 1e-3


@pytest.mark.parametrize("name", FORMATIONS)
def test_one_shape_alone(name: str) -> None:
    centers, cells = FORMATIONS[name](1, 1, 1.0)
    assert centers.isfinite().all()
    assert cells.isfinite().all()
    assert 0 < float(cells) <= 1


def test_grid() -> None:
    centers, cells = FORMATIONS["grid"](2, 4, 2.0)
    x, y = [0.25, 0.75, 1.25, 1.75], [0.25, 0.75]
    assert centers.tolist() == [[column, row] for row in y for column in x]
    assert cells.tolist() == [0.5] * 8
    # Cells that are not square: the shorter side.
    assert FORMATIONS["grid"](2, 4, 1.0)[1].tolist() == [0.25] * 8


def test_ring() -> None:
    centers, _ = FORMATIONS["ring"](1, 4, 1.0)
    expected = torch.tensor([[0.5, 0.15], [0.85, 0.5], [0.5, 0.85], [0.15, 0.5]])
    torch.testing.assert_close(centers, expected)


def test_spiral_goes_outwards() -> None:
    centers, _ = FORMATIONS["spiral"](1, 50, 2.0)
    radius = (centers - torch.tensor([1.0, 0.5])).norm(dim=1)
    assert (radius.diff() > 0).all()
    assert float(radius[-1]) == pytest.approx(0.45 * math.sqrt(49.5 / 50))


def test_random_places_fill_the_canvas() -> None:
    centers, _ = FORMATIONS["random"](20, 20, 2.0)
    assert torch.histogram(centers[:, 0], 4, range=(0.0, 2.0)).hist.min() > 60
    assert torch.histogram(centers[:, 1], 4, range=(0.0, 1.0)).hist.min() > 60
