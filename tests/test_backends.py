"""Every backend draws what the reference draws, in value and in gradient."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from vectorae import Group, Layout, Path, RoundedBox, Scene, rasterize
from vectorae.primitives import KINDS
from vectorae.rasterizer import COMPOSITINGS, PROFILES

BACKENDS = ["cpu"]


def stroked_scene(channels: int) -> Scene:
    """Outlines that no primitive of today makes: stroked boxes, open and closed polylines."""
    generator = torch.Generator().manual_seed(3)

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    boxes = RoundedBox(rand(2, 3, 2), 0.05 + 0.3 * rand(2, 3, 2), 3 * rand(2, 3), rand(2, 3))
    groups = (
        Group(boxes, (0, 2, 4), 0.1 * rand(2, 3)),
        Group(Path(rand(2, 2, 5, 2)), (1, 5), 0.1 * rand(2, 2)),
        Group(Path(rand(2, 1, 4, 2), closed=True), (3,), 0.1 * rand(2, 1)),
    )
    return Scene(groups, rand(2, 6, channels), rand(2, 6), 0.5 + rand(2, 6), rand(2, channels))


def assert_agreement(backend: str, scene: Scene, height: int, width: int, coverage: str, compositing: str) -> None:
    cotangent = torch.randn(scene.batch, scene.channels, height, width, generator=torch.Generator().manual_seed(0))
    results = []
    for name in ("reference", backend):
        leaves: list[Tensor] = []

        def leaf(tensor: Tensor) -> Tensor:
            leaves.append(tensor.detach().clone().requires_grad_())  # noqa: B023
            return leaves[-1]  # noqa: B023

        image = rasterize(
            scene.map(leaf), height, width, coverage=coverage, compositing=compositing, softness=0.02, backend=name
        )
        gradients = torch.autograd.grad(
            (image * cotangent.to(image)).sum(), leaves, allow_unused=True, materialize_grads=True
        )
        results.append((image.detach(), torch.cat([one.flatten() for one in gradients])))
    (expected, expected_gradient), (found, gradient) = results
    assert (expected - found).abs().max() < 5e-4
    assert (expected_gradient - gradient).norm() <= 1e-3 * expected_gradient.norm() + 1e-9


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("compositing", COMPOSITINGS)
@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize("kind", [*KINDS, "strokes"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_agreement(backend: str, kind: str, coverage: str, compositing: str, channels: int) -> None:
    if kind == "strokes":
        scene = stroked_scene(channels)
    else:
        layout = Layout([kind], count=6, channels=channels, fields={"softness": "learned"})
        scene = layout(layout.random_raw(2, seed=2).double())
    assert_agreement(backend, scene, 19, 26, coverage, compositing)


@pytest.mark.parametrize("backend", BACKENDS)
def test_agreement_in_single_precision_on_mixed_scenes(backend: str) -> None:
    layout = Layout(list(KINDS), count=24)
    assert_agreement(backend, layout(layout.random_raw(3, seed=4)), 28, 28, "sigmoid", "over")


@pytest.mark.parametrize("backend", BACKENDS)
def test_opaque_shapes_have_the_exact_gradient(backend: str) -> None:
    """Shapes that hide all behind them: where 1 − α is 0, a division would not do."""
    layout = Layout(["square", "circle"], rows=2, columns=2, fields={"opacity": 1.0})
    scene = layout(torch.zeros(1, layout.raw_size))
    scene = replace(scene, groups=tuple(_larger(group) for group in scene.groups))
    assert_agreement(backend, scene, 16, 16, "ramp", "over")


def _larger(group: Group) -> Group:
    assert isinstance(group.outline, RoundedBox)
    return replace(group, outline=replace(group.outline, half_extents=group.outline.half_extents * 4))


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_image_and_many_images_and_any_number_of_threads_agree(backend: str) -> None:
    layout = Layout(["circle", "line"], count=7)
    scene = layout(layout.random_raw(9, seed=5))
    together = rasterize(scene, 20, 20, backend=backend)
    alone = torch.cat([rasterize(scene[index], 20, 20, backend=backend) for index in range(9)])
    assert torch.equal(together, alone)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert torch.equal(together, rasterize(scene, 20, 20, backend=backend))
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_are_the_same_every_time(backend: str) -> None:
    layout = Layout(["ellipse"], count=5)
    gradients = []
    for _ in range(3):
        raw = layout.random_raw(1, seed=6).requires_grad_()
        rasterize(layout(raw), 33, 33, backend=backend).square().sum().backward()
        gradients.append(raw.grad)
    assert all(torch.equal(gradients[0], other) for other in gradients[1:])  # type: ignore[arg-type]
