"""The cache of decoded images: made once, made anew when damaged, safe against interruptions and other processes."""

import errno
import json
import multiprocessing
import os
import pickle
import shutil
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.image_folders import make, picture

from vectorae.datasets import Folder, cache, decode, folder
from vectorae.errors import UserError
from vectorae.io.images import Picture, View


class TestCache:
    def test_images_are_decoded_once(self, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        decoded = count_decoded(monkeypatch)
        first = make(photos, tmp_path).images("train")
        assert len(decoded) == len(set(decoded)) == 40
        assert torch.equal(make(photos, tmp_path).images("train"), first)
        assert len(decoded) == 40
        make(photos, tmp_path, image_size=17).prepare_data()
        make(photos, tmp_path, channels=1).prepare_data()
        make(photos, tmp_path, resize="pad").prepare_data()
        assert len(decoded) == 160
        picture(seed=99).save(photos / "0.png")
        make(photos, tmp_path).prepare_data()
        assert len(decoded) == 200

    def test_a_constructor_decodes_nothing(self, photos: Path, tmp_path: Path) -> None:
        make(photos, tmp_path)
        assert not (tmp_path / "cache").exists()

    def test_nothing_is_written_beside_the_images(self, photos: Path, tmp_path: Path) -> None:
        before = sorted(photos.rglob("*"))
        make(photos, tmp_path).prepare_data()
        assert sorted(photos.rglob("*")) == before
        assert sorted(path.suffix for path in (tmp_path / "cache").iterdir()) == [".json", ".npy"]

    @pytest.mark.parametrize("damage", ["cut", "empty", "no index", "index cut", "other shape"])
    def test_a_damaged_cache_is_made_again(self, photos: Path, tmp_path: Path, damage: str) -> None:
        expected = make(photos, tmp_path).images("train").clone()
        (array,), (index,) = (list((tmp_path / "cache").glob(pattern)) for pattern in ("*.npy", "*.json"))
        match damage:
            case "cut":
                os.truncate(array, array.stat().st_size // 2)
            case "empty":
                array.write_bytes(b"")
            case "no index":
                index.unlink()
            case "index cut":
                index.write_text(index.read_text()[:20])
            case "other shape":
                np.save(array, np.zeros((39, 3, 16, 16), np.uint8))
        assert torch.equal(make(photos, tmp_path).images("train"), expected)

    def test_a_corrupt_image_is_named_and_skipped(
        self, tmp_path: Path, photos: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        for i in range(60):
            shutil.copy(photos / "2.png", photos / f"copy{i}.png")
        (photos / "20.png").write_bytes((photos / "20.png").read_bytes()[:200])
        data = make(photos, tmp_path)
        assert sum(len(data.images(split)) for split in cache.SPLITS) == 99
        assert "20.png" in caplog.text
        (index,) = (tmp_path / "cache").glob("*.json")
        assert "20.png" in json.loads(index.read_text())["skipped"][0]
        caplog.clear()
        make(photos, tmp_path).prepare_data()
        assert "1 files" in caplog.text

    def test_more_than_one_percent_corrupt_stops(self, photos: Path, tmp_path: Path) -> None:
        (photos / "20.png").write_bytes(b"no picture")
        with pytest.raises(UserError, match=r"1 or more of 40 images cannot be read.*20\.png"):
            make(photos, tmp_path).prepare_data()
        assert not list((tmp_path / "cache").iterdir())

    def test_two_processes_may_start_together(self, photos: Path, tmp_path: Path) -> None:
        # Forking is quicker, where it can be relied upon.
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        barrier = context.Barrier(2)
        processes = [context.Process(target=prepare, args=(photos, tmp_path, barrier)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0, 0]
        assert len(list((tmp_path / "cache").iterdir())) == 2
        assert torch.equal(make(photos, tmp_path).images("val"), make(photos, tmp_path / "alone").images("val"))

    def test_an_error_leaves_nothing(self, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folder, "decode_files", stopping(RuntimeError, after=1))
        with pytest.raises(RuntimeError):
            make(photos, tmp_path).prepare_data()
        assert not list((tmp_path / "cache").iterdir())

    @pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
    @pytest.mark.parametrize("damage", ["none", "line cut", "pixels cut", "pixel changed"])
    def test_the_next_process_goes_on_where_one_was_stopped(
        self,
        photos: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        interruption: type[BaseException],
        damage: str,
    ) -> None:
        monkeypatch.setattr(decode, "_BLOCK", 4)
        expected = make(photos, tmp_path / "whole").images("train")
        with monkeypatch.context() as patch:
            patch.setattr(folder, "decode_files", stopping(interruption, after=3))
            with pytest.raises(interruption):
                make(photos, tmp_path).prepare_data()
        (pixels,), (journal,) = (list((tmp_path / "cache").glob(f"*.{suffix}")) for suffix in ("unfinished", "journal"))
        match damage:
            case "line cut":
                os.truncate(journal, journal.stat().st_size - 3)
            case "pixels cut":
                os.truncate(pixels, pixels.stat().st_size - 3)
            case "pixel changed":
                content = pixels.read_bytes()
                pixels.write_bytes(content[:-1] + bytes([255 - content[-1]]))
        decoded = count_decoded(monkeypatch)
        assert torch.equal(make(photos, tmp_path).images("train"), expected)
        assert len(decoded) == 40 - (12 if damage == "none" else 8)
        assert sorted(path.suffix for path in (tmp_path / "cache").iterdir()) == [".json", ".npy"]

    def test_processes_that_decode_make_the_same_cache(self, photos: Path, tmp_path: Path) -> None:
        alone = make(photos, tmp_path / "alone").images("train")
        assert torch.equal(make(photos, tmp_path, workers=2).images("train"), alone)

    def test_what_a_killed_process_left_is_removed(self, photos: Path, tmp_path: Path) -> None:
        data = make(photos, tmp_path)
        (tmp_path / "cache").mkdir()
        old, new = (
            tmp_path / "cache" / f"{data.recipe().stem}.npy.{name}.part" for name in ("1-aaaaaaaa", "2-bbbbbbbb")
        )
        for path in (old, new):
            path.write_bytes(b"half")
        drafts = [tmp_path / "cache" / f"folder-{name}.unfinished" for name in ("old", "new")]
        for path in drafts:
            path.write_bytes(b"half")
        for path in (old, drafts[0]):
            os.utime(path, (0, 0))
        data.prepare_data()
        assert [path.exists() for path in (old, new, *drafts)] == [False, True, False, True]

    @pytest.mark.parametrize("when", ["before", "at the end"])
    def test_a_full_disk_names_the_key(
        self, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
    ) -> None:
        def full(_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(*((shutil, "disk_usage", full) if when == "before" else (os, "fsync", full)))
        with pytest.raises(UserError, match=r"^dataset\.cache: no space left in .*set dataset\.cache"):
            make(photos, tmp_path).prepare_data()
        assert not list((tmp_path / "cache").iterdir())

    def test_a_folder_that_cannot_be_written_names_the_key(self, photos: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError, match=r"^dataset\.cache: cannot write to"):
            make(photos, tmp_path, cache=str(tmp_path / "file" / "cache")).prepare_data()

    def test_the_cache_is_never_inside_root(self, photos: Path, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"^dataset\.cache: .*inside dataset\.root"):
            make(photos, tmp_path, cache=str(photos / "cache"))

    def test_the_default_is_the_users_cache_folder(
        self, photos: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert Folder(str(photos)).cache == tmp_path / "vectorae"


def count_decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are decoded from now on."""
    decoded: list[Path] = []

    def counting(path: Path, view: View) -> Picture:
        decoded.append(path)
        return original(path, view)

    original = decode.read_picture
    monkeypatch.setattr(decode, "read_picture", counting)
    return decoded


def stopping(error: type[BaseException], after: int) -> Any:
    """`decode_files` that raises after some blocks."""

    def blocks(*arguments: Any) -> Any:
        yield from islice(decode.decode_files(*arguments), after)
        raise error

    return blocks


def prepare(photos: Path, tmp_path: Path, barrier: Any) -> None:
    barrier.wait(30)
    make(photos, tmp_path).prepare_data()


def test_rows_are_those_of_the_map_and_a_file_that_was_cut_is_named(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 3, 5, 5), np.uint8)
    path = tmp_path / "images.npy"
    np.save(path, pixels)
    images = cache.StoredImages(path, 2, 9)
    chosen = np.array([6, 0, 3, 3])
    assert torch.equal(images.rows(chosen), images.tensor()[torch.from_numpy(chosen)])
    assert torch.equal(pickle.loads(pickle.dumps(images)).rows(chosen), images.rows(chosen))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 10)
    with pytest.raises(UserError, match=r"^dataset\.cache: '.*images\.npy' was cut off meanwhile"):
        images.rows(np.array([6]))
