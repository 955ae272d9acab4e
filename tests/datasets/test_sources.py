"""Data sets with files of their own: MNIST and its like, Omniglot, CelebA."""

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.image_folders import offline, picture
from PIL import Image

from vectorae import datasets
from vectorae.datasets import MNIST, CelebA, Omniglot, cache
from vectorae.datasets.idx import read_images
from vectorae.errors import UserError


def idx(images: np.ndarray) -> bytes:
    return bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in images.shape) + images.tobytes()


class TestMNIST:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """A small MNIST, unpacked."""
        random = np.random.default_rng(0)
        for official in ("MNIST", "KMNIST", "FashionMNIST"):
            raw = tmp_path / "data" / official / "raw"
            raw.mkdir(parents=True)
            for name, count in (("train", 5010), ("t10k", 12)):
                images = random.integers(0, 256, (count, 8, 8), np.uint8)
                (raw / f"{name}-images-idx3-ubyte").write_bytes(idx(images))
        return tmp_path / "data"

    def make(self, root: Path, kind: type[MNIST] = MNIST, **options: Any) -> MNIST:
        return kind(str(root), **{"image_size": 16, "cache": str(root.parent / "cache"), **options})

    @pytest.mark.parametrize("kind", [MNIST, datasets.KMNIST, datasets.FashionMNIST])
    def test_split(self, root: Path, kind: type[MNIST]) -> None:
        data = self.make(root, kind)
        assert [len(data.images(split)) for split in cache.SPLITS] == [10, 5000, 12]
        assert data.images("test").shape == (12, 1, 16, 16)

    def test_packed_and_unpacked_are_the_same(self, root: Path) -> None:
        plain = [self.make(root).images(split).clone() for split in cache.SPLITS]
        for path in (root / "MNIST" / "raw").iterdir():
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1, mtime=0))
            path.unlink()
        packed = self.make(root)
        assert all(torch.equal(packed.images(split), images) for split, images in zip(cache.SPLITS, plain, strict=True))

    def test_images_of_the_right_size_are_not_touched_and_colour_repeats_them(self, root: Path) -> None:
        image = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
        (root / "MNIST" / "raw" / "t10k-images-idx3-ubyte").write_bytes(idx(image))
        pixels = self.make(root, channels=3).images("test")
        assert (pixels.numpy() == image[:, None]).all()
        assert pixels.shape == (1, 3, 16, 16)

    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("damage", ["cut", "header cut", "other magic", "too long", "empty"])
    def test_a_damaged_file_is_named(self, tmp_path: Path, damage: str, packed: bool) -> None:
        content = idx(np.zeros((3, 8, 8), np.uint8))
        content = {
            "cut": content[:-5],
            "header cut": content[:9],
            "other magic": b"\0\0\x08\x01" + content[4:],
            "too long": content + b"\0",
            "empty": b"",
        }[damage]
        path = tmp_path / ("images.gz" if packed else "images")
        path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
        with pytest.raises(UserError, match=rf"^dataset\.root: '{re.escape(str(path))}' .*; fetch it anew$"):
            read_images(path)

    # Without the time: both processes must name a test alike.
    @pytest.mark.parametrize("content", [gzip.compress(bytes(1000), mtime=0)[:-12], b"no gzip", b""])
    def test_a_damaged_archive_is_named(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "images.gz"
        path.write_bytes(content)
        with pytest.raises(UserError, match=rf"^dataset\.root: '{re.escape(str(path))}' "):
            read_images(path)

    def test_missing_files_are_named(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (root / "MNIST" / "raw" / "t10k-images-idx3-ubyte").unlink()
        wanted = r"train-images-idx3-ubyte\.gz and t10k-images-idx3-ubyte\.gz .* into '.*raw'"
        with pytest.raises(UserError, match=rf"^dataset\.root: no MNIST .*dataset\.download=true.*{wanted}$"):
            self.make(root)
        monkeypatch.setattr("torchvision.datasets.MNIST", offline)
        with pytest.raises(
            UserError, match=rf"^dataset\.download: MNIST cannot be fetched \(no network\); put {wanted}$"
        ):
            self.make(root, download=True).prepare_data()

    def test_nothing_is_downloaded_that_is_there(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("torchvision.datasets.MNIST", offline)
        self.make(root, download=True).prepare_data()


class TestOmniglot:
    def test_strokes_are_white_and_the_split_does_not_depend_on_the_seed(self, tmp_path: Path) -> None:
        for part, count in (("images_background", 40), ("images_evaluation", 3)):
            for i in range(count):
                character = tmp_path / "data" / "omniglot-py" / part / "Greek" / f"character{i % 4:02}"
                character.mkdir(parents=True, exist_ok=True)
                image = Image.new("1", (105, 105), 1)
                image.paste(0, (2 * i, 20, 2 * i + 20, 80))
                image.save(character / f"{i:04}.png")
        sets = [Omniglot(str(tmp_path / "data"), cache=str(tmp_path / "cache"), seed=seed) for seed in (0, 1)]
        assert [len(sets[0].images(split)) for split in cache.SPLITS] == [38, 2, 3]
        assert all(torch.equal(sets[0].images(split), sets[1].images(split)) for split in cache.SPLITS)
        images = sets[0].images("train")
        assert images.shape[1:] == (1, 28, 28)
        assert images.amax() == 255
        assert images.float().mean() < 64

    def test_missing_files_are_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        wanted = r"unpack images_background\.zip and images_evaluation\.zip into '.*omniglot-py'$"
        with pytest.raises(UserError, match=rf"^dataset\.root: no Omniglot .*{wanted}"):
            Omniglot(str(tmp_path))
        monkeypatch.setattr("torchvision.datasets.Omniglot", offline)
        with pytest.raises(UserError, match=rf"^dataset\.download: .*{wanted}"):
            Omniglot(str(tmp_path), download=True).prepare_data()


class TestCelebA:
    @pytest.fixture(params=[".", "celeba"])
    def root(self, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
        """Six pictures that stand for CelebA, directly in root or where torchvision puts them."""
        place = tmp_path / "data" / request.param
        (place / "img_align_celeba").mkdir(parents=True)
        lines = []
        for i in range(1, 9):
            lines.append(f"{i:06}.jpg {min(2, i // 4)}")
            if i not in (3, 7):
                picture((178, 218), i).save(place / "img_align_celeba" / f"{i:06}.jpg")
        (place / "list_eval_partition.txt").write_text("\n".join(lines) + "\n")
        picture().save(place / "img_align_celeba" / "unlisted.jpg")
        return tmp_path / "data"

    def make(self, root: Path, **options: Any) -> CelebA:
        return CelebA(str(root), **{"image_size": 32, "cache": str(root.parent / "cache"), **options})

    def test_takes_what_is_listed_and_there(self, root: Path) -> None:
        data = self.make(root)
        assert [len(data.images(split)) for split in cache.SPLITS] == [2, 3, 1]
        assert data.images("val").shape == (3, 3, 32, 32)
        face = picture((178, 218), 8).crop((16, 40, 162, 186)).resize((32, 32), Image.Resampling.BILINEAR)
        difference = data.images("test")[0].numpy().transpose(1, 2, 0) - np.asarray(face).astype(float)
        assert np.abs(difference).mean() < 8

    @pytest.mark.parametrize("missing", ["img_align_celeba", "list_eval_partition.txt"])
    def test_missing_files_are_named(self, root: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
        (place,) = (path.parent for path in root.rglob(missing))
        (place / missing).rename(place / "elsewhere")
        with pytest.raises(
            UserError, match=r"^dataset\.root: .*img_align_celeba/.*list_eval_partition\.txt into"
        ) as refusal:
            self.make(root)
        assert "\n" not in str(refusal.value)
        monkeypatch.setattr("torchvision.datasets.CelebA", offline)
        with pytest.raises(
            UserError, match=r"^dataset\.download: .*img_align_celeba\.zip.* and the file list_eval_partition\.txt"
        ):
            self.make(root, download=True).prepare_data()

    def test_a_split_without_images_is_refused(self, root: Path) -> None:
        next(root.rglob("000008.jpg")).unlink()
        with pytest.raises(UserError, match=r"none of the test images"):
            self.make(root).prepare_data()

    def test_a_damaged_list_is_refused(self, root: Path) -> None:
        next(root.rglob("list_eval_partition.txt")).write_text("000001.jpg 0\n000002.jpg\n")
        with pytest.raises(UserError, match=r"line 2 of"):
            self.make(root).prepare_data()
