"""Decoded images on disk: made once, then read as a memory map.

A cache is two files named after the data set and a hash of everything that determines its pixels: ``NAME-HASH.npy``,
uint8 [n, C, S, S] with the train, val and test images in this order, and ``NAME-HASH.json``, the number of images of
each split and the files left out because they cannot be read. Both are written to temporary files in the same folder
and then renamed, so two processes may make the same cache at once, and an incomplete one is never read. Nothing
deletes a cache; the folder may be emptied at any time.
"""

import errno
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from vectorae.errors import UserError
from vectorae.io.atomic import remove_abandoned, replacing
from vectorae.io.progress import counting

log = logging.getLogger(__name__)

SPLITS = ("train", "val", "test")
# Part of every key: raise it when the same sources would give other pixels or another layout of the file.
FORMAT = 1
# The run stops when more than this share of the images cannot be read.
MOST_CORRUPT = 0.01
# Digits of the hash in a file name.
_DIGITS = 20


@dataclass(frozen=True)
class Block:
    """Consecutive images, uint8 [k, C, S, S], and a line for each unreadable file among them."""

    images: np.ndarray
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """How to make a cache.

    Attributes:
        name: of the data set; prefix of the file name and label of the progress bar.
        verb: label of the progress bar, such as "reading".
        identity: everything that determines the pixels, as plain lists, dicts, numbers and strings.
        image_shape: (C, S, S).
        counts: number of images of each split, before any is skipped.
        blocks: split → its images in blocks of a few hundred.
    """

    name: str
    verb: str
    identity: Any
    image_shape: tuple[int, int, int]
    counts: Mapping[str, int]
    blocks: Callable[[str], Iterator[Block]]

    @property
    def stem(self) -> str:
        """The file name without its suffix."""
        content = json.dumps([FORMAT, self.name, self.image_shape, dict(self.counts), self.identity])
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]}"


class StoredImages:
    """Rows start … stop of a cache file. Opened on first use in each process; pickles as its path, not its pixels."""

    def __init__(self, path: Path, start: int, stop: int) -> None:
        self.path = path
        self.start = start
        self.stop = stop
        self._tensor: torch.Tensor | None = None
        self._copies: dict[torch.device, torch.Tensor] = {}

    def __reduce__(self) -> tuple[type["StoredImages"], tuple[Path, int, int]]:
        return StoredImages, (self.path, self.start, self.stop)

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def size(self) -> int:
        """Size of all images, bytes."""
        return self.tensor().nbytes

    def tensor(self, device: torch.device | None = None) -> torch.Tensor:
        """uint8 [n, C, S, S], read from the file as it is touched. Writing to it does not reach the file.

        Args:
            device: where a copy of all images is made once and kept; None is the memory map.
        """
        if device is not None:
            if device not in self._copies:
                self._copies[device] = self.tensor().to(device)
            return self._copies[device]
        if self._tensor is None:
            # "c", copy on write: torch has no read-only tensors and warns about a read-only map.
            self._tensor = torch.from_numpy(np.load(self.path, mmap_mode="c"))[self.start : self.stop]
        return self._tensor


def stored(recipe: Recipe, folder: Path) -> dict[str, StoredImages]:
    """The splits of a cache, which is made first if it is missing or incomplete.

    Raises:
        UserError: the folder cannot be written, its disk is full, or more than 1 % of the images cannot be read.
    """
    array, index = folder / f"{recipe.stem}.npy", folder / f"{recipe.stem}.json"
    splits = _open(array, index, recipe.image_shape)
    if splits is None:
        size = sum(recipe.counts.values()) * int(np.prod(recipe.image_shape))
        with _disk(folder, size):
            folder.mkdir(parents=True, exist_ok=True)
            remove_abandoned(folder)
            if shutil.disk_usage(folder).free < size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            try:
                _make(recipe, array, index)
            except PermissionError:
                # Windows does not replace a file that another process reads; that one has the same content.
                if not array.exists():
                    raise
        splits = _open(array, index, recipe.image_shape)
        if splits is None:
            raise UserError(
                f"dataset.cache: '{array}' is damaged as soon as it is written; set dataset.cache elsewhere"
            )
    return splits


def _open(array: Path, index: Path, image_shape: tuple[int, int, int]) -> dict[str, StoredImages] | None:
    """The splits of a complete cache, or None."""
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
        counts = [int(content["counts"][split]) for split in SPLITS]
        skipped = len(content["skipped"])
        # np.load refuses a file shorter than its header states.
        images = np.load(array, mmap_mode="r")
    except (OSError, ValueError, EOFError, KeyError, TypeError):
        return None
    if images.dtype != np.uint8 or images.shape != (sum(counts), *image_shape):
        return None
    if skipped:
        log.warning("%d files that cannot be read are left out; '%s' names them", skipped, index)
    stops = np.cumsum(counts).tolist()
    return {
        split: StoredImages(array, stop - count, stop) for split, count, stop in zip(SPLITS, counts, stops, strict=True)
    }


def _make(recipe: Recipe, array: Path, index: Path) -> None:
    """Write both files. The array is renamed last: a cache needs both files to be read, so no lock is needed."""
    total = sum(recipe.counts.values())
    kept = dict.fromkeys(SPLITS, 0)
    skipped: list[str] = []
    bar = counting(f"{recipe.verb} {recipe.name}", total, stderr=True)  # apart from what a command prints
    with bar as advance, replacing(array, durable=True) as part, part.open("wb") as file:
        _write_header(file, (total, *recipe.image_shape))
        for split in SPLITS:
            for block in recipe.blocks(split):
                file.write(np.ascontiguousarray(block.images).data)
                kept[split] += len(block.images)
                skipped += block.skipped
                for line in block.skipped:
                    log.warning("left out: %s", line)
                if len(skipped) > MOST_CORRUPT * total:
                    raise UserError(
                        f"dataset.root: {len(skipped)} or more of {total} images cannot be read, more than 1 %; "
                        f"the first is {skipped[0]}"
                    )
                advance(len(block.images) + len(block.skipped))
        file.seek(0)
        _write_header(file, (sum(kept.values()), *recipe.image_shape))
        with replacing(index, durable=True) as part_of_index:
            part_of_index.write_text(json.dumps({"counts": kept, "skipped": skipped}, indent=1), encoding="utf-8")


def _write_header(file: IO[bytes], shape: tuple[int, ...]) -> None:
    """Write the header of a .npy file of uint8: numpy pads it to 128 bytes, whatever the number of images."""
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


@contextmanager
def _disk(folder: Path, size: int) -> Iterator[None]:
    """Turn OSErrors into UserErrors that name the cache folder."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            problem = f"no space left in '{folder}' for {size / 2**20:.0f} MiB"
        else:
            problem = f"cannot write to '{folder}' ({error.strerror or error})"
        raise UserError(f"dataset.cache: {problem}; set dataset.cache to a folder on another disk") from error
