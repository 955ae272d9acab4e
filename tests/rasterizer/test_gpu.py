"""The GPU backend: operators of torch, compilation, CUDA graphs. Agreement is in test_backends.py."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.agreement import drawn, flat
from helpers.scenes import IN_GRADIENTS, leaves_of, segments_of
from helpers.waiting import no_waiting
from torch import Tensor

from vectorae import Layout, Scene, UserError, rasterize
from vectorae.geometry.region import Contours
from vectorae.geometry.region import enclosed_region as reference
from vectorae.primitives import KINDS
from vectorae.rasterizer import PROFILES
from vectorae.rasterizer.packing import pack

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="there is no Triton for this system")

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")

needs_gpu = pytest.mark.skipif(DEVICE.type == "cpu", reason="needs a GPU: an interpreter has no CUDA graphs")


def random_scene(kinds: list[str], **layout: Any) -> Scene:
    """A scene of random shapes, float64, on the device."""
    made = Layout(kinds, **{"count": len(kinds), "fields": {"softness": "learned"}, **layout})
    return made(made.random_raw(1, seed=2).double()).detach().to(DEVICE)


class Drawer(torch.nn.Module):
    """From raw numbers to an image."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        self.linear = torch.nn.Linear(4, layout.raw_size)

    def forward(self, features: Tensor) -> Tensor:
        return rasterize(self.layout(self.linear(features)), 8, 8, backend="gpu", softness=0.05)


@pytest.mark.parametrize("paint", ["fill", {"fill": "radial", "line": "stroke"}])
def test_a_model_around_it_compiles(paint: Any) -> None:
    torch.manual_seed(0)
    torch._dynamo.reset()
    model = Drawer(Layout(["circle", "line"], count=4, paint=paint)).to(DEVICE)
    features = torch.randn(2, 4, device=DEVICE)
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


def test_the_operators_pass_the_checks_of_torch() -> None:
    from vectorae.rasterizer import gpu

    scene = random_scene(["circle", "line"], count=3, paint={"fill": "linear", "line": "stroke"})
    packed = pack(scene, 0.05 * scene.softness, "sigmoid", 6)
    inks = packed.inks
    assert inks is not None
    given = packed.numbers, packed.vertices, scene.color, scene.ground, inks.table
    tensors = [tensor.detach().requires_grad_() for tensor in given]
    canvas = [6, 7, 1, list(PROFILES).index("sigmoid"), 0, packed.present, inks.stops]
    torch.library.opcheck(gpu.draw, (*tensors, [*packed.topology, inks.gradients, inks.spreads], canvas))


def test_systems_that_it_cannot_draw_on_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = random_scene(["circle"]).to(torch.device("cpu"))
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    with pytest.raises(UserError, match="on a GPU, and this one is on cpu"):
        rasterize(scene, 4, 4, backend="gpu")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs the package triton"):
        rasterize(scene, 4, 4, backend="gpu")


COMPILE = Path(__file__).parents[1] / "helpers" / "compile_kernels.py"


