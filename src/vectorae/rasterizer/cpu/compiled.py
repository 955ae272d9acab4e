"""Decorators that compile the CPU kernels with numba and cache them on disk."""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
import numpy as np
from platformdirs import user_cache_path

from vectorae.compat import NO_REFERENCE_COUNTS, kernel_pipeline

RASTERIZER = Path(__file__).parents[1]

ZERO, HALF, ONE, TWO = (np.float32(number) for number in (0, 0.5, 1, 2))
"""Literals of the kernels. Beside them float32 stays float32 and float64 stays float64; a plain 1 would promote float32
to float64, of which a vector register holds half as many."""


def kernel_sources() -> list[Path]:
    """Every module that a kernel may inline functions or constants from, or take options of numba from."""
    folders = RASTERIZER, RASTERIZER / "cpu", RASTERIZER.parent / "geometry"
    return [RASTERIZER.parent / "compat.py", *sorted(path for folder in folders for path in folder.glob("*.py"))]


def _version() -> str:
    """A hash of ``kernel_sources``, part of the cache folder's name.

    Numba's own cache notices changes in the file of a function, but not in the files of functions and constants that
    it has inlined: after an update it would load outdated code.
    """
    return hashlib.sha256(b"".join(path.read_bytes() for path in kernel_sources())).hexdigest()[:16]


_CONFIG: Any = numba.config

FOLDER = Path(_CONFIG.CACHE_DIR or user_cache_path("vectorae", appauthor=False)) / "kernels" / _version()


def _can_be_written(folder: Path) -> bool:
    """Whether a folder is there, or can be made, to write into; that of a user without a home is relative."""
    with suppress(OSError):
        if folder.is_absolute():
            folder.mkdir(parents=True, exist_ok=True)
            return os.access(folder, os.W_OK)
    return False


KEPT = _can_be_written(FOLDER)
"""Whether compiled kernels are kept on disk for the next process."""


FOR_PYTHON: dict[str, Any] = {"cache": KEPT, "no_cfunc_wrapper": True, **kernel_pipeline(machine_code=True)}
"""Options of ``numba.njit`` for functions that Python calls, and nothing else."""

ONLY_FOR_KERNELS: dict[str, Any] = {
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    **kernel_pipeline(machine_code=False),
}
"""Options of ``numba.njit`` for functions that Python never calls: wrappers would take half the time of compiling."""


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """``numba.njit`` for loops that LLVM vectorises, cached in the user's cache folder (or ``NUMBA_CACHE_DIR``).

    Such functions must not allocate arrays; in return numba leaves out reference counting, which would take longer than
    many of these loops.
    """
    return _compiled(function, **FOR_PYTHON, **NO_REFERENCE_COUNTS)


def allocating_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """As ``kernel``, for functions that allocate arrays."""
    return _compiled(function, **FOR_PYTHON)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """As ``kernel``, for functions that kernels call."""
    return _compiled(function, **ONLY_FOR_KERNELS, **NO_REFERENCE_COUNTS)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """As ``compiled``, for functions that are always inlined into their callers."""
    return _compiled(function, forceinline=True, **ONLY_FOR_KERNELS, **NO_REFERENCE_COUNTS)


def allocating(function: Callable[..., Any]) -> Callable[..., Any]:
    """As ``compiled``, for functions that allocate arrays."""
    return _compiled(function, **ONLY_FOR_KERNELS)


def _compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    chosen, _CONFIG.CACHE_DIR = _CONFIG.CACHE_DIR, str(FOLDER)
    # No special branches for NaN; sums may be reordered, and divisions by the same become products with its reciprocal.
    fastmath = {"contract", "reassoc", "nsz", "nnan", "arcp"}
    options = {"nogil": True, "error_model": "numpy", "fastmath": fastmath, **options}
    try:
        kernel: Callable[..., Any] = numba.njit(**options)(function)
        return kernel
    finally:
        _CONFIG.CACHE_DIR = chosen
