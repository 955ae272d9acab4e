"""Kill trainings at random moments: every checkpoint that is there opens, and the end is that of a run never stopped.

`python -m scripts.kills 200 --seed 0 --temporary /dev/shm`: each run is started with the same command line,
`resume=auto`, killed, and started again until it ends; then its weights are compared bit by bit. `--what cache` and
`--what shards` kill what writes them instead, and compare the files.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import torch

from scripts.many_images import write_images
from vectorae.commands import train
from vectorae.training.checkpoint import read_checkpoint

ROOT = Path(__file__).resolve().parents[1]

SETTINGS = [
    "resume=auto",
    "dataset.image_size=16",
    "dataset.train_count=64",
    "dataset.val_count=16",
    "dataset.test_count=16",
    "dataset.batch_size=8",
    "encoder.width=8",
    "head.width=16",
    "refiner.width=16",
    "model.refine_steps=1",
    "trainer.accelerator=cpu",
    "trainer.devices=1",
    "trainer.val_check_interval=3",
    "watch.count=2",
]


def command(folder: Path, steps: int) -> list[str]:
    """The command line of a run, the same every time."""
    own = [f"trainer.max_steps={steps}", f"hydra.run.dir={folder}", f"dataset.cache={folder.parent / 'cache'}"]
    return [sys.executable, str(ROOT / "train.py"), *SETTINGS, *own]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """The last weights of a run."""
    return dict(read_checkpoint(folder / "checkpoints" / "last.ckpt")["state_dict"])


def check_checkpoints(folder: Path) -> int:
    """Open every checkpoint of a run, and return how many there are; a damaged one raises a UserError."""
    found = sorted((folder / "checkpoints").glob("*.ckpt"))
    for path in found:
        read_checkpoint(path)
    return len(found)


def kill_runs(
    count: int, seed: int, temporary: Path, folder: Path, aimed: bool = False, steps: int = 30
) -> tuple[int, int]:
    """Kill runs ``count`` times.

    Args:
        count: of kills.
        seed: of the moments.
        temporary: the system's folder of temporary files, best on another disk than ``folder``.
        folder: for the runs and the cache of their images.
        aimed: kill while a file is being written.
        steps: of a run.

    Returns:
        How many checkpoints were opened, and how many runs reached their end.
    """
    chance, environment = random.Random(seed), {**os.environ, "TMPDIR": str(temporary)}
    settings = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    # Twice: kernels that a process compiles and those that it loads may differ in the last bit.
    with patch.object(sys, "argv", command(folder / "compiled", steps)[1:]):
        if train.main() != 0:
            raise RuntimeError("a run that was not killed has failed")
    started = time.perf_counter()
    subprocess.run(command(folder / "whole", steps), check=True, **settings)  # type: ignore[call-overload]
    length, expected = time.perf_counter() - started, weights(folder / "whole")
    kills = opened = ended = 0
    whole = False
    while kills < count or not whole:
        run = folder / f"run{ended}"
        with subprocess.Popen(command(run, steps), **settings) as process:  # type: ignore[call-overload]
            end = time.perf_counter() + chance.uniform(0.3, 1.0) * length
            while kills < count and process.poll() is None and time.perf_counter() < end:
                time.sleep(0.01)
            while kills < count and aimed and process.poll() is None and not any(run.rglob("*.part")):
                time.sleep(0.0002)
            if kills < count and process.poll() is None:
                process.kill()
                kills += 1
            said = process.communicate()[1].decode()
        opened += check_checkpoints(run)
        if process.returncode not in (0, -9):
            raise RuntimeError(f"a run ended with {process.returncode}: {said}")
        whole = process.returncode == 0
        if whole:
            for name, value in weights(run).items():
                if not torch.equal(value, expected[name]):
                    raise RuntimeError(f"{name} of {run} is not that of a run that was never stopped")
            ended += 1
            shutil.rmtree(run)
        print(f"{kills} kills, {opened} checkpoints opened, {ended} runs ended", flush=True)
    return opened, ended


WRITERS = {
    "cache": "from vectorae.datasets import Folder; Folder({images!r}, image_size=32, cache={output!r}).prepare_data()",
    "shards": (
        "import sys; from vectorae.commands import shards; "
        "sys.argv = ['x', 'input={images}', 'output={output}', 'images_per_shard=50']; sys.exit(shards.main())"
    ),
}
"""Programs that write a cache, or shards, of a folder of images."""

DRAFTS = {"cache": "*.unfinished", "shards": "*.part"}
"""Files that are there while they write."""


def kill_writers(what: str, count: int, seed: int, folder: Path, images: int = 3000) -> int:
    """Kill what writes a cache or shards ``count`` times, while it writes.

    Args:
        what: ``cache`` or ``shards``.
        count: of kills.
        seed: of the moments and the images.
        folder: for all files.
        images: how many are written.

    Returns:
        How often it came to its end, each time with the files of one that was never stopped.
    """
    chance = random.Random(seed)
    sum(write_images(folder / "images", images, seed))

    def command(output: Path) -> list[str]:
        return [sys.executable, "-c", WRITERS[what].format(images=str(folder / "images"), output=str(output))]

    def contents(output: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in output.iterdir() if path.suffix != ".lock"}

    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    subprocess.run(command(folder / "whole"), check=True, **quiet)  # type: ignore[call-overload]
    kills = ended = 0
    while kills < count or not ended:
        output = folder / f"output{ended}"
        with subprocess.Popen(command(output), **quiet) as process:  # type: ignore[call-overload]
            while process.poll() is None and not any(output.glob(DRAFTS[what])):
                time.sleep(0.001)
            # Some of the time in which it is written, so that several kills hit one.
            time.sleep(chance.uniform(0, images / 10_000))
            if kills < count and process.poll() is None:
                process.kill()
                kills += 1
            said = process.communicate()[1].decode()
        if process.returncode not in (0, -9):
            raise RuntimeError(f"it ended with {process.returncode}: {said}")
        if process.returncode == 0:
            if contents(output) != contents(folder / "whole"):
                raise RuntimeError(f"the files in {output} are not those of one that was never stopped")
            ended += 1
            shutil.rmtree(output)
        print(f"{kills} kills, {ended} times at the end", flush=True)
    return ended


def main() -> int:
    """Do what the command line says. Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, help="how many kills")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--temporary", type=Path, default=Path(tempfile.gettempdir()), help="folder of temporary files")
    parser.add_argument("--aimed", action="store_true", help="kill while a file is being written")
    parser.add_argument("--what", choices=("runs", *WRITERS), default="runs", help="what is killed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="kills-") as folder:
        if given.what != "runs":
            kill_writers(given.what, given.count, given.seed, Path(folder))
            return 0
        kill_runs(given.count, given.seed, given.temporary, Path(folder), given.aimed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
