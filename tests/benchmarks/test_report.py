"""The result of a small run of everything, as JSON and as a page."""

import sys
from pathlib import Path

import pytest
from helpers.benchmarks import ROOT, TINY, results

from benchmarks import command as benchmark
from benchmarks import report
from benchmarks.exact import SIZES
from benchmarks.passes import WORKLOADS
from benchmarks.training import TRAININGS
from benchmarks.workloads import ON_GPU, ON_ONE_CORE
from vectorae.primitives import KINDS


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


def test_it_writes_two_files(measured: Path) -> None:
    assert sorted(entry.name for entry in measured.iterdir()) == ["cpu.json", "cpu.md"]


def test_the_schema_of_the_json(measured: Path) -> None:
    found = results(measured)
    assert list(found) == ["format", "seed", "machine", "versions", "settings", "rows", "exact", "not_measured"]
    assert {"cpu", "cores", "threads", "device", "system"} <= set(found["machine"])
    assert {"python", "torch", "numba"} <= set(found["versions"])
    assert found["settings"]["repeats"] == 2
    for row in found["rows"]:
        assert row["rounds"] == 2
        for phase in ("forward", "backward", "both"):
            assert len(row[phase]) == 2 and row[f"{phase}_median"] == pytest.approx(sum(row[phase]) / 2, abs=1e-6)
            assert row[f"{phase}_spread"] >= 0
        assert row["ratio"] > 0 and row["covered"] <= row["pairs"]
        assert ("ns_per_covered" in row) == (row["workload"] not in TRAININGS)
        assert ("ns_per_pair" in row) == (row["workload"] in ON_ONE_CORE)
        assert ("rasterizer_share" in row and "images_per_second" in row) == (row["workload"] in TRAININGS)


def test_every_workload_is_measured_or_said_not_to_be(measured: Path) -> None:
    found = results(measured)
    assert [row["kind"] for row in found["exact"]] == [kind for kind in KINDS for _ in SIZES]
    assert all(row["soft"] > 0 and row["exact"] > 0 for row in found["exact"])
    for name in WORKLOADS:
        if name == "X":
            continue
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


def test_what_others_have_published_stands_below_what_is_measured() -> None:
    row = {f"{phase}_{kind}": 0.01 for phase in ("forward", "backward", "both") for kind in ("median", "spread")}
    facts = {"workload": "G2", "title": "curves", "contender": "auto", "rounds": 3, "ratio": 1.0}
    published = [{"name": "Others, RTX 1", "both": 38.7, "forward": 14.1, "backward": 24.6}]
    machine = {"device": "cuda", "cpu": "C", "cores": 2, "threads": 2, "system": "S"}
    page = report.markdown(
        {
            "machine": machine,
            "versions": {},
            "settings": {"scale": 1, "batch": None},
            "seed": 0,
            "rows": [{**row, **facts, "published": published}],
            "exact": [],
            "not_measured": [],
        }
    )
    assert "| Others, RTX 1 (published) | 14.1 | 24.6 | 38.7 |  |  |  | 3.87 |" in page
