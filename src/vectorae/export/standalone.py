"""One file out of modules: the program that draws without torch is made of what ``vectorize`` itself uses."""

import ast
from importlib.util import find_spec
from pathlib import Path

MODULES = (
    "vectorae.errors",
    "vectorae.geometry.gradient_limits",
    "vectorae.io.eight_bits",
    "vectorae.io.frame",
    "vectorae.io.images",
    "vectorae.svg.markup",
    "vectorae.svg.definitions",
    "vectorae.svg.document",
    "vectorae.export.shapes",
    "vectorae.export.drawer",
    "vectorae.export.draw",
)
"""Each imports from the standard library, numpy, Pillow and those before it."""


def standalone() -> str:
    """The source of ``draw.py``: the last module's docstring, all imports from elsewhere, and the modules' contents."""
    imports: set[str] = set()
    names: dict[str, set[str]] = {}
    parts: list[str] = []
    introduction = ""
    for module in MODULES:
        introduction, found, body = _split(_source(module))
        for node in found:
            if isinstance(node, ast.ImportFrom):
                names.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
            else:
                imports.add(ast.unparse(node))
        parts.append(body)
    lines = [
        *sorted(imports),
        *(f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names)),
    ]
    return "\n".join([f'"""{introduction}"""', "", *lines, "", "", "\n\n\n".join(parts)]) + "\n"


def _source(name: str) -> str:
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def _split(source: str) -> tuple[str, list[ast.Import | ast.ImportFrom], str]:
    """The docstring, the imports from outside of the package, and all else."""
    tree, lines = ast.parse(source), source.splitlines()
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    foreign = [node for node in imports if not (getattr(node, "module", None) or "").startswith("vectorae")]
    start = imports or tree.body[:1]  # the docstring
    end = start[-1].end_lineno
    return ast.get_docstring(tree, clean=False) or "", foreign, "\n".join(lines[end:]).strip()
