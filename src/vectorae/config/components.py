"""From a plain nested dict to the objects it describes: the only place that instantiates.

A component's section is `{"_target_": "vectorae....Class", **keyword arguments}`; the signature of the class is its
schema. Nothing here needs Hydra or OmegaConf, so that `vectorae.load` rebuilds a model from a checkpoint alone.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vectorae.config.arguments import check_arguments, parameters
from vectorae.config.plugins import plugin_of
from vectorae.errors import UserError

OWN = "vectorae"


def instantiate(section: Mapping[str, Any], key: str, **extra: Any) -> Any:
    """Call the class that a section names.

    Args:
        section: `{"_target_": "vectorae....Class", **keyword arguments}`.
        key: where the section stands in the config, for messages: `primitives`.
        **extra: keyword arguments that other sections decide; a section may not name them.

    Raises:
        UserError: `_target_` is not a class of this package or a plug-in, a name is not in its signature or is missing,
            or a value has a type or range that the signature does not allow. A UserError of the class that begins with
            the name of an argument gets the section in front of it: `lr must be …` becomes `optimizer.lr must be …`.
            Whatever else the class raises passes unchanged.
    """
    target = check(section, key, extra)
    try:
        return target(**{name: value for name, value in section.items() if name != "_target_"}, **extra)
    except UserError as error:
        named = re.match(r"(\w+)(?=[.:]| must )", str(error))
        if named and named[1] in parameters(target):
            raise UserError(f"{key}.{error}") from error
        raise


def instantiate_all(config: Mapping[str, Any], *names: str) -> Iterator[Any]:
    """The objects that several sections of a config describe; see ``instantiate``."""
    return (instantiate(config[name], name) for name in names)


def check(section: Mapping[str, Any], key: str, extra: Iterable[str] = ()) -> type:
    """The class that a section names, after comparing the section with the class's signature.

    Raises:
        UserError: as `instantiate`.
    """
    if not section:
        raise UserError(f"{key}: nothing chosen; write {key}=NAME")
    if not isinstance(section, Mapping) or "_target_" not in section:
        raise UserError(f"{key}: expected a section with the key _target_, not {section!r}")
    target = locate(section["_target_"], f"{key}._target_")
    values = {name: value for name, value in section.items() if name != "_target_"}
    check_arguments(target, values, key, extra)
    return target


def without_leftovers(section: Mapping[str, Any], key: str, typed: Iterable[str]) -> dict[str, Any]:
    """A section whose class is a plug-in's, without the defaults of the class that it takes the place of.

    Args:
        section: with ``_target_``.
        key: where it stands.
        typed: keys that the user has typed, ``encoder.depth``; they are kept, for ``check`` to refuse.
    """
    if str(section["_target_"]).startswith(f"{OWN}."):
        return dict(section)  # without an import, which may take seconds
    target = locate(section["_target_"], f"{key}._target_")
    kept = {*parameters(target), "_target_"} | {name for name in section if f"{key}.{name}" in typed}
    return {name: value for name, value in section.items() if name in kept}


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots, for tables: `{"a": {"b": 1}}` → `{"a.b": 1}`. Lists become text."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value if isinstance(value, bool | int | float | str) else str(value)
    return flat


def locate(target: Any, key: str) -> type:
    """The class that a dotted path names, of this package or of a plug-in.

    A path from a file is code: no other class is ever called.

    Raises:
        UserError: any other path.
    """
    module_name, _, name = target.rpartition(".") if isinstance(target, str) else ("", "", "")
    is_own = module_name == OWN or module_name.startswith(f"{OWN}.")
    if not is_own and plugin_of(module_name) is None:
        hint = f"; write plugins=[{module_name}] to use a class of your own" if module_name else ""
        raise UserError(f"{key}: {target!r} is not a class of {OWN}{hint}")
    refusal = UserError(f"{key}: {target!r} is not a class of {OWN if is_own else f'the plug-in {module_name}'}")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and module_name.startswith(error.name):
            raise refusal from None
        raise
    found = getattr(module, name, None)
    if not inspect.isclass(found) or not (found.__module__.startswith(f"{OWN}.") or plugin_of(found.__module__)):
        raise refusal
    return found
