"""Fixtures that several files of tests use."""

from pathlib import Path

import pytest
from image_folders import picture


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Forty small pictures, half of them in a folder below."""
    root = tmp_path / "photos"
    (root / "below").mkdir(parents=True)
    for i in range(40):
        picture(seed=i).save(root / ("below" if i % 2 else ".") / f"{i}.png")
    return root
