"""Readers of the IDX files of MNIST, gzipped or not."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from vectorae.errors import UserError

# Two zero bytes, 8 for unsigned bytes, the number of dimensions.
_MAGIC = bytes([0, 0, 8])


def read_images(path: Path) -> np.ndarray:
    """The images in an IDX file.

    Args:
        path: the file; gzipped if its name ends in ``.gz``.

    Returns:
        uint8 [n, height, width].

    Raises:
        UserError: the file is truncated, damaged, or not an IDX file of images.
    """
    return _read(path, 3, "images")


def read_labels(path: Path) -> np.ndarray:
    """The labels in an IDX file, uint8 [n]; as `read_images`."""
    return _read(path, 1, "labels")


def _read(path: Path, dimensions: int, what: str) -> np.ndarray:
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, f"cannot be read ({error})") from error
    if content[:4] != _MAGIC + bytes([dimensions]):
        raise _damaged(path, f"is no IDX file of {what}")
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise _damaged(path, "is cut short")
    shape = [int.from_bytes(content[at : at + 4], "big") for at in range(4, header, 4)]
    if not math.prod(shape) or len(content) - header != math.prod(shape):
        found, promised = f"has {len(content) - header} bytes of {what}", f"{shape[0]} {what}"
        if dimensions == 3:
            found, promised = found.replace(what, "pixels"), f"{promised} of {shape[1]} × {shape[2]}"
        raise _damaged(path, f"{found}, but its header promises {promised}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _damaged(path: Path, problem: str) -> UserError:
    return UserError(f"dataset.root: '{path}' {problem}; fetch it anew")
