"""`--help` says what every key means, in lines that fit the terminal, without importing torch."""

import re
from pathlib import Path

import pytest
from helpers.commands import Command, command_in

from vectorae import commands
from vectorae.commands.command_line import conf_folder, duration
from vectorae.commands.conf_files import choices_in, read_conf
from vectorae.commands.train import DEFAULT_TIME

FILES = sorted(path.relative_to(conf_folder()).with_suffix("").as_posix() for path in conf_folder().rglob("*.yaml"))
GROUPS = sorted(path.name for path in conf_folder().iterdir() if path.is_dir())


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("COLUMNS", "80")
    return command_in(tmp_path, commands.main, monkeypatch, capsys)


def known_elsewhere(key: str) -> str:
    """The comment on a key that an experiment changes, in the file that it belongs to."""
    section, _, below = key.partition(".")
    own = [read_conf(name).meanings.get(key, "") for name in ("train", "fit", "medium/paint")]
    own += [read_conf(name).meanings.get(below, "") for name in FILES if name.startswith(f"{section}/")]
    return next((meaning for meaning in own if meaning), "")


@pytest.mark.parametrize("name", FILES)
def test_every_key_has_a_meaning(name: str) -> None:
    file = read_conf(name)
    for key, meaning in file.meanings.items():
        assert meaning or (name.startswith("experiment/") and known_elsewhere(key)), key
    for group, (_, meaning) in file.groups.items():
        assert meaning, group


@pytest.mark.parametrize("name", [*commands.COMMANDS, "benchmark", "gallery"])
def test_every_command_says_how_it_is_used_and_what_it_does(name: str) -> None:
    usage, purpose = read_conf(name).header
    assert usage.startswith((f"vectorae {name}", f"python scripts/{name}.py"))
    assert purpose.endswith(".")
    for section in read_conf(name).sections & {key.partition(".")[0] for key in read_conf(name).meanings if "." in key}:
        assert read_conf(name).notes[section], section


@pytest.mark.parametrize("name", commands.COMMANDS)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_lines_fit_the_terminal(command: Command, monkeypatch: pytest.MonkeyPatch, name: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = command(name, "--help")
    assert (code, err) == (0, "")
    assert max(len(line) for line in out.splitlines()) <= min(width, 100)
    assert out.startswith(f"usage: vectorae {name}")
    for key in (key for key in read_conf(name).meanings if "." not in key):
        assert re.search(rf"^  {key}: .*(#|\n +#)", out, re.MULTILINE), key
    for group in read_conf(name).groups:
        assert re.search(rf"^  {group}=", out, re.MULTILINE)


def test_a_key_has_its_default_and_its_meaning(command: Command) -> None:
    out = command("train", "--help")[1]
    assert re.search(r"^  model\.refine_steps: 4 +# learned corrections", out, re.MULTILINE)
    assert re.search(r"^  trainer\.max_time: null \(4 min\)\n +# 90s, 15m, 2h", out, re.MULTILINE)
    assert re.search(r"^  seed: 0 +# of the weights", out, re.MULTILINE)
    assert duration("4m", "max_time") == DEFAULT_TIME


def test_the_choices_of_the_command_line_are_shown(command: Command, tmp_path: Path) -> None:
    out = command("train", "dataset=mnist", "head=mlp", "experiment=mnist_lines", "model.latent=7", "-h")[1]
    for line in (
        "dataset=mnist ",
        "dataset.channels: 1 ",
        "head.hidden: 512",
        "primitives.count: 5",
        "model.latent: 7",
    ):
        assert f"\n  {line}" in out
    assert "\nhead: All shapes from the feature map as one vector.\n" in out
    assert re.search(r"primitives\.background: 0 +# black", out)
    assert not list(tmp_path.iterdir())


def test_a_config_folder_of_ones_own(command: Command, tmp_path: Path) -> None:
    (tmp_path / "own" / "encoder").mkdir(parents=True)
    (tmp_path / "own" / "encoder" / "tiny.yaml").write_text("_target_: vectorae.encoders.CNN\nwidth: 3\n")
    out = command("train", "--config-dir", "own", "encoder=tiny", "--help")[1]
    assert re.search(r"encoder\.width: 3 +# channels after the first stage", out)


@pytest.mark.parametrize(
    ("override", "message"),
    [("dataset=mnits", r"dataset: no 'mnits'; .*mean mnist"), ("sed=1", r"sed: no such key")],
)
def test_a_mistake_beside_help_is_one_line(command: Command, override: str, message: str) -> None:
    code, out, err = command("train", override, "--help")
    assert (code, out) == (2, "")
    assert re.match(rf"vectorae: error: {message}", err)


def test_every_command_lists_its_own_experiments() -> None:
    assert choices_in("experiment", "fit", {"primitives", "rasterizer", "softness", "max_steps"}) == [
        "fit_1000_lines",
        "fit_1000_points",
        "fit_500_lines",
    ]
    assert "celeba_faces_8x8" in choices_in("experiment", "train", {"primitives", "model", "trainer"})
    assert choices_in("head", "train", set()) == ["grid", "mlp", "queries", "recurrent"]


def test_comments_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vectorae.commands.conf_files.conf_folder", lambda: tmp_path)
    (tmp_path / "mine.yaml").write_text(
        "# mine [a=1]\n# What it does.\n"
        "defaults:\n  - other: one # a group\n  - override /third: x\n  - base\n  - _self_\n\n"
        "# Above.\na: 'it # is' # beside\n\n# A section\n# of two lines.\npart:\n  b: [1, 2]\n  c: 3 # deep\n",
        encoding="utf-8",
    )
    read_conf.cache_clear()
    found = read_conf("mine")
    read_conf.cache_clear()
    assert found.header == ["mine [a=1]", "What it does."]
    assert found.meanings == {"a": "beside", "part.b": "", "part.c": "deep"}
    assert (found.notes["a"], found.notes["part"]) == ("Above.", "A section of two lines.")
    assert (found.groups, found.parents, found.overridden) == ({"other": ("one", "a group")}, ["base"], ["third"])
