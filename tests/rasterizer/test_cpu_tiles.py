"""The CPU kernels on canvases of many tiles: whatever a tile leaves out, its rows or all of it, has no ink there."""

import math

import pytest
import torch
from helpers.scenes import leaves_of
from torch import Tensor

from vectorae import Group, RoundedBox, Scene, rasterize

HEIGHT, WIDTH = 90, 77
"""Several tiles each way, the last of which are cut."""

NEGLIGIBLE = 2e-4
"""What may be left out changes values by less."""


def boxes(count: int, roundness: float | None, width: float | None, seed: int) -> Scene:
    """White boxes of any size, each alone on black; ``roundness`` None: any; ``width``: of strokes."""
    random = torch.Generator().manual_seed(seed)
    extents = 0.6 * torch.rand(count, 1, 1, generator=random) ** 2
    extents = extents * (0.4 + 0.6 * torch.rand(count, 1, 2, generator=random))
    round_ = torch.rand(count, 1, generator=random) if roundness is None else torch.full((count, 1), roundness)
    if roundness == 1:
        extents[::2, :, 1] = extents[::2, :, 0]  # circles, and ellipses
    center, angle = torch.rand(count, 1, 2, generator=random), math.tau * torch.rand(count, 1, generator=random)
    outline = RoundedBox(center, extents, angle, round_)
    ones = torch.ones(count, 1)
    group = Group(outline, (0,), None if width is None else width * ones)
    return Scene((group,), ones[..., None], 0.7 * ones, ones, torch.zeros(count, 1))


@pytest.mark.parametrize("coverage", ["sigmoid", "gaussian"])
@pytest.mark.parametrize("softness", [0.5, 4.0])
@pytest.mark.parametrize("width", [None, 0.05])
@pytest.mark.parametrize("roundness", [0.0, 1.0, None])
def test_boxes_have_no_ink_where_nothing_is_drawn(
    coverage: str, softness: float, width: float | None, roundness: float | None
) -> None:
    """Softness in pixels; values, and derivatives of a loss that weighs pixels at random."""
    scene, leaves = leaves_of(boxes(24, roundness, width, seed=0))
    weights = torch.randn(24, 1, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))

    def draw(backend: str) -> tuple[Tensor, tuple[Tensor, ...]]:
        image = rasterize(scene, HEIGHT, WIDTH, coverage=coverage, softness=softness / WIDTH, backend=backend)
        gradients = torch.autograd.grad((image * weights).sum(), leaves, allow_unused=True, materialize_grads=True)
        return image.detach(), gradients

    (image, gradients), (expected, expected_gradients) = draw("cpu"), draw("reference")
    assert (expected[image == 0] < NEGLIGIBLE).all()
    assert (image - expected).abs().max() < (NEGLIGIBLE if roundness == 0 else 2e-3)
    for one, other in zip(gradients, expected_gradients, strict=True):
        assert (one - other).abs().max() < 5e-3 * other.abs().max().clamp_min(1)
