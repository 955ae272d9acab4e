"""Values compared with annotations: types, ranges and choices, for config sections and for objects alike.

An annotation is the only place where a range is written: ``rounds: Annotated[int, Ge(1)]``. ``check_arguments`` reads
it before a class is called with a config section, ``Validated`` and ``validated`` when an object is made in Python.
"""

from __future__ import annotations

import collections.abc
import functools
import inspect
import math
import numbers
import operator
import sys
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Ge, Gt, Le, Lt

from vectorae.config.renamed import no_such_key
from vectorae.errors import UserError, choose, shortened

MOST_ACCEPTED = 1000

INT64_LIMIT = 2**63
"""Integers from here on have no place in tensors and arrays."""

MAPPINGS = (dict, collections.abc.Mapping)
SEQUENCES = (list, tuple, collections.abc.Sequence, collections.abc.Iterable)

COMPARISONS = {Ge: (operator.ge, "≥"), Gt: (operator.gt, ">"), Le: (operator.le, "≤"), Lt: (operator.lt, "<")}

_Called = TypeVar("_Called", bound=Callable[..., Any])
_Keywords = TypeVar("_Keywords")

LARGEST_SIDE = 8192
"""Pixels of the side of the largest images that a model is trained on."""

Scale = Annotated[float, Gt(0), Le(1000)]
"""Factor on a size."""

Workers = Annotated[int, Ge(0), Le(256)]
"""A number of processes that work for this one."""

Device = Literal["auto", "cpu", "cuda", "mps"]
"""Where a command computes; auto takes the best there is."""

PositiveInt = Annotated[int, Ge(1)]
"""An integer ≥ 1."""

NonNegativeInt = Annotated[int, Ge(0)]
"""An integer ≥ 0."""

PositiveFloat = Annotated[float, Gt(0)]
"""A finite number > 0."""

NonNegativeFloat = Annotated[float, Ge(0)]
"""A finite number ≥ 0."""

Fraction = Annotated[float, Ge(0), Le(1)]
"""A number in [0, 1]."""

PositiveFraction = Annotated[float, Gt(0), Le(1)]
"""A number in (0, 1]."""


@dataclass(frozen=True, eq=False)
class OneOf:
    """A constraint: one of the keys of a registry, which need not be known to type checkers."""

    choices: Collection[str]


@dataclass(frozen=True)
class Choices:
    """A constraint: one of a few numbers, such as 1 or 3 channels."""

    choices: tuple[int, ...]


@dataclass(frozen=True)
class Meets:
    """A constraint: whatever a function accepts; ``words`` describe it in messages."""

    accepts: Callable[[Any], bool]
    words: str


@dataclass(frozen=True)
class Requires:
    """A constraint that says in its own words what is wrong: a function of key and value that raises UserError."""

    check: Callable[[str, Any], object]


def check_arguments(function: Any, values: Mapping[str, Any], key: str, extra: Iterable[str] = ()) -> None:
    """Refuse keyword arguments that the signature of a function does not allow.

    Args:
        function: a class or function; its annotations are the types and ranges.
        values: the keyword arguments, from the config section ``key``.
        key: for messages.
        extra: names that the program supplies itself and a config may not.

    Raises:
        UserError: naming the first wrong key, and what it may be.
    """
    allowed = parameters(function)
    for name in extra:
        allowed.pop(name, None)
    hints = _all_hints(_called(function))
    for name, value in values.items():
        if name not in allowed:
            raise no_such_key(f"{key}.{name}", allowed)
        if name in hints:
            check_value(f"{key}.{name}", value, hints[name])
    for name, parameter in allowed.items():
        if parameter.default is parameter.empty and name not in values:
            raise UserError(f"{key}.{name}: missing; {key} needs a value for it")


def check_schema(schema: type, values: Mapping[str, Any], prefix: str = "") -> None:
    """Refuse values of a whole config that its schema, a dataclass, does not allow: types first, then requirements.

    Raises:
        UserError: naming the first wrong key, and what it may be.
    """
    hints = _hints(schema)
    for name, value in values.items():
        if name not in hints:
            raise no_such_key(f"{prefix}{name}", hints)
        if is_dataclass(hints[name]):
            if not isinstance(value, Mapping):
                raise UserError(f"{prefix}{name}: a section of keys, not {value!r}; write {prefix}{name}.KEY=VALUE")
            check_schema(hints[name], value, f"{prefix}{name}.")
        else:
            _check_type(f"{prefix}{name}", value, hints[name])
    for name, value in values.items():
        _check_requirements(f"{prefix}{name}", value, hints[name])


def parameters(function: Any) -> dict[str, inspect.Parameter]:
    """The keyword parameters of a function or class by name; keys of an unpacked ``TypedDict`` count, as optional."""
    found: dict[str, inspect.Parameter] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            found[name] = parameter
        elif parameter.kind is parameter.VAR_KEYWORD:
            for key in _unpacked(_hints(_called(function)).get(name)):
                found[key] = inspect.Parameter(key, parameter.KEYWORD_ONLY, default=...)
    return found


