"""Parallel work over images and bands of rows, in as many threads as torch uses."""

import math
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import torch

from vectorae.compat import openmp_team

Result = TypeVar("Result")

_PROCESS = os.getpid()
"""The process that imported this module."""


class Part(NamedTuple):
    """A part of the work.

    Attributes:
        images, rows: half-open ranges (from, to).
        band: index of the band that these rows are, of those that each image is split into.
    """

    images: tuple[int, int]
    rows: tuple[int, int]
    band: int


WORTH_A_PART = 2**17
"""Pixels: a part of fewer is not split again for balance alone, as each part has its price."""

WORTH_A_THREAD = 1e-4
"""Seconds: work that takes no longer is not split, as it takes about as long to wake a thread."""


def split_work(images: int, height: int, pixels: int | None = None) -> list[Part]:
    """Split images of ``height`` rows into two parts per thread, as some images take longer than others.

    Images are split into bands of rows only if there are fewer images than threads.

    Args:
        pixels: of an image; if two parts per thread have few, there is one.
    """
    threads = torch.get_num_threads()
    bands = min(height, max(1, math.ceil(threads / max(1, images))))
    step = max(1, math.ceil(images / (2 * threads)))
    if pixels is not None and step * pixels < WORTH_A_PART:
        step = max(1, math.ceil(images / threads))
    return [
        Part((image, min(image + step, images)), (band * height // bands, (band + 1) * height // bands), band)
        for image in range(0, images, step)
        for band in range(bands)
    ]


def split_items(count: int, seconds: float) -> list[Part]:
    """Split ``count`` items, as if they were images, if all of them take one core longer than a thread is worth."""
    return split_work(count, 1) if seconds > WORTH_A_THREAD else [Part((0, count), (0, 1), 0)]


def run_parallel(work: Callable[[int, Part], Result], parts: Sequence[Part]) -> list[Result]:
    """Results of ``work(number, part)`` for all parts, in their order; runs in as many threads as torch uses.

    Raises:
        BaseException: the first failure of any thread.
    """
    results: list[Any] = [None] * len(parts)
    failures: list[BaseException] = []
    todo = deque(enumerate(parts))

    def take_some() -> None:
        while True:
            try:
                number, part = todo.popleft()
            except IndexError:
                return
            try:
                results[number] = work(number, part)
            except BaseException as failure:  # raised below, in the calling thread
                failures.append(failure)
                todo.clear()

    threads = min(torch.get_num_threads(), len(parts))
    if threads > 1:
        _in_threads(take_some, threads)
    else:
        take_some()
    if failures:
        raise failures[0]
    return results


def _in_threads(work: Callable[[], None], threads: int) -> None:
    """Run ``work`` in several threads at once, this one included.

    Torch's own if these are GNU OpenMP's: they spin for milliseconds after each operation of torch, so that other
    threads would find all cores busy, and these are awake.
    """
    team = openmp_team() if os.getpid() == _PROCESS else None  # an OpenMP team does not survive a fork
    if team:
        team(work, threads)
        return
    waiting = [_pool(os.getpid(), threads).submit(work) for _ in range(threads - 1)]
    work()
    for one in waiting:
        one.result()


@lru_cache(maxsize=2)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """A pool for each process, as threads do not survive a fork."""
    return ThreadPoolExecutor(max(1, threads - 1), thread_name_prefix="vectorae")
