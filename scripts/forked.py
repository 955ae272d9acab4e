"""Commands in processes that are forked from this one: they need not import torch, which takes seconds."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch


class Forked:
    """A process that runs a command, from when it is made.

    Args:
        main: the command; what it returns becomes the exit code.
        arguments: of its command line.
        output: file of what it prints, errors included.
        folder: where it runs; by default where this process does.
        environment: variables that it has besides those of this process.

    Attributes:
        process: to kill, to send signals to, or to wait for; ``exitcode`` is None while it runs.
    """

    def __init__(
        self,
        main: Callable[[], int],
        arguments: Sequence[str],
        output: Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._output = output
        given = main, list(arguments), output, folder, dict(environment or {})
        self.process = multiprocessing.get_context("fork").Process(target=_run, args=given)
        self.process.start()

    @property
    def said(self) -> str:
        """What it printed so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait(self, seconds: float) -> int:
        """The exit code; a process that takes longer is killed, and counts as such."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        assert self.process.exitcode is not None
        return self.process.exitcode


def _run(
    main: Callable[[], int], arguments: list[str], output: Path, folder: Path | None, environment: dict[str, str]
) -> None:
    with output.open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", buffering=1, closefd=False) for stream in (1, 2))
    os.environ.update(environment)
    if folder is not None:
        os.chdir(folder)
    # The threads of the process before are not here, and work that is divided among them would wait for ever.
    torch.set_num_threads(1)
    sys.argv = ["vectorae", *arguments]
    sys.exit(main())
