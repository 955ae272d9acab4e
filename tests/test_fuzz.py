"""A small share of ``scripts/fuzz.py``: hostile input gives a result or one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_hostile_input_gives_a_result_or_one_line(tmp_path: Path) -> None:
    # In a process of its own: what watches it stays until it ends.
    command = [sys.executable, "-m", "scripts.fuzz", "30", "--seed", "4"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.iterdir())
