"""Finds code that would make a GPU wait, on any machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

READS = {
    Tensor.item,
    Tensor.tolist,
    Tensor.numpy,
    Tensor.cpu,
    Tensor.nonzero,
    Tensor.__bool__,
    Tensor.__float__,
    Tensor.__int__,
    Tensor.__index__,
    torch.nonzero,
}
"""What waits for all that a device has been given to do."""

SENDS = {torch.tensor, torch.as_tensor, torch.from_numpy, Tensor.new_tensor}
"""What copies from the host's pageable memory, for which it waits as well."""


class _NoWaiting(TorchFunctionMode):
    def __torch_function__(
        self, function: Callable[..., Any], kinds: Any, arguments: Any = (), keywords: Any = None
    ) -> Any:
        sends = function in SENDS and not any(isinstance(one, Tensor) for one in arguments[-1:])
        if function in READS or sends:
            raise AssertionError(f"{function.__name__} makes a GPU wait")
        if function in (Tensor.__getitem__, Tensor.__setitem__):
            index = arguments[1] if isinstance(arguments[1], tuple) else (arguments[1],)
            if any(isinstance(one, list) or (isinstance(one, Tensor) and one.dtype == torch.bool) for one in index):
                raise AssertionError("indexing by a list or a mask makes a GPU wait")
        return function(*arguments, **(keywords or {}))


@contextmanager
def no_waiting() -> Iterator[None]:
    """Within it, whatever would make a GPU wait for the host, or the host for a GPU, raises an AssertionError."""
    with _NoWaiting():
        yield
