"""Runs of training: what is written, what is the same, what is interrupted, resumed, or goes wrong."""

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.models import metrics_of, run_training, weights_of
from helpers.sheets import tiles
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

import vectorae
from vectorae import rasterize
from vectorae.callbacks import Watch
from vectorae.commands import evaluate
from vectorae.io.torch_file import write_torch
from vectorae.losses.pixel import MSE
from vectorae.training.autoencoder import VectorAutoencoder

METRICS = {
    *(f"{name}_{of}" for name in ("psnr", "ssim", "mse", "l1") for of in ("soft", "crisp", "blocks", "mean_image")),
    "loss",
    "step",
    "seconds",
    "images_per_second",
}
SCALARS = {
    "train/loss",
    "train/loss/mse",
    "train/softness",
    "train/learning_rate",
    "train/images_per_second",
    "val/psnr_soft",
    "val/psnr_crisp",
    "val/ssim_crisp",
}


WATCHED = Watch().count


# What a run leaves


def test_the_moving_drawings_end_as_the_svgs(finished_run: Path) -> None:
    text = (finished_run / "convergence.svg").read_text(encoding="utf-8")
    assert text.count('<g transform="translate(') == 16
    last = (finished_run / "svg" / "00.svg").read_text(encoding="utf-8")
    for color in re.findall("#[0-9a-f]{6}", last):
        assert color in text


def test_the_folder_of_a_run(finished_run: Path) -> None:
    written = {str(path.relative_to(finished_run)) for path in finished_run.rglob("*") if path.is_file()}
    expected = {f"renders/step_{step:07d}.{kind}" for step in (0, 2, 4) for kind in ("png", "npz")}
    expected |= {f"svg/{number:02d}.svg" for number in range(WATCHED)}
    expected |= {"convergence.gif", "convergence.svg", "metrics.json", "checkpoints/last.ckpt", "checkpoints/best.ckpt"}
    expected |= {f".hydra/{name}.yaml" for name in ("config", "hydra", "overrides")}
    others = written - expected
    assert expected <= written
    assert all(name.startswith("events.out.tfevents.") for name in others), others


def test_metrics_are_flat_numbers_by_name(finished_run: Path) -> None:
    metrics = metrics_of(finished_run)
    assert set(metrics) >= METRICS
    assert all(isinstance(value, int | float) for value in metrics.values())
    assert metrics["step"] == 4
    assert metrics["seconds_total"] > metrics["seconds"] > 0


def test_scalars_and_pictures_in_tensorboard(finished_run: Path) -> None:
    events = EventAccumulator(str(finished_run))
    events.Reload()
    tags: dict[str, Any] = events.Tags()
    assert set(tags["scalars"]) >= SCALARS
    losses = events.Scalars("train/loss")
    assert len(losses) == 4
    assert [event.step for event in events.Scalars("val/psnr_crisp")][-1] in (3, 4)
    final = events.Scalars("val/psnr_crisp")[-1].value
    assert final == pytest.approx(metrics_of(finished_run)["psnr_crisp"], rel=1e-5)
    assert tags["images"] == ["drawings/all", *(f"drawings/{number:02d}" for number in range(WATCHED))]
    assert [event.step for event in events.Images("drawings/all")] == [0, 2, 4]
    assert "epoch" not in tags["scalars"]


def test_the_animation_shows_every_picture(finished_run: Path) -> None:
    with Image.open(finished_run / "convergence.gif") as animation:
        assert getattr(animation, "n_frames", 1) == 3
        with Image.open(finished_run / "renders" / "step_0000000.png") as first:
            assert animation.size == first.size


def sheet(run: Path, step: int) -> np.ndarray:
    """The pictures of a step of a run: images, soft and crisp drawings."""
    return tiles(run / "renders" / f"step_{step:07d}.png", 64, 3, 8)


def test_the_first_picture_is_the_starting_arrangement(finished_run: Path) -> None:
    images, soft, crisp = sheet(finished_run, 0)
    assert len(np.unique(images.reshape(WATCHED, -1), axis=0)) == WATCHED
    model = vectorae.load(finished_run / "checkpoints" / "last.ckpt")
    start = model.layout(torch.zeros(1, model.layout.raw_size))
    softness = model.plan.schedule.softness(0.0, 16)
    for row, coverage in ((soft, "sigmoid"), (crisp, "ramp")):
        expected = rasterize(start, 64, 64, coverage=coverage, softness=softness)[0].permute(1, 2, 0) * 255
        assert np.abs(row - expected.numpy()).max() < 1
        assert (row == row[0]).all()
    later = sheet(finished_run, 4)
    assert (later[0] == images).all()
    assert (later[1] != soft).any()


def test_the_svgs_are_the_last_drawings(finished_run: Path) -> None:
    from helpers.renderer import rendered

    _, _, crisp = sheet(finished_run, 4)
    for number in range(WATCHED):
        text = (finished_run / "svg" / f"{number:02d}.svg").read_text(encoding="utf-8")
        assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512" viewBox="0 0 16 16">')
        drawn, picture = (
            F.adaptive_avg_pool2d(one, 16)
            for one in (rendered(text, zoom=1), torch.tensor(crisp[number]).permute(2, 0, 1) / 255)
        )
        assert float((drawn - picture).abs().mean()) < 2 / 255


