"""Completion by TAB: `vectorae completion bash` prints what a shell needs, which asks `vectorae completion words …`."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import shlex
import typing
from collections.abc import Collection, Sequence
from typing import Any

import yaml

from vectorae.commands.command_line import PATH_KEYS, conf_folder
from vectorae.commands.conf_files import choices_in, read_conf
from vectorae.config.sections import sections_of
from vectorae.config.signatures import choices_of
from vectorae.errors import UserError, choose

FILES = "<files>"
"""The answer that leaves a word to the shell, which completes paths."""

FLAGS = ("--help", "--multirun", "--cfg", "--config-dir", "--hydra-help", "-m")

USAGE = """usage: vectorae completion SHELL

Prints a script by which TAB completes commands, keys, groups with their
choices, and paths. To load it whenever a shell starts:
  bash   echo 'eval "$(vectorae completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(vectorae completion zsh)"' >> ~/.zshrc   # below compinit
  fish   vectorae completion fish > ~/.config/fish/completions/vectorae.fish"""

BASH = r"""
_vectorae() {
    local word="${COMP_WORDS[COMP_CWORD]}" IFS=$'\n'
    COMPREPLY=($(vectorae completion words "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
    if [[ ${COMPREPLY[0]} == '<files>' ]]; then
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "${word#*=}"))
    elif [[ ${COMPREPLY[0]} == *[=.] ]]; then
        compopt -o nospace
    elif [[ $COMP_WORDBREAKS == *=* ]]; then
        # What stands behind = is a word of its own.
        COMPREPLY=("${COMPREPLY[@]#*=}")
    fi
}
complete -F _vectorae vectorae
"""

ZSH = r"""
_vectorae() {
    local -a found
    found=("${(@f)$(vectorae completion words "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")
    if [[ $found[1] == '<files>' ]]; then
        compset -P '*='
        _files
    elif [[ $found[1] == *[=.] ]]; then
        compadd -S '' -a found
    else
        compadd -a found
    fi
}
compdef _vectorae vectorae
"""

FISH = r"""
function __vectorae_words
    set -l found (vectorae completion words (commandline -cp | string collect) 2>/dev/null)
    if test "$found[1]" = '<files>'
        set -l parts (string split -m 1 = -- (commandline -ct))
        for path in (__fish_complete_path $parts[2])
            echo "$parts[1]=$path"
        end
    else
        string join \n -- $found
    end
end
complete -c vectorae -f -a '(__vectorae_words)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def main(arguments: Sequence[str], commands: Collection[str]) -> int:
    """`vectorae completion …`. Returns the exit code.

    Args:
        arguments: of the command line, behind `completion`.
        commands: that there are.

    Raises:
        UserError: a shell without a script.
    """
    shell, *line = arguments or ["--help"]
    if shell == "words":
        print("\n".join(complete(" ".join(line), commands)))
    elif shell in ("-h", "--help"):
        print(USAGE)
    elif shell not in SCRIPTS:
        raise UserError(f"completion: no script for '{shell}'; {choose(shell, SCRIPTS)}")
    else:
        print(SCRIPTS[shell].strip())
    return 0


def complete(line: str, commands: Collection[str]) -> list[str]:
    """What the last word of a command line may become.

    Args:
        line: up to the cursor, beginning with `vectorae`.
        commands: that there are.

    Returns:
        Whole words; those that end in ``=`` or ``.`` are to be continued. ``[FILES]`` for a path.
    """
    try:
        split = shlex.split(line)
    except ValueError:  # within quotes
        split = line.split()
    _, *before = [*split, ""] if line[-1:].isspace() else split or [""]
    *before, word = before or [""]
    key, equals, _ = word.partition("=")
    if not before:
        found = [*commands, "completion", "version", "--help", "--version"]
    elif before[0] == "completion":
        found = [*SCRIPTS]
    elif before[0] not in commands:
        found = []
    elif word.startswith("-"):
        found = [*FLAGS]
    elif not equals:
        found = _Keys(before[0], before[1:]).names(word)
    elif key in PATH_KEYS:
        return [FILES]
    else:
        found = [f"{key}={choice}" for choice in _Keys(before[0], before[1:]).choices(key)]
    return [one for one in found if one.startswith(word)]


class _Keys:
    """The keys of a command, for the groups that are chosen.

    Args:
        command: its name.
        overrides: on the command line.
    """

    def __init__(self, command: str, overrides: Sequence[str]) -> None:
        self.command, self.root = command, read_conf(command)
        self.chosen = {group: choice for group, (choice, _) in self.root.groups.items() if choice is not None}
        written = (one.partition("=") for one in overrides)
        self.chosen |= {group: choice for group, _, choice in written if group in self.root.groups}

    @functools.cached_property
    def schema(self) -> type:
        name = "".join(part.title() for part in self.command.split("_"))
        found: type = getattr(importlib.import_module(f"vectorae.commands.{self.command}"), f"{name}Config")
        return found

    def names(self, word: str) -> list[str]:
        """Keys with as many dots as a word has, ``seed=``, and beginnings of longer ones, ``model.``."""
        keys = [*self.root.meanings]
        for group, choice in self.chosen.items():
            prefix = f"{group}." if group in self.sections else ""
            keys += [f"{prefix}{key}" for key in read_conf(f"{group}/{choice}").meanings]
        for section in sections_of(self.schema):
            given = self._parameters(section) if word.startswith(f"{section}.") else {"": Any}
            keys += [f"{section}.{key}" for key in given]
        depth = word.count(".")
        found = [] if depth else [f"{group}=" for group in self.root.groups]
        for parts in (key.split(".") for key in keys):
            if len(parts) <= depth:
                continue
            key = ".".join(parts[: depth + 1])
            found.append(f"{key}=" if len(parts) == depth + 1 else f"{key}.")
        return list(dict.fromkeys(found))

    @property
    def sections(self) -> set[str]:
        """Keys at the root, of which a group of the same name fills one; a medium or an experiment fills several."""
        return {field.name for field in dataclasses.fields(self.schema)}

    def choices(self, key: str) -> list[str]:
        """The values that a key may have, where they are few."""
        if key in self.root.groups:
            return choices_in(key, self.command, self.sections)
        section, _, name = key.partition(".")
        if not name:
            return choices_of(typing.get_type_hints(self.schema, include_extras=True).get(key))
        return choices_of(self._parameters(section).get(name)) if section in sections_of(self.schema) else []

    def _parameters(self, section: str) -> dict[str, Any]:
        """The keys that a section may have, with their annotations, where they can be read."""
        name = f"{section}/{self.chosen[section]}" if section in self.chosen else self.command
        path = conf_folder() / f"{name}.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
        found = content if section in self.chosen else content.get(section, {})
        return sections_of(self.schema)[section].parameters(found) or {}
