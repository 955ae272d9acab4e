"""Animations: GIF, and video where ffmpeg is there."""

import shutil
import stat
from pathlib import Path

import pytest
from PIL import Image

from vectorae.io.animation import write_gif, write_mp4

SHADES = (0, 120, 240)


def pictures(folder: Path, size: tuple[int, int] = (33, 20)) -> list[Path]:
    """Grey pictures of several shades as files."""
    folder.mkdir()
    files = [folder / f"{shade}.png" for shade in SHADES]
    for shade, file in zip(SHADES, files, strict=True):
        Image.new("RGB", size, (shade, shade, shade)).save(file)
    return files


def test_a_gif_rests_on_its_last_picture(tmp_path: Path) -> None:
    path = tmp_path / "out.gif"
    write_gif(pictures(tmp_path / "in"), path, seconds=3, largest=22)
    with Image.open(path) as gif:
        assert gif.n_frames == 3 and gif.size == (22, 13)  # type: ignore[attr-defined]
        durations = []
        for index in range(3):
            gif.seek(index)
            durations.append(gif.info["duration"])
    assert durations == [1000, 1000, 4000]
    assert {entry.name for entry in tmp_path.iterdir()} == {"in", "out.gif"}


def test_no_pictures_make_no_gif(tmp_path: Path) -> None:
    write_gif([], tmp_path / "out.gif")
    assert not list(tmp_path.iterdir())


def test_a_video_where_ffmpeg_is_there(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not there")
    path = tmp_path / "out.mp4"
    assert write_mp4(pictures(tmp_path / "in"), path)
    assert path.read_bytes()[4:8] == b"ftyp"


def test_no_video_without_ffmpeg_or_with_one_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, programs = pictures(tmp_path / "in"), tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert not write_mp4(files, tmp_path / "out.mp4")
    program = programs / "ffmpeg"
    program.write_text('#!/bin/sh\nfor last; do :; done\necho half > "$last"\nexit 1\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert not write_mp4(files, tmp_path / "out.mp4")
    assert {entry.name for entry in tmp_path.iterdir()} == {"in", "programs"}
