"""``format=web``: the folder of the page, whole or not there, and its runtime, which npm delivers or another host."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from helpers.commands import command_in
from helpers.exports import saved, scattered
from helpers.pages import ROOT
from PIL import Image

from vectorae.commands.export import main
from vectorae.errors import UserError
from vectorae.export import export_site, onnxruntime_web
from vectorae.export.examples import examples
from vectorae.export.site import page

CONTENTS = {name: name.encode() for name in onnxruntime_web.INTEGRITY}
"""Files as npm would deliver them, but small."""


def integrity(content: bytes) -> str:
    return f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the user's, and small files that are pinned."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(onnxruntime_web, "user_cache_path", lambda *_, **__: folder)
    monkeypatch.setattr(onnxruntime_web, "INTEGRITY", {name: integrity(content) for name, content in CONTENTS.items()})
    return folder


def npm_that_delivers(folder: Path, contents: Mapping[str, bytes]) -> str:
    """The folder of a program `npm` that packs these files, and counts how often it is asked."""
    folder.mkdir()
    with tarfile.open(folder / "package.tgz", "w:gz") as package:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(content)
            package.addfile(entry, BytesIO(content))
    program = folder / "npm"
    program.write_text(f'#!/bin/sh\necho once >> "{folder}/asked"\ncp "{folder}/package.tgz" .\n')
    program.chmod(0o755)
    return f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"


pytestmark = pytest.mark.skipif(os.name == "nt", reason="npm is a shell script here")


def test_npm_delivers_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", npm_that_delivers(tmp_path / "bin", CONTENTS))
    for place in ("a", "b"):
        described = onnxruntime_web.copied(tmp_path / place)
        for files in described.values():
            assert all((tmp_path / place / files[name]).is_file() for name in ("script", "binary"))
    assert (tmp_path / "bin" / "asked").read_text() == "once\n"
    # What was damaged in the cache is fetched once more.
    next(cache.rglob("*.wasm")).write_bytes(b"")
    onnxruntime_web.copied(tmp_path / "c")
    assert (tmp_path / "bin" / "asked").read_text() == "once\nonce\n"


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (None, "onnxruntime-web is fetched once, by npm, which is missing; install Node.js"),
        ({}, r"npm cannot fetch onnxruntime-web@1\.30\.0 \(.*\); try again"),
        (
            dict.fromkeys(CONTENTS, b"other"),
            r"npm delivers another ort\.wasm\.bundle\.min\.mjs of onnxruntime-web@1\.3",
        ),
    ],
    ids=["no npm", "an empty package", "other files"],
)
def test_without_the_runtime_nothing_is_written(
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    contents: dict[str, bytes] | None,
    message: str,
) -> None:
    path = str(tmp_path) if contents is None else npm_that_delivers(tmp_path / "bin", contents)
    monkeypatch.setenv("PATH", path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=f"^runtime: {message}.*runtime=cdn") as caught:
        export_site(scattered(), tmp_path / "site")
    assert "\n" not in str(caught.value)
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before and path.name != "asked"] == []


def test_a_page_whose_runtime_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command; the page may read from that host alone, and checks what it delivers."""
    saved(scattered(), tmp_path / "model.ckpt")
    run = command_in(tmp_path, main, monkeypatch, capsys)
    arguments = ["checkpoint=model.ckpt", "format=web", "runtime=cdn", "output=site"]
    code, said, _ = run(*arguments)
    assert code == 0 and "python -m http.server" in said
    site = tmp_path / "site"
    described = json.loads((site / "site.json").read_text())
    for device, (script, _) in onnxruntime_web.BUILDS.items():
        files = described["runtime"][device]
        assert files["script"] == f"https://cdn.jsdelivr.net/npm/onnxruntime-web@1.30.0/dist/{script}"
        assert files["script_integrity"] == onnxruntime_web.INTEGRITY[script]
    assert "connect-src 'self' https://cdn.jsdelivr.net;" in (site / "index.html").read_text()
    assert all((site / example["file"]).is_file() for example in described["examples"])
    assert all((site / network).is_file() for network in described["networks"])
    assert {"model.onnx", "scene.json", "draw.py", "style.css"} < {path.name for path in site.iterdir()}
    assert not list(tmp_path.glob("*.part"))
    # Nothing is written over.
    code, _, refusal = run(*arguments)
    assert code == 2 and "is there already; choose another folder or write overwrite=true" in refusal
    code, _, refusal = run("checkpoint=model.ckpt", "format=onnx", "runtime=cdn", "output=other")
    assert code == 2 and "runtime: is of format=web; leave it out" in refusal


def test_the_page_asks_nobody_else() -> None:
    """Its own files name no other host, and each file that one of them imports is there."""
    files = page()
    for name, content in files.items():
        text = content.decode()
        hosts = set(re.findall(r"https?://([\w.-]+)", text)) - {"www.w3.org"}
        assert not hosts, name
        for imported in re.findall(r"^import .*? from '(.+)';$", text, re.MULTILINE):
            assert os.path.normpath(f"{Path(name).parent}/{imported}") in files, name


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_examples_are_drawn_by_ourselves(channels: int) -> None:
    drawn = examples(channels)
    assert len({example.file for example in drawn}) == 6
    for example in drawn:
        with Image.open(BytesIO(example.content)) as image:
            assert image.size == (224, 224)
            assert image.mode == ("L" if channels < 3 else "RGB")
        assert len(example.content) < 25_000


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_page_s_modules() -> None:
    """Their unit tests, which Node runs."""
    ended = subprocess.run(["node", "--test"], cwd=ROOT / "tests" / "web", capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout
