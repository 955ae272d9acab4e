"""The least time that a machine could take (benchmarks/floors.py)."""

from helpers.benchmarks import CPU

from benchmarks import floors
from benchmarks.workloads import DRAWINGS, Size


def test_bytes_that_have_to_be_moved() -> None:
    work = DRAWINGS["A"](Size(batch=2))
    parameters = 2 * 16 * (2 + 2 + 1 + 3 + 1)
    assert floors.moved_bytes(work) == 4 * (3 * parameters + 2 * 2 * 3 * 64 * 64)


def test_floors_are_times() -> None:
    assert floors.bandwidth(CPU, size=2**20) > 1e6
    assert floors.peak_flops(CPU, side=64) > 1e6
