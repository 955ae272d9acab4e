"""The GPU kernels: on a GPU where there is one, otherwise in Triton's interpreter."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.agreement import assert_agreement, drawn, flat
from helpers.scenes import CLOSED_KINDS, leaves_of
from torch import Tensor

from vectorae import Layout, RoundedBox, Scene, UserError, rasterize
from vectorae.primitives import KINDS
from vectorae.rasterizer import COMPOSITINGS, PROFILES
from vectorae.rasterizer.packing import pack

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="there is no Triton for this system")

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")

needs_gpu = pytest.mark.skipif(DEVICE.type == "cpu", reason="needs a GPU: an interpreter has no CUDA graphs")


def random_scene(kinds: list[str], *, batch: int = 1, seed: int = 2, **layout: Any) -> Scene:
    """A scene of random shapes, float64, on the device."""
    made = Layout(kinds, **{"count": len(kinds), "fields": {"softness": "learned"}, **layout})
    return made(made.random_raw(batch, seed).double()).detach().to(DEVICE)


@pytest.mark.parametrize(("compositing", "channels"), [("over", 3), ("soft_or", 1)])
@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize(("kinds", "paint"), [(list(KINDS), "fill"), (CLOSED_KINDS, "stroke")])
def test_every_kind_agrees(kinds: list[str], paint: str, coverage: str, compositing: str, channels: int) -> None:
    scene = random_scene(kinds, paint=paint, channels=channels)
    assert_agreement("gpu", scene, 6, 8, coverage=coverage, compositing=compositing, softness=0.02)


@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize(("height", "width"), [(40, 23), (9, 50)])
def test_tiles_agree(height: int, width: int, coverage: str) -> None:
    scene = random_scene(["circle", "triangle", "line", "cubic"], batch=2, aspect=width / height)
    assert_agreement("gpu", scene, height, width, coverage=coverage, softness=0.02)


def test_more_shapes_than_are_read_at_once_agree() -> None:
    for compositing in COMPOSITINGS:
        scene = random_scene(["square", "line"], count=35)
        assert_agreement("gpu", scene, 8, 8, compositing=compositing, softness=0.03)


def test_single_precision_agrees() -> None:
    scene = random_scene(list(KINDS), count=20).to(torch.float32)
    assert_agreement("gpu", scene, 12, 18, softness=0.03)


@pytest.mark.parametrize("coverage", ["ramp", "hard"])
def test_agreement_is_close_where_nothing_is_culled(coverage: str) -> None:
    scene = random_scene(["circle", "polygon", "quadratic"], count=9).to(torch.float32)
    assert_agreement("gpu", scene, 8, 8, coverage=coverage, value=1e-5, gradient=1e-4)


def test_opaque_shapes_have_the_exact_gradient() -> None:
    """Shapes that hide all behind them: where 1 − α is 0, a division would not do."""
    scene = random_scene(["square", "circle"], count=4)
    outlines = [replace(group.outline, half_extents=group.outline.half_extents * 4) for group in boxes_of(scene)]
    groups = tuple(replace(group, outline=outline) for group, outline in zip(scene.groups, outlines, strict=True))
    scene = replace(scene, groups=groups, opacity=torch.ones_like(scene.opacity))
    assert_agreement("gpu", scene, 8, 8, coverage="ramp")


def boxes_of(scene: Scene) -> list[Any]:
    assert all(isinstance(group.outline, RoundedBox) for group in scene.groups)
    return list(scene.groups)


@pytest.mark.parametrize("temperature", [0.0, 0.1])
def test_shapes_by_depth_agree(temperature: float) -> None:
    scene = random_scene(["circle", "polygon", "line"], count=6, ordering="depth", batch=2)
    assert_agreement("gpu", scene, 7, 9, temperature=temperature, softness=0.03)


def test_images_do_not_depend_on_their_batch_and_gradients_are_repeatable() -> None:
    scene = random_scene(["circle", "line"], count=4, batch=2)
    together, gradients = drawn("gpu", scene, 20, 20)
    again, same = drawn("gpu", scene, 20, 20)
    assert torch.equal(together, again) and torch.equal(flat(gradients), flat(same))
    alone = torch.cat([rasterize(scene[index], 20, 20, backend="gpu") for index in range(2)])
    assert torch.equal(together, alone)


def test_degenerate_scenes() -> None:
    """No shapes, no images, no size, out of sight, far away, and what is not a number."""
    scene = random_scene(["circle", "line", "triangle"])
    empty = scene.select(0, 0)
    background = scene.background[:, :, None, None].expand(1, 3, 4, 5)
    assert torch.equal(rasterize(empty, 4, 5, backend="gpu"), background)
    assert rasterize(scene[:0], 4, 5, backend="gpu").shape == (0, 3, 4, 5)
    for there in (0.0, 0.5, 40.0, 1e30):
        moved = scene.map(lambda tensor: tensor.detach().clone())
        for group in moved.groups:
            for tensor in (group.outline.center,) if isinstance(group.outline, RoundedBox) else (group.outline.points,):
                tensor.fill_(there)
        image, gradients = drawn("gpu", moved, 6, 5)
        assert image.isfinite().all() and flat(gradients).isfinite().all()
        if there > 1:
            assert torch.allclose(image, scene.background[:, :, None, None].expand_as(image))
    nowhere = scene.map(lambda tensor: torch.full_like(tensor, torch.nan))
    drawn("gpu", nowhere, 6, 5)  # ends, and reads and writes nothing that is not its own


def test_one_row_and_one_column() -> None:
    for height, width in ((1, 1), (1, 19), (19, 1)):
        scene = random_scene(["circle", "line"], count=4, aspect=width / height)
        assert_agreement("gpu", scene, height, width, softness=0.2)


def test_inputs_and_gradients_may_be_views() -> None:
    scene = random_scene(["circle", "polyline"], count=4, batch=2)
    image, gradients = drawn("gpu", scene, 6, 7)
    spread = scene.map(lambda tensor: torch.stack([tensor, -tensor], dim=-1)[..., 0])
    seen, found = drawn("gpu", spread, 6, 7)
    assert torch.equal(image, seen) and torch.equal(flat(gradients), flat(found))
    given, leaves = leaves_of(scene[:1])
    wide = rasterize(given, 6, 7, backend="gpu").expand(5, -1, -1, -1)
    by_expanded = torch.autograd.grad(wide.sum(), leaves, allow_unused=True, materialize_grads=True)
    assert flat(list(by_expanded)).isfinite().all()


def test_autocast_keeps_the_digits() -> None:
    scene = random_scene(["circle", "line"], count=4).to(torch.float32)
    expected = rasterize(scene, 8, 8, backend="gpu")
    with torch.autocast(DEVICE.type, dtype=torch.bfloat16):
        found = rasterize(scene, 8, 8, backend="gpu")
    assert found.dtype == torch.float32 and torch.equal(expected, found)


class Drawer(torch.nn.Module):
    """From raw numbers to an image."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        self.linear = torch.nn.Linear(4, layout.raw_size)

    def forward(self, features: Tensor) -> Tensor:
        return rasterize(self.layout(self.linear(features)), 8, 8, backend="gpu", softness=0.05)


