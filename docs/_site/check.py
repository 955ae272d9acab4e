"""What a built site must hold to: links lead somewhere, and nothing is loaded from another host.

python -m docs._site.check FOLDER
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "use": "href"}
"""Tags that a browser loads something for, and where from; beside them `<link>`."""

OF_LINKS = {"stylesheet", "preconnect", "dns-prefetch", "preload", "icon", "prefetch"}
"""Values of `rel` for which a browser loads something, or asks a host."""

CSS = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")


class _Document(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in LOADED and LOADED[tag] in found:
            self.loaded.append(found[LOADED[tag]])
        if tag == "link" and OF_LINKS & {*found.get("rel", "").split()}:
            self.loaded.append(found.get("href", ""))


@cache
def _read(page: Path) -> _Document:
    document = _Document()
    document.feed(page.read_text(encoding="utf-8"))
    return document


def problems(site: Path) -> Iterator[str]:
    """One line for each thing that is wrong with a built site, in a folder."""
    for page in sorted(site.rglob("*.html")):
        name, document = page.relative_to(site), _read(page)
        for source in document.loaded:
            if urlsplit(source).netloc:
                yield f"{name}: {source} is loaded from another host"
            elif not source.startswith("data:") and missing(site, page, source):
                yield f"{name}: {source} is not there"
        for link in document.links:
            if why := missing(site, page, link):
                yield f"{name}: {link} {why}"
    for style in sorted(site.rglob("*.css")):
        for source in CSS.findall(style.read_text(encoding="utf-8")):
            yield f"{style.relative_to(site)}: {source} is loaded from another host"


def missing(site: Path, page: Path, link: str) -> str:
    """Why a link of a page leads nowhere; nothing where it leads somewhere, or to another host."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""
    # A page of errors may be shown at any address: its links begin at the site's root.
    folder = site if parts.path.startswith("/") else page.parent
    target = folder / unquote(parts.path).lstrip("/") if parts.path else page
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return "leads to no page"
    if parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in _read(target).anchors:
        return "leads to no place of that page"
    return ""


def main() -> int:
    """Print the problems of the site in a folder. Returns the exit code."""
    found = list(problems(Path(sys.argv[1])))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
