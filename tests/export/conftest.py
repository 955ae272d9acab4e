"""Exports that several tests read: each takes seconds to write."""

from pathlib import Path

import pytest
from helpers.exports import INK, MIXED, saved, scattered

from vectorae.export import export


@pytest.fixture(scope="session", params=["mixed", "ink"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint and its export as ONNX."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    model = scattered(*(MIXED if request.param == "mixed" else INK))
    saved(model, folder / "model.ckpt")
    assert export(model, "onnx", folder / "onnx").difference < 1e-5
    return folder
