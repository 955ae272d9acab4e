"""What `--help` prints: every key of a command with its default and, from the comments in `conf/`, its meaning."""

from __future__ import annotations

import shutil
import textwrap
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol

from vectorae.commands.command_line import arrange, conf_folder, split_flags
from vectorae.commands.conf_files import choices_in, meanings_of, read_conf, split_default
from vectorae.commands.messages import explain, raised_by_config
from vectorae.commands.schemas import store_schema
from vectorae.compat import hydra_parser
from vectorae.config.arguments import describe
from vectorae.config.sections import sections_of
from vectorae.errors import UserError

WIDEST = 100
"""Columns of a wide terminal that are used."""

FLAGS = (
    "-m with several values of a key, primitives.rows=2,4, runs them one after the other (-m, --multirun); "
    "--cfg job prints the config that a command line amounts to; hydra.run.dir=FOLDER names the folder of a run; "
    "--config-dir FOLDER adds config files of your own; --hydra-help lists Hydra's other flags. "
    "`vectorae completion` says how TAB completes commands, keys, choices and paths."
)


def command_help(name: str, schema: type, arguments: Sequence[str]) -> str:
    """The help of a command, for the choices that its command line makes.

    Args:
        name: of the command.
        schema: dataclass of the keys that the root of its config may have.
        arguments: of the command line.

    Raises:
        UserError: a choice or key that does not exist.
    """
    width = min(shutil.get_terminal_size().columns, WIDEST)
    page = _TerminalPage(width, int(0.42 * width))
    describe_command(page, name, schema, arguments)
    page.heading("")
    page.paragraph(FLAGS)
    return "\n".join(page.lines)


class Page(Protocol):
    """What a command is described on: a terminal, or a page of the documentation."""

    def paragraph(self, text: str, indent: int = 0, hanging: int = 0) -> None:
        """Add running text, its first and its later lines indented by so many spaces."""

    def heading(self, text: str) -> None:
        """Begin a part: of groups, of keys at the root, or of one section."""

    def note(self, text: str) -> None:
        """Add a comment on the keys that follow, if there is one."""

    def row(self, key: str, value: str, default: str, meaning: str, allowed: str = "") -> None:
        """Add a key.

        Args:
            key: ends in ": " or "=", as on the command line.
            value: which the key has.
            default: what a value of null stands for, in brackets.
            meaning: of the key, in one line.
            allowed: what the key may be, in words.
        """


def describe_command(page: Page, name: str, schema: type, arguments: Sequence[str]) -> None:
    """Write the keys of a command on a page, for the choices that its command line makes; see ``command_help``."""
    store_schema(name, schema)
    config, chosen = _compose(name, arguments)
    usage, *purpose = read_conf(name).header
    page.paragraph(f"usage: {usage}", hanging=7)
    page.paragraph(" ".join(purpose))
    _add_groups(page, name, schema, chosen)
    _add_plain_keys(page, name, schema, config, chosen)
    for section, values in config.items():
        if isinstance(values, Mapping) and values:
            page.heading(f"{section}: {_described(section, name, chosen)}")
            leaves = dict(_leaves(values))
            known = _parameters(schema, section, values)
            for key, value in leaves.items():
                page.row(
                    f"{section}.{key}: ", _text(value), *_meaning(section, key, name, chosen), _allowed(known.get(key))
                )
            if further := sorted(set(known) - {key.partition(".")[0] for key in leaves}):
                page.paragraph(f"further keys: {', '.join(further)}", indent=2)


