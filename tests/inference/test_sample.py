"""New drawings out of a variational latent."""

import sys
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree

import pytest
import torch
from helpers.models import small_model
from PIL import Image
from torch import nn

from vectorae import UserError
from vectorae.commands import sample
from vectorae.inference.sample import sample_drawings, spherical_interpolation


def run(*arguments: str) -> int:
    with patch.object(sys, "argv", ["sample.py", *arguments, "device=cpu"]):
        return sample.main()


def test_it_draws_samples_and_interpolations(variational_run: Path, tmp_path: Path) -> None:
    checkpoint = f"checkpoint={variational_run / 'checkpoints' / 'best.ckpt'}"
    assert run(checkpoint, "count=5", "steps=3") == 0
    folder = variational_run / "samples"
    assert {path.name for path in folder.iterdir()} == {
        "samples.png",
        "interpolation.png",
        "interpolation.gif",
        "interpolation.svg",
        "svg",
    }
    assert len(list((folder / "svg").iterdir())) == 5
    for path in folder.rglob("*.svg"):
        ElementTree.fromstring(path.read_text())
    with Image.open(folder / "interpolation.gif") as gif:
        assert gif.n_frames > 1  # type: ignore[attr-defined]
    assert run(checkpoint, "count=5") == 2  # it is there already
    assert run(checkpoint, "count=1", "overwrite=true", f"output={tmp_path / 'out'}") == 0
    assert len(list((tmp_path / "out" / "svg").iterdir())) == 1


@pytest.mark.parametrize(
    ("key", "shown"),
    [("scale=null", ("512", "512")), ("scale=2", ("32", "32")), ("width=70mm", ("70mm", "70mm"))],
)
def test_the_size_of_the_samples(key: str, shown: tuple[str, str], variational_run: Path, tmp_path: Path) -> None:
    checkpoint = f"checkpoint={variational_run / 'checkpoints' / 'best.ckpt'}"
    assert run(checkpoint, "count=1", "steps=1", f"output={tmp_path / 'out'}", key) == 0
    root = ElementTree.fromstring((tmp_path / "out" / "svg" / "00.svg").read_text())
    assert (root.attrib["width"], root.attrib["height"], root.attrib["viewBox"]) == (*shown, "0 0 16 16")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("count=0", "count must be an integer in [1, 4096], got 0"),
        ("steps=0", "steps must be an integer in [1, 1000], got 0"),
        ("width=0mm", "width must be pixels (1200), millimetres (120mm) or null, got '0mm'"),
        ("temperature=-1", "temperature must be a number ≥ 0, got -1"),
        (
            "checkpoint=nothing.ckpt",
            "checkpoint: no file 'nothing.ckpt', nor a pretrained model; "
            "choose from mnist_cubics, mnist_lines, toy_faces",
        ),
    ],
)
def test_mistakes_are_one_line(argument: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("checkpoint=nothing.ckpt", argument) == 2
    assert capsys.readouterr().err == f"vectorae: error: {message}\n"


def test_only_a_variational_model_can_be_sampled_from(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"checkpoint={finished_run / 'checkpoints' / 'best.ckpt'}") == 2
    assert "checkpoint: was not trained with model.variational=true" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"^head: head=recurrent needs an image"):
        small_model("model.variational=true", "head=recurrent")


def test_samples_are_the_same_for_the_same_seed_and_differ_from_each_other() -> None:
    torch.manual_seed(0)
    model = small_model("model.variational=true", "model.latent=4").eval()
    nn.init.normal_(model.encoder.head.numbers.weight)  # type: ignore[union-attr,arg-type]
    one, again, other = (sample_drawings(model, 3, seed, 1.0, 2) for seed in (0, 0, 1))
    assert torch.equal(one.scene.color, again.scene.color)
    assert not torch.equal(one.scene.color, other.scene.color)
    assert not torch.equal(one.scene.color[0], one.scene.color[1])
    assert [scene.batch for scene in one.interpolations] == [2, 2, 2]
    torch.testing.assert_close(one.interpolations[1].color[:1], one.scene.color[1:2])
    still = sample_drawings(model, 2, 0, 0.0, 1)
    torch.testing.assert_close(still.scene.color[0], still.scene.color[1])


def test_interpolations_go_along_an_arc() -> None:
    arc = spherical_interpolation(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.linspace(0, 1, 5))
    torch.testing.assert_close(arc.norm(dim=1), torch.ones(5))
    torch.testing.assert_close(arc[2], torch.tensor([0.5, 0.5]).sqrt())
    same = spherical_interpolation(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]), torch.linspace(0, 1, 3))
    torch.testing.assert_close(same, torch.tensor([[1.0, 2.0]] * 3))
