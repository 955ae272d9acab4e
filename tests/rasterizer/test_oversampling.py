"""Drawing larger and averaging: no seams where edges of several shapes lie on each other."""

import pytest
import torch
import torch.nn.functional as F

import vectorae
from vectorae import Layout, Scene, UserError, rasterize


def several() -> Scene:
    """Two drawings of curves and boxes, float64."""
    layout = Layout(["blob", "square", "cubic"], count=6)
    return layout(layout.random_raw(2, seed=3).double())


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("coverage", ["ramp", "sigmoid"])
def test_it_is_the_average_of_a_larger_drawing(coverage: str, backend: str) -> None:
    larger = rasterize(several(), 24, 36, coverage=coverage, backend=backend)
    drawn = rasterize(several(), 8, 12, coverage=coverage, backend=backend, oversampling=3)
    torch.testing.assert_close(drawn, F.avg_pool2d(larger, 3))


def test_shapes_that_abut_leave_no_seam() -> None:
    halves = [vectorae.rectangle((x, 0.5), 0.5625, 2, fill="white") for x in (0.1875, 0.75)]
    scene = Scene.of(halves, background="black")  # they meet in the middle of the eighth pixel of sixteen
    seams = [1 - rasterize(scene, 16, 16, coverage="ramp", oversampling=times)[0, :, 8, 7] for times in (1, 2, 3)]
    torch.testing.assert_close(torch.stack(seams)[:, 0], torch.tensor([0.25, 0.0, 0.25 / 3]))


def test_colours_are_averaged_by_their_alpha() -> None:
    disc = Scene.of([vectorae.circle((0.5, 0.5), 0.3, fill="red")], background=None)
    drawn = rasterize(disc, 9, 9, coverage="hard", oversampling=8)[0]
    assert 0 < drawn[3, 2, 2] < 1
    torch.testing.assert_close(drawn[:3, 2, 2], torch.tensor([1.0, 0.0, 0.0]))


def test_gradients_are_exact() -> None:
    layout = Layout(["circle", "triangle"], count=2)
    raw = layout.random_raw(1, seed=1).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda given: rasterize(layout(given), 4, 5, softness=0.1, oversampling=2), raw)


def test_nothing_but_whole_numbers_above_zero() -> None:
    with pytest.raises(UserError, match="oversampling"):
        rasterize(several(), 8, 8, oversampling=0)
