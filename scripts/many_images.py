"""Many small images: memory and speed of a folder, its cache and its shards, beside those of a twentieth of them.

`python scripts/many_images.py 200000 --seed 0`: each step runs in a process of its own, whose memory is watched.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vectorae.datasets import Folder, Streaming
from vectorae.datasets.data import ImageData
from vectorae.datasets.write_shards import write_shards
from vectorae.io.image_files import find_images

SIDE, BATCH = 32, 64

OPTIONS = {"image_size": SIDE, "batch_size": BATCH, "augment": True}


@dataclass(frozen=True)
class Step:
    """What a step took.

    Attributes:
        name: of the step.
        images: that it went through.
        seconds: it took.
        memory: MiB of the process at most, without the files that it maps.
    """

    name: str
    images: int
    seconds: float
    memory: float

    def __str__(self) -> str:
        rate = self.images / self.seconds
        return (
            f"{self.name:<28}{self.images:>9} images{self.seconds:>9.1f} s{rate:>9.0f} images/s{self.memory:>7.0f} MiB"
        )


# Each step is a generator: the clock starts at its first item, and the others add up to the images it went through.


def write_images(root: Path, count: int, seed: int) -> Iterator[int]:
    """Write small images, a thousand in each folder."""
    yield 0
    chance = np.random.default_rng(seed)
    for start in range(0, count, 1000):
        folder = root / f"{start:08}"
        folder.mkdir(parents=True)
        small = chance.integers(0, 256, (min(1000, count - start), 4, 4, 3), np.uint8)
        for number, pixels in enumerate(small):
            image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
            image.save(folder / f"{number:03}.png", compress_level=1)
            yield 1


def make_cache(root: Path, cache: Path) -> Iterator[int]:
    """List a folder of images and decode it into the cache."""
    yield 0
    data = Folder(str(root), cache=str(cache), **OPTIONS)  # type: ignore[arg-type]
    data.prepare_data()
    yield from (len(data.images(split)) for split in ("train", "val", "test"))


def find_cache(root: Path, cache: Path) -> Iterator[int]:
    """List a folder of images and find its cache, as every run does when it starts."""
    return make_cache(root, cache)


def make_shards(root: Path, output: Path) -> Iterator[int]:
    """Write a folder of images into shards."""
    yield 0
    files = find_images(str(root), output)
    yield from (one.shard.images for one in write_shards(files, output, 1000, 5000, None, 0, 0) if one.shard)


def read_folder(root: Path, cache: Path, batches: int) -> Iterator[int]:
    """Training batches from the cache, after the first."""
    return _read(Folder(str(root), cache=str(cache), **OPTIONS), batches)  # type: ignore[arg-type]


def read_shards(root: Path, cache: Path, batches: int) -> Iterator[int]:
    """Training batches from shards, after the first."""
    return _read(Streaming(str(root), cache=str(cache), **OPTIONS), batches)  # type: ignore[arg-type]


def _read(data: ImageData, batches: int) -> Iterator[int]:
    return (len(batch) for batch in islice(data.train_dataloader(), batches))


def watched(name: str, step: Callable[..., Iterator[int]], arguments: tuple[Any, ...]) -> Step:
    """Take a step, and watch the memory of this process."""
    done, memory = threading.Event(), [0.0]

    def watch() -> None:
        while not done.wait(0.02):
            memory.append(_own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    counts = step(*arguments)
    next(counts)
    start = time.perf_counter()
    images = sum(counts)
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return Step(name, images, seconds, max(*memory, _own_memory()))


def _own_memory() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def all_steps(count: int, seed: int, folder: Path, batches: int = 1000) -> list[Step]:
    """Every step with ``count`` images, written into ``folder``."""
    images, cache, shards = folder / "images", folder / "cache", folder / "shards"
    steps: list[tuple[str, Callable[..., Iterator[int]], tuple[Any, ...]]] = [
        ("images written", write_images, (images, count, seed)),
        ("cache made", make_cache, (images, cache)),
        ("cache found", find_cache, (images, cache)),
        ("batches from the cache", read_folder, (images, cache, batches)),
        ("shards written", make_shards, (images, shards)),
        ("batches from shards", read_shards, (shards, cache, batches)),
    ]
    taken = []
    for name, step, arguments in steps:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            taken.append(pool.submit(watched, name, step, arguments).result())
        print(taken[-1], flush=True)
    return taken


def main() -> int:
    """Do what the command line says. Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, help="how many images")
    parser.add_argument("--seed", type=int, default=0, help="of the images")
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores")
    for count in (given.count // 20, given.count):
        with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="many-images-") as folder:
            all_steps(count, given.seed, Path(folder))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
