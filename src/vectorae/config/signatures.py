"""Signatures of classes, read from their source without importing what they import: torch takes seconds."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LIGHT = {"annotated_types", "vectorae.config.arguments", "vectorae.config.paths"}
"""Modules beside those of Python whose names annotations may use: they are imported, in no time."""


def read_signature(target: str) -> dict[str, Any] | None:
    """The parameters of a class by name, with their annotations; ``Any`` for those that only an import could tell.

    Args:
        target: dotted path of the class, in any package that is installed.

    Returns:
        None where there is no such class, or its parameters are not all written down.
    """
    module_name, _, name = target.rpartition(".")
    module = _module(module_name)
    found = None if module is None else module.find_class(name)
    return None if found is None else found.parameters()


@functools.lru_cache(maxsize=256)
def _module(name: str) -> _Module | None:
    top, *rest = name.split(".")
    spec = importlib.util.find_spec(top) if top else None
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], *rest)
    # A package that imports its names on first use lists them in a stub.
    for file in (path / "__init__.pyi", path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            package = name if file.stem == "__init__" else name.rpartition(".")[0]
            return _Module(ast.parse(file.read_text(encoding="utf-8")), package)
    return None


class _Module:
    """A module that is read and not imported.

    Args:
        tree: of its source.
        package: that its relative imports start from.
    """

    def __init__(self, tree: ast.Module, package: str) -> None:
        self.classes: dict[str, ast.ClassDef] = {}
        self.values: dict[str, ast.expr] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        for node in _statements(tree):
            if isinstance(node, ast.ClassDef):
                self.classes[node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.values[node.targets[0].id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                self.values[node.target.id] = node.value
            elif isinstance(node, ast.ImportFrom):
                parts = package.split(".")
                base = parts[: len(parts) + 1 - node.level] if node.level else []
                source = ".".join([*base, *([node.module] if node.module else [])])
                self.imports |= {alias.asname or alias.name: (source, alias.name) for alias in node.names}

    def find_class(self, name: str) -> _Class | None:
        """A class of this module, or one that it imports."""
        if name in self.classes:
            return _Class(self, self.classes[name])
        source = self._imported_from(name)
        return None if source is None else source[0].find_class(source[1])

    def _imported_from(self, name: str) -> tuple[_Module, str] | None:
        module = _module(self.imports[name][0]) if name in self.imports else None
        return None if module is None else (module, self.imports[name][1])

    def annotation(self, node: ast.expr | None) -> Any:
        """The value of an annotation, or ``Any``."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        try:
            return Any if node is None else self.value(node)
        except Exception:  # whatever an expression may raise whose names are not there
            return Any

    def value(self, node: ast.expr) -> Any:
        """The value of an expression of names that can be read."""
        return eval(compile(ast.Expression(node), "<annotation>", "eval"), {}, _Names(self))

    def named(self, name: str) -> Any:
        """The value of a name. Raises LookupError, for one that is not read."""
        if isinstance(self.values.get(name), ast.Dict | ast.List | ast.Call):
            raise KeyError(name)  # a registry, which fills while its entries are imported
        if name in self.values:
            return self.value(self.values[name])
        source, original = self.imports.get(name, ("", name))
        if source in LIGHT or source.partition(".")[0] in sys.stdlib_module_names:
            return getattr(importlib.import_module(source), original)
        found = self._imported_from(name)
        if found is None:
            raise KeyError(name)  # one of Python's own, or a class
        return found[0].named(found[1])


class _Names(dict[str, Any]):
    """The names of a module, for ``eval``."""

    def __init__(self, module: _Module) -> None:
        super().__init__()
        self.module = module

    def __missing__(self, name: str) -> Any:
        return self.module.named(name)


class _Class:
    """A class that is read and not imported."""

    def __init__(self, module: _Module, node: ast.ClassDef) -> None:
        self.module, self.node = module, node

    def parameters(self) -> dict[str, Any] | None:
        if any("dataclass" in ast.unparse(decorator) for decorator in self.node.decorator_list):
            return self.fields()
        for node in self.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                return self._arguments(node.args)
        return next((found for base in self._bases() if (found := base.parameters()) is not None), None)

    def fields(self) -> dict[str, Any]:
        """The annotated names of a dataclass or ``TypedDict``, those of its bases first."""
        found = {name: hint for base in reversed(list(self._bases())) for name, hint in base.fields().items()}
        for node in self.node.body:
            if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation):
                found[ast.unparse(node.target)] = self.module.annotation(node.annotation)
        return found

    def _bases(self) -> Iterator[_Class]:
        for base in self.node.bases:
            if isinstance(base, ast.Name) and (found := self.module.find_class(base.id)) is not None:
                yield found

    def _arguments(self, arguments: ast.arguments) -> dict[str, Any] | None:
        named = [*arguments.args[1:], *arguments.kwonlyargs]
        found = {one.arg: self.module.annotation(one.annotation) for one in named}
        if arguments.kwarg is None:
            return found
        unpacked = arguments.kwarg.annotation
        if not isinstance(unpacked, ast.Subscript) or ast.unparse(unpacked.value) != "Unpack":
            return None
        options = self.module.find_class(ast.unparse(unpacked.slice))
        return None if options is None else found | options.fields()


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of a module, those under ``if TYPE_CHECKING`` included."""
    for node in tree.body:
        yield from node.body if isinstance(node, ast.If) else (node,)


def choices_of(hint: Any) -> list[str]:
    """The values that an annotation lists, as a command line writes them; none for a type without a list."""
    if hint is bool:
        return ["true", "false"]
    if typing.get_origin(hint) is typing.Literal:
        return [str(choice) for choice in typing.get_args(hint)]
    found = [choice for part in typing.get_args(hint) for choice in choices_of(part)]
    found += [str(choice) for part in getattr(hint, "__metadata__", ()) for choice in getattr(part, "choices", ())]
    return list(dict.fromkeys(found))
