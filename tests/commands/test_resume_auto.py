"""``resume=auto``: one command line that can be given again and again."""

import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from helpers.models import metrics_of, run_training
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vectorae.io.torch_file import write_torch
from vectorae.training.checkpoint_io import CheckpointFiles

LONG = ("resume=auto", "trainer.max_steps=6")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of six steps, as a kill after the fourth leaves it: more was logged than its checkpoints know of."""
    folder: Path = tmp_path_factory.mktemp("stopped") / "run"
    kept = folder.parent / "kept.ckpt"
    save = CheckpointFiles.save_checkpoint

    def save_and_keep(self: CheckpointFiles, checkpoint: dict[str, Any], path: Path, **options: Any) -> None:
        save(self, checkpoint, path, **options)
        if checkpoint["global_step"] == 4:
            shutil.copy(path, kept)

    with patch.object(CheckpointFiles, "save_checkpoint", save_and_keep):
        assert run_training(folder, *LONG) == 0
    for name in ("best", "last"):
        shutil.copy(kept, folder / "checkpoints" / f"{name}.ckpt")
    (folder / "renders" / "step_0000006.png.77-0123abcd.part").write_bytes(b"half")
    return folder


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"])


def copy_of(folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder.parent / "cache", tmp_path / "cache")
    return Path(shutil.copytree(folder, tmp_path / "run"))


def test_it_starts_goes_on_and_ends(stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy_of(stopped, tmp_path)
    assert run_training(folder, *LONG) == 0
    assert "continues at step 4, from" in capsys.readouterr().out
    assert not list(folder.rglob("*.part"))
    assert run_training(tmp_path / "whole", *LONG) == 0
    for name, value in weights(tmp_path / "whole").items():
        assert torch.equal(value, weights(folder)[name]), name
    before = (folder / "checkpoints" / "last.ckpt").read_bytes()
    capsys.readouterr()
    assert run_training(folder, *LONG) == 0
    assert "nothing to do: trainer.max_steps: 6, and the run in" in capsys.readouterr().out
    assert (folder / "checkpoints" / "last.ckpt").read_bytes() == before


def test_a_kill_before_the_pictures_are_drawn_takes_the_last_steps_again(stopped: Path, tmp_path: Path) -> None:
    folder = copy_of(stopped, tmp_path)
    kept = (folder / "checkpoints" / "last.ckpt").read_bytes()
    assert run_training(folder, *LONG) == 0
    expected = weights(folder)
    (folder / "checkpoints" / "last.ckpt").write_bytes(kept)  # best.ckpt is of the last step
    (folder / "metrics.json").unlink()
    assert run_training(folder, *LONG) == 0
    assert metrics_of(folder)["step"] == 6
    assert all(torch.equal(value, weights(folder)[name]) for name, value in expected.items())


def test_curves_have_no_doubles(stopped: Path, tmp_path: Path) -> None:
    folder = copy_of(stopped, tmp_path)
    assert run_training(folder, *LONG) == 0
    events = EventAccumulator(str(folder))
    events.Reload()
    for tag in ("train/loss", "val/psnr_crisp"):
        steps = [event.step for event in events.Scalars(tag)]
        assert steps == sorted(set(steps)), tag
    assert [event.step for event in events.Scalars("train/loss")] == list(range(6))


def test_a_damaged_checkpoint_is_left_out_with_a_warning(
    stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_of(stopped, tmp_path)
    last = folder / "checkpoints" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:-1000])
    assert run_training(folder, *LONG) == 0
    said = capsys.readouterr()
    assert "last.ckpt' is damaged" in said.err and said.err.count("\n") == 1
    assert "continues at step 4" in said.out and "best.ckpt" in said.out
    assert metrics_of(folder)["step"] == 6


def test_it_finds_the_newest_run_with_the_same_config(
    stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    beside = tmp_path / "outputs" / "toy_faces" / "shapes_4x4"
    beside.mkdir(parents=True)
    shutil.copytree(stopped, beside / "2020-01-01_00-00-00-000000")
    cache = f"dataset.cache={stopped.parent / 'cache'}"
    # No folder is named.
    assert run_training(None, *LONG, cache) == 0
    assert "continues at step 4" in capsys.readouterr().out
    assert [one.name for one in beside.iterdir()] == ["2020-01-01_00-00-00-000000"]
    assert run_training(None, *LONG, cache) == 0
    assert "nothing to do" in capsys.readouterr().out
    # Another config is another run.
    assert run_training(None, *LONG, cache, "optimizer.lr=0.01") == 0
    assert "continues" not in capsys.readouterr().out
    assert len(list(beside.iterdir())) == 2


def test_other_settings_in_the_same_folder_are_refused(
    stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_of(stopped, tmp_path)
    assert run_training(folder, *LONG, "primitives.rows=3") == 2
    assert "primitives.rows=4 and this run has primitives.rows=3" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["optimizer_states", "loops", "callbacks", "global_step"])
def test_a_checkpoint_that_lacks_something_is_refused_in_one_line(
    stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    content = torch.load(stopped / "checkpoints" / "last.ckpt", weights_only=True)
    del content[name]
    write_torch(tmp_path / "less.ckpt", content)
    assert run_training(tmp_path / "run", f"resume={tmp_path / 'less.ckpt'}", "trainer.max_steps=6") == 2
    said = capsys.readouterr().err
    assert f"has no {name}: a run cannot be continued from it" in said and said.count("\n") == 1


def test_an_optimizer_of_another_model_is_refused_in_one_line(
    stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = torch.load(stopped / "checkpoints" / "last.ckpt", weights_only=True)
    content["optimizer_states"][0]["param_groups"][0]["params"] = [0]
    write_torch(tmp_path / "other.ckpt", content)
    shutil.copytree(stopped.parent / "cache", tmp_path / "cache")
    assert run_training(tmp_path / "run", f"resume={tmp_path / 'other.ckpt'}", "trainer.max_steps=6") == 2
    said = capsys.readouterr().err
    assert "resume: a run cannot be continued from" in said and said.count("\n") == 1