def _parameters(schema: type, section: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that a section may have, with their annotations, as far as they are known without an import."""
    if section in sections_of(schema):
        return sections_of(schema)[section].parameters(values) or {}
    hint = typing.get_type_hints(schema, include_extras=True).get(section)
    return typing.get_type_hints(hint, include_extras=True) if is_dataclass(hint) else {}


def _allowed(hint: Any) -> str:
    """What a key may be, in words; nothing where its annotation says nothing."""
    return "" if hint is None or hint is Any else describe(hint)


def _add_groups(page: Page, name: str, schema: type, chosen: dict[str, str]) -> None:
    keys = {field.name for field in fields(schema)}
    if groups := read_conf(name).groups:
        page.heading("Groups, each a choice of settings: NAME=CHOICE")
    for group, (_, comment) in groups.items():
        default, meaning = split_default(comment)
        choices = ", ".join(choices_in(group, name, keys))
        page.row(f"{group}=", chosen.get(group, "null"), default, f"{meaning}: {choices}")


def _add_plain_keys(page: Page, name: str, schema: type, config: Mapping[str, Any], chosen: dict[str, str]) -> None:
    """The keys at the root that are no sections, in the order of the command's file."""
    root, hints = read_conf(name), typing.get_type_hints(schema, include_extras=True)
    order = {key: place for place, key in enumerate(root.meanings)}
    # A section of nothing so far is a key with a meaning of its own.
    plain = [key for key, value in config.items() if not isinstance(value, Mapping) or not value and key in order]
    page.heading("Keys: KEY=VALUE")
    for key in sorted(plain, key=lambda key: order.get(key, len(order))):
        page.note(root.notes.get(key, ""))
        page.row(f"{key}: ", _text(config[key]), *_meaning("", key, name, chosen), _allowed(hints.get(key)))


class _TerminalPage:
    """Lines of text in two columns, no longer than the terminal is wide.

    Args:
        width: of the terminal, in characters.
        column: where the second one begins.
    """

    def __init__(self, width: int, column: int) -> None:
        self.width, self.column = width, column
        self.lines: list[str] = []

    def paragraph(self, text: str, indent: int = 0, hanging: int = 0) -> None:
        spaces = " " * indent
        self.lines += textwrap.wrap(
            text, self.width, initial_indent=spaces, subsequent_indent=spaces + " " * hanging, break_on_hyphens=False
        )

    def heading(self, text: str) -> None:
        self.lines.append("")
        self.paragraph(text, hanging=2)

    def note(self, text: str) -> None:
        self.lines += textwrap.wrap(text, self.width, initial_indent="  # ", subsequent_indent="  # ")

    def row(self, key: str, value: str, default: str, meaning: str, allowed: str = "") -> None:
        """A key with its value, and its meaning beside or, where the key is too long, below it."""
        left = f"  {key}{value} {default}".rstrip()
        beside = textwrap.wrap(meaning, self.width - self.column - 2, break_on_hyphens=False)
        if not beside:
            self.lines.append(left)
        elif len(left) > self.column - 2:
            self.lines.append(left)
            left = ""
        marks = ["# ", *["  "] * len(beside)]
        for line, mark in zip(beside, marks, strict=False):
            self.lines.append(f"{left:<{self.column}}{mark}{line}")
            left = ""


def _compose(name: str, arguments: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The config of a command line, not yet resolved, and the choices of its groups."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    flags, overrides = split_flags(arrange(arguments))
    if folder := hydra_parser().parse_args(flags).config_dir:
        overrides.append(f"hydra.searchpath=['file://{Path(folder).absolute()}']")
    try:
        with initialize_config_dir(str(conf_folder()), version_base="1.3"):
            composed = compose(name, overrides, return_hydra_config=True)
    except Exception as error:
        if not raised_by_config(error):
            raise
        raise UserError(explain(error)) from error
    choices = composed.hydra.runtime.choices
    chosen = {str(group): str(choice) for group, choice in choices.items() if choice not in (None, "null")}
    config = OmegaConf.to_container(composed, resolve=False)
    assert isinstance(config, dict)
    return {str(key): value for key, value in config.items() if key != "hydra"}, chosen


def _described(section: str, name: str, chosen: Mapping[str, str]) -> str:
    """What a section is: of a group the comment that the chosen file begins with."""
    root = read_conf(name)
    own = " ".join(read_conf(f"{section}/{chosen[section]}").header) if section in chosen else ""
    group = root.groups[section][1] if section in root.groups else ""
    return own or root.notes.get(section, "") or group


def _leaves(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from ((f"{key}.{below}", one) for below, one in _leaves(value))
        elif key != "_target_":
            yield str(key), value


def _meaning(section: str, key: str, name: str, chosen: dict[str, str]) -> tuple[str, str]:
    """What a key's value stands for, and what the key means."""
    return split_default(next((one for one in meanings_of(section, key, name, chosen) if one), ""))


def _text(value: Any) -> str:
    """A value as a config file has it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if value == {}:
        return "{}"
    if isinstance(value, list):
        return f"[{', '.join(_text(one) for one in value)}]"
    return str(value)
