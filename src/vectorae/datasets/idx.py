"""The IDX files of the MNIST family, packed or not."""

import gzip
import zlib
from pathlib import Path

import numpy as np

from vectorae.errors import UserError

# Two zero bytes, 8 for unsigned bytes, 3 dimensions.
_MAGIC = bytes([0, 0, 8, 3])
_HEADER = 16


def read_images(path: Path) -> np.ndarray:
    """The images in an IDX file.

    Args:
        path: the file; a name that ends in ``.gz`` is unpacked while reading.

    Returns:
        uint8 [n, height, width].

    Raises:
        UserError: the file is cut short, damaged, or holds something else.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, f"cannot be read ({error})") from error
    if content[:4] != _MAGIC:
        raise _damaged(path, "is no IDX file of images")
    if len(content) < _HEADER:
        raise _damaged(path, "is cut short")
    count, height, width = (int.from_bytes(content[at : at + 4], "big") for at in (4, 8, 12))
    expected = count * height * width
    if not expected or len(content) - _HEADER != expected:
        found = f"has {len(content) - _HEADER} bytes of pixels"
        raise _damaged(path, f"{found}, but its header promises {count} images of {width} × {height}")
    return np.frombuffer(content, np.uint8, offset=_HEADER).reshape(count, height, width)


def _damaged(path: Path, problem: str) -> UserError:
    return UserError(f"dataset.root: '{path}' {problem}; fetch it anew")