def test_how_many_drawings_are_watched_and_how_large(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_training(tmp_path / "run", "watch.count=3", "watch.width=50mm") == 0
    svgs = sorted((tmp_path / "run" / "svg").iterdir())
    assert [path.name for path in svgs] == ["00.svg", "01.svg", "02.svg"]
    assert 'width="50mm" height="50mm" viewBox="0 0 16 16">' in svgs[0].read_text(encoding="utf-8")
    assert (tmp_path / "run" / "convergence.svg").read_text(encoding="utf-8").count('<g transform="translate(') == 3
    for keys, message in (
        (["watch.width=50", "watch.scale=2"], "watch.width: 50, and watch.scale is 2; give one of them"),
        (["watch.width=wide"], "watch.width must be pixels (1200), millimetres (120mm) or null, got 'wide'"),
        (["watch.count=0"], "watch.count must be an integer in [1, 1024], got 0"),
        (["watch.size=3"], "watch.size: no such key; choose from count, scale, shape, width"),
    ):
        capsys.readouterr()
        assert run_training(tmp_path / "refused", *keys) == 2
        assert capsys.readouterr().err == f"vectorae: error: {message}\n"


def test_what_is_watched_is_drawn_once_at_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer takes seconds: the last drawings, as SVG, are those of the last validation."""
    answered, answer = [], VectorAutoencoder.answer

    def noted(model: VectorAutoencoder, images: torch.Tensor, refine: int = 0) -> torch.Tensor:
        answered.append(model.global_step)
        return answer(model, images, refine)

    monkeypatch.setattr(VectorAutoencoder, "answer", noted)
    assert run_training(tmp_path / "run", "trainer.max_steps=2", "trainer.val_check_interval=1") == 0
    assert answered == [1, 2]


# The same again


def test_two_runs_with_one_seed_are_the_same(tmp_path: Path, finished_run: Path) -> None:
    runs = {}
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        assert run_training(tmp_path / name, "trainer.max_steps=3", "trainer.val_check_interval=3", f"seed={seed}") == 0
        runs[name] = metrics_of(tmp_path / name)
        for varies in ("seconds", "seconds_total", "images_per_second"):
            del runs[name][varies]
    assert runs["one"] == runs["two"]
    assert runs["one"]["loss"] != runs["other"]["loss"]


LONG = ["trainer.max_steps=9", "trainer.val_check_interval=9", "dataset.augment=true"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of nine steps: an epoch has five."""
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    assert run_training(folder, *LONG) == 0
    return folder


def stop_at(step: int, number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal arrives in the course of a step."""
    original = VectorAutoencoder.training_step

    def interrupted(self: VectorAutoencoder, batch: Tensor, batch_idx: int) -> Tensor:
        if self.global_step == step - 1:
            os.kill(os.getpid(), number)
        return original(self, batch, batch_idx)

    monkeypatch.setattr(VectorAutoencoder, "training_step", interrupted)


@pytest.mark.parametrize(
    ("step", "number"), [(4, signal.SIGINT), (7, signal.SIGINT), (5, signal.SIGTERM)], ids=lambda value: str(int(value))
)
def test_stopped_and_resumed_is_not_stopped(
    uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, number: signal.Signals
) -> None:
    """In the middle of the first epoch, of the second, and between them."""
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with monkeypatch.context() as patch:
        stop_at(step, number, patch)
        assert run_training(tmp_path / "first", *LONG) == 128 + number
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers
    last = tmp_path / "first" / "checkpoints" / "last.ckpt"
    assert torch.load(last, weights_only=True)["global_step"] == step
    # Pictures and metrics are there, though the run has not come to its end.
    assert (tmp_path / "first" / "renders" / f"step_{step:07d}.png").is_file()
    assert metrics_of(tmp_path / "first")["step"] == step
    assert (tmp_path / "first" / "convergence.gif").is_file()

    assert run_training(tmp_path / "second", *LONG, f"resume={last}") == 0
    resumed, whole = weights_of(tmp_path / "second"), weights_of(uninterrupted)
    assert resumed.keys() == whole.keys()
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)
    assert not all(torch.equal(value, whole[name]) for name, value in weights_of(tmp_path / "first").items())
    for name in ("psnr_crisp", "psnr_soft", "loss", "step"):
        assert metrics_of(tmp_path / "second")[name] == metrics_of(uninterrupted)[name]


def test_all_that_a_run_may_do_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tricks = ("model.refine_steps=1", "model.variational=true", "model.ema=0.9", "softness.shape=plateau")
    given = (*LONG, *tricks, "relocation.times=4", "relocation.until=1", "growth.rounds=2")
    assert run_training(tmp_path / "whole", *given) == 0
    with monkeypatch.context() as patch:
        stop_at(4, signal.SIGINT, patch)
        assert run_training(tmp_path / "first", *given) == 128 + signal.SIGINT
    assert run_training(tmp_path / "second", *given, f"resume={tmp_path / 'first' / 'checkpoints' / 'last.ckpt'}") == 0
    resumed, whole = weights_of(tmp_path / "second"), weights_of(tmp_path / "whole")
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_second_signal_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_at(2, signal.SIGINT, monkeypatch)
    once = VectorAutoencoder.training_step

    def twice(self: VectorAutoencoder, batch: Tensor, batch_idx: int) -> Tensor:
        loss = once(self, batch, batch_idx)
        if self.global_step == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return loss

    monkeypatch.setattr(VectorAutoencoder, "training_step", twice)
    handler = signal.getsignal(signal.SIGINT)
    assert run_training(tmp_path / "run", *LONG) == 130
    assert signal.getsignal(signal.SIGINT) is handler


# What goes wrong


@pytest.mark.parametrize("validated", [True, False])
def test_a_loss_that_is_no_number_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], validated: bool
) -> None:
    calls: list[int] = []

    def failing(self: MSE, drawing: Tensor, image: Tensor) -> Tensor:
        calls.append(1)
        return (drawing - image).square().mean() * (float("nan") if len(calls) == 4 else 1.0)

    monkeypatch.setattr(MSE, "__call__", failing)
    interval = 2 if validated else 6
    given = ("model.refine_steps=0", "trainer.max_steps=6", f"trainer.val_check_interval={interval}")
    code = run_training(tmp_path / "run", *given)
    (message,) = (line for line in capsys.readouterr().err.splitlines() if not line.startswith("drawing"))
    assert code == 2
    assert message.startswith("vectorae: error: the loss became nan at step 3; last good checkpoint: ")
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    if validated:
        assert str(last) in message
        assert torch.load(last, weights_only=True)["global_step"] == 2
    else:
        assert "none was written yet" in message


def test_last_is_the_last_step_even_where_it_is_not_the_best(tmp_path: Path) -> None:
    """With so large a learning rate drawings get worse, not better."""
    folder = tmp_path / "run"
    assert run_training(folder, "trainer.max_steps=7", "trainer.val_check_interval=1", "optimizer.lr=3") == 0
    steps = {
        name: torch.load(folder / "checkpoints" / f"{name}.ckpt", weights_only=True)["global_step"]
        for name in ("best", "last")
    }
    assert steps["last"] == 7
    assert steps["best"] < 7


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed=5", "seed=0 and this run has seed=5"),
        ("loss=l1", "loss.terms.l1=None and this run has loss.terms.l1=1.0"),
        ("trainer.max_steps=4", "trainer.max_steps: 4, and the run in"),
        ("trainer.max_steps=0", "trainer.max_steps: 0 leaves nothing to do"),
    ],
)
def test_a_run_is_resumed_as_it_was_or_not_at_all(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], override: str, message: str
) -> None:
    last = finished_run / "checkpoints" / "last.ckpt"
    settings = f"dataset.cache={finished_run.parent / 'cache'}"
    assert run_training(tmp_path / "run", f"resume={last}", settings, "trainer.max_steps=8", override) == 2
    assert message in capsys.readouterr().err


def test_the_time_already_spent_counts(tmp_path: Path) -> None:
    """A run of four seconds that was stopped ends after what remains of them, not after four more."""
    timed = ("trainer.max_steps=-1", "trainer.max_time=4s", "trainer.val_check_interval=100000")
    assert run_training(tmp_path / "first", *timed) == 0
    last = tmp_path / "first" / "checkpoints" / "last.ckpt"
    content = torch.load(last, weights_only=True)
    content["callbacks"]["Timer"]["time_elapsed"]["train"] = 3.0
    write_torch(last, content)
    settings = f"dataset.cache={tmp_path / 'cache'}"
    assert run_training(tmp_path / "second", *timed, settings, f"resume={last}") == 0
    assert metrics_of(tmp_path / "second")["seconds"] < 3.5


def test_evaluating_a_run(finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    best = finished_run / "checkpoints" / "best.ckpt"
    output = tmp_path / "out.json"
    arguments = [
        f"checkpoint={best}",
        "split=all",
        f"dataset.cache={finished_run.parent / 'cache'}",
        f"output={output}",
    ]
    monkeypatch.setattr(sys, "argv", ["evaluate.py", *arguments])
    assert evaluate.main() == 0
    metrics = json.loads(output.read_text(encoding="utf-8"))
    assert metrics["images"] == 40 + 16 + 16
    expected = {"psnr_soft", "psnr_crisp", "ssim_crisp", "mse_crisp", "l1_soft", "psnr_blocks", "psnr_mean_image"}
    assert expected | {"psnr_eyes_crisp", "psnr_eyes_soft"} <= set(metrics)


def test_resuming_another_model_is_refused(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = finished_run / "checkpoints" / "last.ckpt"
    assert run_training(tmp_path / "run", f"resume={last}", "primitives.rows=3") == 2
    assert "primitives.rows=4 and this run has primitives.rows=3" in capsys.readouterr().err
    assert not (tmp_path / "run" / "checkpoints").exists()
