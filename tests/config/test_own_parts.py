"""Every part that may be a plug-in's, in all that commands do with it; and what is no such part."""

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from helpers.image_folders import picture
from helpers.models import metrics_of, run_training, small_model
from helpers.rounds import whole_round
from PIL import Image

import vectorae
from vectorae import UserError
from vectorae.config.components import instantiate
from vectorae.config.plugins import load_plugins
from vectorae.io.images import View, read_picture
from vectorae.training.build import build_model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
OWN = ["huggingface_dataset", "timm_encoder", "own_callback", "own_encoder", "own_head", "own_loss", "own_optimizer"]


@pytest.fixture
def no_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is loaded, and those of the examples can be."""
    monkeypatch.setattr("vectorae.config.plugins._loaded", set())
    monkeypatch.syspath_prepend(EXAMPLES)
    for name in OWN:
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("no_plugins")
def test_every_network_optimizer_loss_callback_and_logger_may_be_ones_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_round(
        tmp_path,
        "~encoder.width",
        "~refiner.width",
        "encoder._target_=own_encoder.Patches",
        "encoder.features=16",
        "head._target_=own_head.Linear",
        "refiner._target_=own_head.Step",
        "optimizer._target_=own_optimizer.Momentum",
        "optimizer.lr=0.05",
        "loss.terms.dark.kind=own_loss.DarkMSE",
        "callbacks.faint._target_=own_callback.Faint",
        "callbacks.faint.opacity=0.9",
        "logger.lines._target_=own_callback.Lines",
        shared=(f"plugins=[{','.join(OWN[2:])}]",),
    )
    assert metrics_of(tmp_path / "run")["faint"] == 1.0
    said = capsys.readouterr().out
    assert "train/loss" in said and "\ndone" in said
    path = tmp_path / "run" / "checkpoints" / "last.ckpt"
    # Callbacks and loggers are not part of the model.
    assert vectorae.load(path).description()["plugins"] == ["own_encoder", "own_head", "own_loss", "own_optimizer"]


@pytest.mark.usefixtures("no_plugins")
def test_an_encoder_made_of_timm(tmp_path: Path) -> None:
    pytest.importorskip("timm", reason="timm is not installed: pip install 'vectorae[timm]'")
    own = ("plugins=[timm_encoder]", "encoder._target_=timm_encoder.Pyramid", "encoder.name=test_resnet")
    assert run_training(tmp_path / "run", *own, "encoder.stages=[1,2]", "~encoder.width") == 0
    model = vectorae.load(tmp_path / "run" / "checkpoints" / "last.ckpt", plugins=["timm_encoder"])
    assert (model.encoder.backbone.features, model.encoder.backbone.side) == (80, 4)


@pytest.mark.usefixtures("no_plugins")
def test_images_of_hugging_face(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub = pytest.importorskip("datasets", reason="datasets is not installed: pip install datasets")
    pictures = [picture(seed=seed) for seed in range(30)]
    made = hub.Dataset.from_dict({"picture": pictures, "label": list(range(30))}).cast_column("picture", hub.Image())
    hub.DatasetDict({"train": made, "test": made.select(range(4))}).save_to_disk(tmp_path / "saved")
    load_plugins(["huggingface_dataset"])
    target = {"_target_": "huggingface_dataset.HuggingFace", "root": str(tmp_path / "saved"), "image_size": 16}
    data = instantiate({**target, "column": "picture", "cache": str(tmp_path / "cache")}, "dataset")
    assert {split: len(data.images(split)) for split in ("train", "val", "test")} == {"train": 28, "val": 2, "test": 4}
    expected = read_picture(saved_as_png(pictures[0]), View(16, 3)).pixels
    assert np.array_equal(data.images("test")[0].numpy(), expected)
    with pytest.raises(UserError, match=r"^dataset.column: no 'image'; choose from picture, label$"):
        instantiate(target, "dataset")
    own = ("plugins=[huggingface_dataset]", f"dataset.root={tmp_path / 'saved'}", "dataset.column=picture")
    target_key = "dataset._target_=huggingface_dataset.HuggingFace"
    drop = ("~dataset.train_count", "~dataset.val_count", "~dataset.test_count")
    assert run_training(tmp_path / "run", *own, target_key, *drop) == 0, capsys.readouterr().err


def saved_as_png(image: Image.Image) -> BytesIO:
    file = BytesIO()
    image.save(file, "png")
    file.seek(0)
    return file


PARTS = """
from dataclasses import dataclass
import torch
from torch import nn
from vectorae.encoders import Head, RefinerBase

class NoModule:
    def __init__(self, channels, image_size): pass

class NoSide(nn.Module):
    features = 4
    def __init__(self, channels, image_size): super().__init__()

class WrongMap(NoSide):
    side = 4
    def forward(self, images): return images

class NoChannels(nn.Module):
    def __init__(self, image_size): super().__init__()

class WrongHead(Head):
    def __init__(self, layout): super().__init__()
    def forward(self, features, images, draw, visible=None): return features.mean((2, 3))

class NoRefiner(nn.Module):
    def __init__(self, layout): super().__init__()

class WrongRefiner(RefinerBase):
    def __init__(self, layout): super().__init__()
    def forward(self, raw, feedback, images, features, memory, visible=None): return raw

@dataclass
class Rates:
    lr: float = 0.1
"""


@pytest.mark.usefixtures("no_plugins")
@pytest.mark.parametrize(
    ("key", "name", "message"),
    [
        ("encoder", "NoModule", "encoder: wrong_parts.NoModule is no torch.nn.Module"),
        (
            "encoder",
            "NoSide",
            "encoder: NoSide.side is None; an encoder says in features and side",
        ),
        ("encoder", "NoChannels", "encoder: NoChannels.__init__ takes no channels, which every encoder is given"),
        (
            "encoder",
            "WrongMap",
            r"encoder: WrongMap returns \[1, 3, 16, 16\] for one image; must be \[1, 4, 4, 4\], ",
        ),
        (
            "head",
            "WrongHead",
            r"head: WrongHead returns \[1, 16\] for one image; must be \[1, 123\], ",
        ),
        ("refiner", "NoRefiner", "refiner: NoRefiner is no vectorae.encoders.RefinerBase"),
        ("refiner", "WrongRefiner", "refiner: WrongRefiner must return raw numbers and what it remembers"),
        ("optimizer", "Rates", "optimizer: wrong_parts.Rates is no vectorae.training.Optimizer"),
    ],
)
def test_what_does_not_fit_is_named_before_training(
    key: str, name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong_parts.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "wrong_parts", raising=False)
    load_plugins(["wrong_parts"])
    with pytest.raises(UserError, match=f"^{message}"):
        build_model({**small_model().config, key: {"_target_": f"wrong_parts.{name}"}})


@pytest.mark.usefixtures("no_plugins")
def test_a_head_of_one_number_of_shapes_is_not_for_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ("plugins=[own_head]", "head._target_=own_head.Linear", "model.any_count=true")
    assert run_training(tmp_path / "run", *own) == 2
    assert "head: Linear takes no any_count; write model.any_count=false" in capsys.readouterr().err
