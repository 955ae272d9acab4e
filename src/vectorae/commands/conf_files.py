"""The files in `conf/` as they are written: their keys and the comments beside them, which are the keys' meanings."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from vectorae.commands.command_line import conf_folder


@dataclass
class ConfFile:
    """What a config file says.

    Attributes:
        header: the lines of the comment that it begins with.
        meanings: of its keys, nested ones joined by dots, in order; an empty text for a key without a comment.
        notes: comments above keys, by the same names.
        groups: choices and meanings of the groups in its defaults, by name; None where nothing is chosen.
        parents: files of the same group, or at the root, that it starts from.
        overridden: groups whose choices it replaces.
    """

    header: list[str] = field(default_factory=list)
    meanings: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    parents: list[str] = field(default_factory=list)
    overridden: list[str] = field(default_factory=list)

    @property
    def sections(self) -> set[str]:
        """The first parts of its keys."""
        return {key.partition(".")[0] for key in self.meanings}


@functools.lru_cache(maxsize=256)
def read_conf(name: str) -> ConfFile:
    """A file of `conf/`: `train`, `dataset/mnist`; an empty one where there is no such file."""
    path, found = conf_folder() / f"{name}.yaml", ConfFile()
    if not path.is_file():
        return found
    lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            found.header.append(line[1:].strip())
    _add_keys(found, yaml.compose("\n".join(lines)), lines, "")
    group = name.rpartition("/")[0]
    for parent in found.parents:
        inherited = read_conf(f"{group}/{parent}".lstrip("/"))
        own = {key: meaning or inherited.meanings.get(key, "") for key, meaning in found.meanings.items()}
        found.meanings = inherited.meanings | own
        found.notes, found.groups = inherited.notes | found.notes, inherited.groups | found.groups
        found.overridden += inherited.overridden
    return found


def _add_keys(found: ConfFile, node: yaml.MappingNode, lines: list[str], prefix: str) -> None:
    for key, value in node.value:
        name, line = f"{prefix}{key.value}", key.start_mark.line
        if name == "defaults":
            _add_defaults(found, value, lines)
        elif isinstance(value, yaml.MappingNode) and value.value and not value.flow_style:
            found.notes[name] = _above(lines, line, found)
            _add_keys(found, value, lines, f"{name}.")
        elif key.value != "_target_" and not name.startswith("hydra."):
            beside, above = _beside(lines, value), _above(lines, line, found)
            found.meanings[name] = beside or above
            found.notes[name] = above if beside else ""


def _add_defaults(found: ConfFile, node: yaml.SequenceNode, lines: list[str]) -> None:
    for entry in node.value:
        if isinstance(entry, yaml.ScalarNode):
            if entry.value != "_self_" and not entry.value.endswith("_schema"):
                found.parents.append(entry.value)
            continue
        ((key, value),) = entry.value
        overrides, _, group = key.value.rpartition(" ")
        if overrides:
            found.overridden.append(group.lstrip("/"))
        else:
            found.groups[group] = None if value.value == "null" else value.value, _beside(lines, value)


def _beside(lines: list[str], value: yaml.Node) -> str:
    """The comment behind a value."""
    rest = lines[value.end_mark.line][value.end_mark.column :]
    return rest.partition("#")[2].strip()


def _above(lines: list[str], line: int, found: ConfFile) -> str:
    """The comment above a line, unless it is the file's header."""
    first = line
    while first > len(found.header) and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return " ".join(one.strip().lstrip("# ") for one in lines[first:line])


def choices_in(group: str, command: str, keys: set[str]) -> list[str]:
    """The choices of a group that a command can take.

    Args:
        group: of `conf/`.
        command: whose groups an experiment may override.
        keys: that the root of the command's config may have.
    """
    names = sorted(path.stem for path in (conf_folder() / group).glob("*.yaml"))
    if group != "experiment":
        return names
    known = read_conf(command).groups
    files = {name: read_conf(f"{group}/{name}") for name in names}
    return [name for name, file in files.items() if file.sections <= keys and known.keys() >= {*file.overridden}]


def meanings_of(section: str, key: str, command: str, chosen: dict[str, str]) -> Iterator[str]:
    """The comments on a key of a section, the one that fits best first.

    Args:
        section: at the root of the config; empty for the root itself.
        key: below it, with dots.
        command: whose config it is.
        chosen: choices of the groups.
    """
    files = [read_conf(f"{group}/{choice}") for group, choice in chosen.items() if group != section]
    if section in chosen:
        yield read_conf(f"{section}/{chosen[section]}").meanings.get(key, "")
    for file in (read_conf(command), *files):
        yield file.meanings.get(f"{section}.{key}".lstrip("."), "")
    for path in sorted((conf_folder() / (section or command)).glob("*.yaml")):
        yield read_conf(f"{section}/{path.stem}").meanings.get(key, "")


def split_default(meaning: str) -> tuple[str, str]:
    """What a value stands for, and the meaning: comments begin with the former in brackets.

    >>> split_default("(4 min) 90s, 15m, 2h")
    ('(4 min)', '90s, 15m, 2h')
    """
    match = re.fullmatch(r"(\([^)]*\))\s*(.*)", meaning)
    return (match[1], match[2]) if match else ("", meaning)
