"""The CPU kernels: threads, processes, memory, and their cache on disk."""

import ast
import importlib
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.distributed
import torch.multiprocessing
from helpers.scenes import leaves_of
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from vectorae import Layout, RoundedBox, Scene, rasterize
from vectorae.rasterizer.cpu import threads
from vectorae.rasterizer.cpu.compile_notice import COMPILING
from vectorae.rasterizer.cpu.compiled import kernel_sources

KERNELS = sorted(Path(threads.__file__).parent.glob("[!_]*.py"))


def random_scene(kinds: list[str], *, count: int = 6, batch: int = 1, aspect: float = 1.0) -> Scene:
    layout = Layout(kinds, count=count, aspect=aspect)
    return layout(layout.random_raw(batch, seed=3)).detach()


class Drawings(Dataset[Tensor]):
    """Images that are drawn when they are read."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return rasterize(random_scene(["circle", "line"]), 16, 16, backend="cpu")[0] * index


@pytest.mark.parametrize(("method", "workers"), [("fork", 2), ("spawn", 1)])
def test_it_draws_in_the_workers_of_a_data_loader(method: str, workers: int) -> None:
    expected = rasterize(random_scene(["circle", "line"]), 16, 16, backend="cpu")[0]  # before the fork
    loader = DataLoader(Drawings(), batch_size=2, num_workers=workers, multiprocessing_context=method)
    for index, image in enumerate(torch.cat(list(loader))):
        assert torch.equal(image, expected * index)


class Drawer(torch.nn.Module):
    """From four numbers to an image."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layout = Layout(["circle", "line"], count=4)
        self.linear = torch.nn.Linear(4, self.layout.raw_size)

    def forward(self, features: Tensor) -> Tensor:
        return rasterize(self.layout(self.linear(features)), 16, 16, backend="cpu")


def features_of(rank: int) -> Tensor:
    return torch.randn(3, 4, generator=torch.Generator().manual_seed(rank))


