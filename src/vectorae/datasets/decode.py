"""Image files decoded to square uint8 arrays."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from torch.utils.data import get_worker_info

from vectorae.datasets.cache import Block
from vectorae.errors import reason
from vectorae.io.images import Picture, View, read_crops, read_picture

THREADS = min(8, os.cpu_count() or 1)
"""Threads of one process that decode."""

QUICK = 1e-3
"""Seconds below which a decoding costs less than to switch threads."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Files decoded per step of the progress bar.
_BLOCK = 256


def decode_files(root: Path, names: Sequence[str], view: View, workers: int = 0) -> Iterator[Block]:
    """Files ``root/name`` in order, decoded in parallel; unreadable files are listed in their block.

    Args:
        root: folder.
        names: paths below it, n of them.
        view: how each image is cropped and scaled to a square.
        workers: processes that decode; 0 decodes in threads of this one.

    Yields:
        Blocks whose images together are uint8 [n − skipped, C, S, S].
    """
    results = decode_all((root / name for name in names), view, workers)
    for start in range(0, len(names), _BLOCK):
        chosen = names[start : start + _BLOCK]
        decoded = list(islice(results, len(chosen)))
        named = zip(chosen, decoded, strict=True)
        yield block_of([f"{name!r} ({one})" if isinstance(one, str) else one.pixels for name, one in named], view)


def decode_crops(
    root: Path, names: Sequence[str], view: View, count: int, seed: int, first: int = 0, workers: int = 0
) -> Iterator[Block]:
    """Random crops of files ``root/name`` in order (see ``read_crops``); else as ``decode_files``.

    Args:
        root, names, view, workers: as for ``decode_files``.
        count: crops of each file, which follow each other.
        seed: of their places.
        first: the number of the first name among all, from which its crops depend.

    Yields:
        Blocks whose images together are uint8 [(n − skipped) · count, C, S, S].
    """
    work = partial(_crops_or_reason, root, view, count, seed)
    files = max(1, _BLOCK // count)
    results = in_order(work, enumerate(names, first), workers, files)
    for start in range(0, len(names), files):
        chosen = names[start : start + files]
        decoded = list(islice(results, len(chosen)))
        crops = [one for one in decoded if not isinstance(one, str)]
        lines = (f"{name!r} ({one})" for name, one in zip(chosen, decoded, strict=True) if isinstance(one, str))
        yield Block(np.concatenate(crops) if crops else np.empty((0, *view.shape), np.uint8), tuple(lines))


def block_of(decoded: Sequence[np.ndarray | str], view: View) -> Block:
    """A block of square pictures, or lines that say why they cannot be read."""
    images = [one for one in decoded if isinstance(one, np.ndarray)]
    pixels = np.stack(images) if images else np.empty((0, *view.shape), np.uint8)
    return Block(pixels, tuple(one for one in decoded if isinstance(one, str)))


def decode_all(paths: Iterable[Path], view: View, workers: int = 0) -> Iterator[Picture | str]:
    """Image files in order, decoded in parallel: each a square picture, or in one line why it cannot be read.

    Args:
        paths: of the files, read block by block.
        view: how each image is cropped and scaled to a square.
        workers: processes that decode; 0 decodes in threads of this one.
    """
    return in_order(partial(_picture_or_reason, view), paths, workers, _BLOCK)


def in_order(
    function: Callable[[_Item], _Result], items: Iterable[_Item], workers: int, ahead: int
) -> Iterator[_Result]:
    """``function`` of each item in order, computed in parallel.

    Args:
        function: that another process can import, if there are workers.
        items: read as they are needed.
        workers: processes; 0 uses threads of this one.
        ahead: items that are taken at once.
    """
    todo = iter(items)
    first = list(islice(todo, ahead))
    # No more processes than there is work for: each imports what it needs anew. Forked ones of a process with threads
    # may hang.
    count = min(workers, len(first))
    processes = ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) if count else None
    with processes or nullcontext():
        block = first
        while block:
            if processes is None:
                yield from in_threads(function, block)
            else:
                yield from processes.map(function, block, chunksize=max(1, ahead // 32))
            block = list(islice(todo, ahead))


def in_threads(function: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterator[_Result]:
    """``function`` of each item in order: in threads, unless the first shows that it is too quick for them."""
    start = time.perf_counter()
    first = function(items[0])
    quick = time.perf_counter() - start < QUICK
    yield first
    if quick or get_worker_info() is not None:  # in one of several processes that do the same
        yield from map(function, items[1:])
    else:
        with ThreadPoolExecutor(THREADS) as pool:
            yield from pool.map(function, items[1:])


def _picture_or_reason(view: View, path: Path) -> Picture | str:
    try:
        return read_picture(path, view)
    except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
        return reason(error)


def _crops_or_reason(root: Path, view: View, count: int, seed: int, file: tuple[int, str]) -> np.ndarray | str:
    number, name = file
    try:
        return read_crops(root / name, view, count, [seed, number])
    except Exception as error:
        return reason(error)
