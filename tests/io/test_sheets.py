"""Several pictures as one."""

import numpy as np
import pytest
import torch
from helpers.sheets import tiles
from PIL import Image
from torch import Tensor

from vectorae.io.pixels import to_pictures, to_uint8
from vectorae.io.sheets import beside, captioned_sheet, contact_sheet, enlargement


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_only_small_images_are_enlarged() -> None:
    assert [enlargement(size) for size in (16, 64, 399, 400, 2000)] == [4, 2, 2, 1, 1]


@pytest.mark.parametrize(("size", "channels", "times"), [(16, 1, 4), (28, 3, 4), (64, 3, 2), (100, 3, 2)])
def test_contact_sheet(size: int, channels: int, times: int) -> None:
    assert enlargement(size) == times
    side = times * size
    images, drawings = noise(6, channels, size, size), noise(6, channels, side, side, seed=1)
    found = contact_sheet({"image": to_pictures(images), "crisp": to_pictures(drawings)}, columns=3)
    small, large = tiles(found, side, 2, 3)
    assert (large == to_uint8(drawings).expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()).all()
    expected = to_uint8(images).expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()
    assert all((small[:, y::times, x::times] == expected).all() for y in range(times) for x in range(times))
    pixels = np.asarray(found)
    labels = pixels.shape[1] - 4 - 3 * (side + 4)
    assert pixels[20 : 20 + side, :labels].min() < 200, "a row has its label"
    assert pixels[:16, labels:].min() < 200, "a column has its number"
    assert (pixels[:, -4:] == 255).all() and (pixels[-4:] == 255).all()


def test_a_sheet_of_oblong_pictures_without_labels() -> None:
    pictures = [Image.new("RGB", size) for size in ((30, 20), (10, 20), (10, 10))]
    pixels = np.asarray(contact_sheet({"": pictures}, columns=2).convert("L"))
    assert pixels.shape == (2 * (20 + 24) + 4, 2 * 34 + 4)
    assert (pixels[20:40, 4:34] == 0).all()
    assert (pixels[20:40, 48:58] == 0).all() and (pixels[20:40, 38:48] == 255).all(), "in the middle of its tile"
    assert (pixels[64:84, 9:29] == 0).all(), "enlarged by a whole factor"
    assert (pixels[64:, 38:] == 255).all()


def test_pictures_beside_each_other() -> None:
    pixels = np.asarray(beside({"image": Image.new("RGB", (10, 10)), "crisp": Image.new("RGB", (20, 20))}).convert("L"))
    assert pixels.shape == (20 + 20 + 4, 2 * 24 + 4)
    assert (pixels[4:24, 4:24] == 0).all() and (pixels[4:24, 28:48] == 0).all()
    assert pixels[24:40].min() < 200


def cells(count: int) -> list[tuple[str, Image.Image]]:
    """Black pictures, 30×20, with captions."""
    return [("a caption", Image.new("RGB", (30, 20))) for _ in range(count)]


def test_captions_below() -> None:
    sheet = np.asarray(captioned_sheet(cells(5), 3, size=9, gap=4, caption=16, drop=2).convert("L"))
    assert sheet.shape == (2 * (20 + 16) + 4, 3 * (30 + 4) + 4)
    for index in range(5):
        x, y = 4 + index % 3 * 34, 4 + index // 3 * 36
        assert (sheet[y : y + 20, x : x + 30] == 0).all()
        assert sheet[y + 20 : y + 34, x : x + 30].min() < 200, "there is a caption"
    assert (sheet[40:, 72:] == 255).all()


def test_titles_above() -> None:
    sheet = np.asarray(captioned_sheet(cells(2), above=True).convert("L"))
    assert sheet.shape == (2 * 40, 30)
    for top in (0, 40):
        assert (sheet[top + 20 : top + 40] == 0).all()
        assert sheet[top : top + 20].min() < 200 and (sheet[top : top + 3] == 255).all()
