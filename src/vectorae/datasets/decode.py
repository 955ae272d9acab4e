"""Image files decoded to square uint8 arrays."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from vectorae.datasets.cache import Block
from vectorae.errors import reason
from vectorae.io.images import Picture, View, read_picture

# Files decoded per step of the progress bar.
_BLOCK = 256


def decode_files(root: Path, names: Sequence[str], view: View) -> Iterator[Block]:
    """Files ``root/name`` in order, decoded in threads; unreadable files are listed in their block.

    Args:
        root: folder.
        names: paths below it, n of them.
        view: how each image is cropped and scaled to a square.

    Yields:
        Blocks whose images together are uint8 [n − skipped, C, S, S].
    """
    results = decode_in_threads([root / name for name in names], view)
    for start in range(0, len(names), _BLOCK):
        chosen = names[start : start + _BLOCK]
        decoded = list(islice(results, len(chosen)))
        images = [one.pixels for one in decoded if isinstance(one, Picture)]
        yield Block(
            np.stack(images) if images else np.empty((0, *view.shape), np.uint8),
            tuple(f"{name!r} ({one})" for name, one in zip(chosen, decoded, strict=True) if isinstance(one, str)),
        )


def decode_in_threads(paths: Sequence[Path], view: View) -> Iterator[Picture | str]:
    """Image files in order, decoded in threads: each a square picture, or in one line why it cannot be read."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), _BLOCK):
            yield from pool.map(lambda path: _picture_or_reason(path, view), paths[start : start + _BLOCK])


def _picture_or_reason(path: Path, view: View) -> Picture | str:
    try:
        return read_picture(path, view)
    except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
        return reason(error)