@functools.lru_cache(maxsize=256)
def _all_hints(function: Any) -> dict[str, Any]:
    """The annotations of a function by name, those of an unpacked ``TypedDict`` included."""
    own = _hints(function)
    return own | {name: hint for unpacked in own.values() for name, hint in _unpacked(unpacked).items()}


def _called(function: Any) -> Any:
    """Whatever has the annotations of a call: of a class its constructor, unless its fields are."""
    return function.__init__ if inspect.isclass(function) and not is_dataclass(function) else function


def _unpacked(hint: Any) -> dict[str, Any]:
    """The annotations in ``Unpack[SomeTypedDict]`` by key; none for anything else."""
    return _hints(typing.get_args(hint)[0]) if typing.get_origin(hint) is typing.Unpack else {}


class Validated:
    """A base of dataclasses: their values are compared with their annotations when an object is made.

    Raises:
        UserError: ``rounds must be an integer ≥ 1, got 0``.
    """

    def __post_init__(self) -> None:
        kind: Any = type(self)
        hints = _hints(kind)
        for attribute in fields(self):  # type: ignore[arg-type]
            check_value(attribute.name, getattr(self, attribute.name), hints[attribute.name])


def validated(function: _Called) -> _Called:
    """A function or constructor whose arguments are compared with their annotations at every call.

    Raises:
        UserError: ``width must be an integer ≥ 1, got 0``.
    """
    names = tuple(inspect.signature(function).parameters)
    # Checks take longer than small drawings: numbers and texts that were accepted once are not looked at again.
    accepted: set[tuple[str, type, Any]] = set()

    @functools.wraps(function)
    def checked(*given: Any, **named: Any) -> Any:
        if _is_compiling():
            return function(*given, **named)
        for name, value in (*zip(names, given, strict=False), *named.items()):
            known = (name, type(value), value) if isinstance(value, int | float | str | None) else None
            if known is None or known not in accepted:
                if name in (hints := _all_hints(function)):
                    check_value(name, value, hints[name])
                if known is not None and len(accepted) < MOST_ACCEPTED:
                    accepted.add(known)
        return function(*given, **named)

    return typing.cast(_Called, checked)


def _is_compiling() -> bool:
    """Whether torch compiles what runs: values are stand-ins then, and each that is looked at would be compiled for."""
    torch = sys.modules.get("torch")  # checking a config needs no torch
    return torch is not None and torch.compiler.is_compiling()


def with_defaults(defaults: _Keywords, given: Mapping[str, Any]) -> _Keywords:
    """Keyword arguments of a ``TypedDict``, completed by their defaults.

    Raises:
        TypeError: a name that has no default.
    """
    known: Any = defaults
    if unknown := sorted(given.keys() - known.keys()):
        raise TypeError(f"got an unexpected keyword argument {unknown[0]!r}")
    return typing.cast(_Keywords, {**known, **given})


@functools.lru_cache(maxsize=256)
def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError:
        return {}  # an annotation imported for type checkers only


def check_value(key: str, value: Any, hint: Any) -> None:
    """Refuse a value, or the first entry of a mapping or list, that an annotation does not allow.

    Raises:
        UserError: ``rounds must be an integer ≥ 1, got 0``.
    """
    _check_type(key, value, hint)
    _check_requirements(key, value, hint)


def _check_type(key: str, value: Any, hint: Any) -> None:
    for name, one, wanted in _mismatches(key, value, hint):
        limit = " below 2⁶³" if isinstance(one, int) and abs(one) >= INT64_LIMIT else ""
        raise UserError(f"{name} must be {describe(wanted)}{limit}, got {_shown(one)}{_suggestion(one, wanted)}")


def _shown(value: Any) -> str:
    """A value as it is written in one line; of an array or another object its type."""
    plain = isinstance(value, str | int | float | complex | list | tuple | dict | Path | types.NoneType)
    return shortened(repr(value), 200) if plain else type(value).__name__


def _check_requirements(key: str, value: Any, hint: Any) -> None:
    for requirement in _requirements(value, hint):
        requirement.check(key, value)


def _requirements(value: Any, hint: Any) -> Iterator[Requires]:
    """The requirements of an annotation that concern a value: not those of alternatives of another type."""
    if typing.get_origin(hint) is Annotated:
        plain, *notes = typing.get_args(hint)
        if _allowed(value, plain):
            yield from (note for note in notes if isinstance(note, Requires))
    elif typing.get_origin(hint) in (typing.Union, types.UnionType):
        for alternative in typing.get_args(hint):
            yield from _requirements(value, alternative)


def _mismatches(key: str, value: Any, hint: Any) -> Iterator[tuple[str, Any, Any]]:
    """Key, value and annotation of all that does not fit; entries of mappings and lists have keys of their own."""
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    for alternative in typing.get_args(hint) if union else (hint,):
        plain, arguments = typing.get_origin(alternative) or alternative, typing.get_args(alternative)
        if plain in MAPPINGS and isinstance(value, Mapping) and len(arguments) == 2:
            for name, one in value.items():
                yield from _mismatches(f"{key}.{name}", one, arguments[1])
            return
        items = [argument for argument in arguments if argument is not Ellipsis]
        if plain in SEQUENCES and isinstance(value, list | tuple) and len(items) == 1:
            for index, one in enumerate(value):
                yield from _mismatches(f"{key}.{index}", one, items[0])
            return
    if not _allowed(value, hint):
        yield key, value, hint


