"""Exports that several tests read, as each takes seconds to write; and the program that lies beside them."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from helpers.commands import Outcome
from helpers.exports import FEW, INK, MIXED, correcting, saved, scattered
from helpers.shared import made_once
from PIL import Image

from vectorae.export import export
from vectorae.export.corrected import CorrectedNetwork


@pytest.fixture(scope="session", params=["mixed", "ink"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint and its export as ONNX."""

    def make(folder: Path) -> None:
        model = scattered(*(MIXED if request.param == "mixed" else INK))
        saved(model, folder / "model.ckpt")
        assert export(model, "onnx", folder / "onnx").difference < 1e-5

    return made_once(tmp_path_factory, f"exported_{request.param}", make)


@pytest.fixture
def draw(exported: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """``draw.py`` of an export as a program in this process: exit code, stdout and stderr."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)  # which it changes

    def call(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["draw.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(exported / "onnx" / "draw.py"), run_name="__main__")
        return (int(ended.value.code or 0), *capfd.readouterr())

    return call


def traced_once() -> Callable[..., Any]:
    """What is traced of the first model is that of all: it takes half a minute. So both formats are of float64 here."""
    kept: list[Any] = []

    def program(network: CorrectedNetwork, images: torch.Tensor) -> Any:
        kept[:] = kept or [trace(network, images)]
        return kept[0]

    trace = CorrectedNetwork.double_program
    return program


@pytest.fixture(scope="session")
def both_exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint and its exports, in a folder for each format."""

    def make(folder: Path) -> None:
        model = correcting(*FEW)
        saved(model, folder / "model.ckpt")
        traced = traced_once()
        with patch.multiple(CorrectedNetwork, program=traced, double_program=traced):
            for name in ("torch_export", "onnx"):
                done = export(model, name, folder / name)
                assert done.difference < 1e-4 and done.left_out is None

    return made_once(tmp_path_factory, "corrected", make)
