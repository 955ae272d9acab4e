"""Sections of a config, compared with signatures before the classes that they name are imported."""

from __future__ import annotations

import functools
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from vectorae.config.arguments import check_value
from vectorae.config.renamed import no_such_key
from vectorae.config.signatures import read_signature
from vectorae.errors import UserError


@dataclass(frozen=True)
class Section:
    """What a command's schema says of a section: ``encoder: Annotated[dict[str, Any], Section("channels")]``.

    Args:
        supplied: names of arguments that the program gives the class itself, and a config may not.
        target: the class, where the section has no ``_target_``.
        keys: annotations that replace those of the signature.
    """

    supplied: Collection[str] = ()
    target: str | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The keys that the section may have, with their annotations; None if only an import could tell."""
        target = values.get("_target_", self.target)
        found = read_signature(target) if isinstance(target, str) else None
        if found is None:
            return None
        return {name: hint for name, hint in found.items() if name not in self.supplied} | {**self.keys}

    def check(self, key: str, values: Mapping[str, Any]) -> None:
        """Refuse what can be known to be wrong without an import; ``components.check`` sees the rest.

        Raises:
            UserError: naming the first wrong key, and what it may be.
        """
        known = self.parameters(values)
        if known is None:
            return
        for name, value in values.items():
            if name == "_target_":
                continue
            if name not in known:
                raise no_such_key(f"{key}.{name}", known)
            check_value(f"{key}.{name}", value, known[name])


@dataclass(frozen=True)
class Sections:
    """What a command's schema says of a section of sections: of classes by any names, ``callbacks.mine._target_=…``."""

    def parameters(self, values: Mapping[str, Any]) -> None:
        """None: any names."""

    def check(self, key: str, values: Mapping[str, Any]) -> None:
        """See ``Section.check``.

        Raises:
            UserError: naming the first wrong key; a value that is no section with a class.
        """
        for name, section in values.items():
            if not isinstance(section, Mapping) or "_target_" not in section:
                hint = f"write {key}.{name}._target_=CLASS"
                raise UserError(f"{key}.{name}: a section of a class, not {section!r}; {hint}")
            Section().check(f"{key}.{name}", section)


Component = Annotated[dict[str, Any], Section()]
"""The section of a class that gets nothing but what stands there."""

Primitives = Annotated[dict[str, Any], Section(("channels", "aspect"))]
"""The section of a layout."""


@functools.lru_cache
def sections_of(schema: type) -> dict[str, Section | Sections]:
    """What a schema says of its sections, by name."""
    found: dict[str, Section | Sections] = {}
    for name, hint in typing.get_type_hints(schema, include_extras=True).items():
        notes = typing.get_args(hint)[1:] if typing.get_origin(hint) is Annotated else ()
        for section in (note for note in notes if isinstance(note, Section | Sections)):
            found[name] = section
    return found


def check_sections(schema: type, config: Mapping[str, Any]) -> None:
    """Compare the sections of a whole config with the signatures of their classes; see ``Section.check``."""
    for name, section in sections_of(schema).items():
        section.check(name, config[name])
