"""Peak memory is measured in a process of its own."""

import pytest
from helpers.benchmarks import SMALL

from benchmarks import memory
from benchmarks.workloads import Size


def test_peak_memory_is_that_of_the_work() -> None:
    """The reference's intermediate tensors are many times the image."""
    assert 2**20 < memory.peak_growth("A", "reference", Size(batch=8), None, "cpu") < 2**30


def test_a_crash_in_the_child_is_told_in_one_line_without_a_path() -> None:
    with pytest.raises(RuntimeError) as caught:
        memory.peak_growth("nothing", "auto", SMALL, None, "cpu")
    assert str(caught.value) == "KeyError: 'nothing'"
