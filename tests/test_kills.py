"""A small share of ``scripts/kills.py``: trainings that are killed end as those that never were."""

import tempfile
from pathlib import Path

import pytest

from scripts.kills import kill_runs, kill_writers

ELSEWHERE = Path("/dev/shm")
"""A folder of temporary files on another disk, where there is one."""


def test_a_kill_while_a_file_is_written_loses_nothing(tmp_path: Path) -> None:
    temporary = ELSEWHERE if ELSEWHERE.is_dir() else Path(tempfile.gettempdir())
    opened, ended = kill_runs(1, seed=3, temporary=temporary, folder=tmp_path, aimed=True, steps=6)
    assert opened > 0 and ended > 0


@pytest.mark.parametrize("what", ["cache", "shards"])
def test_a_kill_of_what_writes_data_loses_nothing(tmp_path: Path, what: str) -> None:
    assert kill_writers(what, count=1, seed=0, folder=tmp_path, images=600) == 1
