"""Files are there whole or not at all."""

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from vectorae.errors import UserError
from vectorae.io.atomic import remove_abandoned, replacing, write_atomic


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    write_atomic(tmp_path / "below" / "file", b"content")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["below", "below/file"]
    assert (tmp_path / "below" / "file").read_bytes() == b"content"


def test_a_file_is_replaced_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_whoever_writes_a_file_others_may_read_it(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with replacing(tmp_path / "file") as part:
        part.unlink()
        part.touch(mode=0o600)  # as libraries do that write beside it and rename
    write_atomic(tmp_path / "other", b"x")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert (tmp_path / "other").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with suppress(KeyboardInterrupt), replacing(path) as part:
        part.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(OSError, match="No space left") as full, replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert full.value.filename == str(path)
    assert not list(tmp_path.iterdir())


def test_the_temporary_file_is_not_named(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "file"
    with pytest.raises(FileNotFoundError) as missing, replacing(path):
        raise AssertionError("not reached")
    assert missing.value.filename == str(path)


def test_several_processes_may_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replacing(path) as first, replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_processes_left_is_removed_after_an_hour(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in ("a.npy.7-0123abcd.part", "b.npy.8-0123abcd.part", "mine.part"))
    for path in (old, new, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (0, 0))
    remove_abandoned(tmp_path)
    assert sorted(tmp_path.iterdir()) == [new, other]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_a_device_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(UserError, match="is a device or a pipe"):
            write_atomic(path, b"x")
    assert not list(tmp_path.glob("*.part"))
