"""Image files decoded to square uint8 arrays."""

import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from vectorae.datasets.cache import Block
from vectorae.errors import reason
from vectorae.io.images import Picture, View, read_picture

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
        images = [one.pixels for one in decoded if isinstance(one, Picture)]
        yield Block(
            np.stack(images) if images else np.empty((0, *view.shape), np.uint8),
            tuple(f"{name!r} ({one})" for name, one in zip(chosen, decoded, strict=True) if isinstance(one, str)),
        )


def decode_all(paths: Iterable[Path], view: View, workers: int = 0) -> Iterator[Picture | str]:
    """Image files in order, decoded in parallel: each a square picture, or in one line why it cannot be read.

    Args:
        paths: of the files, read block by block.
        view: how each image is cropped and scaled to a square.
        workers: processes that decode; 0 decodes in threads of this one.
    """
    if workers:
        # Forked children of a process with threads may hang.
        pool: Executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
    else:
        pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    with pool:
        todo = iter(paths)
        while block := list(islice(todo, _BLOCK)):
            yield from pool.map(partial(_picture_or_reason, view), block, chunksize=8)


def _picture_or_reason(view: View, path: Path) -> Picture | str:
    try:
        return read_picture(path, view)
    except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
        return reason(error)
