"""The reference of the public names: a page for each heading of docs/api.md, whose docstrings mkdocstrings fills in."""

from __future__ import annotations

import re

NAME = re.compile(r"^\| `(\w+)(.*?)` \|", re.MULTILINE)
LONG = {"VectorAutoencoder", "losses", "primitives", "__version__"}
"""Names of which only the docstring is shown: their members are for those who read the code."""


def api_pages(page: str) -> dict[str, str]:
    """Page → Markdown.

    Args:
        page: the Markdown of docs/api.md.
    """
    pages = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        intro = text.partition("\n|")[0].strip()
        names = [match[1] for match in NAME.finditer(text)]
        entries = [_entry(name) for name in names]
        pages[f"reference/{title.lower().replace(' ', '_')}.md"] = "\n\n".join([f"# {title}", intro, *entries]) + "\n"
    return pages


def _entry(name: str) -> str:
    options = "\n    options:\n      members: false" if name in LONG else ""
    return f"::: vectorae.{name}{options}"


def with_links_to_names(page: str) -> str:
    """docs/api.md with a link from each name to its docstring."""
    return NAME.sub(r"| [`\1`][vectorae.\1]`\2` |", page).replace("]`` |", "] |")
