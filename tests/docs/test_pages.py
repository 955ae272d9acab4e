"""README and the pages of docs/: their Python runs at small sizes, and the commands take their command lines."""

import importlib.metadata
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from helpers.image_folders import picture
from helpers.pages import PAGES, PRELUDE, ROOT, blocks_of, commands_of, parts_of
from hydra.core.override_parser.overrides_parser import OverridesParser
from PIL import Image

import vectorae
from benchmarks.command import BenchmarkConfig
from docs._gallery.gallery import GalleryConfig
from docs._site.config_pages import schema_of
from vectorae.commands import COMMANDS, fit, vectorize
from vectorae.commands.schemas import composed
from vectorae.primitives import KINDS

SCRIPTS = {"gallery": GalleryConfig, "benchmark": BenchmarkConfig}
"""Those that are no commands of the package."""

OF_OTHERS = {"pip", "pytest", "tensorboard", "twine", "mkdocs"}
"""Console commands that an installation with the extra `dev` has."""

OF_THE_SYSTEM = {"git", "cd", "cp", ".", "curl"}

LONG = {"max_time", "max_steps"}
"""Keys by which a page says how long something takes."""

SMALL = ["trainer=cpu", "dataset.image_size=16", "encoder.width=8", "head=mlp", "model.refine_steps=1"]
SMALL += [
    "model.answer_steps=1",
    "model.hypotheses=1",
    "trainer.max_steps=2",
    "trainer.val_check_interval=2",
    "dataset.cache=cache",
]
SMALL += [f"dataset.{split}_count=16" for split in ("train", "val", "test")]