def train_a_step(rank: int, folder: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    model = DistributedDataParallel(Drawer())
    model(features_of(rank)).square().sum().backward()
    torch.save(model.module.linear.weight.grad, f"{folder}/{rank}.pt")
    torch.distributed.barrier()
    # Without clearing up: gloo now and then aborts a process whose threads still run.
    os._exit(0)


def test_it_trains_in_two_processes(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(train_a_step, (str(tmp_path),), nprocs=2)
    model = Drawer()
    (sum(model(features_of(rank)).square().sum() for rank in range(2)) / 2).backward()
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        torch.testing.assert_close(found, model.linear.weight.grad, atol=1e-5, rtol=1e-4)


def test_any_number_of_threads_draws_the_same() -> None:
    scene = random_scene(["circle", "line"], count=7, batch=9)
    together = rasterize(scene, 20, 20, backend="cpu")
    count = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert torch.equal(together, rasterize(scene, 20, 20, backend="cpu"))
    finally:
        torch.set_num_threads(count)


MEASURE = """
import resource
import torch
from vectorae import Layout, rasterize

def draw(count):
    layout = Layout(["line"], count=count, aspect=1.33)
    scene = layout(layout.random_raw(1, seed=3).requires_grad_())
    rasterize(scene, 200, 266, backend="cpu", softness=1 / 200, coverage="gaussian").sum().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

few, many = draw(1), draw(1000)
print((many - few) / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere peak memory has another unit, or is unknown")
def test_scratch_grows_with_what_is_covered() -> None:
    """1000 lines: a single dense tensor of all shapes and pixels would take 203 MiB."""
    ended = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    assert float(ended.stdout) < 50


COMPILE = """
import numpy as np
from vectorae.rasterizer.cpu.self_intersections import find_pieces
find_pieces(np.array([0, 5]), np.array([1, 2, 3, 4, 0]), np.random.rand(5, 2))
"""


def test_it_says_when_it_compiles_and_only_then(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run([sys.executable, "-c", COMPILE], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert said[0].stderr == f"vectorae: {COMPILING}\n"
    assert said[1].stderr == ""


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_the_cache_of_kernels_depends_on_all_that_they_import(path: Path) -> None:
    """Otherwise an update would go on with kernels of before."""
    names = {node.module for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)}
    modules = [importlib.import_module(name) for name in sorted(filter(None, names)) if name.startswith("vectorae.")]
    compiled = [module for module in modules if not module.__name__.startswith(("vectorae.io", "vectorae.scene"))]
    assert compiled or path.name in ("compile_notice.py", "compiled.py", "threads.py", "arguments.py", "subnormals.py")
    assert {Path(str(module.__file__)) for module in compiled} <= set(kernel_sources())


# Threads


@pytest.fixture(params=["torch", "own"])
def team(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Torch's threads; and our own, which are used where torch's are not available: other systems, after a fork."""
    if request.param == "own":
        monkeypatch.setattr(threads, "openmp_team", lambda: None)
    elif threads.openmp_team() is None:
        pytest.skip("torch does not use GNU OpenMP here")
    return request.param


def test_all_threads_work_and_results_are_in_order(team: str) -> None:
    together = threading.Barrier(torch.get_num_threads())

    def work(number: int, part: threads.Part) -> tuple[int, int]:
        if number < torch.get_num_threads():
            together.wait(timeout=10)  # passes when all threads wait
        return number, threading.get_ident()

    parts = threads.split_work(100, 8)
    results = threads.run_parallel(work, parts)
    assert [number for number, _ in results] == list(range(len(parts)))
    assert len({thread for _, thread in results}) == torch.get_num_threads()


def test_small_work_is_split_no_more_than_it_is_worth() -> None:
    count = torch.get_num_threads()
    assert len(threads.split_work(8 * count, 2, pixels=64)) == count
    assert len(threads.split_work(8 * count, 2, pixels=threads.WORTH_A_PART)) == 2 * count
    assert threads.split_items(1000, seconds=1e-6) == [threads.Part((0, 1000), (0, 1), 0)]
    assert len(threads.split_items(1000, seconds=1.0)) == 2 * count


def test_a_failure_in_any_thread_is_raised_in_this_one(team: str) -> None:
    def work(number: int, part: threads.Part) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise MemoryError("none is left")
        threading.Event().wait(0.01)

    if torch.get_num_threads() == 1:
        pytest.skip("one thread only")
    with pytest.raises(MemoryError, match="none is left"):
        threads.run_parallel(work, threads.split_work(1000, 8))


# Subnormal numbers


def stack_of_opaque_shapes(dtype: torch.dtype) -> Scene:
    """Sixteen shapes above each other, whose transmittance falls below the smallest normal number."""
    layout = Layout(["circle", "square"], count=16, fields={"opacity": 1.0})
    scene = layout(torch.zeros(1, layout.raw_size, dtype=dtype)).detach()
    groups = []
    for group in scene.groups:
        box = group.outline
        assert isinstance(box, RoundedBox)
        middle = torch.full_like(box.center, 0.5)
        groups.append(replace(group, outline=replace(box, center=middle, half_extents=torch.full_like(middle, 0.3))))
    return replace(scene, groups=tuple(groups))


@pytest.mark.parametrize("coverage", ["sigmoid", "gaussian", "ramp"])
def test_nothing_is_subnormal_and_the_thread_is_as_before(coverage: str) -> None:
    scene, leaves = leaves_of(stack_of_opaque_shapes(torch.float32))
    image = rasterize(scene, 32, 32, backend="cpu", coverage=coverage, softness=0.02)
    found = [image, *torch.autograd.grad(image.sum(), leaves, allow_unused=True)]
    smallest = torch.finfo(torch.float32).tiny
    for tensor in found:
        if tensor is not None:
            assert not ((tensor != 0) & (tensor.abs() < smallest)).any()
    assert float(torch.tensor(1e-30) * torch.tensor(1e-10)) > 0  # other computations still have subnormal numbers


def test_memory_of_images_is_used_again_only_when_they_are_gone() -> None:
    scene = random_scene(["circle"], count=2)
    first = rasterize(scene, 64, 64, backend="cpu")
    kept = first.clone()
    view = first[0, 0]
    del first
    for _ in range(4):
        rasterize(random_scene(["square"], count=3), 64, 64, backend="cpu")
    assert torch.equal(view, kept[0, 0])
