"""Shards of images: written, read by others, streamed in an order that any number of devices share."""

import json
import pickle
import shutil
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import torch
import webdataset
from helpers.image_folders import make, picture
from PIL import Image
from torch.utils.data import DataLoader

from vectorae.datasets import Streaming, shards, write_shards
from vectorae.datasets.stream import FETCHING, Lanes
from vectorae.errors import UserError
from vectorae.io.image_files import find_images


def write(
    photos: Path, output: Path, per_shard: int = 5, workers: int = 0, **options: Any
) -> list[write_shards.Written]:
    files = find_images(str(photos), output)
    settings = {"held_out": 5000, "size": None, "seed": 0, **options}
    return list(write_shards.write_shards(files, output, per_shard, workers=workers, **settings))


def stream(root: Path | str, tmp_path: Path, **options: Any) -> Streaming:
    given = {"image_size": 16, "batch_size": 8, "open_shards": 2, "cache": str(tmp_path / "cache"), **options}
    return Streaming(str(root), **given)


def batches(data: Streaming, count: int) -> torch.Tensor:
    return torch.stack(list(islice(data.train_dataloader(), count)))


@pytest.fixture
def written(photos: Path, tmp_path: Path) -> Path:
    write(photos, tmp_path / "shards")
    return tmp_path / "shards"