@pytest.fixture
def reader(finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the files that pages speak of; fits and training take two steps there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("vectorae.config.plugins._loaded", set())
    (tmp_path / "photos").mkdir()
    for name in ("photo.jpg", "photo.png", "logo.png", "mask.png", "photos/0.jpg", "photos/1.png"):
        picture((24, 16)).save(tmp_path / name)
    scene = vectorae.Scene.of([vectorae.circle((0.5, 0.5), 0.3, fill="teal")], background="white")
    for name in ("logo.svg", "drawing.svg"):
        (tmp_path / name).write_text(vectorae.to_svg(scene, 16, 16)[0])
    (tmp_path / "list.txt").write_text("photo.jpg\n")
    best, outputs = finished_run / "checkpoints" / "best.ckpt", tmp_path / "outputs"
    for name in ("…/checkpoints/best.ckpt", "…/best.ckpt", "toy_faces/shapes_4x4/TIME/checkpoints/last.ckpt"):
        (outputs / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(best, outputs / name)
    shutil.copy(best, tmp_path / "…")
    shutil.copy(best, outputs / "…" / "classifier.pt")
    for name in ("data/celeba", "shards"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "my_module.py").write_text(blocks_of(PAGES["docs/plugins.md"]), "utf-8")
    shutil.copy(ROOT / "examples" / "own_primitive.py", tmp_path)
    before = set(KINDS)
    yield tmp_path
    for kind in set(KINDS) - before:  # of other tests they are none
        KINDS.pop(kind)
    for module in ("my_module", "own_primitive"):
        sys.modules.pop(module, None)


# Python


def quick_fit(image: Any, layout: Any = None, **settings: Any) -> vectorae.Scene:
    """`vectorae.fit` in two steps of sixteen pixels."""
    kept = {key: value for key, value in settings.items() if key not in LONG}
    return fit_for_long(image, layout, **kept, steps=2, size=16, progress=False, device="cpu")


def quick_train(config: list[str]) -> vectorae.Run:
    """`vectorae.train` in two steps on toy faces."""
    groups = ("dataset=", "trainer.max")
    return train_for_long([one for one in config if not one.startswith(groups)] + SMALL)


fit_for_long, train_for_long = vectorae.fit, vectorae.train


@pytest.mark.parametrize("page", [name for name in PAGES if name != "docs/plugins.md"])
def test_its_python_runs(page: str, reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of a page in one namespace, from the top to the bottom; plugins.md has a test of its own."""
    monkeypatch.setattr(vectorae, "fit", quick_fit)
    monkeypatch.setattr(vectorae, "train", quick_train)
    names: dict[str, Any] = {}
    exec(PRELUDE, names)
    for part in parts_of(PAGES[page]):
        if part.language == "python" and not part.reason:
            # Lines before it, so that a traceback names the line of the page.
            exec(compile("\n" * (part.line - 1) + part.code, PAGES[page], "exec"), names)


def test_pages_have_python() -> None:
    assert sum(part.language == "python" for path in PAGES.values() for part in parts_of(path)) > 20


# Command lines


@dataclass(frozen=True)
class Line:
    """A command line of a page."""

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


LINES = list(dict.fromkeys(Line(name, tuple(words)) for name, path in PAGES.items() for words in commands_of(path)))


def called(words: tuple[str, ...]) -> tuple[str, list[str]] | None:
    """The command of ours that a line calls, and its arguments; None for other lines."""
    if words[0] == "vectorae":
        return words[1], [*words[2:]]
    if words[:2] == ("python", "train.py"):
        return "train", [*words[2:]]
    if words[0] == "python" and (match := re.fullmatch(r"scripts/(\w+)\.py", words[1])):
        assert (ROOT / words[1]).is_file()
        return match[1], [*words[2:]]
    return None


OURS = [line for line in LINES if called(line.words)]


def first_of_each(arguments: list[str]) -> list[str]:
    """Overrides without flags, and of what is swept the first value."""
    plain = []
    for argument in arguments:
        if argument.startswith("-") or "=" not in argument:
            assert argument in {"-m", "--help", "--cfg", "job"}, argument
            continue
        if "-m" in arguments:
            (override,) = OverridesParser.create().parse_overrides([argument])
            if override.is_sweep_override():
                argument = f"{override.key_or_group}={next(iter(override.sweep_string_iterator()))}"
        plain.append(argument)
    return plain


@pytest.mark.parametrize("line", OURS, ids=str)
def test_a_command_takes_it(line: Line, reader: Path) -> None:
    call = called(line.words)
    assert call is not None
    name, arguments = call
    schema = SCRIPTS.get(name) or schema_of(name)
    assert name in COMMANDS or name in SCRIPTS
    with composed(name, schema, first_of_each(arguments)) as (config, _):
        assert config


@pytest.mark.parametrize("line", [line for line in LINES if line not in OURS], ids=str)
def test_other_commands_are_there(line: Line) -> None:
    """What an installation has, and files that are here; extras are those of the package."""
    word, *rest = line.words
    scripts = importlib.metadata.entry_points(group="console_scripts").names
    if word == "pip":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        extras = re.findall(r"[\w-]+", "".join(re.findall(r"\[(.*?)\]", " ".join(rest))))
        assert set(extras) <= project["optional-dependencies"].keys()
    elif word == "python" and rest[0] != "-m":
        # The program that an export writes lies beside it.
        assert (ROOT / rest[0]).is_file() or rest[0] == "exported/draw.py"
    else:
        assert word in OF_THE_SYSTEM | {"python"} or (ROOT / word).is_file() or (word in OF_OTHERS & set(scripts))


def keys_of(page: str) -> list[str]:
    """What stands in the first column of a page's table of keys, and the data set that its row speaks of."""
    table = PAGES[page].read_text("utf-8").partition("## Keys\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*)$", table, re.MULTILINE)
    assert len(rows) > 15
    return [
        " ".join([*re.findall(r"`(dataset=[^`]*)`", meaning), code])
        for first, meaning in rows
        for code in re.findall(r"`([^`]*)`", first)
        if "=" in code
    ]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (name, keys)
        for name, page in (("train", "docs/training.md"), ("fit", "docs/photographs.md"))
        for keys in keys_of(page)
    ],
)
def test_a_command_takes_the_keys_of_its_table(name: str, keys: str, reader: Path) -> None:
    (reader / "state.pt").touch()
    with composed(name, schema_of(name), shlex.split(keys)) as (config, _):
        assert config


def test_some_lines_in_full(reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two things that a reader of the start page does with a photograph."""
    start = [line.words for line in LINES if line.page == "docs/index.md"]
    (fitted,) = (words for words in start if words[:2] == ("vectorae", "fit"))
    monkeypatch.setattr(sys, "argv", [*fitted[1:], "max_steps=2", "size=16", "device=cpu"])
    assert fit.main() == 0
    assert len(list(reader.glob("outputs/fit/photo/*/drawing.svg"))) == 1
    (drawn,) = (words for words in start if words[:2] == ("vectorae", "vectorize"))
    monkeypatch.setattr(sys, "argv", [*drawn[1:], "device=cpu"])
    assert vectorize.main() == 0
    assert {path.name for path in (reader / "drawings").glob("*.svg")} == {"0.svg", "1.svg"}


# README


def test_readme_is_short_and_begins_with_its_two_commands() -> None:
    text = PAGES["README.md"].read_text("utf-8")
    assert len(text.splitlines()) < 120
    assert "pip install -e '.[dev]' && python train.py\npip install -e '.[dev]' && pytest\n" in text


@pytest.mark.parametrize("page", PAGES)
def test_links_between_files_lead_somewhere(page: str) -> None:
    """Also where they are read without the site; what the site writes itself is checked with it."""
    path = PAGES[page]
    for target in re.findall(r"\]\(([^)\s#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        written = target.startswith(("config/", "reference/"))
        assert written or (path.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_pictures_are_there_and_small(page: str) -> None:
    for target in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", PAGES[page].read_text("utf-8")):
        with Image.open(PAGES[page].parent / target) as shown:
            assert max(shown.size) < 2000
