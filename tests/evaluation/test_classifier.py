"""The classifier of digits: trained, saved and read back, and refused for other data sets."""

import gzip
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from helpers.digits import idx, write_bars

from vectorae.commands import evaluate, train, train_classifier
from vectorae.errors import UserError
from vectorae.evaluation.classifier import Classifier, Task, load_classifier

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in a folder with bars: exit code and what it said."""
    monkeypatch.chdir(tmp_path)
    write_bars(tmp_path / "data")

    def call(main: Callable[[], int], *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["command.py", *arguments, "dataset.cache=cache"])
        code = main()
        printed = capsys.readouterr()
        return code, printed.err if code else printed.out

    return call


SMALL = ["dataset.image_size=16", "dataset.batch_size=50"]


def test_from_training_to_the_table(run: Run, tmp_path: Path) -> None:
    code, printed = run(train_classifier.main, *SMALL, "epochs=3", "device=cpu", "hydra.run.dir=classifier")
    assert code == 0, printed
    metrics = json.loads(Path("classifier/metrics.json").read_text())
    assert metrics["accuracy_test"] > 0.95
    assert metrics["images"] == 3 * 600

    model = ["dataset=mnist", *SMALL, "primitives=lines_free", "primitives.count=2", "encoder.width=8"]
    model += ["model.refine_steps=1", "model.answer_steps=1", "model.hypotheses=1"]
    settings = ["head.width=16", "trainer=cpu", "trainer.max_steps=4", "trainer.val_check_interval=4"]
    assert run(train.main, *model, *settings, "hydra.run.dir=run", "trainer.limit_val_batches=1")[0] == 0
    evaluation = ["checkpoint=run/checkpoints/last.ckpt", "classifier=classifier/classifier.pt", "device=cpu"]
    code, printed = run(
        evaluate.main, *evaluation, "refine=3", "baselines.fit=2", "baselines.steps=9", "limit=50", "output=found.json"
    )
    assert code == 0, printed
    found = json.loads(Path("found.json").read_text())
    # Of the first fifty; the classifier is as good on them as on all.
    assert found["accuracy_images"] > 0.9
    assert {"accuracy_crisp", "accuracy_soft", "accuracy_refined_crisp", "psnr_best_found"} <= set(found)
    assert found["psnr_refined_crisp"] >= found["psnr_crisp"]
    assert found["images_best_found"] == 2
    assert Path("found.png").is_file()

    code, printed = run(evaluate.main, *evaluation, "output=found.png")
    assert code == 2
    assert "output: 'found.png' is to be JSON, and the pictures lie beside it; write found.json" in printed

    write_bars(tmp_path / "data", "KMNIST")
    code, printed = run(evaluate.main, *evaluation, "dataset=kmnist", "dataset.image_size=16")
    assert code == 2
    assert "classifier: reads mnist of 1 channels, and these are images of kmnist of 1" in printed


@pytest.mark.parametrize(("limit", "most"), [("max_steps=14", 700), ("max_time=1s", 10**6)])
def test_steps_and_time_end_the_training(run: Run, limit: str, most: int) -> None:
    code, printed = run(train_classifier.main, *SMALL, "epochs=2000", limit, "device=cpu", "hydra.run.dir=classifier")
    assert code == 0, printed
    metrics = json.loads(Path("classifier/metrics.json").read_text())
    assert 0 < metrics["images"] <= most
    assert metrics["images"] == 700 or limit == "max_time=1s"
    assert Path("classifier/classifier.pt").is_file()


def test_the_learning_rate_falls_as_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Classifier(Task("mnist", 16, 1, 3), learning_rate=0.1)
    model.trainer = pl.Trainer(logger=False, accelerator="cpu", enable_progress_bar=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=101)
    places = []
    for progress in (0.0, 0.0, 0.3, 0.31, 0.9, 0.9, 1.0, 1.0):
        monkeypatch.setattr("vectorae.evaluation.classifier.run_progress", lambda _, progress=progress: progress)
        optimizer.step()
        model.lr_scheduler_step(schedule, None)
        places.append(schedule.last_epoch)
    assert places == [1, 2, 30, 31, 90, 91, 100, 100]
    assert optimizer.param_groups[0]["lr"] < 1e-5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["max_steps=0"], "max_steps must be an integer ≥ 1 or null, got 0"),
        (["max_time=15"], "max_time: 15 is not a time; write 90s"),
        (["dataset=toy_faces"], "dataset: toy_faces has no labels; choose mnist, fashion_mnist, kmnist or quickdraw"),
        (["epochs=0"], "epochs must be an integer ≥ 1, got 0"),
        (["learning_rate=0"], r"learning_rate must be a number > 0, got 0"),
        (["epohcs=1"], "epohcs: "),
    ],
)
def test_mistakes_are_one_line(run: Run, arguments: list[str], message: str) -> None:
    code, printed = run(train_classifier.main, *arguments)
    assert code == 2
    assert re.search(f"^vectorae: error: {message}", printed.strip().splitlines()[-1])
    assert "Traceback" not in printed


def test_labels_that_are_missing_or_of_others_are_named(run: Run) -> None:
    raw = Path("data/MNIST/raw")
    (raw / "t10k-labels-idx1-ubyte.gz").rename(raw / "train-labels-idx1-ubyte.gz")
    assert "'data/MNIST/raw/train-labels-idx1-ubyte.gz' does not belong" in run(train_classifier.main, *SMALL)[1]
    (raw / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros((3, 2, 2), np.uint8))))
    assert "is no IDX file of labels; fetch it anew" in run(train_classifier.main, *SMALL)[1]
    (raw / "train-labels-idx1-ubyte.gz").unlink()
    assert "put train-labels-idx1-ubyte.gz (packed or" in run(train_classifier.main, *SMALL)[1]


def test_a_classifier_reads_the_same_after_it_was_saved(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Classifier(Task("mnist", 16, 1, 4)).eval()
    model.save(tmp_path / "classifier.pt")
    again = load_classifier(tmp_path / "classifier.pt")
    images = torch.rand(3, 1, 16, 16)
    assert torch.equal(model(images), again(images))
    assert again.task == model.task
    assert again(torch.rand(2, 1, 40, 40)).shape == (2, 4)


@pytest.mark.parametrize("content", [b"no such thing", b""])
def test_files_that_are_no_classifier_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"^classifier: '.*x\.pt' is damaged or not a classifier of vectorae$"):
        load_classifier(tmp_path / "x.pt")
    torch.save({"state_dict": {}}, tmp_path / "y.pt")
    with pytest.raises(UserError, match="damaged or not a classifier"):
        load_classifier(tmp_path / "y.pt")
    described = {"format": 1, "dataset": "mnist", "image_size": 16, "channels": 2, "classes": 4}
    torch.save({"vectorae_classifier": described, "state_dict": {}}, tmp_path / "v.pt")
    with pytest.raises(UserError, match="damaged or not a classifier"):
        load_classifier(tmp_path / "v.pt")
    with pytest.raises(UserError, match=r"^classifier: no file '.*z\.pt'; make one with scripts"):
        load_classifier(tmp_path / "z.pt")


def test_values_out_of_range_are_refused_by_name() -> None:
    with pytest.raises(UserError, match=r"^channels must be 1 or 3, got 2$"):
        Task("mnist", 16, 2, 4)
    with pytest.raises(UserError, match=r"^classes must be an integer ≥ 1, got 0$"):
        Task("mnist", 16, 1, 0)
    with pytest.raises(UserError, match=r"^learning_rate must be a number > 0, got 0$"):
        Classifier(Task("mnist", 16, 1, 4), learning_rate=0)
