"""A folder of images, and the options that every data set has."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.image_folders import make, picture
from PIL import Image

from vectorae.datasets import Folder, cache, folder
from vectorae.errors import UserError
from vectorae.io import image_files as inputs
from vectorae.io.image_files import image_files


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
        found = image_files(photos)
        walk = os.walk

        def backwards(*args: Any, **options: Any) -> Any:
            for where, below, names in walk(*args, **options):
                below.reverse()
                yield where, below, names[::-1]

        monkeypatch.setattr(inputs.os, "walk", backwards)
        assert image_files(photos) == found == sorted(found)

    def test_what_counts_as_an_image(self, tmp_path: Path) -> None:
        root = tmp_path / "été (1)"
        (root / ".hidden").mkdir(parents=True)
        for name in ("a.JPG", "b.webp", "c.gif", "d.bmp", ".hidden.png", ".hidden/e.png"):
            picture().save(root / name)
        for name in ("notes.txt", "data.h5", "film.mpg"):
            (root / name).write_text("")
        assert image_files(root) == ["a.JPG", "b.webp", "c.gif", "d.bmp"]

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
        assert image_files(root) == ["file.png", "folder/a.png"]

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
        ({"image_size": 7}, r"^image_size must be an integer in \[16, 8192\], got 7$"),
        ({"image_size": "big"}, r"^image_size must be an integer in \[16, 8192\], got 'big'$"),
        ({"batch_size": 0}, r"^batch_size must be an integer ≥ 1, got 0$"),
        ({"workers": -1}, r"^workers must be an integer in \[0, 256\], got -1$"),
        ({"seed": -1}, r"^seed must be an integer ≥ 0, got -1$"),
        ({"channels": 2}, r"^channels must be 1 or 3, got 2$"),
        ({"channels": 0}, r"^channels must be 1 or 3, got 0$"),
        ({"resize": "zoom"}, r"^resize must be crop, pad or stretch, got 'zoom'$"),
        ({"augment": "yes"}, r"^augment must be true or false, got 'yes'$"),
    ],
)
def test_wrong_values_are_refused_at_once(photos: Path, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make(photos, tmp_path, **options)


def test_an_unknown_split_is_refused(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^split: no 'valid'; choose train, val or test$"):
        make(photos, tmp_path).images("valid")


class TestRandomCrops:
    def ramps(self, root: Path, width: int = 120, height: int = 80) -> Path:
        """Pictures whose red is the place from the left and whose green is the place from the top, pixels."""
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        pixels = np.stack([x, y, np.zeros_like(x)], -1).astype(np.uint8)
        root.mkdir()
        for number in range(4):
            Image.fromarray(pixels).save(root / f"{number}.png")
        return root

    def test_they_are_squares_of_the_picture_from_pixel_size_to_its_height(self, tmp_path: Path) -> None:
        data = make(self.ramps(tmp_path / "ramps"), tmp_path, image_size=16, crop="random", crops=300)
        crops = data.images("train").float()
        assert crops.shape == (600, 3, 16, 16)
        red, green = crops[:, 0, 8], crops[:, 1, :, 8]
        across, down = red[:, -1] - red[:, 0], green[:, -1] - green[:, 0]
        assert (across - down).abs().max() <= 2
        sides = across * 16 / 15
        assert sides.min() < 17 and sides.max() > 76
        # As many below the geometric mean of 16 and 80 as above.
        assert 0.4 < (sides < (16 * 80) ** 0.5).float().mean() < 0.6
        assert red.min() < 4 and red.max() > 115 and green.min() < 4 and green.max() > 75

    def test_as_many_as_make_a_data_set(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folder, "CROPS", 31)
        data = make(self.ramps(tmp_path / "ramps"), tmp_path, crop="random")
        assert [len(data.images(split)) for split in cache.SPLITS] == [32, 16, 16]

    def test_they_depend_on_the_seed_alone(self, tmp_path: Path) -> None:
        root, options = self.ramps(tmp_path / "ramps"), {"crop": "random", "crops": 5}
        one = make(root, tmp_path / "a", **options).images("train")
        assert torch.equal(one, make(root, tmp_path / "b", workers=2, **options).images("train"))
        assert not torch.equal(one, make(root, tmp_path / "a", seed=1, **options).images("train"))
        assert len(torch.unique(one.flatten(1), dim=0)) == 10

    def test_small_and_unreadable_pictures(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cache, "MOST_CORRUPT", 0.5)
        root = self.ramps(tmp_path / "ramps", 12, 9)
        (root / "1.png").write_bytes(b"no image")
        data = make(root, tmp_path, image_size=16, crop="random", crops=3, channels=1)
        assert sum(len(data.images(split)) for split in cache.SPLITS) == 9

    def test_mistakes(self, photos: Path) -> None:
        with pytest.raises(UserError, match=r"^dataset\.crop: random, with dataset\.resize=pad; leave resize at crop"):
            Folder(str(photos), crop="random", resize="pad")
        with pytest.raises(UserError, match=r"^dataset\.crops: 3, with dataset\.crop=center"):
            Folder(str(photos), crops=3)
