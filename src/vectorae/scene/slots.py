"""Slots, the places of shapes in painter's order: between rows that are ordered by group and rows ordered by slot."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor


def slot_index(slots: tuple[int, ...], device: torch.device) -> Tensor:
    """The slots as an index tensor, int64."""
    return kept_tensor(slots, torch.long, device)


def slot_order(slots: tuple[int, ...], device: torch.device) -> Tensor:
    """The permutation that brings rows in the order of ``slots`` into painter's order, as an index tensor, ``[N]``.

    Example:
        >>> rows, slots = torch.tensor([[20, 0, 10]]), (2, 0, 1)
        >>> rows[:, slot_order(slots, rows.device)]
        tensor([[ 0, 10, 20]])
    """
    return slot_index(_sorting(slots), device)


def select_slots(rows: Tensor, slots: tuple[int, ...]) -> Tensor:
    """The rows ``[B, n, …]`` of some slots, out of rows in painter's order ``[B, N, …]``."""
    if len(slots) == rows.shape[1] and _in_order(slots):
        return rows
    return rows.index_select(1, slot_index(slots, rows.device))


def sort_by_slot(slots: tuple[int, ...], *sets: Sequence[Tensor]) -> list[Tensor]:
    """Join the rows of groups and bring them into painter's order.

    Args:
        slots: of all rows, one group after the other.
        sets: each the rows ``[B, n, …]`` of every group.

    Returns:
        ``[B, N, …]`` of each set.
    """
    joined = [rows[0] if len(rows) == 1 else torch.cat(list(rows), dim=1) for rows in sets]
    if _in_order(slots):
        return joined
    order = slot_order(slots, joined[0].device)
    return [rows.index_select(1, order) for rows in joined]


def _in_order(slots: tuple[int, ...]) -> bool:
    return slots == tuple(range(len(slots)))


@lru_cache(maxsize=256)
def _sorting(slots: tuple[int, ...]) -> tuple[int, ...]:
    """Where the slots 0, 1, … are found."""
    return tuple(sorted(range(len(slots)), key=slots.__getitem__))


def kept_tensor(values: tuple[Any, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """The values as a tensor that is kept for the next call, as a GPU waits for what is copied to it."""
    if torch.compiler.is_compiling():  # tensors are stand-ins then
        return torch.tensor(values, dtype=dtype, device=device)
    return _kept(values, dtype, device)


@lru_cache(maxsize=256)
def _kept(values: tuple[Any, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    # A tensor that is made in inference mode could not be saved for a backward pass later.
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype, device=device)
