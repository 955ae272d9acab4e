"""Shards: images in tar files, in the form of WebDataset, and an index of them, ``shards.json``.

The form is WebDataset's, so that its tools read them and others' files are read here. Its own reader is not used: the
order that it shuffles in depends on the number of processes and cannot be taken up again, and an address may name a
command that it executes. What lies elsewhere is fetched through fsspec, whole shards at a time.
"""

import hashlib
import json
import logging
import os
import re
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

import fsspec
import numpy as np
from fsspec.implementations.local import LocalFileSystem

from vectorae.datasets.cache import SPLITS
from vectorae.errors import UserError, reason
from vectorae.io.atomic import alone, replacing, write_atomic
from vectorae.io.image_files import image_extensions
from vectorae.io.images import View, read_picture

log = logging.getLogger(__name__)

INDEX = "shards.json"

TRIES = 4
"""How often a shard is asked for; the wait in between doubles."""

FIRST_WAIT = 1.0
"""Seconds between the first try and the second."""


@dataclass(frozen=True)
class Shard:
    """A tar file of images.

    Attributes:
        name: of the file.
        images: how many it holds.
        size: bytes.
        sha256: of its bytes, as hexadecimal digits.
    """

    name: str
    images: int
    size: int
    sha256: str

    def __post_init__(self) -> None:
        numbers = all(isinstance(number, int) and number > 0 for number in (self.images, self.size))
        # A name is never a path: nothing is read or written elsewhere.
        if not (numbers and re.fullmatch(r"\w[\w.-]*\.tar", self.name) and re.fullmatch("[0-9a-f]{64}", self.sha256)):
            raise ValueError(f"{self.name!r} is no shard")


def write_index(folder: Path, shards: Mapping[str, Sequence[Shard]]) -> None:
    """Write ``shards.json``: the shards of each split."""
    content = {split: [asdict(shard) for shard in shards[split]] for split in SPLITS}
    write_atomic(folder / INDEX, (json.dumps(content, indent=1) + "\n").encode(), durable=True)


class ShardFolder:
    """The shards in a folder, below a URL or in a bucket.

    Args:
        root: of the shards and their index: a path, or an address that fsspec knows, such as ``https://…``, ``s3://…``
            or ``gs://…`` (a bucket needs the package that its message names).
        cache: folder where shards from elsewhere are kept; those of a local folder stay where they are.
        limit: bytes of shards that are kept there; None is no limit.

    Raises:
        UserError: there is no index, or it cannot be read.
    """

    def __init__(self, root: str, cache: Path, limit: int | None = None) -> None:
        self.root, self._limit = root, limit
        try:
            files, path = self._connect()
            with files.open(f"{path}/{INDEX}", "rb") as file:
                content = json.load(file)
            self.shards = {split: [Shard(**shard) for shard in content[split]] for split in SPLITS}
        except FileNotFoundError as error:
            raise UserError(
                f"dataset.root: no {INDEX} in '{root}'; `vectorae shards input=IMAGES output=FOLDER` writes shards "
                "and their index, `vectorae shards input=FOLDER` the index of tar files that are there"
            ) from error
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"dataset.root: '{root}/{INDEX}' is no index of shards ({reason(error)})") from error
        except Exception as error:  # a protocol raises what it wants: no network, no access, a package that is missing
            raise UserError(f"dataset.root: '{root}' cannot be read ({reason(error)})") from error
        for split in SPLITS:
            if not self.shards[split]:
                raise UserError(f"dataset.root: '{root}/{INDEX}' has no shards of the split {split}")
        self.is_local = isinstance(files, LocalFileSystem)
        key = hashlib.sha256(f"{root} {self.identity}".encode()).hexdigest()[:20]
        self._folder = Path(path) if self.is_local else cache / f"shards-{key}"

    @property
    def identity(self) -> list[list[str]]:
        """What determines the images: the checksums of each split."""
        return [[shard.sha256 for shard in self.shards[split]] for split in SPLITS]

    def _connect(self) -> tuple[Any, str]:
        """The file system of root, and root's path on it. A process that was forked needs a connection of its own."""
        files, path = fsspec.core.url_to_fs(self.root)
        return files, path.rstrip("/")

    def fetch(self, shard: Shard) -> Path:
        """A shard as a local file; one process fetches it, others that want it wait.

        Raises:
            UserError: it is not there, cannot be fetched, or is not the one in the index.
        """
        path = self._folder / shard.name
        if self.is_local:
            if not path.is_file() or path.stat().st_size != shard.size:
                raise UserError(f"dataset.root: '{path}' is not the file of {shard.size} bytes that {INDEX} names")
            return path
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with alone(path.with_suffix(".lock")):
                if not path.is_file():
                    self._download(shard, path)
                    self._make_room(path)
        with suppress(FileNotFoundError):
            os.utime(path)  # when it was last used
        return path

    def open(self, shard: Shard) -> BinaryIO:
        """A shard to read, fetched again if room was made of its file meanwhile; raises as ``fetch``."""
        while True:
            with suppress(FileNotFoundError):
                return self.fetch(shard).open("rb")

    def _download(self, shard: Shard, path: Path) -> None:
        wait, address = FIRST_WAIT, f"{self.root.rstrip('/')}/{shard.name}"
        for left in reversed(range(TRIES)):
            try:
                files, folder = self._connect()
                with replacing(path) as part:
                    files.get_file(f"{folder}/{shard.name}", str(part))
                    if checksum_of(part) != shard.sha256:
                        raise ValueError(f"it is not the file that {INDEX} names")
                return
            except Exception as error:  # as above
                if not left or isinstance(error, FileNotFoundError):
                    raise UserError(f"dataset.root: '{address}' cannot be fetched ({reason(error)})") from error
            time.sleep(wait)
            wait *= 2

    def _make_room(self, newest: Path) -> None:
        """Remove the shards that were not used for longest, until the others are within the limit."""
        if self._limit is None:
            return
        with alone(self._folder / "room.lock"):
            kept = 0
            paths = sorted(self._folder.glob("*.tar"), key=lambda path: (path != newest, -path.stat().st_mtime_ns))
            for path in paths:
                kept += path.stat().st_size
                if kept > self._limit and path != newest:
                    path.unlink()


