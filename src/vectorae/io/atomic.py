"""Atomic writes: a file is complete or absent, whatever interrupts the program."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Replace a file by a temporary one beside it, whose path this yields, when the block ends.

    After an exception the temporary file is removed, and ``path`` stays as it was.
    """
    part = path.with_name(path.name + ".part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that it is complete or absent; its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_bytes(content)


def write_json(path: Path, metrics: Mapping[str, float]) -> None:
    """Write numbers by name as JSON; infinities and NaN become null, as JSON has neither."""
    finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
    write_atomic(path, (json.dumps(finite, indent=2) + "\n").encode())
