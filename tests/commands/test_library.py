"""`vectorae.fit` and `vectorae.train`: what the commands do, from Python."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.models import SMALL
from hydra.core.hydra_config import HydraConfig
from PIL import Image

import vectorae
from vectorae import Layout, UserError
from vectorae.commands.library import as_overrides
from vectorae.losses.metrics import psnr

QUICK: dict[str, Any] = {"size": 16, "progress": False, "device": "cpu"}
DISCS = {"kinds": ["circle"], "count": 3}


def two_discs() -> np.ndarray[Any, Any]:
    """Red and blue on grey, uint8 ``[16, 24, 3]``."""
    y, x = np.mgrid[:16, :24]
    image = np.full((16, 24, 3), 128, np.uint8)
    for left, color in ((7, (230, 50, 20)), (17, (20, 70, 230))):
        image[(x - left) ** 2 + (y - 8) ** 2 < 16] = color
    return image


def test_it_draws_an_image(capsys: pytest.CaptureFixture[str]) -> None:
    scene = vectorae.fit(two_discs(), DISCS, steps=150, size=16, device="cpu", growth={"rounds": 1})
    drawn = vectorae.rasterize(scene, 16, 24, coverage="ramp")
    target = torch.from_numpy(two_discs()).permute(2, 0, 1)[None] / 255
    assert psnr(drawn, target).item() > 25
    assert (scene.count, scene.batch, scene.opacity.requires_grad) == (3, 1, False)
    out = capsys.readouterr()
    assert (out.out, "150 steps" in out.err) == ("", True)


def test_images_of_every_sort_are_the_same_image(tmp_path: Path) -> None:
    array = two_discs()
    picture = Image.fromarray(array)
    picture.save(tmp_path / "discs.png")
    tensor = torch.from_numpy(array).permute(2, 0, 1)
    same: list[Any] = [
        array,
        array / 255,
        picture,
        tmp_path / "discs.png",
        str(tmp_path / "discs.png"),
        tensor,
        tensor / 255,
    ]
    drawn = [vectorae.to_svg(vectorae.fit(one, DISCS, steps=2, **QUICK), 16, 24) for one in same]
    assert drawn == [drawn[0]] * len(drawn)


def test_a_layout_may_be_an_object() -> None:
    layout = Layout(["square"], count=5, aspect=24 / 16)
    assert vectorae.fit(two_discs(), layout, steps=2, growth={"rounds": 1}, **QUICK).count == 5
    for wrong, message in (
        (Layout(["square"], count=5), r"layout: its aspect is 1, and that of the image 1.5; write Layout"),
        (Layout(["square"], count=5, aspect=1.5, channels=1), "layout: 1 channels, and the image is read with 3"),
    ):
        with pytest.raises(UserError, match=message):
            vectorae.fit(two_discs(), wrong, steps=2, **QUICK)


def test_a_layout_of_its_own_lies_on_top_of_a_drawing(tmp_path: Path) -> None:
    path = tmp_path / "below.svg"
    path.write_text(vectorae.to_svg(vectorae.fit(two_discs(), DISCS, steps=2, **QUICK), 16, 24)[0])
    layout = Layout(["square"], count=5, aspect=24 / 16)
    assert vectorae.fit(two_discs(), layout, steps=2, init=path, growth={"rounds": 1}, **QUICK).count >= 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layout": "circels_256"}, "primitives: no 'circels_256'"),
        ({"sizes": 20}, "sizes: no such key"),
        ({"steps": 0}, "max_steps must be an integer ≥ 1"),
        ({"steps": 5, "max_steps": 5}, "max_steps: given twice, also as steps"),
        ({"layout": "circles_256", "primitives": DISCS}, "primitives: given twice, also as layout"),
        ({"width": 100}, "width: fit.. writes no files"),
        ({"max_time": "soon"}, "max_time"),
        ({"rates": {"colour": 0.1}}, "rates.colour: no such key"),
        ({"seed": object()}, "seed: a config holds numbers, texts, lists and mappings of them, not object"),
        ({"primitives": {"background": "none"}}, "primitives.background: none; write background=none"),
        ({"init": "nowhere.svg"}, "init: no file 'nowhere.svg'"),
    ],
)
def test_settings_that_cannot_work_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        vectorae.fit(two_discs(), **{"progress": False, **settings})


def test_no_command_is_left_running() -> None:
    before = HydraConfig.instance().cfg
    with pytest.raises(UserError):
        vectorae.fit(np.zeros((0, 4)), steps=1)
    assert HydraConfig.instance().cfg is before


def test_a_mapping_is_what_the_command_line_says() -> None:
    config = {
        "dataset": "mnist",
        "dataset.root": Path("my files"),
        "primitives": {"kinds": ["circle", "square"], "fields": {"opacity": 0.5}, "rows": np.int64(3)},
        "trainer": {"max_time": None, "log": True},
        "loss": {"terms": {}},
    }
    assert as_overrides(config) == [
        "dataset=mnist",
        "dataset.root='my files'",
        "primitives.kinds=['circle','square']",
        "primitives.fields.opacity=0.5",
        "primitives.rows=3",
        "trainer.max_time=null",
        "trainer.log=true",
        "loss.terms={}",
    ]


def test_training_returns_what_came_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    quick = ["trainer.max_steps=2", "trainer.val_check_interval=2", "trainer.limit_val_batches=1", "watch.count=2"]
    run = vectorae.train([*SMALL, *quick, "dataset.batch_size=4"], folder=tmp_path / "a run")
    assert run.folder == tmp_path / "a run"
    assert run.metrics["psnr_crisp"] > 0
    assert run.model.vectorize(torch.rand(2, 3, 16, 20)).batch == 2
    assert run.checkpoint.is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["a run"]


def test_trainings_that_cannot_work_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for config, message in (
        ("dataset=mnist", "is one text; write a list"),
        (["--help"], "'--help' is no override"),
        ({"dataset": "mnsit"}, "did you mean mnist"),
        ({"trainer": {"max_stepz": 1}}, "did you mean max_steps"),
        (["trainer.max_steps=1", "watch.shape=99"], "watch.shape: no shape 99"),
    ):
        with pytest.raises(ValueError, match=message):
            vectorae.train(config)
    assert list(tmp_path.iterdir()) == []
