"""Commands that are told to write where nothing can be written: one line, before a model is loaded."""

import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from helpers.commands import Command, command_in
from helpers.image_folders import picture

from vectorae.commands import evaluate, export, fit, sample, shards, train, vectorize
from vectorae.training import checkpoint as checkpoints

MODEL = "checkpoint={model}"

COMMANDS: dict[str, tuple[Callable[[], int], list[str]]] = {
    "export": (export.main, [MODEL, "output=/proc/x"]),
    "vectorize": (vectorize.main, [MODEL, "input={photos}", "output=/proc/x"]),
    "sample": (sample.main, [MODEL, "output=/proc/x"]),
    "evaluate": (evaluate.main, [MODEL, "output=/proc/x/y.json"]),
    "shards": (shards.main, ["input={photos}", "output=/proc/x"]),
    "fit": (fit.main, ["hydra.run.dir=/proc/x"]),
    "train": (train.main, ["hydra.run.dir=/proc/x"]),
    "sweep": (fit.main, ["-m", "seed=1,2", "hydra.sweep.dir=/proc/x"]),
}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Call a command: exit code, stdout and stderr."""
    return command_in(tmp_path, train.main, monkeypatch, capsys)


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root can make")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_that_cannot_be_made_is_one_line(command: Command, tmp_path: Path, name: str) -> None:
    main, arguments = COMMANDS[name]
    (tmp_path / "photos").mkdir()
    picture().save(tmp_path / "photos" / "a.png")
    (tmp_path / "model.ckpt").touch()
    places = {"photos": tmp_path / "photos", "model": tmp_path / "model.ckpt"}
    with patch.object(checkpoints, "load", side_effect=AssertionError("too late")):
        code, out, err = command(*[one.format(**places) for one in arguments], main=main)
    assert (code, out) == (2, "")
    key, why = arguments[-1].partition("=")[0], "No such file or directory"
    said = f"folder '/proc/x' ({why})" if key == "output" else f"run's folder ({why}: /proc/x)"
    assert err == f"vectorae: error: {key}: cannot make the {said}; choose another\n"
