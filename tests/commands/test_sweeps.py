"""Sweeps by launchers and sweepers of others: jobs in several processes, as on a cluster, and by Optuna."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SMALL = ["size=16", "primitives.count=4", "max_steps=2", "snapshots=1", "device=cpu", "growth.rounds=1"]


def sweep(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "vectorae.commands.fit", "-m", *SMALL, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_jobs_in_other_processes_have_folders_messages_and_exit_codes(launcher: str, tmp_path: Path) -> None:
    done = sweep(tmp_path, f"hydra/launcher={launcher}", "restarts=1,0", "seed=0,1")
    assert done.returncode == 2, done.stderr
    sweeps = tmp_path / "outputs" / "sweeps"
    drawn = sorted(path.relative_to(sweeps).parts[1] for path in sweeps.rglob("metrics.json"))
    assert drawn == ["0", "1"]
    logs = "".join(path.read_text() for path in (tmp_path / "outputs").rglob("*.err"))
    said = [line for line in (done.stderr + logs).splitlines() if line.startswith("vectorae: error: job ")]
    assert len(said) == 2 and all(line.endswith("restarts must be an integer ≥ 1, got 0") for line in said)


def test_optuna_finds_the_best_drawing(tmp_path: Path) -> None:
    chosen = ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweeper.n_jobs=1"]
    done = sweep(tmp_path, *chosen, "hydra.sweeper.direction=maximize", "rates.length=interval(0.01,0.5)")
    assert done.returncode == 0, done.stderr
    (found,) = (tmp_path / "outputs").rglob("optimization_results.yaml")
    metrics = [json.loads(path.read_text())["psnr_crisp"] for path in (tmp_path / "outputs").rglob("metrics.json")]
    assert len(metrics) == 2
    assert f"best_value: {max(metrics)}" in found.read_text()
