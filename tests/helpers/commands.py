"""Commands in this process."""

import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from vectorae.commands import vectorize

Outcome = tuple[int, str, str]
Command = Callable[..., Outcome]


def command_in(
    folder: Path, main: Callable[[], int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """A command to be called with arguments, in a folder: exit code, stdout and stderr."""
    monkeypatch.chdir(folder)

    def call(*arguments: str, main: Callable[[], int] = main) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["vectorae", *arguments])
        code = main()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def run_vectorize(checkpoint: Path, given: Path | str, output: Path, *overrides: str) -> int:
    """The command's exit code."""
    arguments = [f"checkpoint={checkpoint}", f"input={given}", f"output={output}", "device=cpu", *overrides]
    with patch.object(sys, "argv", ["vectorize.py", *arguments]):
        return vectorize.main()