def test_a_model_around_it_compiles() -> None:
    torch.manual_seed(0)
    model, features = Drawer(Layout(["circle", "line"], count=4)).to(DEVICE), torch.randn(2, 4, device=DEVICE)
    expected = model(features)
    expected.square().sum().backward()
    wanted = model.linear.weight.grad
    model.zero_grad()
    # The default backend of torch.compile needs a compiler of C++ on the CPU.
    compiled = torch.compile(model, backend="inductor" if DEVICE.type == "cuda" else "aot_eager")
    found = compiled(features)
    found.square().sum().backward()
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(model.linear.weight.grad, wanted, atol=1e-4, rtol=1e-4)


def test_the_operators_are_registered_as_torch_wants_it() -> None:
    from vectorae.rasterizer import gpu

    scene = random_scene(["circle", "line"], count=3)
    packed = pack(scene, 0.05 * scene.softness, "sigmoid", 6)
    tensors = [tensor.detach().requires_grad_() for tensor in (packed.numbers, packed.vertices, scene.color)]
    canvas = [6, 7, 1, list(PROFILES).index("sigmoid"), 0, packed.present]
    torch.library.opcheck(gpu.draw, (*tensors, scene.background.requires_grad_(), list(packed.topology), canvas))


def test_where_it_cannot_draw_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = random_scene(["circle"]).to(torch.device("cpu"))
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    with pytest.raises(UserError, match="on a GPU, and this one is on cpu"):
        rasterize(scene, 4, 4, backend="gpu")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs the package triton"):
        rasterize(scene, 4, 4, backend="gpu")


COMPILE = Path(__file__).parents[1] / "helpers" / "compile_kernels.py"


def test_kernels_compile_for_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    """The interpreter runs what the compiler refuses."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    ended = subprocess.run(
        [sys.executable, COMPILE],
        env={**environment, "TRITON_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.count("compiled") == 8


@needs_gpu
# While a graph is captured, curves are cut into as many pieces as any may need.
@pytest.mark.parametrize(("kind", "tolerance"), [("line", 1e-5), ("cubic", 1e-2)])
def test_a_cuda_graph_captures_a_step(kind: str, tolerance: float) -> None:
    layout = Layout(["circle", kind], count=8)
    scene, leaves = leaves_of(layout(layout.random_raw(4, 0)).detach().to(DEVICE))

    def step() -> tuple[Tensor, ...]:
        image = rasterize(scene, 32, 32, coverage="sigmoid", softness=0.02)
        return torch.autograd.grad(image.square().sum(), leaves, allow_unused=True, materialize_grads=True)

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        step()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            found = step()
    with torch.no_grad():
        scene.opacity.mul_(0.7)
    graph.replay()
    torch.cuda.synchronize()
    expected = flat(list(step()))
    assert (flat(list(found)) - expected).norm() < tolerance * expected.norm()


@needs_gpu
def test_filled_paths_are_refused_in_a_cuda_graph() -> None:
    layout = Layout(["polygon"], count=2)
    scene = layout(layout.random_raw(1, 0)).detach().to(DEVICE)
    rasterize(scene, 8, 8)
    graph = torch.cuda.CUDAGraph()
    with pytest.raises(UserError, match="CUDA graph"), torch.cuda.graph(graph):
        rasterize(scene, 8, 8)
