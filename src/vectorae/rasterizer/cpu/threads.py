"""Work shared out to as many threads as torch uses, by images and bands of rows."""

import math
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import torch

from vectorae import compat

Result = TypeVar("Result")

_PROCESS = os.getpid()
"""That has imported this."""


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
            except BaseException as failure:  # that of another thread too is raised in this one
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
    """Work, in this thread too: it is awake already."""
    team = _team() if os.getpid() == _PROCESS else None  # an OpenMP team does not survive a fork
    if team:
        team(work, threads)
        return
    waiting = [_pool(os.getpid(), threads).submit(work) for _ in range(threads - 1)]
    work()
    for one in waiting:
        one.result()


@lru_cache(maxsize=1)
def _team() -> Callable[[Callable[[], None], int], None] | None:
    """Work in the threads of torch itself, if these are GNU OpenMP's.

    They wait busily for milliseconds after each of torch's operations: other threads would find every core taken, and
    these are awake.
    """
    return compat.openmp_team()


@lru_cache(maxsize=2)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Threads do not survive a fork: each process has its own."""
    return ThreadPoolExecutor(max(1, threads - 1), thread_name_prefix="vectorae")
