"""The models that come along: small, of no machine, drawing what their cards say."""

import json
import os
import re
from pathlib import Path

import pytest
import torch
from helpers.commands import command_in
from helpers.image_folders import picture

import vectorae
from vectorae import UserError
from vectorae.commands import evaluate, vectorize
from vectorae.io.torch_file import read_torch
from vectorae.pretrained import PRETRAINED

DATA = os.environ.get("VECTORAE_DATA")
CARDS = (Path(__file__).parents[1] / "docs" / "models.md").read_text(encoding="utf-8")
LAST_COLUMN = dict(re.findall(r"^\| `(\w+)` .*\| ([\d.]+) dB \|$", CARDS, re.MULTILINE))


def test_each_has_a_card() -> None:
    assert LAST_COLUMN.keys() == PRETRAINED.keys() == {"toy_faces", "mnist_lines", "mnist_cubics"}


@pytest.mark.parametrize("name", sorted(PRETRAINED))
def test_it_is_small_and_of_no_machine(name: str) -> None:
    assert PRETRAINED[name].stat().st_size <= 2 * 2**20
    described = read_torch(PRETRAINED[name], "checkpoint", "a checkpoint")["vectorae"]
    assert "/" not in str(described["config"])
    assert described["plugins"] == []


def test_it_is_loaded_by_its_name() -> None:
    model = vectorae.load("mnist_cubics")
    assert model.vectorize(torch.zeros(1, 1, 28, 28)).count == 8
    with pytest.raises(UserError, match="checkpoint: no file 'mnist_cubic'"):
        vectorae.load("mnist_cubic")


def test_commands_take_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = command_in(tmp_path, vectorize.main, monkeypatch, capsys)
    picture(seed=0).save(tmp_path / "photo.png")
    quick = ("input=photo.png", "output=drawn", "hypotheses=1", "answer_steps=1", "device=cpu")
    code, _, err = call("checkpoint=mnist_cubics", *quick)
    assert (code, err, (tmp_path / "drawn" / "photo.svg").is_file()) == (0, "", True)
    code, _, err = call("checkpoint=mnist_cubic", *quick)
    assert code == 2
    assert "checkpoint: no file 'mnist_cubic', nor a pretrained model" in err
    assert "did you mean mnist_cubics?" in err


@pytest.mark.parametrize("name", sorted(PRETRAINED))
def test_it_reaches_what_its_card_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another processor rounds otherwise, which corrections amplify: of few images, up to a tenth of a decibel."""
    root, limit = [], 16
    if name.startswith("mnist"):
        if DATA is None:
            pytest.skip("VECTORAE_DATA, where MNIST is, is not set")
        root, limit = [f"dataset.root={DATA}/mnist"], 64
    call = command_in(tmp_path, evaluate.main, monkeypatch, capsys)
    code, _, err = call(f"checkpoint={name}", "split=test", f"limit={limit}", "device=cpu", *root)
    assert code == 0, err
    (path,) = (tmp_path / "outputs" / "pretrained" / name / "evaluation").glob("*.json")
    assert json.loads(path.read_text())["psnr_crisp"] == pytest.approx(float(LAST_COLUMN[name]), abs=0.1)
