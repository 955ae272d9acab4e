"""Who is measured, and who is not and why."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.benchmarks import ROOT, TINY, full, results
from helpers.commands import Command

from benchmarks import peers, run
from benchmarks.contenders import Ours, Peer


def test_who_needs_much_memory_is_known_beforehand(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    assert 2.5 < run.needed_bytes(full("B"))["dsketch"] / 2**30 < 3.5
    assert 8 < run.needed_bytes(full("E1024"))["reference"] / 2**30 < 10
    assert run.needed_bytes(full("A"))["reference"] < 2**24
    monkeypatch.setattr(run, "free_memory", lambda: 1000)
    assert command(*TINY, "memory=false", "peers=false", "workloads=[A]")[0] == 0
    (missing,) = results(Path("benchmarks"))["not_measured"]
    assert missing["contender"] == "reference" and missing["reason"].endswith("more than half of what is free")


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


def test_the_script_measures_peak_memory_from_any_folder(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "scripts" / "benchmark.py"), *TINY, "workloads=[A]", "backends=[auto]"]
    subprocess.run([*script, "peers=false"], cwd=tmp_path, check=True)
    (row,) = results(tmp_path / "benchmarks")["rows"]
    assert row["memory_mib"] >= 0
