"""Commands in this process."""

import sys
from pathlib import Path
from unittest.mock import patch

from vectorae.commands import vectorize


def run_vectorize(checkpoint: Path, given: Path | str, output: Path, *overrides: str) -> int:
    """The command's exit code."""
    arguments = [f"checkpoint={checkpoint}", f"input={given}", f"output={output}", "device=cpu", *overrides]
    with patch.object(sys, "argv", ["vectorize.py", *arguments]):
        return vectorize.main()
