"""Loggers: each gets all that is logged, and goes on where a run is resumed; without its package it names the extra."""

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.models import run_training
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vectorae import UserError
from vectorae.commands.run_loggers import build_loggers
from vectorae.loggers import CSV, LoggedRun, Loggers, MLflow, RunLogger, TensorBoard, WandB

PICTURE = Image.new("RGB", (8, 6), "teal")


def log_everything(logger: RunLogger, run: LoggedRun) -> None:
    """One of each, and a second number of the same step."""
    step = run.step or 0
    with Loggers({"one": logger}, run) as loggers:
        loggers.log_scalars({"train/loss": 0.5}, step)
        loggers.log_scalars({"val/psnr_crisp": 20.0}, step)
        loggers.log_image("drawings/00", PICTURE, step)
        loggers.log_text("note", "a < b\nc")
        loggers.log_histogram("fields/radius", np.linspace(0, 1, 5), step)
        loggers.log_scalars({"train/loss": 0.25}, step + 1)
        loggers.flush()


def a_run(folder: Path, step: int | None = None) -> LoggedRun:
    return LoggedRun(folder / "run", {"seed": 0, "dataset": {"name": "faces"}}, {"primitives.rows": 2}, step)


def test_tensorboard(tmp_path: Path) -> None:
    log_everything(TensorBoard(), a_run(tmp_path))
    log_everything(TensorBoard(), a_run(tmp_path, step=1))
    events = EventAccumulator(str(tmp_path / "run"))
    events.Reload()
    tags: dict[str, Any] = events.Tags()
    assert [(event.step, event.value) for event in events.Scalars("train/loss")] == [(0, 0.5), (1, 0.5), (2, 0.25)]
    assert tags["images"] == ["drawings/00"] and tags["histograms"] == ["fields/radius"]
    (config, *_) = events.Tensors("config/text_summary")
    assert config.tensor_proto.string_val[0] == b"    seed: 0\n    dataset:\n      name: faces\n"


def test_plain_files(tmp_path: Path) -> None:
    log_everything(CSV(), a_run(tmp_path))
    folder = tmp_path / "run"

    def rows() -> list[tuple[str, str, str]]:
        with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
            return [(row["step"], row["train/loss"], row["val/psnr_crisp"]) for row in csv.DictReader(file)]

    assert rows() == [("0", "0.5", "20.0"), ("1", "0.25", "")]
    log_everything(CSV(), a_run(tmp_path, step=1))
    assert rows()[:2] == [("0", "0.5", "20.0"), ("1", "0.5", "20.0")]
    with Image.open(folder / "pictures" / "drawings" / "00" / "step_0000001.png") as picture:
        assert picture.size == PICTURE.size
    assert (folder / "config.txt").read_text() == "seed: 0\ndataset:\n  name: faces\n"
    assert (folder / "note.txt").read_text() == "a < b\nc"


def test_a_row_is_written_once_there_is_a_next_one(tmp_path: Path) -> None:
    """Whoever kills a run loses the row of its last step at most."""
    logger = CSV()
    logger.begin(a_run(tmp_path))
    for step in range(3):
        logger.log_scalars({"a": step}, step)
    assert (tmp_path / "run" / "metrics.csv").read_text().splitlines() == ["step,a", "0,0", "1,1"]


def test_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed: pip install 'vectorae[mlflow]'")
    monkeypatch.chdir(tmp_path)  # pictures lie in mlruns/
    uri = f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    log_everything(MLflow(tracking_uri=uri), a_run(tmp_path))
    log_everything(MLflow(tracking_uri=uri), a_run(tmp_path, step=2))
    client = mlflow.MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("vectorae").experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params == {"primitives.rows": "2"}
    history = client.get_metric_history(run.info.run_id, "train/loss")
    assert [(one.step, one.value) for one in history] == [(0, 0.5), (1, 0.25), (2, 0.5), (3, 0.25)]
    assert run.data.metrics["fields/radius/q75"] == 0.75
    artifacts = {one.path for one in client.list_artifacts(run.info.run_id)}
    assert artifacts == {"config.txt", "note.txt", "images"}


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """wandb without a network, and without what it finds of others on this machine."""
    pytest.importorskip("wandb", reason="wandb is not installed: pip install 'vectorae[wandb]'")
    for name in ("WANDB_MODE", "WANDB_DIR", "WANDB_RUN_ID", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("offline")
def test_wandb_offline(tmp_path: Path) -> None:
    log_everything(WandB(mode="offline"), a_run(tmp_path))
    name = (tmp_path / "run" / "wandb_run.txt").read_text().strip()
    log_everything(WandB(mode="offline"), a_run(tmp_path, step=2))
    assert (tmp_path / "run" / "wandb_run.txt").read_text().strip() == name
    written = [path for path in (tmp_path / "run" / "wandb").glob("offline-run-*") if path.name.endswith(name)]
    assert written
    media = {path.relative_to(written[0] / "files" / "media").parts[:2] for path in written[0].rglob("media/*/*")}
    assert ("images", "drawings") in media


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_without_its_package_the_extra_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"vectorae.loggers.{name}.find_spec", lambda _: None)
    target = {"wandb": "WandB", "mlflow": "MLflow"}[name]
    with pytest.raises(UserError, match=rf"^logger.{name}: needs the package {name}; pip install 'vectorae\[{name}\]"):
        build_loggers({name: {"_target_": f"vectorae.loggers.{target}"}})


def test_what_is_no_logger_is_refused() -> None:
    with pytest.raises(UserError, match=r"^logger.mine: vectorae.training.AdamW is no RunLogger$"):
        build_loggers({"mine": {"_target_": "vectorae.training.AdamW"}})


class Failing(CSV):
    def log_text(self, tag: str, text: str, step: int = 0) -> None:
        if tag == "note":
            raise ConnectionError("the server is gone")


def test_a_log_that_fails_is_named_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log_everything(Failing(), a_run(tmp_path))
    assert capsys.readouterr().err == "vectorae: the log 'one' is not written any more: the server is gone\n"


def test_several_loggers_of_a_training(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert run_training(run, "logger=[tensorboard,csv]", "watch.count=2", "watch.shape=1") == 0
    # Elsewhere it is logged elsewhere: that changes no step.
    assert run_training(run, "logger=csv", "watch.count=2", "watch.shape=1", "trainer.max_steps=4", "resume=auto") == 0
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = {int(row["step"]): row for row in csv.DictReader(file)}
    assert rows[3]["train/loss"] and rows[4]["psnr_crisp"] and rows[4]["fields/center/max"]
    assert {path.name for path in (run / "pictures" / "drawings").iterdir()} == {"all", "00", "01"}
    events = EventAccumulator(str(run))
    events.Reload()
    tags: dict[str, Any] = events.Tags()
    assert {"fields/center", "fields/color", "fields/background"} <= set(tags["histograms"])
    assert "config/text_summary" in tags["tensors"]


@pytest.mark.parametrize("choice", ["null", "none"])
def test_a_training_without_a_log(choice: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_training(tmp_path / "run", f"logger={choice}") == 0
    assert not list((tmp_path / "run").glob("events.*"))
    assert "tensorboard" not in capsys.readouterr().out


def test_packages_of_loggers_are_imported_when_they_are_used() -> None:
    assert "vectorae.loggers" in sys.modules
    for name in ("wandb", "mlflow"):
        module = sys.modules[f"vectorae.loggers.{name}"]
        assert not hasattr(module, name)
