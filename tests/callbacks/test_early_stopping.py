"""Runs that end where they no longer gain: in the order in which any run ends."""

import csv
from pathlib import Path

import pytest
from helpers.models import metrics_of, run_training

import vectorae
from vectorae.callbacks import EarlyStopping
from vectorae.training.checkpoint import read_checkpoint

STOPPED = (
    "trainer.max_steps=40",
    "early_stopping.patience=1",
    "early_stopping.min_delta=100",
    "early_stopping.cooldown=1",
    "logger=csv",
    "watch.count=2",
)
"""The second validation, after four steps, is not 100 dB better than the first: so the run ends after eight."""


def test_a_run_that_stops_early_ends_as_any_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert run_training(run, *STOPPED) == 0
    said = capsys.readouterr().out
    assert "early stopping at step 4: no crisp PSNR more than 100 dB above" in said and "100 % " in said
    metrics = metrics_of(run)
    assert metrics["step"] == 8
    assert metrics["psnr_soft"] == metrics["psnr_crisp"]  # the exact phase has begun
    model = vectorae.load(run / "checkpoints" / "last.ckpt")
    assert model.run.progress == 1
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = {int(row["step"]): row for row in csv.DictReader(file)}
    rates = [float(rows[step]["train/learning_rate"]) for step in range(8)]
    assert rates[3] > 0.9 * max(rates) and rates[7] < 0.25 * max(rates)
    softness = [float(rows[step]["train/softness"]) for step in range(8)]
    assert softness[3] > 2 * softness[7] == pytest.approx(2 * model.plan.schedule.softness(1.0, 16), rel=1e-4)
    assert {int(path.stem[5:]) for path in (run / "renders").glob("*.png")} == {0, 2, 4, 6, 8}
    assert (run / "svg" / "01.svg").is_file() and (run / "convergence.gif").is_file()
    # The same command again has nothing to do; without the limit it goes on to the run's own end.
    assert run_training(run, *STOPPED, "resume=auto") == 0
    assert "nothing to do: early_stopping.patience: ended the run in" in capsys.readouterr().out
    longer = (*STOPPED, "early_stopping.patience=null", "trainer.max_steps=10", "resume=auto")
    assert run_training(run, *longer) == 0
    assert metrics_of(run)["step"] == 10


def test_a_run_that_is_stopped_while_it_ends_goes_on_ending(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert run_training(run, *STOPPED) == 0
    content = read_checkpoint(run / "checkpoints" / "last.ckpt")
    state = content["callbacks"]["EarlyStopping"]
    assert state["began"] == 0.1 and state["over"]
    callback = EarlyStopping(patience=1, cooldown=1.0)
    callback.load_state_dict({**state, "over": False})
    assert [round(callback.progress(limit), 6) for limit in (0.05, 0.1, 0.15, 0.2, 0.5)] == [0.1, 0.1, 0.55, 1, 1]


def test_schedules_end_no_later_than_planned() -> None:
    callback = EarlyStopping(patience=1, cooldown=0.5)
    assert callback.progress(0.3) == 0.3
    callback.load_state_dict({"best": 20.0, "waited": 1, "began": 0.8, "over": False})
    assert [callback.progress(limit) for limit in (0.8, 0.9, 1.0)] == pytest.approx([0.8, 0.9, 1.0])


def test_a_run_that_improves_does_not_stop(tmp_path: Path) -> None:
    assert run_training(tmp_path / "run", "early_stopping.patience=9", "trainer.max_steps=4") == 0
    assert metrics_of(tmp_path / "run")["step"] == 4


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("early_stopping.patience=0", "early_stopping.patience must be an integer ≥ 1 or null, got 0"),
        ("early_stopping.patient=3", "early_stopping.patient: no such key; choose from cooldown, min_delta, patience"),
        ("callbacks.mine=3", "callbacks.mine: a section of a class, not 3; write callbacks.mine._target_=CLASS"),
        (
            "callbacks.mine._target_=vectorae.training.AdamW",
            "callbacks.mine: vectorae.training.AdamW is no pytorch_lightning.Callback",
        ),
        (
            "callbacks.mine._target_=subprocess.Popen",
            "callbacks.mine._target_: 'subprocess.Popen' is not a class of vectorae; write plugins=[subprocess] to use",
        ),
    ],
)
def test_mistakes_are_told(override: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_training(tmp_path / "run", override) == 2
    assert capsys.readouterr().err.startswith(f"vectorae: error: {message}")