@pytest.fixture
def address(written: Path) -> Iterator[str]:
    """Of a server of the shards."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(written))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class TestWriting:
    def test_the_splits_are_those_of_the_folder(self, photos: Path, written: Path, tmp_path: Path) -> None:
        folder, streamed = make(photos, tmp_path), stream(written, tmp_path)
        for split in ("train", "val", "test"):
            assert torch.equal(streamed.images(split), folder.images(split))

    def test_webdataset_reads_them(self, photos: Path, written: Path) -> None:
        files = sorted(map(str, written.glob("train-*.tar")))
        samples = list(webdataset.WebDataset(files, shardshuffle=False, empty_check=False))
        contents = {path.read_bytes() for path in photos.rglob("*.png")}
        assert len(samples) == 36
        assert all(sample["png"] in contents for sample in samples)

    def test_shards_of_webdataset_are_listed_and_read(self, tmp_path: Path) -> None:
        (tmp_path / "shards").mkdir()
        pattern = str(tmp_path / "shards" / "faces-%03d.tar")
        with webdataset.ShardWriter(pattern, maxcount=4, verbose=0) as writer:
            for i in range(14):
                writer.write({"__key__": f"face{i}", "png": picture(seed=i), "json": {"number": i}})
        index = write_shards.index_shards(tmp_path / "shards")
        assert {split: [one.images for one in index[split]] for split in index} == {
            "train": [4, 4],
            "val": [2],
            "test": [4],
        }
        assert len(stream(tmp_path / "shards", tmp_path).images("train")) == 8

    def test_large_images_are_scaled_down(self, photos: Path, tmp_path: Path) -> None:
        write(photos, tmp_path / "shards", size=16)
        with tarfile.open(tmp_path / "shards" / "train-000000.tar") as tar:
            member = tar.extractfile(tar.getmembers()[0])
            assert member is not None
            assert min(Image.open(member).size) == 16

    @pytest.mark.parametrize("workers", [0, 2])
    def test_a_writer_that_was_stopped_is_continued(
        self, photos: Path, written: Path, tmp_path: Path, workers: int
    ) -> None:
        again = tmp_path / "again"
        files = find_images(str(photos), again)
        some = write_shards.write_shards(files, again, 5, 5000, None, 0, workers)
        shards_there = [again / one.shard.name for one in islice(some, 3) if one.shard]
        some.close()
        before = [path.stat().st_mtime_ns for path in shards_there]
        assert not (again / shards.INDEX).exists()
        write(photos, again)  # without processes, which need seconds to start: test_cache compares all of their work
        assert [path.stat().st_mtime_ns for path in shards_there] == before
        assert sorted(path.name for path in again.iterdir()) == sorted(path.name for path in written.iterdir())
        assert all((again / path.name).read_bytes() == path.read_bytes() for path in written.iterdir())

    def test_shards_of_other_images_are_not_mixed(self, photos: Path, tmp_path: Path) -> None:
        some = write_shards.write_shards(find_images(str(photos), tmp_path), tmp_path / "shards", 5, 10, None, 0, 0)
        next(some)
        some.close()
        with pytest.raises(UserError, match=r"^output: .* of other images or settings"):
            write(photos, tmp_path / "shards", per_shard=6)
        shutil.rmtree(tmp_path / "shards")
        write(photos, tmp_path / "shards")
        with pytest.raises(UserError, match=r"^output: .* holds shards already"):
            write(photos, tmp_path / "shards")

    def test_images_that_cannot_be_read_are_left_out(self, photos: Path, tmp_path: Path) -> None:
        (photos / "20.png").write_bytes((photos / "20.png").read_bytes()[:200])
        left_out = [line for one in write(photos, tmp_path / "shards") for line in one.left_out]
        assert len(left_out) == 1 and "20.png" in left_out[0]
        assert (
            sum(one.images for split in stream(tmp_path / "shards", tmp_path)._folder.shards.values() for one in split)
            == 39
        )


class TestOrder:
    def test_every_image_comes_equally_often(self) -> None:
        lanes = Lanes([4, 4, 4, 4, 4], lanes=3, seed=0)
        seen = np.zeros((5, 4), int)
        for number in range(3 * 5 * 4 * 7):
            lane, turn, index = lanes.locate(number)
            seen[lanes.shard(lane, turn), index] += 1
        assert (seen == 21).all()

    def test_any_place_is_found_alone(self) -> None:
        numbers = range(200)
        one = Lanes([3, 7, 1, 5], lanes=2, seed=1)
        forward = [one.locate(number) for number in numbers]
        assert [Lanes([3, 7, 1, 5], lanes=2, seed=1).locate(number) for number in reversed(numbers)] == forward[::-1]
        assert forward != [Lanes([3, 7, 1, 5], lanes=2, seed=2).locate(number) for number in numbers]

    def test_a_batch_mixes_shards(self, written: Path, tmp_path: Path) -> None:
        lanes = Lanes([100] * 20, lanes=8, seed=0)
        assert len({lanes.shard(*lanes.locate(number)[:2]) for number in range(64)}) == 8

    @pytest.mark.parametrize("augment", [False, True])
    def test_devices_share_the_batch_of_one_and_read_their_own_shards(
        self, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, augment: bool
    ) -> None:
        data = stream(written, tmp_path, augment=augment, open_shards=4)
        whole = batches(data, 6)
        parts, read = [], []
        for rank in range(2):
            monkeypatch.setattr(data, "_rank_and_world", lambda rank=rank: (rank, 2))
            loader = data.train_dataloader()
            parts.append(torch.stack(list(islice(loader, 6))))
            places = [loader.dataset.lanes.locate(number) for number in range(rank, 48, 2)]  # type: ignore[attr-defined]
            read.append({lane for lane, *_ in places})
        assert torch.equal(torch.stack(parts, 2).flatten(1, 2), whole)
        assert read == [{0, 2}, {1, 3}]

    def test_devices_that_cannot_share_the_shards_are_refused(
        self, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = stream(written, tmp_path, open_shards=3)
        monkeypatch.setattr(data, "_rank_and_world", lambda: (0, 2))
        with pytest.raises(UserError, match=r"^dataset\.open_shards: 3 shards do not divide among 2"):
            data.train_dataloader()

    def test_workers_do_not_change_the_order(self, written: Path, tmp_path: Path) -> None:
        assert torch.equal(batches(stream(written, tmp_path, workers=2), 7), batches(stream(written, tmp_path), 7))


class TestElsewhere:
    @pytest.mark.parametrize("workers", [0, 2])
    def test_an_address_gives_the_same_batches(self, written: Path, address: str, tmp_path: Path, workers: int) -> None:
        here, there = stream(written, tmp_path), stream(address, tmp_path / "there", workers=workers)
        assert torch.equal(batches(there, 9), batches(here, 9))
        assert torch.equal(there.images("val"), here.images("val"))

    def test_a_bucket_gives_the_same_batches(self, written: Path, tmp_path: Path) -> None:
        bucket = fsspec.filesystem("memory")
        for path in written.iterdir():
            bucket.pipe_file(f"/faces/{path.name}", path.read_bytes())
        assert torch.equal(batches(stream("memory://faces", tmp_path), 5), batches(stream(written, tmp_path), 5))

    def test_the_shards_that_are_kept_stay_within_the_limit(self, written: Path, address: str, tmp_path: Path) -> None:
        sizes = [path.stat().st_size for path in written.glob("*.tar")]
        limit = 3 * max(sizes)
        data = stream(address, tmp_path, cache_limit=limit / 2**30)
        assert torch.equal(batches(data, 30), batches(stream(written, tmp_path / "here"), 30))
        for thread in threading.enumerate():
            if thread.name == FETCHING:
                thread.join()
        kept = [path.stat().st_size for path in (tmp_path / "cache").rglob("*.tar")]
        assert sum(kept) <= limit

    def test_a_shard_that_is_gone_before_it_is_read_comes_again(
        self, written: Path, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As when another thread makes room."""
        fetch, seen = shards.ShardFolder.fetch, set()

        def fetched(folder: shards.ShardFolder, shard: shards.Shard) -> Path:
            path = fetch(folder, shard)
            if shard not in seen:
                seen.add(shard)
                path.unlink()
            return path

        here = batches(stream(written, tmp_path / "here"), 9)
        monkeypatch.setattr(shards.ShardFolder, "fetch", fetched)
        assert torch.equal(batches(stream(address, tmp_path), 9), here)
        assert seen

    def test_a_damaged_shard_is_not_taken(
        self, written: Path, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shards, "FIRST_WAIT", 0.0)
        data = stream(address, tmp_path)
        path = written / data._folder.shards["val"][0].name
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        with pytest.raises(UserError, match=r"^dataset\.root: .*val-000000\.tar' cannot be fetched \(it is not"):
            data.images("val")
        assert not [path for path in (tmp_path / "cache").rglob("*") if path.suffix in (".part", ".lock")]

    @pytest.mark.parametrize("root", ["http://127.0.0.1:9", "no-such-protocol://x", "nowhere"])
    def test_what_is_not_there_is_told_in_one_line(self, root: str, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"^(dataset\.)?root: [^\n]*$"):
            stream(root, tmp_path)


