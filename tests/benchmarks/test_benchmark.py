"""The benchmark: workloads as specified, contenders that do the same work, and a result that says all it should.

No time is judged here: it is the tool that is tested.
"""

import dataclasses
import importlib.metadata
import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
import yaml
from helpers.models import composed
from torch import Tensor

from benchmarks import command as benchmark
from benchmarks import floors, memory, passes, peers, report, run, timing, training
from benchmarks.command import BenchmarkConfig
from benchmarks.contenders import Ours, Peer, covered_pairs, drawing_pass, learning
from benchmarks.passes import WORKLOADS, make_work
from benchmarks.workloads import DRAWINGS, ON_GPU, ON_ONE_CORE, Size, Workload
from vectorae.commands.command_line import conf_folder
from vectorae.rasterizer import rasterize
from vectorae.scene import Path as PathOutline
from vectorae.scene import RoundedBox, Scene

ROOT = Path(__file__).resolve().parents[2]
CPU = torch.device("cpu")
SMALL = Size(scale=0.05, batch=2)
TINY = ["scale=0.05", "batch=2", "repeats=2", "device=cpu"]

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command with some arguments, in an empty folder: exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["vectorae", *arguments])
        code = benchmark.main()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def no_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the packages were not there."""
    for name, peer in peers.PEERS.items():
        monkeypatch.setitem(peers.PEERS, name, dataclasses.replace(peer, module=f"no_{peer.module}"))


def full(name: str) -> Workload:
    """A workload as specified."""
    return DRAWINGS[name](Size())


def boxes(scene: Scene) -> list[RoundedBox]:
    """The outlines, all of them boxes."""
    found = [group.outline for group in scene.groups if isinstance(group.outline, RoundedBox)]
    assert len(found) == len(scene.groups)
    return found


# Workloads


@pytest.mark.parametrize(
    ("name", "batch", "count", "channels", "height", "width", "coverage", "compositing", "pixels"),
    [
        ("A", 64, 16, 3, 64, 64, "sigmoid", "over", 0.5),
        ("B", 1, 1000, 1, 200, 266, "gaussian", "soft_or", 1),
        ("C", 64, 16, 1, 28, 28, "gaussian", "soft_or", 1),
        ("D1", 64, 16, 3, 64, 64, "sigmoid", "over", None),
        ("D2", 64, 16, 3, 64, 64, "sigmoid", "over", None),
        ("E256", 1, 256, 3, 512, 512, "sigmoid", "over", 0.5),
        ("E1024", 1, 1024, 3, 512, 512, "sigmoid", "over", 0.5),
        ("E4096", 1, 4096, 3, 512, 512, "sigmoid", "over", 0.5),
        ("A512", 512, 16, 3, 64, 64, "sigmoid", "over", 0.5),
        ("G", 1, 2048, 3, 1344, 2040, "sigmoid", "over", 0.5),
    ],
)
def test_workloads_are_as_specified(
    name: str,
    batch: int,
    count: int,
    channels: int,
    height: int,
    width: int,
    coverage: str,
    compositing: str,
    pixels: float | None,
) -> None:
    work = full(name)
    scene = work.scene
    assert (work.name, scene.batch, scene.count, scene.channels) == (name, batch, count, channels)
    assert (work.height, work.width, work.coverage, work.compositing) == (height, width, coverage, compositing)
    assert work.pairs == batch * count * height * width
    if pixels is not None:
        assert work.softness == pytest.approx(pixels / min(height, width))
    assert not any(tensor.requires_grad for tensor in (scene.color, scene.opacity))


def test_every_workload_is_named() -> None:
    assert set(WORKLOADS) == {*DRAWINGS, training.NAME}
    assert {*ON_GPU, *ON_ONE_CORE} < set(WORKLOADS)


def test_the_grid_is_a_little_astray() -> None:
    scene = full("A").scene
    centers = torch.zeros(64, 16, 2)
    for group, box in zip(scene.groups, boxes(scene), strict=True):
        assert bool((box.half_extents[..., 0] == box.half_extents[..., 1]).all())
        centers[:, list(group.slots)] = box.center
    cells = (torch.arange(4) + 0.5) / 4
    start = torch.stack([cells.repeat(4), cells.repeat_interleave(4)], dim=-1)
    astray = (centers - start).norm(dim=-1)
    assert 0.01 < float(astray.mean()) < 0.15
    assert min(float(scene.color.std()), float(scene.opacity.std())) > 0.01
    assert {float(box.roundness.mean()) for box in boxes(scene)} == {0.0, 1.0}


@pytest.mark.parametrize("name", ["B", "C"])
def test_ink_is_white_strokes_of_no_width(name: str) -> None:
    scene = full(name).scene
    (group,) = scene.groups
    assert isinstance(group.outline, PathOutline) and group.stroke_width is not None
    assert group.outline.degree == (1 if name == "B" else 3)
    assert not group.stroke_width.any() and not scene.background.any()
    assert bool((scene.color * scene.opacity[..., None] == 1).all())


@pytest.mark.parametrize("name", ON_ONE_CORE)
def test_nothing_can_be_culled(name: str) -> None:
    work = DRAWINGS[name](Size(batch=2))
    assert covered_pairs(work) == work.pairs
    assert work.threads == 1
    roundness = torch.cat([box.roundness.flatten() for box in boxes(work.scene)])
    between = float(((roundness > 0) & (roundness < 1)).float().mean())
    assert between == (1.0 if name == "D2" else 0.0)


@pytest.mark.parametrize("name", ["E256", "E1024", "E4096"])
def test_crowds_have_the_area_of_the_canvas(name: str) -> None:
    area = 0.0
    for box in boxes(full(name).scene):
        rounded = 1 - (1 - math.pi / 4) * box.roundness.square()
        area += float((4 * box.half_extents.prod(-1) * rounded).sum())
    assert area == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", [name for name in DRAWINGS if name not in ON_GPU])
def test_the_seed_makes_the_scene(name: str) -> None:
    def color_and_places(seed: int) -> Tensor:
        scene = DRAWINGS[name](dataclasses.replace(SMALL, seed=seed)).scene
        return torch.cat([leaf.detach().flatten() for leaf in learning(scene, ("center", "points"))[1]])

    assert torch.equal(color_and_places(0), color_and_places(0))
    assert not torch.equal(color_and_places(0), color_and_places(1))


@pytest.mark.parametrize("name", ["A", "B", "C", "D2"])
def test_covered_pairs_are_those_of_the_reference(name: str) -> None:
    work = DRAWINGS[name](Size(scale=0.2, batch=2))
    covered = covered_pairs(work)
    assert covered == pytest.approx(covered_pairs(work, "reference"), rel=1e-3)
    assert 0 < covered <= work.pairs


# Contenders


@pytest.mark.parametrize("name", [name for name in DRAWINGS if name not in ON_GPU])
def test_every_learned_tensor_has_a_gradient(name: str) -> None:
    work = DRAWINGS[name](SMALL)
    state, leaves = Ours("auto").leaves(work)
    gradients = torch.autograd.grad(Ours("auto").draw(work, state).square().sum(), leaves)
    assert len(leaves) >= 1
    assert all(bool(gradient.isfinite().all()) and bool(gradient.any()) for gradient in gradients)


def test_a_pass_tells_its_phases() -> None:
    times = drawing_pass(Ours("auto"), DRAWINGS["A"](SMALL))()
    assert set(times) == {"forward", "backward", "both"}
    assert times["both"] == pytest.approx(times["forward"] + times["backward"])
    assert min(times.values()) > 0


@pytest.mark.parametrize(("workload", "name"), [(name, peer) for name in "ABC" for peer in DRAWINGS[name](SMALL).peers])
def test_peers_draw_the_same(workload: str, name: str) -> None:
    work = DRAWINGS[workload](Size(scale=0.5, batch=2))
    if not peers.PEERS[name].importable:
        pytest.skip(f"{name} is not installed")
    drawing = peers.PEERS[name].drawing()
    state, leaves = drawing.leaves(work)
    image = drawing.draw(work, state)
    ours = Ours("auto").draw(work, work.scene)
    # diffvg's edges are sharp, and two by two samples of them are coarse.
    assert (image - ours).abs().mean() < 0.1
    assert abs(float((image - ours).detach().mean())) < 0.02
    gradients = torch.autograd.grad(image.square().sum(), leaves)
    assert sum(leaf.numel() for leaf in leaves) >= work.scene.batch * work.scene.count * 4
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)


# Timing


def scripted(phases: list[timing.Times]) -> timing.Pass:
    """A contender whose turns take these times, one after the other; each turn begins with a pass that takes long."""
    passes = iter([one for times in phases for one in ({"both": 1e6}, times)])
    return lambda: next(passes)


def test_contenders_take_turns_and_neither_first_round_nor_first_passes_count() -> None:
    order: list[str] = []
    each = {name: scripted([{"both": float(turn)} for turn in range(4)]) for name in ("ours", "theirs")}
    measured = timing.measure(each, repeats=3, max_time=1e9, on_pass=order.append)
    assert order == ["ours", "theirs"] * 4
    assert measured["ours"].times == {"both": [1.0, 2.0, 3.0]}
    assert measured["ours"].first == 0


def test_a_slow_contender_drops_out_after_three_rounds() -> None:
    each = {"quick": scripted([{"both": 0.1}] * 11), "slow": scripted([{"both": 60.0}] * 4)}
    measured = timing.measure(each, repeats=10, max_time=30, on_pass=lambda name: None)
    assert {name: rounds.count for name, rounds in measured.items()} == {"quick": 10, "slow": 3}


def test_a_contender_that_fails_stops_nobody_else() -> None:
    def failing() -> timing.Times:
        raise RuntimeError("no luck\nat all")

    each: dict[str, timing.Pass] = {"bad": failing, "good": scripted([{"both": 1.0}] * 3)}
    measured = timing.measure(each, repeats=2, max_time=30, on_pass=lambda name: None)
    assert measured["bad"].failure == "no luck" and measured["bad"].count == 0
    assert measured["good"].count == 2


def test_median_and_spread() -> None:
    assert timing.median([3.0, 1.0, 2.0]) == 2
    assert timing.spread([0.0, 1.0, 2.0, 3.0, 4.0]) == 1
    assert timing.spread([5.0]) == 0


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with timing.threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_peak_memory_is_that_of_the_work() -> None:
    """The reference's intermediate tensors are many times the image."""
    assert 2**20 < memory.peak_growth("A", "reference", Size(batch=8), None, "cpu") < 2**30


