"""Every backend draws what the reference draws, in value and in gradient."""

from dataclasses import replace

import pytest
import torch
from helpers.agreement import assert_agreement
from helpers.scenes import CLOSED_KINDS

from vectorae import Group, Layout, RoundedBox, rasterize
from vectorae.geometry import Boundary, boundary
from vectorae.primitives import KINDS
from vectorae.rasterizer import COMPOSITINGS, PROFILES
from vectorae.rasterizer.cpu.self_intersections import find_cuts

BACKENDS = ["cpu"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("compositing", COMPOSITINGS)
@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize(("kinds", "paint"), [(list(KINDS), "fill"), (CLOSED_KINDS, "stroke")])
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_kind_agrees(
    backend: str, kinds: list[str], paint: str, coverage: str, compositing: str, channels: int
) -> None:
    """All kinds in one scene: of each the gradient is compared by itself too."""
    layout = Layout(kinds, count=3 * len(kinds), channels=channels, paint=paint, fields={"softness": "learned"})
    scene = layout(layout.random_raw(2, seed=2).double())
    assert_agreement(backend, scene, 13, 18, coverage=coverage, compositing=compositing, softness=0.02)


@pytest.mark.parametrize("coverage", ["ramp", "hard"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_agreement_is_close_where_nothing_is_culled(backend: str, coverage: str) -> None:
    layout = Layout(list(KINDS), count=16)
    scene = layout(layout.random_raw(2, seed=4))
    assert_agreement(backend, scene, 28, 28, coverage=coverage, value=1e-5, gradient=1e-4)


@pytest.mark.parametrize("coverage", ["sigmoid", "gaussian", "ramp"])
@pytest.mark.parametrize("temperature", [0.0, 1e-4, 0.1])
@pytest.mark.parametrize("backend", BACKENDS)
def test_agreement_by_depth(backend: str, temperature: float, coverage: str) -> None:
    layout = Layout(["circle", "polygon", "cubic"], count=9, ordering="depth")
    scene = layout(layout.random_raw(3, seed=2).double())
    assert_agreement(backend, scene, 14, 19, coverage=coverage, temperature=temperature)


@pytest.mark.parametrize(("count", "height", "width"), [(1, 64, 64), (40, 64, 64), (12, 100, 133), (1000, 28, 28)])
@pytest.mark.parametrize("paint", ["fill", "stroke"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_agreement_in_single_precision_on_mixed_scenes(
    backend: str, paint: str, count: int, height: int, width: int
) -> None:
    layout = Layout(list(KINDS), count=count, paint=paint, aspect=width / height)
    scene = layout(layout.random_raw(1, seed=4))
    assert_agreement(backend, scene, height, width, softness=0.5 / min(height, width))


@pytest.mark.parametrize("backend", BACKENDS)
def test_opaque_shapes_have_the_exact_gradient(backend: str) -> None:
    """Shapes that hide all behind them: where 1 − α is 0, a division would not do."""
    layout = Layout(["square", "circle"], rows=2, columns=2, fields={"opacity": 1.0})
    scene = layout(torch.zeros(1, layout.raw_size))
    scene = replace(scene, groups=tuple(_larger(group) for group in scene.groups))
    assert_agreement(backend, scene, 16, 16, coverage="ramp")


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


def test_paths_are_cut_as_by_the_reference() -> None:
    """Random paths, and paths on a coarse grid, where crossings fall on corners and corners on each other."""
    generator = torch.Generator().manual_seed(0)
    for count in range(2, 12):
        places = torch.rand(40, count, 2, generator=generator, dtype=torch.float64)
        for corners in (places, (places * 4).round() / 4):
            vertices = torch.cat([corners, corners[:, :1]], dim=1)
            expected, found = boundary(vertices), boundary(vertices, find_cuts)
            for path in range(40):
                assert segments_of(expected, path) == segments_of(found, path)


def segments_of(region: Boundary, path: int) -> set[tuple[float, ...]]:
    segments = torch.cat([region.starts[path], region.ends[path]], dim=-1)[region.present[path]]
    return {tuple(segment) for segment in segments.tolist()}
