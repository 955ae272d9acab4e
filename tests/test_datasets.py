"""Data sets: what is read, how it is cut, where it is kept, and which images make up a batch."""

import errno
import gzip
import itertools
import json
import multiprocessing
import os
import pickle
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from PIL import Image

from vectorae import datasets
from vectorae.datasets import MNIST, CelebA, Folder, Omniglot, cache, decode, folder
from vectorae.datasets.celeba import FACE
from vectorae.datasets.decode import Crop, View
from vectorae.datasets.idx import read_images
from vectorae.datasets.stream import OrderedBatches, TrainingBatches, batch_flips, batch_indices
from vectorae.errors import UserError


def picture(size: tuple[int, int] = (20, 30), seed: int = 0) -> Image.Image:
    """A picture without two equal pixels in a row."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Forty small pictures, half of them in a folder below."""
    root = tmp_path / "photos"
    (root / "below").mkdir(parents=True)
    for i in range(40):
        picture(seed=i).save(root / ("below" if i % 2 else ".") / f"{i}.png")
    return root


def make(root: Path, tmp_path: Path, **options: Any) -> Folder:
    return Folder(str(root), **{"image_size": 16, "batch_size": 8, "cache": str(tmp_path / "cache"), **options})


def stored(tmp_path: Path, images: torch.Tensor) -> cache.StoredImages:
    np.save(tmp_path / "images.npy", images.numpy())
    return cache.StoredImages(tmp_path / "images.npy", 0, len(images))


def numbered(count: int) -> torch.Tensor:
    """Images [count, 1, 1, 2] that show their number on the left and 255 on the right."""
    return torch.stack([torch.arange(count), torch.full((count,), 255)], -1).byte().view(count, 1, 1, 2)


