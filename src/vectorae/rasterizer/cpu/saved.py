"""What the forward pass keeps for the backward pass.

Its memory is used again: fresh pages of the system take longer than what is computed in them.
"""

from contextlib import suppress
from typing import Any

import numpy as np

from vectorae.rasterizer.cpu.arguments import Array
from vectorae.rasterizer.cpu.scratch import PIXELS

MOST_FREE = 2
"""Buffers that wait for the next drawing: of a step of training, the graph often lives until the next one has begun."""

LARGEST_FREE = 64 * 2**20
"""Bytes of the largest buffer that waits; others go back to the system at once."""

ROOM_TO_GROW = 1.25

_free: list[Array] = []


class Kept:
    """Arrays ``kept`` and ``reached`` (see loops.py) of each part of the work.

    Args:
        room: of each part, shapes in tiles; values: numbers kept of a pixel; dtype: theirs.
    """

    def __init__(self, room: list[int], values: int, dtype: Any) -> None:
        self._ends = np.cumsum([0, *room])
        needed = int(self._ends[-1]) * values * PIXELS * np.dtype(dtype).itemsize
        self._buffer = _take(needed)
        self._kept = self._buffer[:needed].view(dtype).reshape(-1, values, PIXELS)
        self._reached = np.empty((self._ends[-1], 2), dtype=np.int64)

    def of(self, number: int) -> tuple[Array, Array]:
        """Those of a part."""
        part = slice(self._ends[number], self._ends[number + 1])
        return self._kept[part], self._reached[part]

    def __del__(self) -> None:
        with suppress(TypeError, AttributeError):  # on the interpreter's way out
            _give_back(self._buffer)


def _take(needed: int) -> Array:
    for index, buffer in enumerate(_free):
        if len(buffer) >= needed:
            with suppress(IndexError):  # another thread was quicker
                return _free.pop(index)
    return np.empty(max(1, int(needed * ROOM_TO_GROW)), dtype=np.uint8)


def _give_back(buffer: Array) -> None:
    if len(buffer) <= LARGEST_FREE:
        _free.insert(0, buffer)
        del _free[MOST_FREE:]
