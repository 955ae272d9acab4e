"""Real MNIST and CelebA, where VECTORAE_DATA says that they are."""

import itertools
import os
import shutil
from pathlib import Path

import pytest
import torch

from vectorae.datasets import MNIST, CelebA, cache


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
