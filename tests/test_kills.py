"""A small share of ``scripts/kills.py``: trainings that are killed end as those that never were."""

import tempfile
from pathlib import Path

from scripts.kills import kill_runs

ELSEWHERE = Path("/dev/shm")
"""A folder of temporary files on another disk, where there is one."""


def test_a_kill_while_a_file_is_written_loses_nothing(tmp_path: Path) -> None:
    temporary = ELSEWHERE if ELSEWHERE.is_dir() else Path(tempfile.gettempdir())
    opened, ended = kill_runs(1, seed=3, temporary=temporary, folder=tmp_path, aimed=True, steps=6)
    assert opened > 0 and ended > 0
