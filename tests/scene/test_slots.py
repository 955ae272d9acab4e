"""Rows by group and rows by slot."""

import pytest
import torch

from vectorae.scene import select_slots, slot_index, slot_order, sort_by_slot

CPU = torch.device("cpu")


@pytest.mark.parametrize("slots", [(0, 1, 2, 3), (3, 1, 0, 2), (1, 0), (0,), ()])
def test_sorting_undoes_selecting(slots: tuple[int, ...]) -> None:
    rows = torch.arange(2.0 * len(slots) * 3).reshape(2, len(slots), 3)
    by_group = select_slots(rows, slots)
    assert torch.equal(by_group, rows[:, list(slots)])
    assert torch.equal(by_group[:, slot_order(slots, CPU)], rows)
    parts = [by_group[:, :1], by_group[:, 1:]] if slots else [by_group]
    one, other = sort_by_slot(slots, parts, [2 * part for part in parts])
    assert torch.equal(one, rows) and torch.equal(other, 2 * rows)


def test_some_slots_are_selected() -> None:
    rows = torch.tensor([[10, 11, 12, 13]])
    assert select_slots(rows, (3, 1)).tolist() == [[13, 11]]
    assert select_slots(rows, ()).shape == (1, 0)


def test_indices_are_made_once() -> None:
    """A copy to a GPU would make the processor wait."""
    assert slot_index((2, 0, 1), CPU) is slot_index((2, 0, 1), CPU)
    assert slot_order((2, 0, 1), CPU) is slot_order((2, 0, 1), CPU)


def test_rows_in_order_are_not_copied() -> None:
    rows = torch.zeros(1, 3)
    assert select_slots(rows, (0, 1, 2)) is rows
    assert sort_by_slot((0, 1, 2), [rows])[0] is rows


def test_an_index_of_inference_mode_serves_in_training() -> None:
    slots = (4, 2, 0, 1, 3)
    with torch.inference_mode():
        slot_order(slots, CPU), slot_index(slots, CPU)
    rows = torch.zeros(1, 5, requires_grad=True)
    sort_by_slot(slots, [select_slots(rows, slots)])[0].sum().backward()
    assert rows.grad is not None


def test_an_index_of_an_export_is_not_kept() -> None:
    """While a model is exported its tensors are stand-ins without values."""
    slots = (5, 2, 0, 1, 4, 3)

    class Sorter(torch.nn.Module):
        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return sort_by_slot(slots, [rows])[0]

    rows = torch.tensor([[5.0, 2.0, 0.0, 1.0, 4.0, 3.0]])
    program = torch.export.export(Sorter(), (rows,), strict=False)
    assert program.module()(rows).tolist() == sort_by_slot(slots, [rows])[0].tolist() == [[0, 1, 2, 3, 4, 5]]
