"""The reference of the config, written from `conf/` and the signatures: what `--help` prints, as tables."""

from __future__ import annotations

import importlib
from dataclasses import is_dataclass
from typing import Any

import yaml

from vectorae.commands import COMMANDS
from vectorae.commands.command_line import conf_folder
from vectorae.commands.conf_files import read_conf
from vectorae.commands.help import describe_command

HEADER = "| key | value | meaning |\n|---|---|---|"


class MarkdownPage:
    """Lines of Markdown: a heading for each part of a command, and a table of its keys."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._in_table = False

    def paragraph(self, text: str, indent: int = 0, hanging: int = 0) -> None:
        self._in_table = False
        usage, _, command = text.partition("usage: ")
        self.lines += ["", f"```text\n{command}\n```" if command and not usage else _escaped(text)]

    def heading(self, text: str) -> None:
        self._in_table = False
        name, colon, meaning = text.partition(": ")
        title = {"Groups, each a choice of settings": "Groups", "Keys": "Keys"}.get(name, f"`{name}`")
        self.lines += ["", f"## {title}"]
        if colon and title.startswith("`"):
            self.lines += ["", _escaped(meaning)]

    def note(self, text: str) -> None:
        if text:
            self._in_table = False
            self.lines += ["", _escaped(text)]

    def row(self, key: str, value: str, default: str, meaning: str, allowed: str = "") -> None:
        if not self._in_table:
            self.lines += ["", HEADER]
            self._in_table = True
        shown = f"`{value}`" + (f" {_escaped(default)}" if default else "")
        said = _escaped(meaning) + (f"<br><small>{_escaped(allowed)}</small>" if allowed else "")
        self.lines.append(f"| `{key.rstrip(': =')}` | {shown} | {said} |")


def config_pages() -> dict[str, str]:
    """Page → Markdown: one for each command, one of all groups, and one of these."""
    pages = {f"config/{name}.md": _command_page(name) for name in COMMANDS}
    rows = [f"| [`{name}`]({name}.md) | {purpose} |" for name, purpose in COMMANDS.items()]
    pages["config/groups.md"] = _groups_page()
    pages["config/index.md"] = "\n".join(
        [
            "# Config reference",
            "",
            "The keys of each command, as `vectorae COMMAND --help` prints them for any choice of groups. A value of",
            "`null` stands for what is in brackets behind it.",
            "",
            "| command | what it does |",
            "|---|---|",
            *rows,
            "",
            "The [groups](groups.md) are choices of settings: `dataset=mnist`, `loss=ssim`, `experiment=mnist_lines`.",
            "",
        ]
    )
    return pages


def _command_page(name: str) -> str:
    page = MarkdownPage()
    describe_command(page, name, schema_of(name), [])
    return "\n".join([f"# vectorae {name}", *page.lines, ""])


def schema_of(name: str) -> type:
    """The dataclass of the keys that the root of a command's config may have."""
    module = importlib.import_module(f"vectorae.commands.{name}")
    found = getattr(module, f"{name.title().replace('_', '')}Config")
    assert isinstance(found, type) and is_dataclass(found)
    return found


def _groups_page() -> str:
    lines = ["# Groups", "", "A choice is a file of `conf/GROUP/`; its settings may be changed one by one."]
    for group in sorted(path for path in conf_folder().iterdir() if path.is_dir()):
        lines += ["", f"## `{group.name}=`", "", "| choice | what it is | settings |", "|---|---|---|"]
        for path in sorted(group.glob("*.yaml")):
            header = " ".join(read_conf(f"{group.name}/{path.stem}").header)
            lines.append(f"| `{path.stem}` | {_escaped(header)} | {_settings(path.read_text(encoding='utf-8'))} |")
    return "\n".join([*lines, ""])


def _settings(text: str) -> str:
    """What a file sets, as on the command line."""
    found = yaml.safe_load(text) or {}
    return " ".join(f"`{key}={value}`".replace("|", r"\|") for key, value in _leaves(found))


def _leaves(values: dict[str, Any]) -> list[tuple[str, str]]:
    leaves = []
    for key, value in values.items():
        if isinstance(value, dict) and value:
            leaves += [(f"{key}.{below}", one) for below, one in _leaves(value)]
        elif key not in ("_target_", "defaults"):
            leaves.append((str(key), yaml.safe_dump(value, default_flow_style=True, width=1000).split("\n")[0]))
    return leaves


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is, in a cell of a table too."""
    return text.replace("|", r"\|").replace("<", "&lt;").replace("*", r"\*").replace("_", r"\_")
