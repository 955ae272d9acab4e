"""The CPU kernels beside threads, processes, and inputs of every kind."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
import torch.distributed
import torch.multiprocessing
from helpers.agreement import assert_agreement, drawn, flat
from helpers.scenes import leaves_of
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from vectorae import Layout, RoundedBox, Scene, rasterize
from vectorae.rasterizer.cpu import threads


def random_scene(kinds: list[str], *, count: int = 6, batch: int = 1, aspect: float = 1.0) -> Scene:
    layout = Layout(kinds, count=count, aspect=aspect)
    return layout(layout.random_raw(batch, seed=3)).detach()


class Drawings(Dataset[Tensor]):
    """Images that are drawn where they are asked for."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return rasterize(random_scene(["circle", "line"]), 16, 16, backend="cpu")[0] * index


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_it_draws_in_the_workers_of_a_data_loader(method: str) -> None:
    expected = rasterize(random_scene(["circle", "line"]), 16, 16, backend="cpu")[0]  # before the fork
    loader = DataLoader(Drawings(), batch_size=2, num_workers=2, multiprocessing_context=method)
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


def test_inputs_and_gradients_may_be_views() -> None:
    scene = random_scene(["circle", "polyline", "triangle"], batch=2)
    image, gradients = drawn("cpu", scene, 16, 19)
    spread = scene.map(lambda tensor: torch.stack([tensor, -tensor], dim=-1)[..., 0])
    seen, found = drawn("cpu", spread, 16, 19)
    assert torch.equal(image, seen) and torch.equal(flat(gradients), flat(found))
    given, leaves = leaves_of(scene[:1])
    wide = rasterize(given, 16, 19, backend="cpu").expand(5, -1, -1, -1).transpose(2, 3)
    by_expanded = torch.autograd.grad(wide.sum(), leaves, allow_unused=True, materialize_grads=True)
    by_plain = torch.autograd.grad(
        5 * rasterize(given, 16, 19, backend="cpu").sum(), leaves, allow_unused=True, materialize_grads=True
    )
    torch.testing.assert_close(flat(list(by_expanded)), flat(list(by_plain)))


@pytest.mark.parametrize(
    ("count", "height", "width"), [(0, 28, 28), (1, 28, 28), (1000, 28, 28), (5, 64, 64), (60, 200, 266)]
)
def test_sizes_agree(count: int, height: int, width: int) -> None:
    kinds = ["ellipse", "rounded_rectangle", "line", "cubic", "polygon"]
    layout = Layout(kinds, count=max(5, count), aspect=width / height)
    # In double precision: on large canvases the reference's own rounding is larger than what is compared.
    scene = layout(layout.random_raw(2, seed=1).double()).detach().select(0, count)
    assert_agreement("cpu", scene, height, width, softness=0.5 / min(height, width))


def test_one_row_and_one_column() -> None:
    for height, width in ((1, 1), (1, 40), (40, 1)):
        scene = random_scene(["circle", "line", "triangle"], aspect=width / height)
        assert_agreement("cpu", scene, height, width, softness=0.2)


@pytest.mark.parametrize("there", [0.0, 0.5, 40.0, 1e30])
def test_shapes_of_no_size_and_far_away(there: float) -> None:
    scene = random_scene(["circle", "line", "triangle"])
    for group in scene.groups:
        (group.outline.center if isinstance(group.outline, RoundedBox) else group.outline.points).fill_(there)
    image, gradients = drawn("cpu", scene, 16, 15)
    assert image.isfinite().all() and flat(gradients).isfinite().all()
    if there > 1:
        assert torch.allclose(image, scene.background[:, :, None, None].expand_as(image))


@pytest.mark.parametrize("number", [torch.nan, torch.inf, -torch.inf])
def test_what_is_no_number_does_no_harm(number: float) -> None:
    """It ends, writes nothing that is not its own, and other images stay as they are."""
    scene = random_scene(["circle", "line", "triangle", "cubic"], batch=2)
    expected, _ = drawn("cpu", scene, 16, 15)
    broken = scene.map(lambda tensor: torch.cat([tensor[:1], torch.full_like(tensor[1:], number)]))
    image, _ = drawn("cpu", broken, 16, 15)
    assert torch.equal(image[0], expected[0])


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere peak memory has another unit, or is not told")
def test_scratch_grows_with_what_is_covered() -> None:
    """1000 lines: dense, one tensor of all shapes and pixels alone would take 203 MiB."""
    ended = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    assert float(ended.stdout) < 50


COMPILE = """
import torch
from vectorae.rasterizer.cpu.self_intersections import find_cuts
find_cuts(torch.rand(1, 5, 2).double())
"""


def test_it_says_when_it_compiles_and_only_then(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run([sys.executable, "-c", COMPILE], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert said[0].stderr == "vectorae: compiling the CPU kernels (half a minute, once)\n"
    assert said[1].stderr == ""


# Threads


@pytest.fixture(params=["torch", "own"])
def team(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Threads of torch, and our own as where torch's cannot be had: on other systems, and after a fork."""
    if request.param == "own":
        monkeypatch.setattr(threads, "_team", lambda: None)
    elif threads._team() is None:
        pytest.skip("torch does not use GNU OpenMP here")
    return request.param


def test_all_threads_work_and_results_are_in_order(team: str) -> None:
    together = threading.Barrier(torch.get_num_threads())

    def work(number: int, part: threads.Part) -> tuple[int, int]:
        if number < torch.get_num_threads():
            together.wait(timeout=10)  # nobody goes on before all are here
        return number, threading.get_ident()

    parts = threads.split_work(100, 8)
    results = threads.run_parallel(work, parts)
    assert [number for number, _ in results] == list(range(len(parts)))
    assert len({thread for _, thread in results}) == torch.get_num_threads()


def test_a_failure_in_any_thread_is_raised_in_this_one(team: str) -> None:
    def work(number: int, part: threads.Part) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise MemoryError("none is left")
        threading.Event().wait(0.01)

    if torch.get_num_threads() == 1:
        pytest.skip("one thread only")
    with pytest.raises(MemoryError, match="none is left"):
        threads.run_parallel(work, threads.split_work(1000, 8))
