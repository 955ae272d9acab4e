"""Keyword arguments from a config, compared with the signature that is their schema."""

from __future__ import annotations

import collections.abc
import inspect
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vectorae.errors import UserError, choose


def check_arguments(function: Any, values: Mapping[str, Any], key: str, extra: Iterable[str] = ()) -> None:
    """Refuse keyword arguments that the signature of `function` does not allow.

    Args:
        function: a class or function; its annotations are the types.
        values: the keyword arguments of the config section `key`.
        extra: names that the program supplies itself and a config may not.

    Raises:
        UserError: naming the first wrong key, and the choices.
    """
    own = set(extra)
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY) and name not in own
    }
    try:
        hints = typing.get_type_hints(function.__init__ if inspect.isclass(function) else function)
    except NameError:
        hints = {}  # an annotation imported for type checkers only
    for name, value in values.items():
        if name not in parameters:
            raise UserError(f"{key}.{name}: no such key; {choose(str(name), parameters)}")
        if name in hints and not _allowed(value, hints[name]):
            raise UserError(f"{key}.{name}: {value!r} is not {_describe(hints[name])}")
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in values:
            raise UserError(f"{key}.{name}: missing; {key} needs a value for it")


def _allowed(value: Any, hint: Any) -> bool:
    """Whether a value from a config may be passed where `hint` is annotated. Types no config can write are let pass."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_allowed(value, argument) for argument in arguments)
    if origin is typing.Literal:
        return any(value == argument and type(value) is type(argument) for argument in arguments)
    plain = origin or hint
    if plain is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if plain is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if plain in (str, Path):
        return isinstance(value, str | Path)
    if plain in (bool, types.NoneType):
        return isinstance(value, plain)
    if plain in (list, tuple, collections.abc.Sequence, collections.abc.Iterable):
        if not isinstance(value, list | tuple):
            return False
        items = [argument for argument in arguments if argument is not Ellipsis]
        return len(items) != 1 or all(_allowed(item, items[0]) for item in value)
    if plain in (dict, collections.abc.Mapping):
        return isinstance(value, Mapping)
    # A class, such as Trainer's Strategy: a config holds plain values only, none of which is one.
    return not inspect.isclass(plain) or isinstance(value, plain)


def _describe(hint: Any) -> str:
    """The annotation in words: `a whole number or null`; for a list of literals the choices."""
    names = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "text",
        Path: "a path",
        types.NoneType: "null",
    }
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        words = [_describe(argument) for argument in arguments if _writable(argument)]
        return " or ".join(dict.fromkeys(words))
    if origin is typing.Literal:
        return "one of " + ", ".join(str(argument) for argument in arguments)
    plain = origin or hint
    if plain in (list, tuple, collections.abc.Sequence, collections.abc.Iterable):
        return "a list"
    if plain in (dict, collections.abc.Mapping):
        return "a mapping"
    return names.get(plain, getattr(plain, "__name__", str(plain)))


def _writable(hint: Any) -> bool:
    """Whether a config file can hold a value of this type at all."""
    plain = typing.get_origin(hint) or hint
    builtin = inspect.isclass(plain) and plain.__module__ in ("builtins", "collections.abc", "pathlib", "types")
    return builtin or plain is typing.Literal or plain in (typing.Union, types.NoneType)
