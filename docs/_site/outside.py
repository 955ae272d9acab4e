"""Pages of the site whose files lie outside docs/, and links to them."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

EXAMPLES = "examples"

COPIED = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "LICENSE": "license.md",
    "benchmarks/cpu.md": "benchmarks/cpu.md",
    "benchmarks/cpu_intel.md": "benchmarks/cpu_intel.md",
    "benchmarks/gpu.md": "benchmarks/gpu.md",
}
"""Files of the repository → their pages."""

LINK = re.compile(r"(\]\()([^)\s#]+)")


def outside_pages() -> dict[str, tuple[str, str]]:
    """Page → the file of the repository that it shows, and its Markdown."""
    pages = {}
    for source, page in COPIED.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        pages[page] = source, text if source.endswith(".md") else f"# {source.capitalize()}\n\n```text\n{text}```\n"
    rows = []
    for name, purpose, code in _examples():
        page = f"{EXAMPLES}/{name}.md"
        pages[page] = f"{EXAMPLES}/{name}.py", f"# {name}.py\n\n```python\n{code}```\n"
        rows.append(f"| [`{name}.py`]({name}.md) | {purpose} |")
    table = "\n".join(["| file | what it is |", "|---|---|", *rows])
    text = f"# Examples\n\nEach is a file to copy and change; tests run all of them.\n\n{table}\n"
    # Its links are between pages already.
    pages[f"{EXAMPLES}/index.md"] = f"docs/{EXAMPLES}/index.md", text
    return pages


def _examples() -> Iterator[tuple[str, str, str]]:
    """Of each example its name, what it is and its code."""
    for path in sorted((ROOT / EXAMPLES).glob("*.py")):
        code = path.read_text(encoding="utf-8")
        title = re.search(r"^# # (.*)$", code, re.MULTILINE)  # of a notebook
        purpose = ast.get_docstring(ast.parse(code)) or (f"{title[1]}, as a notebook" if title else "")
        # What jupytext wants to know of a notebook is not for readers.
        yield path.stem, purpose.partition("\n")[0], re.sub(r"\A# ---\n.*?^# ---\n+", "", code, flags=re.S | re.M)


def with_links_of_the_site(markdown: str, page: str, source: str, pages: dict[str, str]) -> str:
    """A page whose links lead to pages, where they led to files of the repository.

    Args:
        markdown: of the page.
        page: its path below docs/.
        source: the file that it is written in, below the repository.
        pages: page → its file, of those whose files lie outside docs/.
    """
    places = {file: outside for outside, file in pages.items()} | {EXAMPLES: f"{EXAMPLES}/index.md"}

    def replaced(match: re.Match[str]) -> str:
        opening, link = match.groups()
        if ":" in link:
            return match[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
        place = places.get(target, target.removeprefix("docs/") if target.startswith("docs/") else None)
        return match[0] if place is None else opening + posixpath.relpath(place, posixpath.dirname(page) or ".")

    return LINK.sub(replaced, markdown)
