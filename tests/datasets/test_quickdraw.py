"""Quick, Draw!: bitmaps in one file for each class."""

from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch

from vectorae import UserError
from vectorae.datasets import QuickDraw, cache


def sketches(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 784), np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "quickdraw"
    folder.mkdir(parents=True)
    for seed, (name, count) in enumerate((("cat", 40), ("hot air balloon", 60))):
        np.save(folder / f"{name}.npy", sketches(count, seed))
    return tmp_path / "data"


def make(root: Path, **options: Any) -> QuickDraw:
    return QuickDraw(str(root), cache=str(root.parent / "cache"), **options)


def test_classes_follow_each_other_in_every_split(root: Path) -> None:
    data = make(root)
    assert [len(data.images(split)) for split in cache.SPLITS] == [36 + 54, 2 + 3, 2 + 3]
    assert torch.equal(data.images("train")[:36].flatten(1), torch.from_numpy(sketches(40, 0)[:36]))
    assert torch.equal(data.images("test")[2:].flatten(1), torch.from_numpy(sketches(60, 1)[57:]))
    assert data.labels("val").tolist() == [0, 0, 1, 1, 1]


def test_some_classes_and_fewer_images(root: Path) -> None:
    data = make(root, classes=["hot air balloon"], per_class=20, image_size=32, channels=3)
    assert data.images("train").shape == (18, 3, 32, 32)


def test_what_is_missing_is_named_and_can_be_downloaded(root: Path) -> None:
    wanted = r"put dog\.npy from https://.* into '.*quickdraw'$"
    with pytest.raises(UserError, match=rf"^dataset\.root: no Quick, Draw! in .*{wanted}"):
        make(root, classes=["dog"])
    offline = patch("vectorae.datasets.quickdraw.urlopen", side_effect=OSError("no network"))
    with offline, pytest.raises(UserError, match=rf"^dataset\.download: .*\(no network\); {wanted}"):
        make(root, classes=["dog"], download=True).prepare_data()
    content = BytesIO()
    np.save(content, sketches(10, 5))
    with patch("vectorae.datasets.quickdraw.urlopen", return_value=BytesIO(content.getvalue())) as opened:
        data = make(root, classes=["dog"], download=True)
        assert len(data.images("train")) == 8
    assert opened.call_args.args[0].endswith("numpy_bitmap/dog.npy")


@pytest.mark.parametrize("damage", [b"", b"no array", None])
def test_damaged_files_are_named(root: Path, damage: bytes | None) -> None:
    path = root / "quickdraw" / "cat.npy"
    if damage is None:
        np.save(path, np.zeros((5, 9), np.uint8))
    else:
        path.write_bytes(damage)
    with pytest.raises(UserError, match=r"^dataset\.root: '.*cat\.npy' is "):
        make(root).prepare_data()