def test_a_crash_in_the_child_is_told_in_one_line_without_a_path() -> None:
    with pytest.raises(RuntimeError) as caught:
        memory.peak_growth("nothing", "auto", SMALL, None, "cpu")
    assert str(caught.value) == "KeyError: 'nothing'"


def test_bytes_that_have_to_be_moved() -> None:
    work = DRAWINGS["A"](Size(batch=2))
    parameters = 2 * 16 * (2 + 2 + 1 + 3 + 1)
    assert floors.moved_bytes(work) == 4 * (3 * parameters + 2 * 2 * 3 * 64 * 64)


def test_who_needs_much_memory_is_known_beforehand(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    assert 2.5 < run.needed_bytes(full("B"))["dsketch"] / 2**30 < 3.5
    assert 8 < run.needed_bytes(full("E1024"))["reference"] / 2**30 < 10
    assert run.needed_bytes(full("A"))["reference"] < 2**24
    monkeypatch.setattr(run, "free_memory", lambda: 1000)
    assert command(*TINY, "memory=false", "peers=false", "workloads=[A]")[0] == 0
    (missing,) = results(Path("benchmarks"))["not_measured"]
    assert missing["contender"] == "reference" and missing["reason"].endswith("more than half of what is free")


def test_floors_are_times() -> None:
    assert floors.bandwidth(CPU, size=2**20) > 1e6
    assert floors.peak_flops(CPU, side=64) > 1e6


# The command


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run of everything, packages left out."""
    here = tmp_path_factory.mktemp("benchmark")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        patch.setattr(sys, "argv", ["vectorae", *TINY, "memory=false", "peers=false"])
        assert benchmark.main() == 0
    assert [entry.name for entry in here.iterdir()] == ["benchmarks"]
    return here / "benchmarks"


def results(folder: Path) -> dict[str, Any]:
    """The JSON of a run."""
    read: dict[str, Any] = json.loads((folder / "cpu.json").read_text(encoding="utf-8"))
    return read


def test_it_writes_two_files(measured: Path) -> None:
    assert sorted(entry.name for entry in measured.iterdir()) == ["cpu.json", "cpu.md"]


def test_the_schema_of_the_json(measured: Path) -> None:
    found = results(measured)
    assert list(found) == ["format", "seed", "machine", "versions", "settings", "rows", "not_measured"]
    assert {"cpu", "cores", "threads", "device", "system"} <= set(found["machine"])
    assert {"python", "torch", "numba"} <= set(found["versions"])
    assert found["settings"]["repeats"] == 2
    for row in found["rows"]:
        assert row["rounds"] == 2
        for phase in ("forward", "backward", "both"):
            assert len(row[phase]) == 2 and row[f"{phase}_median"] == pytest.approx(sum(row[phase]) / 2, abs=1e-6)
            assert row[f"{phase}_spread"] >= 0
        assert row["ratio"] > 0 and row["covered"] <= row["pairs"]
        assert ("ns_per_covered" in row) == (row["workload"] != "F")
        assert ("ns_per_pair" in row) == (row["workload"] in ON_ONE_CORE)
        assert ("rasterizer_share" in row and "images_per_second" in row) == (row["workload"] == "F")


def test_every_workload_is_measured_or_said_not_to_be(measured: Path) -> None:
    found = results(measured)
    for name in WORKLOADS:
        contenders = [row["contender"] for row in found["rows"] if row["workload"] == name]
        reasons = [one["reason"] for one in found["not_measured"] if one["workload"] == name]
        assert (contenders, reasons) == (([], ["needs a GPU"]) if name in ON_GPU else (["auto", "reference"], []))


def test_nothing_tells_where_it_ran(measured: Path) -> None:
    for path in measured.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not any(secret in text for secret in (str(measured.parent), str(Path.home()), str(ROOT)))


def test_the_page_has_a_table_for_each_workload(measured: Path) -> None:
    page = (measured / "cpu.md").read_text(encoding="utf-8")
    assert page == report.markdown(results(measured))
    for name in WORKLOADS:
        assert (f"## {name}: " in page) == (name not in ON_GPU)
    assert "Smaller than specified" in page
    assert "- A512: not measured, needs a GPU" in page
    assert "the time of 256" in page and "images/s" in page and "ns of one core" in page


@pytest.mark.usefixtures("no_peers")
def test_packages_that_are_not_there_are_said_to_be_missing(command: Command) -> None:
    code, out, _ = command(*TINY, "memory=false", "workloads=[B]")
    assert code == 0
    missing = results(Path("benchmarks"))["not_measured"]
    assert {one["contender"]: one["reason"] for one in missing} == {
        "diffvg": "no_pydiffvg is not importable",
        "dsketch": "no_dsketch is not importable",
    }
    assert "B, diffvg: not measured, no_pydiffvg is not importable" in out


class Twin(Ours):
    """Another package that draws as well as we do."""

    def __init__(self) -> None:
        super().__init__("reference")


class Broken(Ours):
    """Another package, which does not work."""

    def __init__(self) -> None:
        raise ImportError("no libbroken.so")


def test_a_package_is_timed_in_turn_with_ours(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(peers.PEERS, "diffvg", Peer("json", "torch", Twin, on_gpu=True))
    monkeypatch.setitem(peers.PEERS, "dsketch", Peer("json", "nothing", Broken, on_gpu=True))
    assert command(*TINY, "memory=false", "workloads=[C]", "backends=[auto]", "output=here/été (1).json")[0] == 0
    found = json.loads(Path("here/été (1).json").read_text(encoding="utf-8"))
    assert [(row["contender"], row["rounds"]) for row in found["rows"]] == [("auto", 2), ("diffvg", 2)]
    assert found["not_measured"] == [{"workload": "C", "contender": "dsketch", "reason": "failed: no libbroken.so"}]
    assert (found["versions"]["diffvg"], found["versions"]["dsketch"]) == (
        importlib.metadata.version("torch"),
        "unknown",
    )
    assert Path("here/été (1).md").is_file()


def test_peak_memory_is_in_the_table(command: Command) -> None:
    assert command(*TINY, "workloads=[A]", "peers=false", "backends=[auto]")[0] == 0
    (row,) = results(Path("benchmarks"))["rows"]
    assert row["memory_mib"] >= 0


def test_the_schema_has_every_key() -> None:
    written = yaml.safe_load((conf_folder() / "benchmark.yaml").read_text(encoding="utf-8"))
    keys = [field.name for field in dataclasses.fields(BenchmarkConfig)]
    assert set(written) - {"defaults", "hydra"} == set(keys)
    assert BenchmarkConfig() == BenchmarkConfig(**{key: written[key] for key in keys})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["repaets=3"], "repaets: no such key; choose from backends, batch, device,"),
        (["workloads=[A,Q]"], "workloads: no 'Q'; choose from A, A512, B, C, D1"),
        (["workloads=[]"], "workloads: name one or more of A, B, C"),
        (["backends=[refrence]"], "backends: no 'refrence'; choose from auto, cpu"),
        (["repeats=0"], "repeats: 0 is not a whole number of 1 or more"),
        (["threads=0"], "threads: 0 is not a whole number of 1 or more"),
        (["batch=0"], "batch: 0 is not a whole number of 1 or more"),
        (["seed=-1"], "seed: -1 is not a whole number of 0 or more"),
        (["scale=0"], "scale: 0.0 is not a factor above 0 and up to 1"),
        (["max_time=60"], "max_time: '60' is not a time; write 90s, 15m"),
        (["max_time=null"], "max_time: say after how much time"),
        (["device=gpu"], "device: no 'gpu' on this machine; choose from auto"),
        (["output=results.txt"], "output: results.txt is the name of a JSON file; end it in .json"),
        (["output=a_file/below.json"], "output: a_file/below.json cannot be written: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_one_line(command: Command, arguments: list[str], message: str) -> None:
    Path("a_file").touch()
    code, _, err = command(*arguments)
    assert code == 2
    assert err.startswith(f"vectorae: error: {message}") and err.count("\n") == 1
    assert [entry.name for entry in Path.cwd().iterdir()] == ["a_file"]


def test_a_letter_stands_for_all_that_begin_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {**dataclasses.asdict(BenchmarkConfig()), "workloads": ["E", "A"], "device": "cpu"}
    assert benchmark.planned(config).workloads == ("E256", "E1024", "E4096", "A")


def test_the_step_is_that_of_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    small = ("dataset.image_size=32", "primitives.rows=2", "primitives.columns=2", "encoder.width=8")
    config = composed(*small, "head.width=16", "model.refine_steps=0")
    work = make_work("F", Size(batch=4), config, CPU)
    assert isinstance(work, training.Step)
    assert len(work.images) == 4 and make_work("F", Size(), config, CPU).images.shape == (128, 3, 32, 32)  # type: ignore[union-attr]
    model = work.model("auto")
    monkeypatch.setattr(training.Step, "model", lambda self, backend: model)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    times = passes.make_pass(work, "auto")()
    assert set(times) == {"forward", "backward", "optimizer", "both", "rasterizer"}
    assert any(not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def test_the_step_is_drawn_exactly_where_training_is() -> None:
    config = composed(
        "dataset.image_size=32", "encoder.width=8", "head=mlp", "model.refine_steps=0", "softness.exact=1"
    )
    work = make_work("F", Size(batch=2), config, CPU)
    assert isinstance(work, training.Step)
    assert work.drawing().coverage == "ramp"
    drawn = work.model("auto").eval()
    with patch("vectorae.decoder.decoder.rasterize", wraps=rasterize) as draw:
        training.step_pass(replace(work), "auto")()
    assert {call.kwargs["coverage"] for call in draw.call_args_list} == {"ramp"}
    assert drawn.state.exact


def test_the_script_refuses_an_unknown_key(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "scripts" / "benchmark.py"), "otuput=x"]
    child = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert child.returncode == 2
    assert child.stderr.startswith("vectorae: error: otuput: no such key; choose from ")
    assert child.stderr.endswith("(did you mean output?)\n")
    assert not list(tmp_path.iterdir())
