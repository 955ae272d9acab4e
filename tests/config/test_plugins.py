"""Plug-ins: modules of one's own whose classes a config may name, and never because a file says so."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.commands import Command, command_in
from helpers.exports import saved
from helpers.image_folders import picture
from helpers.models import small_model

import vectorae
from vectorae import UserError, commands
from vectorae.config.components import instantiate, without_leftovers
from vectorae.config.plugins import load_plugins, needed_plugins
from vectorae.primitives import KINDS
from vectorae.training.build import build_model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
OWN = ["own_dataset", "own_encoder", "own_loss", "own_primitive"]
PLUGINS = f"plugins=[{','.join(OWN)}]"
PROJECT = [
    PLUGINS,
    "encoder._target_=own_encoder.Patches",
    "encoder.patch=8",
    "dataset._target_=own_dataset.Stripes",
    "dataset.count=40",
    "dataset.image_size=32",
    "dataset.cache=cache",
    "primitives.kinds=[kite,circle]",
    "loss.terms.dark.kind=own_loss.DarkMSE",
    "loss.terms.dark.power=2",
    "head.width=16",
    "model.refine_steps=1",
    "model.answer_steps=1",
    "model.hypotheses=1",
    "watch.count=2",
    "trainer.accelerator=cpu",
    "trainer.val_check_interval=2",
    "trainer.limit_val_batches=1",
    "hydra.run.dir=run",
]
"""Every part that may be somebody's own, of the examples."""


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process, no plug-in is loaded, and no kind of theirs is there."""
    monkeypatch.setattr("vectorae.config.plugins._loaded", set())
    KINDS.pop("kite", None)
    for name in OWN:
        sys.modules.pop(name, None)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """`vectorae` in a folder with the examples."""
    for name in OWN:
        (tmp_path / f"{name}.py").write_text((EXAMPLES / f"{name}.py").read_text("utf-8"), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    forget(monkeypatch)
    yield command_in(tmp_path, commands.main, monkeypatch, capsys)
    forget(monkeypatch)


def test_a_project_of_ones_own_trains_resumes_draws_and_leaves_as_onnx(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(seed=0).save(tmp_path / "a.png")
    code, out, err = command("train", *PROJECT, "trainer.max_steps=2")
    assert code == 0, err
    assert f"output=drawings {PLUGINS}" in out
    code, _, err = command("train", *PROJECT, "trainer.max_steps=4", "resume=run/checkpoints/last.ckpt")
    assert code == 0, err
    checkpoint, drawing = "checkpoint=run/checkpoints/best.ckpt", ("input=a.png", "output=out", "device=cpu")
    forget(monkeypatch)
    code, _, err = command("vectorize", checkpoint, *drawing)
    assert (code, err.count("\n")) == (2, 1)
    assert f"needs the plug-in {', '.join(OWN)}, which a file alone does not import" in err
    assert not set(OWN) & set(sys.modules)
    assert command("vectorize", checkpoint, PLUGINS, *drawing)[0] == 0
    assert (tmp_path / "out" / "a.svg").is_file()
    code, _, err = command("export", checkpoint, PLUGINS, "format=onnx", "output=onnx")
    assert code == 0, err
    forget(monkeypatch)
    code, _, err = command(
        *("fit", "plugins=[own_primitive,own_loss]", "primitives.kinds=[kite]", "primitives.count=4", "max_steps=3"),
        *("loss.terms.dark.kind=own_loss.DarkMSE", "size=16", "hydra.run.dir=fit", "device=cpu", "snapshots=1"),
    )
    assert code == 0, err


PARTS = """
from torch import Tensor, nn
import vectorae
from subprocess import Popen
class Mean(nn.Module):
    def __init__(self, channels: int, image_size: int, cells: int = 4) -> None:
        super().__init__()
        self.features, self.side = channels, cells
    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(images, self.side)
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module with an encoder, loaded."""
    (tmp_path / "parts_of_mine.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("vectorae.config.plugins._loaded", set())
    load_plugins(["parts_of_mine"])
    return "parts_of_mine"


def test_a_checkpoint_names_its_plugins_and_imports_none(
    plugin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {**small_model().config, "encoder": {"_target_": f"{plugin}.Mean"}}
    model = build_model(config)
    assert model.description()["plugins"] == needed_plugins(config) == [plugin]
    path = saved(model, tmp_path / "model.ckpt")
    assert vectorae.load(path).image_size == 16
    monkeypatch.setattr("vectorae.config.plugins._loaded", set())
    monkeypatch.delitem(sys.modules, plugin)
    with pytest.raises(
        UserError, match=rf"needs the plug-in {plugin}, .* vectorae.load\(path, plugins=\[\"{plugin}\"\]\)$"
    ):
        vectorae.load(path)
    assert plugin not in sys.modules
    assert vectorae.load(path, plugins=[plugin]).encoder.backbone.side == 4


def test_classes_of_a_plugin_alone_may_be_named(plugin: str) -> None:
    made = instantiate({"_target_": f"{plugin}.Mean"}, "encoder", channels=3, image_size=16)
    assert (made.features, made.side) == (3, 4)
    for target in (f"{plugin}.Popen", f"{plugin}.nothing", "subprocess.Popen", "parts_of_mine_too.Mean"):
        with pytest.raises(UserError, match=rf"^encoder._target_: '{target}' is not a class of"):
            instantiate({"_target_": target}, "encoder")


def test_defaults_of_the_class_that_is_replaced_fall_away(plugin: str) -> None:
    section = {"_target_": f"{plugin}.Mean", "width": 32, "cells": 2}
    assert without_leftovers(section, "encoder", []) == {"_target_": f"{plugin}.Mean", "cells": 2}
    assert without_leftovers(section, "encoder", ["encoder.width"]) == section
    own = {"_target_": "vectorae.encoders.CNN", "depth": 3}
    assert without_leftovers(own, "encoder", []) == own


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("absent_module", None, "no module 'absent_module', neither in this folder nor installed"),
        ("needs_more", "import absent_module", "'needs_more' needs the module 'absent_module', which is not installed"),
        ("broken", "x = 1\nx.y", r"'broken' cannot be imported \(broken.py line 2: AttributeError: .*"),
        ("wrong", "def (", r"'wrong' cannot be imported \(line 1: .*"),
        ("mine.py", None, "'mine.py' is no name of a module; write mine"),
        ("../mine", None, "'../mine' is no name of a module"),
    ],
)
def test_what_is_no_plugin_is_told_in_one_line(
    name: str, text: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text is not None:
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=f"^plugins: {message}"):
        load_plugins([name])


def test_a_name_alone_is_no_list() -> None:
    with pytest.raises(UserError, match=r"^plugins: a list of names, \[mine\], not mine$"):
        load_plugins("mine")