class TestHostile:
    @pytest.mark.parametrize("name", ["../secret.tar", "/etc/passwd", ".hidden.tar", "a/b.tar", "x.zip", "", 3])
    def test_names_are_never_paths(self, written: Path, tmp_path: Path, name: object) -> None:
        content = json.loads((written / shards.INDEX).read_text())
        content["val"][0]["name"] = name
        (written / shards.INDEX).write_text(json.dumps(content))
        with pytest.raises(UserError, match=r"is no index of shards"):
            stream(written, tmp_path)

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"train": 3}', '{"train": [], "val": [], "test": []}'])
    def test_an_index_of_another_kind_is_refused(self, written: Path, tmp_path: Path, content: str) -> None:
        (written / shards.INDEX).write_text(content)
        with pytest.raises(UserError, match=r"^dataset\.root: "):
            stream(written, tmp_path)

    def test_links_and_devices_in_a_shard_are_no_images(self, tmp_path: Path) -> None:
        with tarfile.open(tmp_path / "x.tar", "w") as tar:
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
                member = tarfile.TarInfo(f"{kind.decode()}.png")
                member.type, member.linkname = kind, "/etc/passwd"
                tar.addfile(member)
        with (tmp_path / "x.tar").open("rb") as file:
            assert not list(shards.image_members(file))

    def test_an_image_that_cannot_be_read_is_replaced_by_the_next(
        self, written: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        data = stream(written, tmp_path)
        shard = data._folder.shards["train"][0]
        first, second = (data._reader.image(shard, index) for index in (0, 1))
        with tarfile.open(written / shard.name) as tar:
            offset = tar.getmembers()[0].offset_data
        content = bytearray((written / shard.name).read_bytes())
        content[offset : offset + 8] = b"\0" * 8
        (written / shard.name).write_bytes(content)
        assert (data._reader.image(shard, 0) == second).all()
        assert (first != second).any()
        assert caplog.text.count("left out") == 1

    def test_a_reader_travels_to_a_process(self, written: Path, tmp_path: Path) -> None:
        loader = stream(written, tmp_path).train_dataloader()
        assert isinstance(loader, DataLoader)
        assert torch.equal(pickle.loads(pickle.dumps(loader.dataset))[3], loader.dataset[3])
