"""Comparison of a backend with the reference: values and gradients."""

from typing import Any

import torch
from torch import Tensor

from helpers.scenes import leaves_of
from vectorae import Scene, rasterize


def assert_agreement(
    backend: str, scene: Scene, height: int, width: int, *, value: float = 5e-4, gradient: float = 1e-3, **drawing: Any
) -> None:
    """Compare images, and gradients through one random cotangent, of a backend and the reference."""
    expected, expected_gradients = drawn("reference", scene, height, width, **drawing)
    found, found_gradients = drawn(backend, scene, height, width, **drawing)
    assert (expected - found).abs().amax() < value
    all_expected, all_found = flat(expected_gradients), flat(found_gradients)
    assert (all_expected - all_found).norm() <= gradient * all_expected.norm() + 1e-9
    # Each tensor on its own, so that a small one cannot hide among larger ones; culling weighs more there.
    for one, other in zip(expected_gradients, found_gradients, strict=True):
        assert (one - other).norm() <= 10 * gradient * one.norm() + 0.1 * gradient * all_expected.norm() + 1e-9


def drawn(backend: str, scene: Scene, height: int, width: int, **drawing: Any) -> tuple[Tensor, list[Tensor]]:
    """The images, and the gradient of each tensor of the scene."""
    generator = torch.Generator().manual_seed(0)
    cotangent = torch.randn(scene.batch, scene.channels, height, width, generator=generator).to(scene.color.device)
    given, leaves = leaves_of(scene)
    image = rasterize(given, height, width, backend=backend, **drawing)
    gradients = torch.autograd.grad(
        (image * cotangent.to(image)).sum(), leaves, allow_unused=True, materialize_grads=True
    )
    return image.detach(), list(gradients)


def flat(tensors: list[Tensor]) -> Tensor:
    """All numbers in one vector."""
    return torch.cat([tensor.flatten() for tensor in tensors])
