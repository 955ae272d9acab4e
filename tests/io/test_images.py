"""Images as they are read from files: cut, scaled, turned, made opaque."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.image_folders import picture
from PIL import Image

from vectorae.datasets import decode
from vectorae.datasets.celeba import FACE
from vectorae.io.images import Crop, View, picture_size, read_picture, read_whole, whole_part


class TestDecode:
    def read(self, path: Path, size: int = 16, channels: int = 3, **options: Any) -> np.ndarray:
        return read_picture(path, View(size, channels, **options)).pixels

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

    @pytest.mark.parametrize("size", [(300, 200), (200, 300), (481, 321), (97, 13), (64, 1), (1, 1), (5, 5)])
    def test_a_padded_picture_is_not_squeezed(self, tmp_path: Path, size: tuple[int, int]) -> None:
        """A ramp along each axis has the same slope in both, as far as the picture goes, and then goes on flat."""
        x, y = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
        largest = max(size)
        ramps = np.stack([x, y, 0 * x], -1) / largest * 200
        path = self.save(tmp_path, Image.fromarray(ramps.round().astype(np.uint8)))
        view = View(32, 3, "pad", bars="edge")
        pixels, part = read_picture(path, view).pixels.astype(float), view.part(*size)
        places = np.arange(32) + 0.5
        for axis, start, length in ((0, part.left, part.width), (1, part.top, part.height)):
            along = pixels[0].mean(0) if axis == 0 else pixels[1].mean(1)
            expected = ((places - start) * 200 / 32).clip(100 / largest, (length - 16 / largest) * 200 / 32)
            assert np.abs(along - expected).max() < 200 / min(largest, 32) / 2 + 1
        assert ((part.left, part.width) == (0, 32)) or ((part.top, part.height) == (0, 32))

    def test_bars_are_black_or_go_on(self, tmp_path: Path) -> None:
        image = Image.new("RGB", (30, 20), "blue")
        image.paste("red", (0, 0, 30, 10))
        path = self.save(tmp_path, image)
        black, edge = (self.read(path, 32, resize="pad", bars=bars) for bars in ("black", "edge"))
        assert (black[:, :5] == 0).all() and (black[:, 27:] == 0).all()
        assert (edge[:, :5].max((1, 2)) == [255, 0, 0]).all() and (edge[:, 27:].max((1, 2)) == [0, 0, 255]).all()
        assert (black[:, 5:27] == edge[:, 5:27]).all()

    def test_a_whole_image_is_not_squeezed(self, tmp_path: Path) -> None:
        x = np.arange(481)[None].repeat(321, 0) / 481 * 250
        path = self.save(tmp_path, Image.fromarray(x.round().astype(np.uint8)))
        found = read_whole(path, 24, 1)
        part = whole_part(24, 481, 321)
        assert found.pixels.shape == (1, 24, 36) and (found.width, found.height) == (481, 321)
        assert (part.left, part.top, part.height) == (0, 0, 24)
        assert part.width == pytest.approx(35.96, abs=0.01)
        expected = (np.arange(36) + 0.5) / part.width * 250
        assert np.abs(found.pixels[0, 12] - expected)[1:-1].max() < 1

    def test_the_size_is_read_without_decoding(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        path = self.save(tmp_path, picture((64, 48)), "x.jpg", exif=exif)
        assert picture_size(path) == (48, 64)
        path = self.save(tmp_path, picture((64, 48)), "x.png")
        assert picture_size(path) == (64, 48)
        (tmp_path / "cut.png").write_bytes(path.read_bytes()[:200])
        assert picture_size(tmp_path / "cut.png") == (64, 48)

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
