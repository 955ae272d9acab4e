"""Whatever the commands do with a model: it is trained, resumed, measured, draws, and leaves as a file."""

import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from helpers.commands import run_vectorize
from helpers.image_folders import picture
from helpers.models import metrics_of, run_training
from vectorae.commands import evaluate, export
from vectorae.export.formats import FORMATS


def whole_round(folder: Path, *overrides: str, shared: tuple[str, ...] = (), exported: tuple[str, ...] = ()) -> None:
    """Train a model of 16×16 toy faces for two steps, and go on for two; evaluate, vectorize and export it.

    Args:
        folder: for all that is written.
        overrides: of the training.
        shared: overrides of every command, such as ``plugins=[…]``.
        exported: overrides of exports that draw, which take half a minute if they have corrections.
    """
    run = folder / "run"
    checkpoint = run / "checkpoints" / "last.ckpt"
    assert run_training(run, *shared, *overrides) == 0
    assert run_training(run, *shared, *overrides, "trainer.max_steps=4", f"resume={checkpoint}") == 0
    assert metrics_of(run)["step"] == 4
    assert command(evaluate.main, f"checkpoint={checkpoint}", "limit=4", "device=cpu", *shared) == 0
    picture(seed=0).save(folder / "a.png")
    assert run_vectorize(checkpoint, folder / "a.png", folder / "drawn", *shared) == 0
    assert (folder / "drawn" / "a.svg").is_file()
    for name, of_format in FORMATS.items():
        output = folder / name
        given = [f"checkpoint={checkpoint}", f"format={name}", f"output={output}", *shared]
        assert command(export.main, *given, *(() if of_format.whole else exported)) == 0
        assert (output / of_format.file).is_file()


def command(main: Callable[[], int], *arguments: str) -> int:
    """The exit code of a command."""
    with patch.object(sys, "argv", ["vectorae", *arguments]):
        return main()
