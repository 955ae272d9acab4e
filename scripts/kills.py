"""Kill trainings at random moments: every checkpoint that is there opens, and the end is that of a run never stopped.

`python -m scripts.kills 200 --seed 0 --temporary /dev/shm`: each run is started with the same command line,
`resume=auto`, killed, and started again until it ends; then its weights are compared bit by bit. `--what cache` and
`--what shards` kill what writes them instead, and compare the files.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import torch

from scripts.forked import Forked
from scripts.many_images import write_images
from vectorae.commands import shards, train
from vectorae.datasets import Folder
from vectorae.training.checkpoint import read_checkpoint

LONGEST = 300
"""Seconds after which a process is given up."""

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
    "model.answer_steps=1",
    "model.hypotheses=1",
    "trainer.accelerator=cpu",
    "trainer.devices=1",
    "trainer.val_check_interval=3",
    "watch.count=2",
]


def arguments(folder: Path, steps: int) -> list[str]:
    """The arguments of a run, the same every time."""
    own = [f"trainer.max_steps={steps}", f"hydra.run.dir={folder}", f"dataset.cache={folder.parent / 'cache'}"]
    return [*SETTINGS, *own]


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
    chance = random.Random(seed)

    def start(run: Path) -> Forked:
        return Forked(train.main, arguments(run, steps), folder / "said.txt", environment={"TMPDIR": str(temporary)})

    # In this process first, which imports and compiles what the others need.
    with patch.object(sys, "argv", ["train.py", *arguments(folder / "compiled", steps)]):
        if train.main() != 0:
            raise RuntimeError("a run that was not killed has failed")
    started = time.perf_counter()
    if start(folder / "whole").wait(LONGEST) != 0:
        raise RuntimeError("a run that was not killed has failed")
    length, expected = time.perf_counter() - started, weights(folder / "whole")
    kills = opened = ended = 0
    whole = False
    while kills < count or not whole:
        run = folder / f"run{ended}"
        one = start(run)
        end = time.perf_counter() + chance.uniform(0.3, 1.0) * length
        while kills < count and one.process.is_alive() and time.perf_counter() < end:
            time.sleep(0.01)
        while kills < count and aimed and one.process.is_alive() and not any(run.rglob("*.part")):
            time.sleep(0.0002)
        if kills < count and one.process.is_alive():
            one.process.kill()
            kills += 1
        code = one.wait(LONGEST)
        opened += check_checkpoints(run)
        if code not in (0, -9):
            raise RuntimeError(f"a run ended with {code}: {one.said}")
        whole = code == 0
        if whole:
            for name, value in weights(run).items():
                if not torch.equal(value, expected[name]):
                    raise RuntimeError(f"{name} of {run} is not that of a run that was never stopped")
            ended += 1
            shutil.rmtree(run)
        print(f"{kills} kills, {opened} checkpoints opened, {ended} runs ended", flush=True)
    return opened, ended


def write_cache() -> int:
    """Write the cache of a folder of images; both folders are on the command line."""
    images, output = sys.argv[1:]
    Folder(images, image_size=32, cache=output).prepare_data()
    return 0


def write_shards() -> int:
    """Write shards of a folder of images; both folders are on the command line."""
    images, output = sys.argv[1:]
    sys.argv[1:] = [f"input={images}", f"output={output}", "images_per_shard=50"]
    return shards.main()


WRITERS = {"cache": write_cache, "shards": write_shards}
"""Commands that write a cache, or shards."""

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

    def start(output: Path) -> Forked:
        return Forked(WRITERS[what], [str(folder / "images"), str(output)], folder / "said.txt")

    def contents(output: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in output.iterdir() if path.suffix != ".lock"}

    if start(folder / "whole").wait(LONGEST) != 0:
        raise RuntimeError("a writer that was not killed has failed")
    kills = ended = 0
    while kills < count or not ended:
        output = folder / f"output{ended}"
        one = start(output)
        while one.process.is_alive() and not any(output.glob(DRAFTS[what])):
            time.sleep(0.001)
        # Some of the time in which it is written, so that several kills hit one.
        time.sleep(chance.uniform(0, images / 10_000))
        if kills < count and one.process.is_alive():
            one.process.kill()
            kills += 1
        code = one.wait(LONGEST)
        if code not in (0, -9):
            raise RuntimeError(f"it ended with {code}: {one.said}")
        if code == 0:
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