def checksum_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def image_members(file: IO[bytes]) -> Iterator[tarfile.TarInfo]:
    """The images in a tar file: plain members by their suffix. Links, devices and all else is passed over."""
    extensions = image_extensions()
    with tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            plain = member.isreg() and not member.issparse()
            if plain and name.suffix.lower() in extensions and not name.name.startswith("."):
                yield member


class ShardReader:
    """Images of shards as squares, by their number.

    Args:
        folder: of the shards.
        view: how each image is cropped and scaled to a square.
        remembered: shards whose tables of contents are kept in memory.
    """

    def __init__(self, folder: ShardFolder, view: View, remembered: int = 32) -> None:
        self.folder, self.view, self._remembered = folder, view, remembered
        self._table = lru_cache(remembered)(self._read_table)
        self._reported: set[tuple[str, str]] = set()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return ShardReader, (self.folder, self.view, self._remembered)

    def image(self, shard: Shard, index: int) -> np.ndarray:
        """Image number ``index`` of a shard, uint8 [C, S, S]; in place of one that cannot be read the next one.

        Raises:
            UserError: the shard cannot be read, or none of its images.
        """
        for further in range(shard.images):
            pixels = self.try_image(shard, (index + further) % shard.images)
            if isinstance(pixels, np.ndarray):
                return pixels
        raise UserError(f"dataset.root: no image in '{shard.name}' of '{self.folder.root}' can be read")

    def try_image(self, shard: Shard, index: int) -> np.ndarray | str:
        """The same, or in one line why it cannot be read."""
        names, places = self._table(shard)
        offset, size = places[index]
        try:
            return read_picture(BytesIO(self._read(shard, offset, size)), self.view).pixels
        except UserError:
            raise
        except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
            why = f"{names[index]!r} of '{shard.name}' ({reason(error)})"
            if (shard.name, names[index]) not in self._reported:
                self._reported.add((shard.name, names[index]))
                log.warning("left out: %s", why)
            return why

    def _read(self, shard: Shard, offset: int, size: int) -> bytes:
        with self.folder.open(shard) as file:
            file.seek(offset)
            return file.read(size)

    def _read_table(self, shard: Shard) -> tuple[list[str], np.ndarray]:
        """The names of the images in a shard, and of each its place and size in bytes, int64 [n, 2]."""
        try:
            with self.folder.open(shard) as file:
                members = list(image_members(file))
        except tarfile.TarError as error:
            raise UserError(f"dataset.root: '{shard.name}' is no tar file ({reason(error)})") from error
        if len(members) != shard.images:
            raise UserError(
                f"dataset.root: '{shard.name}' has {len(members)} images, and {INDEX} says {shard.images}; "
                "write the index anew"
            )
        places = [(member.offset_data, member.size) for member in members]
        return [member.name for member in members], np.array(places, dtype=np.int64)
