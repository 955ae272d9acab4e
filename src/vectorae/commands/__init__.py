"""The commands. `vectorae NAME …` runs the module of that name in this folder."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from vectorae.commands.pipes import end_with_reader
from vectorae.errors import UserError, choose

COMMANDS = {
    "train": "train a vector autoencoder on a folder or dataset of images",
    "evaluate": "measure a checkpoint on a split of a dataset",
    "train_classifier": "train the network that reads drawn digits for evaluate",
    "fit": "draw a photograph as lines or other shapes, without a network",
    "evaluate_photos": "fit every photograph of a folder, and measure the drawings",
    "vectorize": "draw image files as SVG with a trained encoder",
    "sample": "draw new drawings by a variational autoencoder",
    "shards": "put a folder of images into tar files, for dataset=streaming",
    "export": "put a trained encoder into a file for other programs",
}

USAGE = """usage: vectorae COMMAND [KEY=VALUE …]

commands:
{commands}

vectorae COMMAND --help     the keys of a command, and what they mean
vectorae COMMAND --cfg job  the config that a command line amounts to
vectorae completion         how TAB completes commands, keys, choices and paths
vectorae --version          {version}"""


def main() -> int:
    """The console command: `vectorae train dataset=celeba`. Returns the exit code."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in COMMANDS:
        module = importlib.import_module(f"vectorae.commands.{name}")
        # Lightning starts the other processes of a DDP run by executing sys.argv[0] again: it must be a Python file.
        sys.argv = [str(module.__file__), *arguments]
        return int(module.main())
    return end_with_reader(lambda: _answer(name, arguments))


def _answer(name: str, arguments: Sequence[str]) -> int:
    """What is asked of the console command itself. Returns the exit code."""
    if name in ("-h", "--help"):
        from vectorae.version import __version__

        rows = "\n".join(f"  {one:<18}{purpose}" for one, purpose in COMMANDS.items())
        print(USAGE.format(commands=rows, version=__version__))
        return 0
    if name in ("version", "--version"):
        from vectorae.version import __version__

        print(f"vectorae {__version__}")
        return 0
    try:
        if name == "completion":
            from vectorae.commands import completion

            return completion.main(arguments, COMMANDS)
        raise UserError(f"no command '{name}'; {choose(name, COMMANDS)}")
    except UserError as error:
        from vectorae.commands import shell

        return shell.refuse(error)
