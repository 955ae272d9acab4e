"""Fixtures that several files of tests use."""

from pathlib import Path

import pytest
from image_folders import picture
from models import run_training


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Forty small pictures, half of them in a folder below."""
    root = tmp_path / "photos"
    (root / "below").mkdir(parents=True)
    for i in range(40):
        picture(seed=i).save(root / ("below" if i % 2 else ".") / f"{i}.png")
    return root


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of four steps, validated at 2 and 4."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert run_training(folder, "trainer.max_steps=4") == 0
    return folder
