"""Decoded images on disk: made once, then read as a memory map.

A cache is two files named after the data set and a hash of everything that determines its pixels: ``NAME-HASH.npy``,
uint8 [n, C, S, S] with the train, val and test images in this order, and ``NAME-HASH.json``, the number of images of
each split and the files left out because they cannot be read. One process makes it, in ``NAME-HASH.unfinished`` beside
a journal, while others that want the same wait; the next one goes on where it was stopped. An incomplete cache is never
read. Nothing deletes a cache; the folder may be emptied at any time.
"""

import errno
import hashlib
import io
import json
import logging
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vectorae.errors import UserError
from vectorae.io.atomic import alone, remove_abandoned, write_atomic
from vectorae.io.progress import counting

log = logging.getLogger(__name__)

SPLITS = ("train", "val", "test")
# Part of every key: raise it when the same sources would give other pixels or another layout of the file.
FORMAT = 2
# The run stops when more than this share of the images cannot be read.
MOST_CORRUPT = 0.01
# Digits of the hash in a file name.
_DIGITS = 20
# Seconds after which what a stopped process has made is given up.
_UNFINISHED_KEPT = 7 * 86400.0
# numpy pads the header of a file of uint8 to this many bytes, whatever the number of images.
_HEADER = 128


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
        counts: number of files of each split, before any is skipped.
        blocks: of a split, the images of its files from a number on (0, or where a block began) in blocks of a few
            hundred.
        each: images that are made of each file.
    """

    name: str
    verb: str
    identity: Any
    image_shape: tuple[int, int, int]
    counts: Mapping[str, int]
    blocks: Callable[[str, int], Iterator[Block]]
    each: int = 1

    @property
    def size(self) -> int:
        """Bytes of all images."""
        return sum(self.counts.values()) * self.each * int(np.prod(self.image_shape))

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
        self._file: io.FileIO | None = None
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

    def rows(self, indices: np.ndarray) -> torch.Tensor:
        """Some images, uint8 [k, C, S, S], read from the file: scattered ones come far faster than by its map.

        Raises:
            UserError: the file has become shorter.
        """
        images = np.empty((len(indices), *self.tensor().shape[1:]), np.uint8)
        self._file = self._file or self.path.open("rb", buffering=0)
        for image, index in zip(images, indices.tolist(), strict=True):
            place = _HEADER + (self.start + index) * image.nbytes
            if hasattr(os, "preadv"):  # of a file that forked processes share
                read = os.preadv(self._file.fileno(), [image.data], place)
            else:
                self._file.seek(place)
                read = self._file.readinto(image.data)
            if read != image.nbytes:
                raise UserError(f"dataset.cache: '{self.path}' was cut off meanwhile; remove it, and it is made anew")
        return torch.from_numpy(images)


def stored(recipe: Recipe, folder: Path) -> dict[str, StoredImages]:
    """The splits of a cache, which is made first if it is missing or incomplete.

    Raises:
        UserError: the folder cannot be written, its disk is full, or more than 1 % of the images cannot be read.
    """
    array, index = folder / f"{recipe.stem}.npy", folder / f"{recipe.stem}.json"
    splits = _open(array, index, recipe.image_shape)
    if splits is None:
        with _disk(folder, recipe.size):
            folder.mkdir(parents=True, exist_ok=True)
            remove_abandoned(folder)
            remove_abandoned(folder, _UNFINISHED_KEPT, "*.unfinished", "*.journal")
            with alone(folder / f"{recipe.stem}.lock"):
                # Another process may have made it meanwhile.
                splits = _open(array, index, recipe.image_shape)
                if splits is None:
                    _make(recipe, array, index)
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


class _Draft:
    """The part of a cache that is made, which outlasts the process that makes it.

    After each block a line of a journal says what the block was and how its bytes add up, so that of a draft that was
    cut anywhere the whole blocks are found.
    """

    def __init__(self, array: Path, each: int) -> None:
        self._each = each
        self.pixels, self._journal = array.with_suffix(".unfinished"), array.with_suffix(".journal")
        self.kept = dict.fromkeys(SPLITS, 0)
        self.skipped: dict[str, list[str]] = {split: [] for split in SPLITS}

    @contextmanager
    def open(self, image_bytes: int) -> Iterator[None]:
        """Find the whole blocks, and take more within it. An exception removes the draft, a signal does not."""
        try:
            with self.pixels.open("a+b") as pixels, self._journal.open("a+b") as lines:
                self._pixels, self._lines = pixels, lines
                self._find_blocks(image_bytes)
                yield
        except Exception:
            self.remove()
            raise

    def _find_blocks(self, image_bytes: int) -> None:
        self._pixels.seek(_HEADER)
        self._lines.seek(0)
        end_of_lines, end_of_pixels = 0, _HEADER
        while line := self._lines.readline():
            try:
                split, images, skipped, checksum = json.loads(line)
                content = self._pixels.read(images * image_bytes)
            except (ValueError, TypeError):
                break
            if len(content) != images * image_bytes or zlib.crc32(content) != checksum:
                break
            self._count(split, images, skipped)
            end_of_lines, end_of_pixels = self._lines.tell(), self._pixels.tell()
        self._lines.truncate(end_of_lines)
        self._pixels.truncate(end_of_pixels)  # fills a missing header with zeros

    def _count(self, split: str, images: int, skipped: Sequence[str]) -> None:
        self.kept[split] += images
        self.skipped[split] += skipped

    def made(self, split: str) -> int:
        """How many files of a split are in the draft or left out."""
        return self.kept[split] // self._each + len(self.skipped[split])

    def append(self, split: str, block: Block) -> None:
        """Take the next block of a split."""
        content = np.ascontiguousarray(block.images).data
        self._pixels.seek(0, os.SEEK_END)
        self._pixels.write(content)
        self._pixels.flush()
        line = [split, len(block.images), block.skipped, zlib.crc32(content)]
        self._lines.write(json.dumps(line).encode() + b"\n")
        self._lines.flush()
        self._count(split, len(block.images), block.skipped)

    def finish(self, image_shape: tuple[int, int, int]) -> None:
        """Write the header of what is now a .npy file, and wait until all is on the disk."""
        shape = (sum(self.kept.values()), *image_shape)
        with self.pixels.open("r+b") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
            os.fsync(file.fileno())

    def remove(self) -> None:
        """Remove its files."""
        self.pixels.unlink(missing_ok=True)
        self._journal.unlink(missing_ok=True)


def _make(recipe: Recipe, array: Path, index: Path) -> None:
    """Write both files, from where an earlier process was stopped. The array is renamed last: it is read with both."""
    total = sum(recipe.counts.values())
    draft = _Draft(array, recipe.each)
    with draft.open(int(np.prod(recipe.image_shape))):
        if shutil.disk_usage(array.parent).free < recipe.size - draft.pixels.stat().st_size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with counting(
            f"{recipe.verb} {recipe.name}", total, stderr=True
        ) as advance:  # apart from what a command prints
            advance(sum(draft.made(split) for split in SPLITS))
            for split in SPLITS:
                if draft.made(split) == recipe.counts[split]:
                    continue
                for block in recipe.blocks(split, draft.made(split)):
                    draft.append(split, block)
                    for line in block.skipped:
                        log.warning("left out: %s", line)
                    _check_readable(draft.skipped, total)
                    advance(len(block.images) // recipe.each + len(block.skipped))
        draft.finish(recipe.image_shape)
        content = {"counts": draft.kept, "skipped": [line for split in SPLITS for line in draft.skipped[split]]}
        write_atomic(index, json.dumps(content, indent=1).encode(), durable=True)
    os.replace(draft.pixels, array)
    draft.remove()


def _check_readable(skipped: Mapping[str, Sequence[str]], total: int) -> None:
    lines = [line for split in SPLITS for line in skipped[split]]
    if len(lines) > MOST_CORRUPT * total:
        raise UserError(
            f"dataset.root: {len(lines)} or more of {total} images cannot be read, more than 1 %; "
            f"the first is {lines[0]}"
        )


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
