"""The command: its keys, and one line for mistakes."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers.benchmarks import ROOT
from helpers.commands import Command

from benchmarks import command as benchmark
from benchmarks.command import BenchmarkConfig
from vectorae.commands.command_line import conf_folder


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
        (["repeats=0"], "repeats must be an integer ≥ 1, got 0"),
        (["threads=0"], "threads must be an integer ≥ 1 or null, got 0"),
        (["batch=0"], "batch must be an integer ≥ 1 or null, got 0"),
        (["seed=-1"], "seed must be an integer ≥ 0, got -1"),
        (["scale=0"], "scale must be a number in (0, 1], got 0"),
        (["max_time=60"], "max_time: 60 is not a time; write 90s, 15m"),
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


def test_the_script_refuses_an_unknown_key(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "scripts" / "benchmark.py"), "otuput=x"]
    child = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert child.returncode == 2
    assert child.stderr.startswith("vectorae: error: otuput: no such key; choose from ")
    assert child.stderr.endswith("(did you mean output?)\n")
    assert not list(tmp_path.iterdir())
