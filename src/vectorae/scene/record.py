"""The base of scenes and their parts: how they are compared and shown."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import Tensor


class TensorRecord:
    """Dataclasses of tensors: equal if all they hold is equal, and shown in one line, tensors by their shapes."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _same(vars(self), vars(other))

    def __hash__(self) -> int:
        # Of what takes no time to compare: records that are equal have it in common.
        return hash((type(self), *(value.shape for value in vars(self).values() if isinstance(value, Tensor))))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={_shown(value)}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


_Record = TypeVar("_Record", bound=TensorRecord)


def joined(records: Sequence[_Record]) -> _Record:
    """Records whose tensors ``[B, n, …]`` are those of all, along n; all else is that of the first."""
    changed: dict[str, Any] = {
        name: torch.cat([getattr(one, name) for one in records], dim=1)
        for name, value in vars(records[0]).items()
        if isinstance(value, Tensor)
    }
    return replace(records[0], **changed)  # type: ignore[type-var]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return (one.dtype, one.device) == (other.dtype, other.device) and torch.equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)


def _shown(value: Any) -> str:
    return str(list(value.shape)) if isinstance(value, Tensor) else repr(value)
