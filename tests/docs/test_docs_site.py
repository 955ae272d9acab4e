"""What the site of the documentation is built of; `scripts/check` builds it, and checks what was built."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.pages import ROOT
from PIL import Image

import vectorae
from docs._gallery import how_it_works
from docs._site.api_pages import api_pages, with_links_to_names
from docs._site.check import problems
from docs._site.config_pages import config_pages, schema_of
from docs._site.outside import outside_pages, with_links_of_the_site
from vectorae.commands import COMMANDS
from vectorae.commands.help import command_help

API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def built(folder: Path, body: str) -> list[str]:
    """The problems of a site of two pages."""
    (folder / "sub").mkdir()
    (folder / "sub" / "index.html").write_text('<h1 id="here">Page</h1>', "utf-8")
    (folder / "style.css").write_text("a { color: red }", "utf-8")
    (folder / "index.html").write_text(f"<html>{body}</html>", "utf-8")
    return list(problems(folder))


@pytest.mark.parametrize(
    "body",
    [
        '<a href="sub/index.html#here">a</a><a href="sub/">b</a><a href="https://example.org/nothing">c</a>',
        '<p id="é">a</p><a href="#%C3%A9">b</a><link rel="stylesheet" href="style.css">',
        '<img src="data:image/png;base64,">',
        '<link rel="canonical" href="https://example.org/">',
    ],
)
def test_a_site_without_problems(body: str, tmp_path: Path) -> None:
    assert built(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="gone.html">a</a>', "gone.html leads to no page"),
        ('<a href="sub/#there">a</a>', "sub/#there leads to no place of that page"),
        ('<a href="#there">a</a>', "#there leads to no place of that page"),
        ('<img src="gone.png">', "gone.png is not there"),
        ('<script src="https://example.org/x.js"></script>', "https://example.org/x.js is loaded from another host"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "//example.org/x.css is loaded from another host"),
        (
            '<link rel="preconnect" href="https://fonts.example.org">',
            "https://fonts.example.org is loaded from another",
        ),
    ],
)
def test_a_problem_is_found(body: str, problem: str, tmp_path: Path) -> None:
    (found,) = built(tmp_path, body)
    assert found.startswith(f"index.html: {problem}")


def test_fonts_of_style_sheets_are_seen(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@font-face { src: url('https://example.org/font.woff2') }", "utf-8")
    assert list(problems(tmp_path)) == ["a.css: https://example.org/font.woff2 is loaded from another host"]


# References


def test_every_public_name_has_its_entry() -> None:
    entries = [name for page in api_pages(API).values() for name in re.findall(r"^::: vectorae\.(\w+)$", page, re.M)]
    assert sorted(entries) == sorted(dir(vectorae))


def test_names_are_links_to_their_entries() -> None:
    linked = with_links_to_names(API)
    assert "| [`fit`][vectorae.fit]`(image, layout=None, *, steps=None, progress=True, **settings)` |" in linked
    assert "| [`losses`][vectorae.losses] |" in linked


@pytest.fixture(scope="module")
def config_reference() -> dict[str, str]:
    return config_pages()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_config_reference_has_all_that_help_has(name: str, config_reference: dict[str, str]) -> None:
    page = config_reference[f"config/{name}.md"]
    keys = re.findall(r"^  ([a-z_][\w.]*)(?:: |=)\S", command_help(name, schema_of(name), []), re.MULTILINE)
    assert len(keys) > 4
    for key in keys:
        assert f"\n| `{key}` | " in page


def test_the_config_reference_has_meanings_and_ranges(config_reference: dict[str, str]) -> None:
    page = config_reference["config/train.md"]
    assert "| `model.refine_steps` | `4` | learned corrections of the encoder's prediction" in page
    assert "| `watch.count` | `16` | how many<br><small>an integer " in page
    assert "| `csv` | " in config_reference["config/groups.md"]


# Pages whose files lie elsewhere


def test_all_examples_are_pages() -> None:
    pages = outside_pages()
    for path in (ROOT / "examples").glob("*.py"):
        source, text = pages[f"examples/{path.stem}.md"]
        assert source == f"examples/{path.name}" and path.read_text("utf-8").splitlines()[-1] in text
        assert "jupytext" not in text
        assert f"({path.stem}.md)" in pages["examples/index.md"][1]


@pytest.mark.parametrize(
    ("source", "page", "link", "expected"),
    [
        ("docs/plugins.md", "plugins.md", "../examples/own_project.py", "examples/own_project.md"),
        ("docs/plugins.md", "plugins.md", "../examples", "examples/index.md"),
        ("CHANGELOG.md", "changelog.md", "docs/results.md", "results.md"),
        ("benchmarks/cpu.md", "benchmarks/cpu.md", "../docs/results.md", "../results.md"),
        ("docs/benchmarks.md", "benchmarks.md", "../benchmarks/cpu.md#a", "benchmarks/cpu.md#a"),
        ("docs/index.md", "index.md", "https://example.org/a.md", "https://example.org/a.md"),
        ("docs/index.md", "index.md", "../train.py", "../train.py"),  # mkdocs refuses it
    ],
)
def test_links_lead_to_pages(source: str, page: str, link: str, expected: str) -> None:
    pages = {place: file for place, (file, _) in outside_pages().items()}
    assert with_links_of_the_site(f"[a]({link})", page, source, pages) == f"[a]({expected})"


# Pictures


def test_the_pictures_of_how_it_works_are_those_of_the_code() -> None:
    drawn, folder = how_it_works.pictures(), how_it_works.FOLDER
    assert {path.name for path in folder.iterdir()} == drawn.keys(), "run python -m docs._gallery.how_it_works"
    for name, content in drawn.items():
        committed, now = (np.asarray(Image.open(one), float) for one in (folder / name, io.BytesIO(content)))
        assert np.abs(committed - now).mean() < 1, f"{name}: run python -m docs._gallery.how_it_works"