def test_kernels_compile_without_a_gpu(tmp_path: Path) -> None:
    """The compiler refuses code that the interpreter runs."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    ended = subprocess.run(
        [sys.executable, COMPILE],
        env={**environment, "TRITON_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.count("compiled") == 11


def test_paths_are_cut_as_by_the_reference() -> None:
    """Random paths, and paths on a coarse grid, where crossings fall on corners and corners on each other."""
    from vectorae.rasterizer.gpu.self_intersections import enclosed_region

    generator = torch.Generator().manual_seed(0)
    for count, sizes, even_odd in ((2, (), False), (3, (), False), (5, (), True), (9, (), False), (9, (3, 2, 4), True)):
        points = torch.rand(3, count, 2, generator=generator, dtype=torch.float64)
        for corners in (points, (points * 4).round() / 4):
            paths = Contours(corners[None].to(DEVICE), 1, sizes, even_odd)
            expected, found = reference(paths, 0.1), enclosed_region(paths, 0.1, bend=3.0)
            for path in range(3):
                assert segments_of(expected.boundary, path) == segments_of(found.boundary, path)


@pytest.mark.parametrize(
    ("kinds", "paint", "coverage", "height"),
    [
        (["circle", "polygon"], {"fill": "linear", "stops": 3}, "sigmoid", 33),
        (["polygon", "line"], "fill", "ramp", 17),
    ],
)
def test_scratch_of_any_size_gives_the_same(
    kinds: list[str], paint: Any, coverage: str, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few rows for sums, few gains at once, and two programs for three tiles."""
    scene = random_scene(kinds, count=3, paint=paint)
    drawing: dict[str, Any] = {"coverage": coverage, "softness": 0.05}
    expected = flat(drawn("gpu", scene, height, 8, **drawing)[1])
    monkeypatch.setattr("vectorae.rasterizer.gpu.MAX_ROWS", 3)
    monkeypatch.setattr("vectorae.rasterizer.gpu.MAX_GAINS", 2)
    monkeypatch.setattr("vectorae.rasterizer.gpu.MAX_PROGRAMS", 2)
    found = flat(drawn("gpu", scene, height, 8, **drawing)[1])
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-9)


@pytest.mark.skipif(DEVICE.type != "cpu", reason="a GPU does not look whether integers fit")
def test_integers_fit_into_their_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the interpreter looks at in this test alone, as it takes half of its time."""
    from triton.runtime import interpreter

    builder = interpreter.interpreter_builder
    monkeypatch.setattr(builder, "options", replace(builder.options, sanitize_overflow=True))
    scene = random_scene(["circle", "square", "blob", "line"], paint={"fill": "radial", "line": "stroke"})
    for coverage in ("sigmoid", "ramp"):
        image, _ = drawn("gpu", scene, 4, 6, coverage=coverage, softness=0.05)
        assert image.isfinite().all()


def test_the_operators_do_not_wait() -> None:
    """What they do around the kernels: tests of whole training steps have no values, and run no operator."""
    from vectorae.rasterizer import gpu
    from vectorae.rasterizer.gpu import self_intersections

    scene = random_scene(["circle", "line", "blob"], count=3, paint={"fill": "radial", "line": "stroke"})
    packed = pack(scene, 0.05 * scene.softness, "sigmoid", 6)
    assert packed.inks is not None
    canvas = [6, 7, 1, list(PROFILES).index("sigmoid"), 0, packed.present, packed.inks.stops]
    topology = [*packed.topology, packed.inks.gradients, packed.inks.spreads]
    colors = scene.color, scene.background, packed.inks.table
    arguments = (packed.numbers, packed.vertices, *colors, topology, canvas)
    corners = torch.rand(2, 5, 2, dtype=torch.float64, device=DEVICE)
    following = torch.tensor([1, 2, 3, 4, 0], device=DEVICE)
    with no_waiting():
        image = gpu.draw(*arguments)
        gpu.differentiate(torch.ones_like(image), *arguments)
        self_intersections.find_cuts(corners, following, crossings=5)


@needs_gpu
@pytest.mark.parametrize("coverage", ["sigmoid", "ramp"])
@pytest.mark.parametrize(("kind", "paint"), [*((kind, "fill") for kind in KINDS), *IN_GRADIENTS])
def test_a_cuda_graph_captures_a_step(kind: str, paint: Any, coverage: str) -> None:
    layout = Layout(list(dict.fromkeys(["circle", kind])), count=8, paint=paint)
    scene, leaves = leaves_of(layout(layout.random_raw(4, 0)).detach().to(DEVICE))

    def step() -> tuple[Tensor, ...]:
        image = rasterize(scene, 32, 32, coverage=coverage, softness=0.02)
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
    assert (flat(list(found)) - expected).norm() < 1e-5 * expected.norm()
