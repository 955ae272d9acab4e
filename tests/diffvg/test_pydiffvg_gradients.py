"""Gradients through diffvg's calls reach all numbers of a scene."""

import pytest
import torch
from helpers.pydiffvg_scenes import SCENES, SIDE, draw, tensors_of
from torch import Tensor

from vectorae import pydiffvg

STEP = 0.02


def loss(name: str, changed: str | None = None, index: int = 0, by: float = 0.0) -> tuple[Tensor, dict[str, Tensor]]:
    """The mean of a smooth image times fixed weights, of a scene in which one number is changed."""
    scene = SCENES[name]()
    tensors = tensors_of(scene)
    if changed is not None:
        tensors[changed].data.view(-1)[index] += by
    image = draw(scene)
    y, x = torch.meshgrid(torch.linspace(-1, 1, SIDE), torch.linspace(-1, 1, SIDE), indexing="ij")
    weights = torch.stack([x, y, x * y, 1 + x], dim=-1)
    return (image * weights).sum(), tensors


@pytest.mark.parametrize("name", SCENES)
def test_gradients_are_differences(name: str) -> None:
    total, tensors = loss(name)
    total.backward()
    for key, tensor in tensors.items():
        gradient = tensor.grad if tensor.grad is not None else torch.zeros_like(tensor)
        assert gradient.isfinite().all()
        for index in range(min(tensor.numel(), 6)):
            step = STEP * (
                0.05 if "offsets" in key or "color" in key else 0.1 if "canvas" in key and index % 3 < 2 else 1
            )
            plus, minus = (float(loss(name, key, index, by)[0]) for by in (step, -step))
            expected = (plus - minus) / (2 * step)
            found = float(gradient.view(-1)[index])
            # Strokes are sampled at sixteen points of a pixel, of which a difference sees steps.
            assert found == pytest.approx(expected, abs=0.06 * max(1.0, abs(expected)) + 0.15), (key, index)


def test_backgrounds_and_distances_have_gradients() -> None:
    background = torch.rand(SIDE, SIDE, 4, requires_grad=True)
    draw(SCENES["ellipse"](), background=background).sum().backward()
    assert background.grad is not None and float(background.grad[0, 0, 0]) == pytest.approx(1.0)
    scene = SCENES["mixed"]()
    draw(scene, output_type=pydiffvg.OutputType.sdf).sum().backward()
    gradient = scene[0][0].points.grad
    assert gradient is not None and gradient.isfinite().all() and gradient.abs().sum() > 0


def test_scenes_are_drawn_without_gradients_too() -> None:
    with torch.no_grad():
        assert not draw(SCENES["curve of widths"]()).requires_grad
