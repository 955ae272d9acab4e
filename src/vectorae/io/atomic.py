"""Where files are kept that can be made again, and writing them so that they are there whole or not at all."""

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The path of a temporary file beside ``path``, which takes its place at the end.

    After an exception the temporary file is removed, and ``path`` stays as it was.
    """
    part = path.with_name(path.name + ".part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_bytes(content)


def write_json(path: Path, metrics: Mapping[str, float]) -> None:
    """Flat JSON, numbers by name; what is not a finite number becomes null."""
    finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
    write_atomic(path, (json.dumps(finite, indent=2) + "\n").encode())


def cache_folder() -> Path:
    """The user's cache folder, as the platform has it; ``XDG_CACHE_HOME`` comes first where it is set."""
    if "XDG_CACHE_HOME" in os.environ:
        base = Path(os.environ["XDG_CACHE_HOME"])
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "vectorae"
