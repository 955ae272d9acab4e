"""Hooks of `mkdocs build`: pages that are written from the code, and links to files of the repository."""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

# mkdocs loads this file by its path.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from docs._site.api_pages import api_pages, with_links_to_names
from docs._site.config_pages import config_pages
from docs._site.demo import with_demo, write_demo
from docs._site.outside import ROOT, outside_pages, with_links_of_the_site

API = "api.md"
WIDE = {"demo.md", "gallery/README.md"}
"""Pages whose content takes the whole width."""

_sources: dict[str, str] = {}


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that lie in no file of docs/."""
    pages = {**api_pages((ROOT / "docs" / API).read_text(encoding="utf-8")), **config_pages()}
    for page, (source, text) in outside_pages().items():
        pages[page] = text
        _sources[page] = source
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files of the repository into links to pages."""
    place = page.file.src_uri
    if place in WIDE:
        page.meta["hide"] = ["navigation", "toc"]
    text = with_links_to_names(markdown) if place == API else with_demo(markdown)
    return with_links_of_the_site(text, place, _sources.get(place, f"docs/{place}"), _sources)


def on_post_build(*, config: MkDocsConfig) -> None:
    """Add what is no page of mkdocs."""
    write_demo(Path(config.site_dir))
