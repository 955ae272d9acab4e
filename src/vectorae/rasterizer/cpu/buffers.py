"""Buffers for images and for what the forward pass saves for the backward pass, which are used again.

Fresh memory pages from the operating system would cost more time than the computation in them.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from threading import RLock
from typing import Any
from weakref import finalize

import numpy as np
import torch
from torch import Tensor

from vectorae.rasterizer.cpu.arguments import Array

MAX_FREE_BYTES = 128 * 2**20
"""Size of all unused buffers that are held, at most; others are freed at once."""

ROOM_TO_GROW = 1.25
"""Size of a new buffer relative to the bytes needed, so that it also fits slightly larger drawings."""

_free: list[Array] = []
_lock = RLock()  # the collector may give a buffer back while another is taken


def new_tensor(shape: Sequence[int], dtype: Any) -> Tensor:
    """A tensor that is not initialised, whose memory is used again when it is gone; ``dtype`` is numpy's."""
    needed = _bytes(shape, dtype)
    memory = _take(needed)
    # The tensor keeps this view alive, and all tensors that share its memory do.
    view = memory[:needed].view(dtype).reshape(shape)
    finalize(view, _give_back, memory)
    return torch.from_numpy(view)


def _bytes(shape: Sequence[int], dtype: Any) -> int:
    return math.prod(shape) * np.dtype(dtype).itemsize


class Buffer:
    """An array that is not initialised.

    Attributes:
        array: of the shape and dtype.
    """

    def __init__(self, shape: Sequence[int], dtype: Any) -> None:
        needed = _bytes(shape, dtype)
        self._memory = _take(needed)
        self.array: Array = self._memory[:needed].view(dtype).reshape(shape)

    def __del__(self) -> None:
        with suppress(TypeError, AttributeError):  # at interpreter shutdown
            _give_back(self._memory)


def _take(needed: int) -> Array:
    """The smallest unused buffer that is large enough but not four times too large, or a new one."""
    with _lock:
        fitting = [index for index, one in enumerate(_free) if needed <= len(one) <= 4 * needed + 4096]
        if fitting:
            return _free.pop(min(fitting, key=lambda index: len(_free[index])))
    return np.empty(max(1, int(needed * ROOM_TO_GROW)), dtype=np.uint8)


def _give_back(buffer: Array) -> None:
    with _lock:
        _free.insert(0, buffer)
        held = 0
        for index, one in enumerate(_free):
            held += len(one)
            if held > MAX_FREE_BYTES:
                del _free[index:]
                return
