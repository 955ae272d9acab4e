"""The commands. `vectorae NAME …` runs the module of that name in this folder."""

from __future__ import annotations

import importlib
import sys

from vectorae.commands import shell
from vectorae.errors import UserError, choose

COMMANDS = {
    "train": "train a vector autoencoder on a folder or dataset of images",
    "evaluate": "measure a checkpoint on a split of a dataset",
    "train_classifier": "train the network that reads drawn digits for evaluate",
    "fit": "draw a photograph as a thousand lines, or other shapes, without a network",
    "vectorize": "draw image files as SVG with a trained encoder",
    "sample": "draw new drawings by a variational autoencoder",
    "shards": "put a folder of images into tar files, for dataset=streaming",
    "export": "put a trained encoder into a file for other programs",
}


def main() -> int:
    """The console command: `vectorae train dataset=celeba`. Returns the exit code."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: vectorae COMMAND [key=value …]\n\ncommands:")
        for name, purpose in COMMANDS.items():
            print(f"  {name:<18}{purpose}")
        print("\n`vectorae COMMAND --help` shows a command's keys, `--cfg job` what they amount to.")
        return 0
    name = arguments[0]
    if name not in COMMANDS:
        return shell.refuse(UserError(f"no command '{name}'; {choose(name, COMMANDS)}"))
    module = importlib.import_module(f"vectorae.commands.{name}")
    # Lightning starts the other processes of a DDP run by executing sys.argv[0] again: it must be a Python file.
    sys.argv = [str(module.__file__), *arguments[1:]]
    return int(module.main())
