"""Several pictures as one."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from vectorae.io.sheets import captioned_sheet, contact_sheet


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("size", "channels", "side"), [(16, 1, 64), (28, 3, 84), (64, 3, 64), (100, 3, 100)])
def test_contact_sheet(size: int, channels: int, side: int) -> None:
    rows = [noise(5, channels, size, size, seed=seed) for seed in range(3)]
    sheet = np.asarray(contact_sheet(rows))
    assert sheet.shape == (2 + 3 * (side + 2), 2 + 5 * (side + 2), 3)
    assert sheet.dtype == np.uint8
    top, left, factor = 2 + (side + 2), 2 + 4 * (side + 2), side // size
    tile = sheet[top : top + side : factor, left : left + side : factor]
    expected = rows[1][4].expand(3, -1, -1).mul(255).round().byte().permute(1, 2, 0).numpy()
    assert (tile == expected).all()
    assert (sheet[:2] == 255).all()
    assert (sheet[:, -2:] == 255).all()


def test_a_short_row_ends_in_white() -> None:
    sheet = np.asarray(contact_sheet(torch.zeros(5, 3, 64, 64).split(3)))
    whole = np.asarray(
        contact_sheet(
            [torch.zeros(3, 3, 64, 64), torch.tensor([0.0, 0, 1])[:, None, None, None] + torch.zeros(3, 3, 64, 64)]
        )
    )
    assert (sheet == whole).all()


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
