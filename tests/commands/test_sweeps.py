"""Sweeps: the table of their jobs; launchers and sweepers of others, in several processes, and by Optuna."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import Command, command_in

from vectorae.commands import fit, shell, train
from vectorae.commands.train import TrainConfig
from vectorae.errors import UserError
from vectorae.io.atomic import write_json

SMALL = ["size=16", "primitives.count=4", "max_steps=2", "snapshots=1", "device=cpu", "growth.rounds=1"]


def sweep(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "vectorae.commands.fit", "-m", *SMALL, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_jobs_in_other_processes_have_folders_messages_and_exit_codes(launcher: str, tmp_path: Path) -> None:
    done = sweep(tmp_path, f"hydra/launcher={launcher}", "restarts=1,0")
    assert done.returncode == 2, done.stderr
    sweeps = tmp_path / "outputs" / "sweeps"
    drawn = sorted(path.relative_to(sweeps).parts[1] for path in sweeps.rglob("metrics.json"))
    assert drawn == ["0_restarts=1"]
    (table,) = sweeps.glob("*/sweep.csv")
    outcomes = [(row["restarts"], row["outcome"]) for row in csv.DictReader(table.open(encoding="utf-8"))]
    assert outcomes == [("1", "done"), ("0", "refused")]
    assert "sweep of 2 jobs" in done.stdout and "job 1: refused: restarts must be" in done.stdout
    logs = "".join(path.read_text() for path in (tmp_path / "outputs").rglob("*.err"))
    said = [line for line in (done.stderr + logs).splitlines() if line.startswith("vectorae: error: job ")]
    assert len(said) == 1 and said[0].endswith("restarts must be an integer ≥ 1, got 0")


def test_optuna_finds_the_best_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = command_in(tmp_path, fit.main, monkeypatch, capsys)
    chosen = ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweeper.n_jobs=1"]
    chosen += ["hydra.sweeper.direction=maximize", "rates.length=interval(0.01,0.5)"]
    code, out, err = run("-m", *SMALL, *chosen)
    assert code == 0, err
    (found,) = (tmp_path / "outputs").rglob("optimization_results.yaml")
    assert "sweep of 2 jobs" in out and "rates." in out
    metrics = [json.loads(path.read_text())["psnr_crisp"] for path in (tmp_path / "outputs").rglob("metrics.json")]
    assert len(metrics) == 2
    assert f"best_value: {max(metrics)}" in found.read_text()


# The table


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`train -m` with a job in place of the training; it sweeps into the folder `sweep`."""
    monkeypatch.setenv("COLUMNS", "100")
    call = command_in(tmp_path, train.main, monkeypatch, capsys)
    return lambda job, *arguments: call("-m", "hydra.sweep.dir=sweep", *arguments, main=job)


def job(reach: Callable[[dict[str, Any]], float]) -> Callable[[], int]:
    """A job that writes what it reaches with a config, and nothing else."""

    def write(config: dict[str, Any], folder: Path) -> None:
        write_json(folder / "metrics.json", {"psnr_crisp": reach(config), "seconds": 2.5, "step": 7})

    return lambda: shell.run_command("train", TrainConfig, write)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep" / "sweep.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows_and_seed(config: dict[str, Any]) -> float:
    """More rows are better, and 3 cannot be had."""
    if config["primitives"]["rows"] == 3:
        raise UserError("primitives.rows: 3 is not to be had")
    return float(20 + config["primitives"]["rows"] - config["seed"])


