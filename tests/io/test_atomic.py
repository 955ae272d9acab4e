"""Files are there whole or not at all."""

from contextlib import suppress
from pathlib import Path

from vectorae.io.atomic import replacing, write_atomic


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


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with suppress(KeyboardInterrupt), replacing(path) as part:
        part.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
