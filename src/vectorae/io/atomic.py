"""Atomic writes: a file is complete or absent, whatever interrupts the program."""

import json
import logging
import math
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from vectorae.errors import UserError

log = logging.getLogger(__name__)

ABANDONED = 3600.0
"""Seconds after which an unchanged temporary file belongs to a process that was killed."""


@contextmanager
def replacing(path: Path, durable: bool = False) -> Iterator[Path]:
    """Replace a file by a temporary one beside it, whose path this yields, when the block ends.

    After an exception the temporary file is removed, and ``path`` stays as it was. Several processes may write the same
    file at once. Whoever writes it, also a library that makes its files for this user alone, it has the permissions
    that any new file gets here.

    Args:
        path: of the file.
        durable: wait until the content is on the disk, so that it outlasts even a loss of power.

    Raises:
        UserError: the path is that of a device or a pipe, which a file would replace.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(f"'{path}' is a device or a pipe, not a file; choose another name")
    part = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        part.touch()
        permissions = part.stat().st_mode
        yield part
        if part.stat().st_mode != permissions:
            part.chmod(permissions)
        if durable:
            with part.open("r+b") as file:
                os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        # What the system says of a full disk does not name the file, and nobody knows the temporary one.
        if error.filename in (None, str(part)):
            error.filename = str(path)
        raise
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Within it no other process is within the same; the system lets go of what a killed one held.

    Args:
        lock: an empty file, there while a process is within it.
    """
    file = FileLock(lock)
    try:
        file.acquire(timeout=0)
    except Timeout:
        log.warning("waiting for the process that makes '%s'", lock.with_suffix(""))
        file.acquire()
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file
            lock.unlink()
        file.release()


def remove_abandoned(folder: Path, seconds: float = ABANDONED, *patterns: str) -> None:
    """Remove the files in a folder that killed processes left behind.

    Args:
        folder: whose files are looked at.
        seconds: for which they have not changed.
        patterns: of their names; without any, those of ``replacing``.
    """
    for pattern in patterns or (f"*.*-{'[0-9a-f]' * 8}.part",):
        for part in folder.glob(pattern):
            with suppress(FileNotFoundError):
                if time.time() - part.stat().st_mtime > seconds:
                    part.unlink()


def write_atomic(path: Path, content: bytes, durable: bool = False) -> None:
    """Write a file so that it is complete or absent (see ``replacing``); its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, durable) as part:
        part.write_bytes(content)


def write_json(path: Path, metrics: Mapping[str, float]) -> None:
    """Write numbers by name as JSON; infinities and NaN become null, as JSON has neither."""
    finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
    write_atomic(path, (json.dumps(finite, indent=2) + "\n").encode())
