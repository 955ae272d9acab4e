"""The reference of the public names: a page for each heading of docs/api.md, whose docstrings mkdocstrings fills in."""

from __future__ import annotations

import re

NAME = re.compile(r"^\| `(\w+)(.*?)` \|", re.MULTILINE)
MEMBERS: dict[str, list[str]] = {
    "VectorAutoencoder": ["vectorize", "refine", "render"],
    "Layout": ["forward", "random_raw", "field_names", "field_values", "starts"],
    "losses": [],
    "primitives": [],
    "__version__": [],
}
"""Of names with many members, or inherited ones, those that are for users; of other names all public members."""

BESIDE = {"Layout": "vectorae.layout.layout.LayoutSettings", "Shape": "vectorae.scene.shapes.ShapePaint"}
"""What a signature names and no public name explains."""


def api_pages(page: str) -> dict[str, str]:
    """Page → Markdown.

    Args:
        page: the Markdown of docs/api.md.
    """
    pages = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        intro = text.partition("\n|")[0].strip()
        entries = [entry for match in NAME.finditer(text) for entry in _entries(match[1])]
        pages[f"reference/{title.lower().replace(' ', '_')}.md"] = "\n\n".join([f"# {title}", intro, *entries]) + "\n"
    return pages


def _entries(name: str) -> list[str]:
    """What mkdocstrings replaces with the docstring of a name, and of what is shown beside it."""
    entry = f"::: vectorae.{name}"
    if name in MEMBERS:
        members, inherited = MEMBERS[name] or "false", "true" if MEMBERS[name] else "false"
        entry += f"\n    options:\n      members: {members}\n      inherited_members: {inherited}"
    return [entry, *([f"::: {BESIDE[name]}\n    options:\n      members: false"] if name in BESIDE else [])]


def with_links_to_names(page: str) -> str:
    """docs/api.md with a link from each name to its docstring."""
    return NAME.sub(r"| [`\1`][vectorae.\1]`\2` |", page).replace("]`` |", "] |")