class TestStream:
    def test_an_epoch_shows_every_image_once_and_the_next_in_another_order(self) -> None:
        epochs = [np.concatenate([batch_indices(0, step, 5, 20) for step in range(at, at + 4)]) for at in (0, 4)]
        assert all(sorted(epoch) == list(range(20)) for epoch in epochs)
        assert (epochs[0] != epochs[1]).any()

    def test_the_remainder_of_an_epoch_is_left_out(self) -> None:
        epoch = np.concatenate([batch_indices(0, step, 6, 20) for step in range(3)])
        assert len(set(epoch.tolist())) == 18

    @pytest.mark.parametrize(("images", "batch_size"), [(3, 8), (1, 4), (7, 8)])
    def test_few_images_wrap_around_evenly(self, images: int, batch_size: int) -> None:
        batches = [batch_indices(0, step, batch_size, images) for step in range(images)]
        assert all(len(batch) == batch_size for batch in batches)
        assert (np.bincount(np.concatenate(batches)) == batch_size).all()

    def test_seeds_differ(self) -> None:
        assert (batch_indices(0, 3, 32, 1000) != batch_indices(1, 3, 32, 1000)).any()
        assert (batch_flips(0, 3, 64) != batch_flips(1, 3, 64)).any()
        assert (batch_flips(0, 3, 64) != batch_flips(0, 4, 64)).any()

    def test_half_of_the_images_are_mirrored_and_none_without_augment(self, tmp_path: Path) -> None:
        images = stored(tmp_path, numbered(200))
        plain, mirrored = (TrainingBatches(images, 200, augment, 0, 0, 1)[5] for augment in (False, True))
        assert (plain[..., 1] == 255).all()
        flipped = mirrored[:, 0, 0, 0] == 255
        assert 60 < flipped.sum() < 140
        assert torch.equal(torch.where(flipped.view(-1, 1, 1, 1), mirrored.flip(-1), mirrored), plain)
        assert torch.equal(flipped, torch.from_numpy(batch_flips(0, 5, 200)))

    @pytest.mark.parametrize("augment", [False, True])
    def test_devices_share_the_batch_of_one(self, tmp_path: Path, augment: bool) -> None:
        images = stored(tmp_path, numbered(50))
        whole = TrainingBatches(images, 12, augment, 0, 0, 1)[7]
        for world in (2, 3):
            parts = [TrainingBatches(images, 12, augment, 0, rank, world)[7] for rank in range(world)]
            assert torch.equal(torch.stack(parts, 1).flatten(0, 1), whole)

    def test_a_batch_does_not_write_to_the_images(self, tmp_path: Path) -> None:
        images = stored(tmp_path, numbered(8))
        TrainingBatches(images, 8, True, 0, 0, 1)[0].zero_()
        OrderedBatches(images, 8, 0, 1)[0].zero_()
        assert torch.equal(images.tensor(), numbered(8))

    @pytest.mark.parametrize("world", [1, 2, 4])
    def test_ordered_batches_give_every_image_once(self, tmp_path: Path, world: int) -> None:
        images = stored(tmp_path, numbered(21))
        seen = []
        for rank in range(world):
            batches = OrderedBatches(images, 8, rank, world)
            mine = torch.cat([batches[i] for i in range(len(batches))])
            assert torch.equal(mine, numbered(21)[rank::world])
            assert all(len(batches[i]) == 8 // world for i in range(len(batches) - 1))
            seen += mine[:, 0, 0, 0].tolist()
        assert sorted(seen) == list(range(21))


class TestLoaders:
    def test_batches_are_uint8_and_the_last_one_is_smaller(self, photos: Path, tmp_path: Path) -> None:
        data = make(photos, tmp_path, batch_size=3, channels=1)
        train = next(iter(data.train_dataloader()))
        assert train.shape == (3, 1, 16, 16)
        assert train.dtype == torch.uint8
        held_out = list(make(photos, tmp_path, batch_size=1).val_dataloader())
        assert torch.equal(torch.cat(held_out), make(photos, tmp_path).images("val"))
        assert [len(batch) for batch in data.test_dataloader()] == [2]

    def test_workers_do_not_change_the_order(self, photos: Path, tmp_path: Path) -> None:
        runs = []
        for workers in (0, 2):
            stream = iter(make(photos, tmp_path, workers=workers).train_dataloader())
            runs.append(torch.stack([next(stream) for _ in range(7)]))
        assert torch.equal(*runs)

    def test_loaders_leave_the_random_numbers_of_training_alone(self, photos: Path, tmp_path: Path) -> None:
        data = make(photos, tmp_path)
        before = torch.get_rng_state()
        next(iter(data.train_dataloader()))
        list(data.val_dataloader())
        assert torch.equal(torch.get_rng_state(), before)

    @pytest.mark.parametrize("accumulate", [1, 2])
    def test_a_resumed_run_continues_the_stream(self, photos: Path, tmp_path: Path, accumulate: int) -> None:
        whole = fit(make(photos, tmp_path), tmp_path / "whole", 11, accumulate)
        fit(make(photos, tmp_path), tmp_path / "half", 6, accumulate)
        rest = fit(make(photos, tmp_path), tmp_path / "rest", 11, accumulate, tmp_path / "half" / "last.ckpt")
        assert len(whole) == 11 * accumulate
        assert torch.equal(torch.stack(rest), torch.stack(whole[6 * accumulate :]))

    def test_stored_images_travel_to_a_process_as_a_path(self, photos: Path, tmp_path: Path) -> None:
        images = make(photos, tmp_path)._stored()["val"]
        pixels = images.tensor()
        sent = pickle.dumps(images)
        assert len(sent) < 1000
        assert torch.equal(pickle.loads(sent).tensor(), pixels)


class Recorder(pl.LightningModule):
    """Remembers the batches that it is trained with."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.batches: list[torch.Tensor] = []

    def training_step(self, batch: torch.Tensor) -> torch.Tensor:
        self.batches.append(batch)
        return self.weight * batch.float().mean()

    def validation_step(self, batch: torch.Tensor) -> None:
        pass

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(data: Folder, run: Path, steps: int, accumulate: int, resume: Path | None = None) -> list[torch.Tensor]:
    """The batches of a run with Lightning."""
    model = Recorder()
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=steps,
        accumulate_grad_batches=accumulate,
        val_check_interval=4,
        check_val_every_n_epoch=None,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run,
    )
    trainer.fit(model, data, ckpt_path=resume)
    trainer.save_checkpoint(run / "last.ckpt")
    return model.batches


class TestCache:
    def test_images_are_decoded_once(self, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        decoded: list[Path] = []

        def counting(path: Path, view: View) -> np.ndarray:
            decoded.append(path)
            return original(path, view)

        original = decode.decode
        monkeypatch.setattr(decode, "decode", counting)
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

    @pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, RuntimeError])
    def test_an_interruption_leaves_nothing(
        self, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
    ) -> None:
        def interrupted(*_: object) -> Any:
            yield cache.Block(np.zeros((4, 3, 16, 16), np.uint8))
            raise interruption

        monkeypatch.setattr(folder, "decode_files", interrupted)
        with pytest.raises(interruption):
            make(photos, tmp_path).prepare_data()
        assert not list((tmp_path / "cache").iterdir())

    def test_what_a_killed_process_left_is_removed(self, photos: Path, tmp_path: Path) -> None:
        data = make(photos, tmp_path)
        (tmp_path / "cache").mkdir()
        old, new = (tmp_path / "cache" / f"{data.recipe().stem}.npy.{name}.tmp" for name in ("1-old", "2-new"))
        for path in (old, new):
            path.write_bytes(b"half")
        os.utime(old, (0, 0))
        data.prepare_data()
        assert not old.exists()
        assert new.exists()

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

    def test_the_default_is_the_users_cache_folder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert cache.default_folder() == tmp_path / "vectorae"
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
        monkeypatch.setattr(cache.Path, "home", lambda: tmp_path)
        for platform, expected in (("linux", ".cache"), ("darwin", "Library/Caches"), ("win32", "local")):
            monkeypatch.setattr(cache.sys, "platform", platform)
            assert cache.default_folder() == tmp_path / expected / "vectorae"


def prepare(photos: Path, tmp_path: Path, barrier: Any) -> None:
    barrier.wait(30)
    make(photos, tmp_path).prepare_data()


class TestDecode:
    def read(self, path: Path, size: int = 16, channels: int = 3, **options: Any) -> np.ndarray:
        return decode.decode(path, View(size, channels, **options))

    def save(self, tmp_path: Path, image: Image.Image, name: str = "x.png", **options: Any) -> Path:
        image.save(tmp_path / name, **options)
        return tmp_path / name

    def test_a_square_of_the_right_size_is_not_touched(self, tmp_path: Path) -> None:
        image = picture((16, 16))
        pixels = self.read(self.save(tmp_path, image))
        assert pixels.shape == (3, 16, 16)
        assert (pixels == np.asarray(image).transpose(2, 0, 1)).all()

    def test_crop_pad_and_stretch(self, tmp_path: Path) -> None:
        image = Image.new("RGB", (32, 64), "blue")
        image.paste("red", (0, 16, 32, 48))
        path = self.save(tmp_path, image)
        red, blue = ([255, 0, 0], [0, 0, 255])
        assert (self.read(path, 32) == np.reshape(red, (3, 1, 1))).all()
        padded = self.read(path, 32, resize="pad")
        assert (padded[:, :, :8] == 0).all()
        assert (padded[:, :, 24:] == 0).all()
        assert padded[:, 1, 16].tolist() == blue
        assert padded[:, 16, 16].tolist() == red
        stretched = self.read(path, 32, resize="stretch")
        assert stretched[:, 1, 0].tolist() == blue
        assert stretched[:, 16, 31].tolist() == red

    def test_the_crop_stays_inside_the_image(self) -> None:
        assert Crop(0.82, 0.52).box(100, 50) == (25, 0, 75, 50)
        assert Crop(1.0, 0.9).box(10, 20) == (0, 10, 10, 20)

    def test_two_stored_sizes_of_a_picture_give_the_same_view(self, tmp_path: Path) -> None:
        x, y = np.meshgrid(np.linspace(0, 6, 178), np.linspace(0, 6, 218))
        waves = np.stack([np.sin(x + y), np.cos(2 * x), np.sin(x * y / 3)], -1)
        image = Image.fromarray((127.5 + 127.5 * waves).astype(np.uint8))
        large = self.read(self.save(tmp_path, image), 32, crop=FACE)
        small = self.read(self.save(tmp_path, image.reduce(2), "half.png"), 32, crop=FACE)
        assert np.abs(large.astype(int) - small).mean() < 1
        # The measure tells: two pixels further down is another view.
        moved = self.read(tmp_path / "half.png", 32, crop=Crop(0.82, 0.52 + 2 / 109))
        assert np.abs(large.astype(int) - moved).mean() > 3

    def test_the_cameras_rotation_is_applied(self, tmp_path: Path) -> None:
        image = Image.new("RGB", (64, 48), "white")
        image.paste("black", (0, 0, 64, 24))
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned a quarter clockwise: the black half belongs on the right
        pixels = self.read(self.save(tmp_path, image, "x.jpg", exif=exif, quality=95), 32, channels=1)
        assert pixels[0, :, :15].min() > 240
        assert pixels[0, :, 17:].max() < 15

    def test_a_large_jpeg_looks_as_if_decoded_in_full(self, tmp_path: Path) -> None:
        x, y = np.meshgrid(np.linspace(0, 9, 800), np.linspace(0, 9, 600))
        image = Image.fromarray((127.5 + 127.5 * np.stack([np.sin(x), np.cos(y), np.sin(x - y)], -1)).astype(np.uint8))
        path = self.save(tmp_path, image, "x.jpg", quality=95)
        full = self.read(self.save(tmp_path, Image.open(path).convert("RGB")), 16)
        assert np.abs(self.read(path).astype(int) - full).max() <= 4

    def test_transparency_lies_over_white(self, tmp_path: Path) -> None:
        half = Image.new("RGBA", (16, 16), (255, 0, 0, 128))
        assert self.read(self.save(tmp_path, half))[:, 0, 0].tolist() == [255, 127, 127]
        clear = Image.new("LA", (16, 16), (0, 0))
        assert self.read(self.save(tmp_path, clear)).min() == 255
        palette = Image.new("P", (16, 16), 1)
        palette.putpalette([0, 0, 0, 255, 0, 0])
        assert self.read(self.save(tmp_path, palette))[:, 0, 0].tolist() == [255, 0, 0]
        assert self.read(tmp_path / "x.png", channels=1)[0, 0, 0] == 76
        assert self.read(self.save(tmp_path, palette, transparency=1)).min() == 255

    @pytest.mark.parametrize("suffix", ["png", "tiff"])
    def test_sixteen_bits_are_scaled(self, tmp_path: Path, suffix: str) -> None:
        ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
        pixels = self.read(self.save(tmp_path, Image.fromarray(ramp), f"x.{suffix}"), channels=1)
        assert (pixels.ravel() == np.arange(256)).all()

    def test_floats_black_and_white_and_cmyk(self, tmp_path: Path) -> None:
        ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
        pixels = self.read(self.save(tmp_path, Image.fromarray(ramp), "x.tiff"), channels=1)
        assert (pixels.ravel() == np.arange(256)).all()
        assert self.read(self.save(tmp_path, Image.new("1", (16, 16), 1))).min() == 255
        assert self.read(self.save(tmp_path, Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "x.tiff")).min() == 255

    def test_an_image_bomb_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
        (block,) = decode.decode_files(tmp_path, [self.save(tmp_path, picture()).name], View(16, 3))
        assert len(block.images) == 0
        assert "bomb" in block.skipped[0]


class TestFolder:
    def test_split(self, photos: Path, tmp_path: Path) -> None:
        data = make(photos, tmp_path)
        assert [len(data.images(split)) for split in cache.SPLITS] == [36, 2, 2]
        everything = torch.cat([data.images(split) for split in cache.SPLITS]).flatten(1)
        assert len(torch.unique(everything, dim=0)) == 40
        assert not torch.equal(make(photos, tmp_path, seed=1).images("val"), data.images("val"))

    def test_three_images_are_enough_and_two_are_not(self, tmp_path: Path) -> None:
        for i in range(3):
            picture(seed=i).save(tmp_path / f"{i}.png")
        data = make(tmp_path, tmp_path.parent / f"{tmp_path.name}-cache")
        assert [len(data.images(split)) for split in cache.SPLITS] == [1, 1, 1]
        (tmp_path / "2.png").unlink()
        with pytest.raises(UserError, match=r"^dataset\.root: 2 images in"):
            make(tmp_path, tmp_path.parent)

    def test_the_order_does_not_depend_on_the_file_system(self, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        found = folder.image_files(photos)
        walk = os.walk

        def backwards(*args: Any, **options: Any) -> Any:
            for where, below, names in walk(*args, **options):
                below.reverse()
                yield where, below, names[::-1]

        monkeypatch.setattr(folder.os, "walk", backwards)
        assert folder.image_files(photos) == found == sorted(found)

    def test_what_counts_as_an_image(self, tmp_path: Path) -> None:
        root = tmp_path / "été (1)"
        (root / ".hidden").mkdir(parents=True)
        for name in ("a.JPG", "b.webp", "c.gif", "d.bmp", ".hidden.png", ".hidden/e.png"):
            picture().save(root / name)
        for name in ("notes.txt", "data.h5", "film.mpg"):
            (root / name).write_text("")
        assert folder.image_files(root) == ["a.JPG", "b.webp", "c.gif", "d.bmp"]

    def test_links(self, tmp_path: Path) -> None:
        root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
        root.mkdir()
        elsewhere.mkdir()
        picture().save(elsewhere / "a.png")
        try:
            (root / "folder").symlink_to(elsewhere)
            (root / "file.png").symlink_to(elsewhere / "a.png")
            (root / "nowhere.png").symlink_to(elsewhere / "missing.png")
            (elsewhere / "round").symlink_to(root)
        except OSError:
            pytest.skip("this system does not let this user make links")
        assert folder.image_files(root) == ["file.png", "folder/a.png"]

    def test_root(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"^dataset\.root: name the folder of images$"):
            Folder()
        with pytest.raises(UserError, match=r"^dataset\.root: '/nowhere' does not exist"):
            Folder("/nowhere")
        with pytest.raises(UserError, match=r"^dataset\.root: no images in"):
            Folder(str(tmp_path))
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError, match=r"^dataset\.root: .* is a file"):
            Folder(str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 7}, r"^dataset\.image_size: 7 is too small; use 16 or more$"),
        ({"image_size": "big"}, r"^dataset\.image_size: 'big' is not a whole number"),
        ({"batch_size": 0}, r"^dataset\.batch_size: 0 is too small; use 1 or more"),
        ({"workers": -1}, r"^dataset\.workers: -1 is too small"),
        ({"seed": -1}, r"^dataset\.seed: -1 is too small"),
        ({"channels": 2}, r"^dataset\.channels: 2 is not possible"),
        ({"channels": 0}, r"^dataset\.channels: 0 "),
        ({"resize": "zoom"}, r"^dataset\.resize: no 'zoom'; choose crop, pad or stretch"),
        ({"augment": "yes"}, r"^dataset\.augment: 'yes' is neither true nor false"),
    ],
)
def test_wrong_values_are_refused_at_once(photos: Path, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make(photos, tmp_path, **options)


def test_an_unknown_split_is_refused(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^split: no 'valid'; choose train, val or test$"):
        make(photos, tmp_path).images("valid")


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
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
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
        path.write_bytes(gzip.compress(content) if packed else content)
        with pytest.raises(UserError, match=rf"^dataset\.root: '{re.escape(str(path))}' .*; fetch it anew$"):
            read_images(path)

    @pytest.mark.parametrize("content", [gzip.compress(bytes(1000))[:-12], b"no gzip", b""])
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


def offline(*_: object, **__: object) -> None:
    raise RuntimeError("no network")


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
            UserError, match=r"^dataset\.root: .*img_align_celeba/.*list_eval_partition\.txt there"
        ) as told:
            self.make(root)
        assert "\n" not in str(told.value)
        monkeypatch.setattr("torchvision.datasets.CelebA", offline)
        with pytest.raises(
            UserError, match=r"^dataset\.download: .*img_align_celeba\.zip and list_eval_partition\.txt"
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


@pytest.fixture
def real() -> Path:
    if "VECTORAE_DATA" not in os.environ:
        pytest.skip("VECTORAE_DATA does not name the folder of real MNIST and CelebA")
    return Path(os.environ["VECTORAE_DATA"])


def test_real_mnist(real: Path, tmp_path: Path) -> None:
    data = MNIST(str(real / "mnist"), cache=str(tmp_path))
    assert [len(data.images(split)) for split in cache.SPLITS] == [55_000, 5_000, 10_000]
    assert data.images("train").float().mean() / 255 == pytest.approx(0.1307, abs=0.001)


def test_real_celeba(real: Path, tmp_path: Path) -> None:
    """Of the whole, 150 images: train at half size, test in full; faces, so alike on average and left-right alike."""
    source = real / "celeba"
    names: dict[str, list[str]] = {"0": [], "1": [], "2": []}
    for line in (source / "list_eval_partition.txt").read_text().splitlines():
        name, part = line.split()
        if len(names[part]) < 50:
            names[part].append(name)
    root = tmp_path / "celeba"
    (root / "img_align_celeba").mkdir(parents=True)
    shutil.copy(source / "list_eval_partition.txt", root)
    for name in itertools.chain.from_iterable(names.values()):
        shutil.copy(source / "img_align_celeba" / name, root / "img_align_celeba")
    data = CelebA(str(root), cache=str(tmp_path / "cache"))
    means = [data.images(split).float().mean(0) for split in ("train", "test")]
    assert all(len(data.images(split)) == 50 for split in cache.SPLITS)
    assert torch.corrcoef(torch.stack([mean.flatten() for mean in means]))[0, 1] > 0.9
    assert torch.corrcoef(torch.stack([means[0].flatten(), means[0].flip(-1).flatten()]))[0, 1] > 0.9
