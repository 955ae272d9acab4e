"""Fixtures that several files of tests use."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

# Tests run in several processes, each of which takes one thread: threads of two would wait for each other.
if "PYTEST_XDIST_WORKER" in os.environ:
    for library in ("OMP", "NUMBA"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import torch

# Without a GPU its kernels run in Triton's interpreter, which is chosen before anything imports Triton; hence the
# imports within the fixtures.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")


MANY = 2000
"""Tests that need nearly every kernel of the CPU together."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Before the tests all kernels are compiled: those of one precision by the first process, of the other by the next.

    Else each process would compile what it needs next, and most of it twice.
    """
    precisions = {"gw0": torch.float32, "gw1": torch.float64}
    dtype = precisions.get(os.environ.get("PYTEST_XDIST_WORKER", ""))
    if dtype is not None and len(session.items) > MANY:
        from helpers.every_kernel import draw_with_every_kernel

        draw_with_every_kernel(dtype)


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    """What shows progress ends with what it shows, also if that fails."""
    from vectorae.io.progress import THREAD

    yield
    assert THREAD not in {thread.name for thread in threading.enumerate()}


@pytest.fixture(scope="session", autouse=True)
def _interpreter_is_quicker() -> None:
    """Triton's interpreter without half of its work, which kernels on a GPU do without too.

    It makes a table of all types for each operation, and looks whether sums of integers fit into these, which one test
    of the GPU wants too.
    """
    if "TRITON_INTERPRET" not in os.environ or find_spec("triton") is None:
        return
    from triton.runtime import interpreter

    made, found = interpreter._get_np_dtype, dict[str, Any]()

    def kept(dtype: Any) -> Any:
        if dtype.name not in found:
            found[dtype.name] = made(dtype)
        return found[dtype.name]

    interpreter._get_np_dtype = kept
    builder = interpreter.interpreter_builder
    builder.options = replace(builder.options, sanitize_overflow=False)


@pytest.fixture(autouse=True)
def _config_is_composed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hydra composes each config twice, the first time for ``hydra.mode``, which here the command line alone sets."""
    from hydra._internal.hydra import Hydra
    from hydra.types import RunMode

    def get_mode(self: Hydra, config_name: str | None, overrides: list[str]) -> RunMode | None:
        modes = [RunMode[one.partition("=")[2]] for one in overrides if one.startswith("hydra.mode=")]
        return modes[-1] if modes else None

    monkeypatch.setattr(Hydra, "get_mode", get_mode)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Forty small pictures, half of them in a folder below."""
    from helpers.image_folders import picture

    root = tmp_path / "photos"
    (root / "below").mkdir(parents=True)
    for i in range(40):
        picture(seed=i).save(root / ("below" if i % 2 else ".") / f"{i}.png")
    return root


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of four steps, validated at 2 and 4."""
    from helpers.models import run_training
    from helpers.shared import made_once

    def make(folder: Path) -> None:
        assert run_training(folder / "run", "trainer.max_steps=4") == 0

    return made_once(tmp_path_factory, "finished", make) / "run"


@pytest.fixture(scope="session")
def variational_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of a variational autoencoder."""
    from helpers.models import run_training
    from helpers.shared import made_once

    def make(folder: Path) -> None:
        assert run_training(folder / "run", "model.variational=true", "model.latent=4") == 0

    return made_once(tmp_path_factory, "variational", make) / "run"
