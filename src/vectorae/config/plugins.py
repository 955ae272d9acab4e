"""Plug-ins: modules of a user's own, whose classes a config may name as it names ours.

Nothing is imported because a file says so: a plug-in is named on the command line or in an experiment
(``plugins=[my_module]``), in ``vectorae.load(path, plugins=["my_module"])``, or installed by a package that declares
it in the entry-point group ``vectorae.plugins``. A checkpoint says which plug-ins it needs.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from vectorae.errors import UserError, reason

GROUP = "vectorae.plugins"
"""The entry-point group of packages whose modules are plug-ins wherever they are installed."""

_loaded: set[str] = set()


def load_plugins(names: Iterable[str]) -> None:
    """Import modules, whose classes configs may name from now on.

    Args:
        names: of modules, ``my_module`` or ``my_package.shapes``.

    Raises:
        UserError: no such module, or one that cannot be imported.
    """
    if isinstance(names, str):
        raise UserError(f"plugins: a list of names, [{names}], not {names}")
    for name in names:
        is_file = str(name).endswith(".py")
        if is_file or not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
            hint = f"; write {Path(name).stem}" if is_file else ""
            raise UserError(f"plugins: {name!r} is no name of a module{hint}")
        if name in _loaded:
            continue
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise UserError(f"plugins: '{name}' needs the module '{error.name}', which is not installed") from error
            raise UserError(f"plugins: no module '{name}', neither in this folder nor installed") from error
        except UserError:
            raise
        except Exception as error:
            raise UserError(f"plugins: '{name}' cannot be imported ({_place(error)}{reason(error)})") from error
        _loaded.add(name)


def _place(error: Exception) -> str:
    """Where in a module an exception was raised."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: "
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name} line {last.lineno}: {type(error).__name__}: "


def load_for_command(names: Iterable[str]) -> None:
    """Import the plug-ins that a command names, from its folder too, and those that are installed."""
    here = str(Path.cwd())
    if names and here not in sys.path:
        sys.path.insert(0, here)  # as Python does for a script
    load_plugins(names)
    load_plugins([point.value.partition(":")[0] for point in entry_points(group=GROUP)])


def plugin_of(module: str) -> str | None:
    """The plug-in that a module is, or lies in; None for any other."""
    return next((name for name in _loaded if module == name or module.startswith(f"{name}.")), None)


def needed_plugins(config: Mapping[str, Any], classes: Iterable[type] = ()) -> list[str]:
    """The plug-ins that a config names in its sections, at any depth, and those of classes."""
    modules = {one.__module__ for one in classes} | set(_modules(config))
    return sorted({name for module in modules if (name := plugin_of(module)) is not None})


def _modules(config: Any) -> Iterable[str]:
    """The modules of the dotted paths in a config."""
    if isinstance(config, Mapping):
        for name, value in config.items():
            if name in ("_target_", "kind") and isinstance(value, str):
                yield value.rpartition(".")[0]
            else:
                yield from _modules(value)


def check_plugins(needed: Iterable[str], what: str) -> None:
    """Refuse what needs plug-ins that nobody has named.

    Raises:
        UserError: naming them, and how they are named.
    """
    missing = [name for name in needed if name not in _loaded]
    if missing:
        names = ", ".join(missing)
        quoted = ", ".join(f'"{name}"' for name in missing)
        raise UserError(
            f"{what} needs the plug-in {names}, which a file alone does not import; write plugins=[{names}], in Python "
            f"vectorae.load(path, plugins=[{quoted}])"
        )
