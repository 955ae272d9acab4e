"""Arrays that the forward pass saves for the backward pass, in buffers that are reused.

Fresh memory pages from the operating system would cost more time than the computation in them.
"""

from contextlib import suppress
from typing import Any

import numpy as np

from vectorae.rasterizer.cpu.arguments import Array
from vectorae.rasterizer.cpu.scratch import PIXELS

MAX_FREE = 2
"""Number of unused buffers to hold. Two, as the graph of one training step often lives until the next has begun."""

MAX_FREE_BYTES = 64 * 2**20
"""Size of the largest unused buffer to hold; larger ones are freed at once."""

ROOM_TO_GROW = 1.25
"""Size of a new buffer relative to the bytes needed, so that it also fits slightly larger drawings."""

_free: list[Array] = []


class Saved:
    """The arrays ``saved`` and ``ranges`` (see loops.py) of every part of the work.

    Args:
        entries: number of (shape, tile) pairs of each part.
        values: numbers saved per pixel of a pair.
        dtype: of these numbers.
    """

    def __init__(self, entries: list[int], values: int, dtype: Any) -> None:
        self._ends = np.cumsum([0, *entries])
        needed = int(self._ends[-1]) * values * PIXELS * np.dtype(dtype).itemsize
        self._buffer = _take(needed)
        self._saved = self._buffer[:needed].view(dtype).reshape(-1, values, PIXELS)
        self._ranges = np.empty((self._ends[-1], 2), dtype=np.int64)

    def of(self, number: int) -> tuple[Array, Array]:
        """The arrays of one part."""
        part = slice(self._ends[number], self._ends[number + 1])
        return self._saved[part], self._ranges[part]

    def __del__(self) -> None:
        with suppress(TypeError, AttributeError):  # at interpreter shutdown
            _give_back(self._buffer)


def _take(needed: int) -> Array:
    for index, buffer in enumerate(_free):
        if len(buffer) >= needed:
            with suppress(IndexError):  # another thread took it first
                return _free.pop(index)
    return np.empty(max(1, int(needed * ROOM_TO_GROW)), dtype=np.uint8)


def _give_back(buffer: Array) -> None:
    if len(buffer) <= MAX_FREE_BYTES:
        _free.insert(0, buffer)
        del _free[MAX_FREE:]
