"""The page that draws in the browser, as a part of the site: exported once for each state of model and export."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import torch
from platformdirs import user_cache_path

import vectorae
from vectorae import export
from vectorae.errors import UserError
from vectorae.export.site import SITE, write_page
from vectorae.pretrained import PRETRAINED

MODEL = "toy_faces"

CHANNELS = 3
"""Of its images."""

FOLDER = "demo"
"""Of the site."""

PLACE = "<!-- demo -->"
"""In the page's Markdown, where the demo is to be."""

FRAME = f"""<iframe class="demo" src="{FOLDER}/index.html" title="A page that draws pictures in 16 shapes"
  allow="camera; clipboard-read; clipboard-write" loading="lazy"></iframe>

[The same in a window of its own]({FOLDER}/index.html)"""


def with_demo(markdown: str) -> str:
    """A page with the demo in its place, or one line that says why there is none."""
    if PLACE not in markdown:
        return markdown
    try:
        _exported()
    except UserError as error:
        return markdown.replace(PLACE, f"*This site was built without the demo: {error}.*")
    return markdown.replace(PLACE, FRAME)


def write_demo(site: Path) -> None:
    """Put the demo into a site where it can be had: the networks as they were exported, the page as it is now."""
    try:
        exported = _exported()
    except UserError:
        return
    shutil.copytree(exported, site / FOLDER, dirs_exist_ok=True)
    runtime = json.loads((exported / SITE).read_text(encoding="utf-8"))["runtime"]
    write_page(site / FOLDER, runtime, CHANNELS)


def _exported() -> Path:
    """The folder in the user's cache with the export; a minute if it is not there yet.

    Raises:
        UserError: npm or a package is missing.
    """
    folder = user_cache_path("vectorae", appauthor=False) / FOLDER / _state()
    if not folder.is_dir():
        part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        try:
            export.export_site(vectorae.load(MODEL), part)
            os.replace(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def _state() -> str:
    """What the networks follow from, in a word."""
    sources = sorted(Path(export.__file__).parent.glob("*.py"))
    content = [PRETRAINED[MODEL].read_bytes(), *(source.read_bytes() for source in sources), torch.__version__.encode()]
    return hashlib.sha256(b"".join(content)).hexdigest()[:20]
