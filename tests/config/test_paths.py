"""Folders that are written: refused before anything is done, and without a trace."""

import re
import sys
from pathlib import Path

import pytest

from vectorae.config.paths import check_output_folder
from vectorae.errors import UserError


def test_a_folder_that_can_be_made_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    for name in ("here", "here/a/b", "new/../other", tmp_path / "new", "."):
        check_output_folder("output", name)
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]


def test_a_file_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(UserError, match=r"^output: 'file' is a file; name a folder$"):
        check_output_folder("output", "file")
    with pytest.raises(UserError, match=f"^output: '{re.escape(str(tmp_path / 'file'))}' is a file; name a folder$"):
        check_output_folder("output", "file/below")
    with pytest.raises(
        UserError, match=r"^output: cannot make the folder '9+' \(File name too long\); choose another$"
    ):
        check_output_folder("output", "9" * 300)


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root can make")
@pytest.mark.parametrize(("folder", "what"), [("/proc/x", "make"), ("/proc/x/y", "make"), ("/proc", "write in")])
def test_what_the_system_refuses_is_one_line(folder: str, what: str) -> None:
    with pytest.raises(UserError, match=rf"^output: cannot {what} the folder '{folder}' \([A-Z].*\); choose another$"):
        check_output_folder("output", folder)
