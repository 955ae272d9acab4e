"""Work shared out to as many threads as torch uses, by images and bands of rows."""

import math
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import torch

Result = TypeVar("Result")


class Part(NamedTuple):
    """A part of the work: images and rows, both from and to; and which of the bands that images are cut into."""

    images: tuple[int, int]
    rows: tuple[int, int]
    band: int


def parts_of(images: int, height: int) -> list[Part]:
    """Several parts a thread, as some images take longer than others. Images are cut into bands of rows only where
    there are fewer of them than threads."""
    threads = torch.get_num_threads()
    bands = min(height, max(1, math.ceil(threads / max(1, images))))
    step = max(1, math.ceil(images / (4 * threads)))
    return [
        Part((image, min(image + step, images)), (band * height // bands, (band + 1) * height // bands), band)
        for image in range(0, images, step)
        for band in range(bands)
    ]


def share_out(work: Callable[[int, Part], Result], parts: Sequence[Part]) -> list[Result]:
    """``work(number, part)`` of all parts, in their order, by as many threads as torch uses."""
    threads = torch.get_num_threads()
    results: list[Any] = [None] * len(parts)
    todo = deque(enumerate(parts))

    def take_some() -> None:
        while True:
            try:
                number, part = todo.popleft()
            except IndexError:
                return
            results[number] = work(number, part)

    # This thread works too: it is awake already.
    others = min(threads, len(parts)) - 1
    waiting = [_pool(os.getpid(), threads).submit(take_some) for _ in range(others)]
    take_some()
    for one in waiting:
        one.result()
    return results


@lru_cache(maxsize=2)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Threads do not survive a fork: each process has its own."""
    return ThreadPoolExecutor(max(1, threads - 1), thread_name_prefix="vectorae")