def _allowed(value: Any, hint: Any) -> bool:
    """Whether a value may be passed where ``hint`` is annotated. Types no config can write are let pass."""
    plain, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if plain is Annotated:
        return _allowed(value, arguments[0]) and all(_meets(value, one) for one in arguments[1:])
    if plain in (typing.Union, types.UnionType):
        return any(_allowed(value, argument) for argument in arguments)
    if plain is typing.Literal:
        return any(value == argument and type(value) is type(argument) for argument in arguments)
    if plain is float:
        return not isinstance(value, bool) and isinstance(value, numbers.Real) and math.isfinite(value)
    if plain is int:
        return not isinstance(value, bool) and isinstance(value, numbers.Integral) and abs(int(value)) < INT64_LIMIT
    if plain in (str, Path):
        return isinstance(value, str | Path)
    if plain in (bool, types.NoneType):
        return isinstance(value, plain)
    if plain in SEQUENCES:
        items = [argument for argument in arguments if argument is not Ellipsis]
        return isinstance(value, list | tuple) and (len(items) != 1 or all(_allowed(item, items[0]) for item in value))
    if plain in MAPPINGS:
        return isinstance(value, Mapping) and all(_allowed(one, arguments[-1]) for one in value.values() if arguments)
    if plain is Any:
        return True
    # A class, such as Trainer's Strategy: a config holds plain values only, none of which is one.
    return not inspect.isclass(plain) or isinstance(value, plain)


def _meets(value: Any, constraint: Any) -> bool:
    """Whether a value of the right type, or an alternative such as null, meets one constraint."""
    if isinstance(constraint, OneOf | Choices):
        return value in constraint.choices
    if isinstance(constraint, Meets):
        return constraint.accepts(value)
    if isinstance(constraint, Ge | Gt | Le | Lt):
        compare = COMPARISONS[type(constraint)][0]
        return bool(compare(value, _limit(constraint)))
    return True  # a note for someone else


def _limit(constraint: Ge | Gt | Le | Lt) -> Any:
    return getattr(constraint, type(constraint).__name__.lower())


def describe(hint: Any) -> str:
    """The annotation in words: ``an integer ≥ 1 or null``; for literals the choices."""
    names = {
        int: "an integer",
        float: "a number",
        bool: "true or false",
        str: "text",
        Path: "a path",
        types.NoneType: "null",
    }
    plain, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if plain is Annotated:
        if choices := [one for one in arguments[1:] if isinstance(one, OneOf | Choices)]:
            return _one_of(choices[0].choices)
        if words := [one.words for one in arguments[1:] if isinstance(one, Meets)]:
            return words[0]
        return f"{describe(arguments[0])}{_range(arguments[1:])}"
    if plain in (typing.Union, types.UnionType):
        words = [describe(argument) for argument in arguments if _writable(argument)]
        return " or ".join(dict.fromkeys(words))
    if plain is typing.Literal:
        return _one_of(arguments)
    if plain in SEQUENCES:
        return "a list"
    if plain in MAPPINGS:
        return "a mapping"
    return names.get(plain, getattr(plain, "__name__", str(plain)))


def _range(constraints: Iterable[Any]) -> str:
    """`` ≥ 1``, or `` in [0, 1)`` where both ends are given."""
    ends = [one for one in constraints if isinstance(one, Ge | Gt | Le | Lt)]
    if len(ends) == 2:
        low, high = sorted(ends, key=lambda one: isinstance(one, Le | Lt))
        opening, closing = "[" if isinstance(low, Ge) else "(", "]" if isinstance(high, Le) else ")"
        return f" in {opening}{_limit(low)}, {_limit(high)}{closing}"
    return "".join(f" {COMPARISONS[type(one)][1]} {_limit(one)}" for one in ends)


def _one_of(choices: Iterable[Any]) -> str:
    words = list(dict.fromkeys(str(choice) for choice in choices))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _suggestion(value: Any, hint: Any) -> str:
    """`` (did you mean gaussian?)``, for a text that is nearly one of the choices."""
    known: list[str] = []
    for one in (hint, *typing.get_args(hint)):
        for constraint in (one, *typing.get_args(one)):
            known += [str(choice) for choice in getattr(constraint, "choices", ())]
        known += [str(argument) for argument in typing.get_args(one) if typing.get_origin(one) is typing.Literal]
    _, guessed, guess = choose(value, known).partition(" (did you mean ")
    return guessed + guess if isinstance(value, str) and known else ""


def _writable(hint: Any) -> bool:
    """Whether a config file can hold a value of this type at all."""
    plain = typing.get_origin(hint) or hint
    builtin = inspect.isclass(plain) and plain.__module__ in ("builtins", "collections.abc", "types")
    # Path's module has another name in each version of Python.
    return builtin or plain in (Path, typing.Literal, typing.Union, types.NoneType, Annotated)