def test_jobs_are_compared(command: Command, tmp_path: Path) -> None:
    code, out, _ = command(job(rows_and_seed), "primitives.rows=2,3,4", "seed=0,1", "encoder.width=8")
    assert code == 2
    table = rows_of(tmp_path)
    assert list(table[0]) == [
        *("job", "primitives.rows", "seed", "psnr_crisp", "seconds"),
        *("outcome", "reason", "folder", "step"),
    ]
    assert [row["psnr_crisp"] for row in table] == ["22.0", "21.0", "", "", "24.0", "23.0"]
    assert [row["reason"] for row in table[2:4]] == ["primitives.rows: 3 is not to be had"] * 2
    assert table[4]["folder"] == "4_primitives.rows=4,seed=0"
    assert {path.name for path in (tmp_path / "sweep").iterdir()} == {
        *(row["folder"] for row in table if row["outcome"] == "done"),
        *(".jobs", "multirun.yaml", "sweep.csv", "sweep.svg"),
    }
    said = out[out.index("sweep of 6 jobs in sweep\n") :]
    assert said.count("24.00*") == 1 and said.count("*") == 2
    assert "2.5 │ 4_primitives.rows=4,seed=0" in said
    assert "job 3: refused: primitives.rows: 3 is not to be had\n" in said
    assert "* best: sweep/4_primitives.rows=4,seed=0\nwritten to sweep/sweep.csv and sweep.svg\n" in said
    assert "encoder" not in said


def test_a_narrow_terminal_has_numbers_for_folders(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = command(job(rows_and_seed), "primitives.rows=2,4", "seed=0,1", "optimizer.lr=0.1,0.2")[1]
    said = out[out.index("sweep of 8 jobs in sweep, in folders NUMBER_…\n") :]
    assert all(len(line) <= 60 for line in said.splitlines())
    assert "24.00*" in said and "rows" in said and "lr" in said


def test_control_c_keeps_what_has_ended(command: Command, tmp_path: Path) -> None:
    def until_one(config: dict[str, Any]) -> float:
        if config["seed"] == 1:
            raise KeyboardInterrupt
        return 20.0

    code, out, err = command(job(until_one), "seed=0,1,2")
    assert (code, err) == (130, "vectorae: interrupted\n")
    assert [(row["seed"], row["outcome"]) for row in rows_of(tmp_path)] == [("0", "done"), ("1", "unfinished")]
    assert "sweep of 2 jobs" in out and "job 1: unfinished\n" in out


def test_the_table_is_there_while_jobs_run(command: Command, tmp_path: Path) -> None:
    tables: list[list[dict[str, str]]] = []

    def look(config: dict[str, Any]) -> float:
        tables.append(rows_of(tmp_path) if (tmp_path / "sweep" / "sweep.csv").is_file() else [])
        return 20.0

    assert command(job(look), "seed=0,1")[0] == 0
    assert [[(row["job"], row["outcome"]) for row in table] for table in tables] == [[], [("0", "done")]]


def test_the_same_sweep_again_forgets_jobs_that_are_no_more(command: Command, tmp_path: Path) -> None:
    assert command(job(rows_and_seed), "seed=0,1,2")[0] == 0
    assert command(job(rows_and_seed), "seed=5,6")[0] == 0
    assert [row["seed"] for row in rows_of(tmp_path)] == ["5", "6"]


@pytest.mark.parametrize(
    "arguments", [("primitives.rows=3", "seed=0,1"), ("encoder=cnn,nope",), ("primitives.rows=2", "sed=0,1")]
)
def test_a_sweep_without_a_run_leaves_nothing(command: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, out, _ = command(job(rows_and_seed), *arguments)
    assert code == 2
    assert "sweep of" not in out
    assert not list(tmp_path.iterdir())


def test_other_metrics_are_compared_too(command: Command, tmp_path: Path) -> None:
    def write(config: dict[str, Any], folder: Path) -> None:
        write_json(folder / "metrics.json", {"accuracy_val": 0.9 + config["seed"] / 100, "seconds": 12})

    out = command(lambda: shell.run_command("train", TrainConfig, write), "seed=0,1")[1]
    assert "accuracy" in out and "0.91*" in out
    assert [row["accuracy_val"] for row in rows_of(tmp_path)] == ["0.9", "0.91"]
