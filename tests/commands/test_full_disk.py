"""Every command on a disk without room: one line that names a file, and nothing half written."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from helpers.commands import Command, command_in
from helpers.digits import write_bars
from helpers.image_folders import picture

from vectorae.commands import evaluate, export, fit, sample, shards, train, train_classifier, vectorize
from vectorae.training import checkpoint as checkpoints

SIZE = 3_000_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Call a command: exit code, stdout and stderr."""
    return command_in(tmp_path, train.main, monkeypatch, capsys)


def fill(disk: Path, left: int) -> None:
    """Leave so many bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    os.truncate(filler, max(0, filler.stat().st_size - left))


def files(disk: Path) -> set[str]:
    """What is there, apart from what fills the disk and TensorBoard's events, which have no end."""
    return {
        path.relative_to(disk).as_posix()
        for path in disk.rglob("*")
        if path.is_file() and path.name != "filler" and not path.name.startswith("events.")
    }


TRAINING = [
    "dataset.image_size=16",
    "dataset.train_count=16",
    "dataset.val_count=4",
    "dataset.test_count=4",
    "encoder.width=4",
    "head.width=8",
    "refiner.width=8",
    "model.refine_steps=1",
    "model.answer_steps=1",
    "model.hypotheses=1",
    "trainer.accelerator=cpu",
    "trainer.val_check_interval=1",
]


COMMANDS: dict[str, tuple[Callable[[], int], list[str]]] = {
    "fit": (fit.main, ["size=40", "max_steps=4", "primitives.count=4", "device=cpu", "hydra.run.dir={disk}/run"]),
    "vectorize": (vectorize.main, ["checkpoint={model}", "input={photos}", "output={disk}/out", "png=true", "scale=9"]),
    "evaluate": (evaluate.main, ["checkpoint={model}", "output={disk}/out/x.json", "device=cpu"]),
    "export": (export.main, ["checkpoint={model}", "format=safetensors", "output={disk}/out"]),
    "sample": (sample.main, ["checkpoint={sampler}", "output={disk}/out", "device=cpu"]),
    "shards": (shards.main, ["input={photos}", "output={disk}/out"]),
    "train_classifier": (
        train_classifier.main,
        ["dataset.root={digits}", "dataset.cache={cache}", "device=cpu", "epochs=1", "hydra.run.dir={disk}/run"],
    ),
    "train": (train.main, [*TRAINING, "dataset.cache={disk}", "hydra.run.dir={disk}/run"]),
}


@pytest.mark.parametrize("left", [0, 20_000])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_one_line(
    command: Command, disk: Path, tmp_path: Path, finished_run: Path, variational_run: Path, name: str, left: int
) -> None:
    (tmp_path / "photos").mkdir()
    for seed in range(3):
        picture((120, 120), seed).save(tmp_path / "photos" / f"{seed}.png")
    write_bars(tmp_path / "digits")
    main, arguments = COMMANDS[name]
    places = {"disk": disk, "photos": tmp_path / "photos", "digits": tmp_path / "digits", "cache": tmp_path / "cache"}
    for key, run in (("model", finished_run), ("sampler", variational_run)):
        places[key] = run / "checkpoints" / "last.ckpt"
    fill(disk, left)
    code, _, err = command(*[one.format(**places) for one in arguments], main=main)
    errors = [line for line in err.splitlines() if line.startswith("vectorae: error:")]
    assert code == 2 and len(errors) == 1 and "Traceback" not in err
    assert "space left" in errors[0] or "room" in errors[0]
    assert not [path for path in files(disk) if path.endswith((".part", ".lock", ".unfinished"))]
    assert not [path for path in files(disk) if not (disk / path).stat().st_size]


def test_a_run_whose_disk_becomes_full_keeps_its_last_checkpoint(command: Command, disk: Path, tmp_path: Path) -> None:
    run = [*TRAINING, f"dataset.cache={tmp_path / 'cache'}", f"hydra.run.dir={disk / 'run'}", "resume=auto"]
    assert command(*run, "trainer.max_steps=2")[0] == 0
    before = files(disk)
    fill(disk, 20_000)
    code, _, err = command(*run, "trainer.max_steps=4")
    assert code == 2 and len([line for line in err.splitlines() if "error:" in line]) == 1
    checkpoints.load(disk / "run" / "checkpoints" / "last.ckpt")
    assert not [path for path in files(disk) - before if path.endswith(".part")]
    (disk / "filler").unlink()
    code, out, _ = command(*run, "trainer.max_steps=4")
    assert code == 0 and "continues at step" in out
