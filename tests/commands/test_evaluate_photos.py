"""A table of fits of all photographs of a folder."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import Command, command_in
from helpers.image_folders import picture
from helpers.models import composed_fit
from PIL import Image

from vectorae.commands import evaluate_photos
from vectorae.commands.run_loggers import without_loggers
from vectorae.config.components import flatten
from vectorae.fitting import Fitting

TINY = ("size=16", "max_steps=3", "snapshots=1", "primitives.count=4", "device=cpu")
RUN = Path("outputs/photos/photos/fit_size=16,max_steps=3,primitives.count=4")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Call the command in a folder of its own: exit code, stdout and stderr."""
    return command_in(tmp_path, evaluate_photos.main, monkeypatch, capsys)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photographs, one of which is damaged."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    for name, size in (("a.png", (6, 4)), ("deep/b.png", (4, 6))):
        picture(size, seed=len(name)).resize((10 * size[0], 10 * size[1]), Image.Resampling.BICUBIC).save(folder / name)
    (folder / "c.png").write_bytes(b"nothing")
    return folder


def test_a_table_with_the_mean_in_its_last_row(command: Command, photos: Path, tmp_path: Path) -> None:
    code, out, err = command("folder=photos", *TINY)
    assert code == 1
    assert re.search(r"^vectorae: left out 'photos/c\.png' \(.+\)$", err, re.MULTILINE)
    run = tmp_path / RUN
    rows = json.loads((run / "photos.json").read_text(encoding="utf-8"))
    assert list(rows) == ["a", "deep/b", "mean"]
    for metric in ("psnr_crisp", "psnr_soft", "ssim_crisp", "seconds", "bytes", "numbers_per_shape"):
        assert rows["mean"][metric] == pytest.approx((rows["a"][metric] + rows["deep/b"][metric]) / 2)
    svg = run / "deep" / "b" / "drawing.svg"
    assert rows["deep/b"]["bytes"] == svg.stat().st_size
    assert rows["a"]["numbers_per_shape"] == 7  # a circle: centre, radius, colour, opacity
    lines = (run / "photos.md").read_text(encoding="utf-8").splitlines()
    assert [line.split("|")[1].strip() for line in lines] == ["", "---", "a", "deep/b", "mean"]
    assert f"{rows['mean']['psnr_crisp']:.2f}" in lines[-1]
    assert out.count("mean") == 1
    assert json.loads((run / "metrics.json").read_text(encoding="utf-8"))["images"] == 2


def test_what_is_done_is_not_fitted_again(
    command: Command, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("folder=photos", *TINY)
    table = (tmp_path / RUN / "photos.md").read_text(encoding="utf-8")
    (tmp_path / RUN / "a" / "metrics.json").unlink()
    fitted: list[Fitting] = []
    run = Fitting.run

    def counted(self: Fitting, *rest: Any, **named: Any) -> None:
        fitted.append(self)
        run(self, *rest, **named)

    monkeypatch.setattr(Fitting, "run", counted)
    assert command("folder=photos", *TINY, "snapshots=2")[0] == 1
    assert len(fitted) == 1
    again = (tmp_path / RUN / "photos.md").read_text(encoding="utf-8")
    without_seconds = [re.sub(r"\| \d+ \|", "|", text) for text in (table, again)]
    assert without_seconds[0] == without_seconds[1]


def test_an_experiment_sets_what_it_sets_for_a_fit(
    command: Command, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above all the size: photographs that are fitted at another one have other figures."""
    monkeypatch.setattr(evaluate_photos, "draw", lambda *rest: ([{"psnr_crisp": 1.0}], None))
    assert command("folder=photos", "experiment=kodak_512", "hydra.run.dir=run", "seed=3")[0] == 1
    settings = json.loads((tmp_path / "run" / "settings.json").read_text(encoding="utf-8"))
    expected = flatten(without_loggers(composed_fit("experiment=kodak_512", "seed=3")))
    assert (settings["size"], settings["max_time"], settings["primitives.count"]) == (512, "3m", 512)
    own = {"folder", "batch_size", "snapshots", "width", "scale", "device"}
    assert {key: settings[key] for key in settings if key not in own} == {
        key: value for key, value in expected.items() if key not in own
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "folder: missing; give it as folder=…"),
        ("folder=nowhere", "folder: 'nowhere' is no folder"),
        ("folder=empty", "folder: no images in 'empty'"),
        ("folder=photos image=photos/a.png", "image must be null"),
        ("folder=photos resume=auto", "resume must be null"),
        ("folder=photos batch_size=2", "batch_size must be 1"),
        ("folder=photos growth.rounds=0", "growth.rounds must be an integer ≥ 1"),
        ("folder=photos weigth=1", "weigth: no such key"),
        ("folder=broken", "folder: no image in 'broken' could be fitted"),
    ],
)
def test_a_mistake_is_one_line(command: Command, photos: Path, tmp_path: Path, arguments: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (photos / "c.png").rename(tmp_path / "broken" / "c.png")
    code, _, err = command(*arguments.split())
    assert code == 2
    assert err.splitlines()[-1].startswith(f"vectorae: error: {message}")


def test_a_folder_with_results_of_other_settings_is_refused(command: Command, photos: Path) -> None:
    (photos / "c.png").unlink()
    assert command("folder=photos", *TINY, "hydra.run.dir=run")[0] == 0
    code, _, err = command("folder=photos", *TINY, "seed=1", "hydra.run.dir=run")
    assert (code, err.count("\n")) == (2, 1)
    assert "seed: is 1, and the drawings in 'run' were made with 0; choose another hydra.run.dir" in err
