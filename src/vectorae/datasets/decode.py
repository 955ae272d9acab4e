"""Many image files to squares of uint8."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from vectorae.datasets.cache import Block
from vectorae.errors import reason
from vectorae.io.images import Picture, View, read_picture

# Files decoded between two steps of the progress bar.
_AT_ONCE = 256


def decode_files(root: Path, names: Sequence[str], view: View) -> Iterator[Block]:
    """Files ``root/name`` in order, decoded by a few threads; one that cannot be read is named in its block.

    Args:
        root: folder.
        names: paths below it, n of them.
        view: how each becomes a square.

    Yields:
        Blocks whose images together are uint8 [n − skipped, C, S, S].
    """
    results = decode_in_threads([root / name for name in names], view)
    for start in range(0, len(names), _AT_ONCE):
        chosen = names[start : start + _AT_ONCE]
        some = list(islice(results, len(chosen)))
        images = [one.pixels for one in some if isinstance(one, Picture)]
        yield Block(
            np.stack(images) if images else np.empty((0, *view.shape), np.uint8),
            tuple(f"{name!r} ({one})" for name, one in zip(chosen, some, strict=True) if isinstance(one, str)),
        )


def decode_in_threads(paths: Sequence[Path], view: View) -> Iterator[Picture | str]:
    """Image files in order, decoded by a few threads: each as a square, or why it cannot be read, in one line."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), _AT_ONCE):
            yield from pool.map(lambda path: _picture_or_reason(path, view), paths[start : start + _AT_ONCE])


def _picture_or_reason(path: Path, view: View) -> Picture | str:
    try:
        return read_picture(path, view)
    except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
        return reason(error)
