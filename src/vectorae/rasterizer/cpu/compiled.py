"""How the kernels are compiled: once, and cached on disk."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from vectorae.compat import NO_REFERENCE_COUNTS
from vectorae.io.atomic import cache_folder

RASTERIZER = Path(__file__).parents[1]

ZERO, HALF, ONE, TWO = (np.float32(number) for number in (0, 0.5, 1, 2))
"""Numbers in the loops: float32 stays float32 beside them, and float64 stays float64. A plain 1 would make it
float64, of which a vector register holds half as many."""


def _version() -> str:
    """A hash of all that a kernel may be made of.

    Numba compares the file of a function with that of its cache, but not those of the functions and constants that it
    has inlined: after an update it would go on with the old ones.
    """
    folders = RASTERIZER, RASTERIZER / "cpu", RASTERIZER.parent / "geometry"
    sources = sorted(path for folder in folders for path in folder.glob("*.py"))
    sources.append(RASTERIZER.parent / "compat.py")  # an option of numba's
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


_CONFIG: Any = numba.config

_FOLDER = str(Path(_CONFIG.CACHE_DIR or cache_folder()) / "kernels" / _version())


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """``numba.njit`` for loops that LLVM vectorises, cached in the user's cache folder (or ``NUMBA_CACHE_DIR``).

    What is compiled so may not allocate an array, and in return does not count references to arrays, which would take
    longer than many a loop here.
    """
    return _compiled(function, **NO_REFERENCE_COUNTS)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """As ``compiled``, for what becomes a part of the functions that call it."""
    return _compiled(function, forceinline=True, **NO_REFERENCE_COUNTS)


def allocating(function: Callable[..., Any]) -> Callable[..., Any]:
    """As ``compiled``, for what allocates arrays."""
    return _compiled(function)


def _compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    chosen, _CONFIG.CACHE_DIR = _CONFIG.CACHE_DIR, _FOLDER
    # No branch for a NaN and sums in any order.
    fastmath = {"contract", "reassoc", "nsz", "nnan"}
    try:
        kernel: Callable[..., Any] = numba.njit(
            cache=True, nogil=True, error_model="numpy", fastmath=fastmath, **options
        )(function)
        return kernel
    finally:
        _CONFIG.CACHE_DIR = chosen
