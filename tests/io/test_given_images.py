"""Images as a caller has them become files that Pillow opens, or are refused in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vectorae import UserError
from vectorae.io.given_images import as_file


def read(image: Any) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(as_file(image)))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_numbers_are_kept(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    expected = pixels[..., 0] if channels == 1 else pixels
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    for image in (pixels, pixels.astype(np.int64), pixels / 255, tensor, tensor.long(), tensor.float() / 255):
        np.testing.assert_array_equal(read(image), expected)


def test_masks_and_grey_images() -> None:
    mask = np.eye(4, dtype=bool)
    for image in (mask, mask.astype(np.float16), torch.from_numpy(mask), mask.astype(np.uint8) * 255):
        np.testing.assert_array_equal(read(image), 255 * np.eye(4, dtype=np.uint8))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK", "YCbCr", "I", "F", "HSV", "LAB"])
def test_pictures_of_every_mode_can_be_opened(mode: str) -> None:
    assert read(Image.new(mode, (7, 5))).shape[:2] == (5, 7)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ([[0.0]], "a list is no image"),
        (None, "a NoneType is no image"),
        (np.zeros((2, 2, 5)), r"\[2, 2, 5\]; one image is \[H, W\] or \[H, W, C\]"),
        (np.zeros((1, 2, 2, 3)), r"\[1, 2, 2, 3\]"),
        (torch.zeros(2, 2, 3), None),
        (torch.zeros(5, 2, 3), r"\[5, 2, 3\]; one image is \[H, W\] or \[C, H, W\]"),
        (np.zeros((0, 3)), r"\[0, 3\]"),
        (np.full((2, 2), np.nan), "floats in"),
        (np.full((2, 2), 1.5), "floats in"),
        (np.full((2, 2), 256), "integers from 0 to 255"),
        (np.full((2, 2), -1), "integers from 0 to 255"),
        (np.array([["a"]]), "an array of <U1"),
        (Path("nowhere.png"), "no file 'nowhere.png'"),
    ],
)
def test_what_is_no_image_is_refused_in_one_line(image: Any, message: str | None) -> None:
    if message is None:
        assert read(image).shape == (2, 3, 2)
    else:
        with pytest.raises(UserError, match=message):
            as_file(image)
