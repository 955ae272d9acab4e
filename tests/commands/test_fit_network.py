"""Fits that begin with the drawing of a trained model."""

from pathlib import Path

import pytest
from helpers.commands import Command, command_in
from helpers.image_folders import picture
from helpers.models import metrics_of

import vectorae
from vectorae.commands import fit

SMALL = ["init=network", "size=32", "max_steps=3", "snapshots=1", "device=cpu", "hydra.run.dir=run"]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    (tmp_path / "photos").mkdir()
    for seed, (name, size) in enumerate([("a", (4, 3)), ("b", (3, 4))]):
        picture(size, seed).resize((size[0] * 20, size[1] * 20)).save(tmp_path / "photos" / f"{name}.png")
    return command_in(tmp_path, fit.main, monkeypatch, capsys)


@pytest.fixture
def checkpoint(finished_run: Path) -> str:
    return f"checkpoint={finished_run / 'checkpoints' / 'best.ckpt'}"


def test_a_fit_begins_with_the_networks_drawing_and_is_never_worse(
    command: Command, checkpoint: str, tmp_path: Path
) -> None:
    psnr = []
    for along, steps in ((1, 1), (2, 1), (2, 12)):
        keys = (checkpoint, f"tiles_along={along}", f"max_steps={steps}", f"hydra.run.dir=run{steps}-{along}")
        assert command("image=photos/a.png", *SMALL[:-1], *keys)[0] == 0
        metrics = metrics_of(tmp_path / f"run{steps}-{along}")
        # One tile is wider than the picture by a third: there are two of them. Some shapes may fade away.
        count = 17 * {1: 2, 2: 6}[along]
        assert 0.9 * count < metrics["shapes"] <= count
        psnr.append(metrics["psnr_crisp"])
    assert psnr[2] > psnr[1]


def test_the_recipe_goes_on_from_there(command: Command, checkpoint: str, tmp_path: Path) -> None:
    drawn = ("image=photos/a.png", *SMALL[1:], checkpoint, "tiles_along=2", "experiment=fit_from_network")
    still = ("max_time=null", "max_steps=1", "rates.factor=0", "replacement.times=0")
    psnr = []
    for name, keys in (("still", still), ("moving", ("max_time=null", "max_steps=12"))):
        assert command(*drawn[:-1], drawn[-1], *keys, f"hydra.run.dir={name}")[0] == 0
        psnr.append(metrics_of(tmp_path / name)["psnr_crisp"])
    assert command("image=photos/a.png", *SMALL, checkpoint, "tiles_along=2", "rates.factor=0", *still[:2])[0] == 0
    # Whatever the fit is told about new shapes, those of the network are the first drawing.
    assert metrics_of(tmp_path / "run")["psnr_crisp"] == pytest.approx(psnr[0], abs=1e-3)
    assert psnr[1] > psnr[0]


def test_pictures_of_any_aspect_each_have_their_own(command: Command, checkpoint: str, tmp_path: Path) -> None:
    assert command("image=photos", *SMALL, checkpoint, "tiles_along=1")[0] == 0
    scenes = [vectorae.from_svg((tmp_path / "run" / name / "drawing.svg").read_text("utf-8")) for name in ("a", "b")]
    assert scenes[0].count and scenes[1].count
    assert (scenes[0].ground != scenes[1].ground).any()


def test_new_shapes_lie_on_top(command: Command, checkpoint: str, tmp_path: Path) -> None:
    keys = ("primitives=circles_256", "primitives.count=3", "growth.rounds=1", "tiles_along=1")
    assert command("image=photos/a.png", *SMALL, checkpoint, *keys)[0] == 0
    assert metrics_of(tmp_path / "run")["shapes"] == 34 + 3


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (("init=network",), "init: network; write checkpoint=PATH"),
        (("init=null", "tiles_along=2"), "tiles_along: 2, and init is null; write init=network"),
        (("init=networks",), "init: no file 'networks'"),
    ],
)
def test_mistakes(command: Command, keys: tuple[str, ...], said: str) -> None:
    code, _, err = command("image=photos/a.png", *SMALL[1:], *keys)
    assert code == 2
    assert err.startswith(f"vectorae: error: {said}") and len(err.splitlines()) == 1


def test_what_a_model_cannot_draw_is_refused(command: Command, checkpoint: str) -> None:
    code, _, err = command("image=photos/a.png", *SMALL, checkpoint, "channels=1")
    assert (code, err.startswith("vectorae: error: channels: 1, and ")) == (2, True)
    code, _, err = command("image=photos/a.png", *SMALL, checkpoint, "primitives.count=9")
    assert (code, "primitives.count: the shapes are those of the network's drawing" in err) == (2, True)
    code, _, err = command("image=photos/a.png", *SMALL[1:], checkpoint)
    assert (code, "and init is null; write init=network" in err) == (2, True)
