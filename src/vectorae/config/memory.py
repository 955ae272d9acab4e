"""A model that would not fit into the machine's memory is refused before the memory is taken."""

import math
import os
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from vectorae.errors import UserError

FACTORIES = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn}
"""Functions whose first arguments are the size of a new tensor."""


class MemoryLimit(TorchFunctionMode):
    """Within it torch makes new tensors of so many bytes together, and no more.

    Args:
        size: bytes; None is the memory of this machine, where the system tells it.

    Raises:
        UserError: for the tensor that would exceed it.
    """

    def __init__(self, size: float | None = None) -> None:
        super().__init__()
        self.size = _machine_memory() if size is None else size
        self.taken = 0.0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in FACTORIES and args:
            size = args[0] if isinstance(args[0], tuple | list) else args
            self.taken += 4 * math.prod(int(number) for number in size if isinstance(number, int))
            if self.taken > self.size:
                raise UserError(
                    f"the model does not fit into the {self.size / 2**30:.0f} GiB of this machine; make its sizes "
                    "smaller: dataset.image_size, the number of shapes, encoder.width, head.width, refiner.width"
                )
        return func(*args, **(kwargs or {}))


def _machine_memory() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not on Windows
        return math.inf
