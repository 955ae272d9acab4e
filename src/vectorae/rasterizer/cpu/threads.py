"""Work shared out to as many threads as torch uses, by images and bands of rows."""

import math
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import torch


def bands_of(images: int, height: int) -> int:
    """Into how many bands of rows each image is cut: more than one only where there are fewer images than threads."""
    return min(height, max(1, math.ceil(torch.get_num_threads() / max(1, images))))


def _parts(images: int, height: int) -> Iterator[tuple[tuple[int, int], tuple[int, int], int]]:
    """(images from, to), (rows from, to), band: several parts a thread, as some images take longer than others."""
    threads, bands = torch.get_num_threads(), bands_of(images, height)
    step = max(1, math.ceil(images / (4 * threads)))
    for image in range(0, images, step):
        for band in range(bands):
            yield (
                (image, min(image + step, images)),
                (band * height // bands, (band + 1) * height // bands),
                band,
            )


def share_out(work: Callable[[tuple[int, int], tuple[int, int], int], None], images: int, height: int) -> None:
    """Call ``work(images from and to, rows from and to, band)`` until all is done."""
    threads = torch.get_num_threads()
    parts = deque(_parts(images, height))

    def take_parts() -> None:
        while True:
            try:
                part = parts.popleft()
            except IndexError:
                return
            work(*part)

    # This thread works too: it is awake already.
    others = min(threads, len(parts)) - 1
    waiting = [_pool(os.getpid(), threads).submit(take_parts) for _ in range(others)]
    take_parts()
    for one in waiting:
        one.result()


@lru_cache(maxsize=2)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Threads do not survive a fork: each process has its own."""
    return ThreadPoolExecutor(max(1, threads - 1), thread_name_prefix="vectorae")
