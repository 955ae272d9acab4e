"""Compare a time on a GPU with the least that memory and arithmetic would take."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.contenders import learning
from benchmarks.timing import Clock
from benchmarks.workloads import Workload

FLOPS_PER_PAIR = 100
"""Operations, about, that distance, coverage and compositing take of a covered pixel and a box, forward and backward:
counted in the kernels' formulas, an exponential as 8."""

COPIED = 2**30
"""Bytes read and written by the copy that measures the bandwidth."""

SIDE = 8192
"""Side of the matrices whose float32 product measures the peak of arithmetic."""


def floors(work: Workload, seconds: float, covered: int) -> dict[str, float]:
    """The least times that memory and arithmetic would take, in seconds, and the measured time as a multiple of each.

    Args:
        work: on a GPU.
        seconds: of its forward and backward pass.
        covered: pairs of pixel and shape.
    """
    memory = moved_bytes(work) / bandwidth(work.scene.opacity.device)
    arithmetic = covered * FLOPS_PER_PAIR / peak_flops(work.scene.opacity.device)
    return {
        "memory_floor": memory,
        "arithmetic_floor": arithmetic,
        "times_memory_floor": seconds / memory,
        "times_arithmetic_floor": seconds / arithmetic,
    }


def moved_bytes(work: Workload) -> int:
    """Least number of bytes to move: parameters read twice, gradients written, the image written, its gradient read."""
    scene = work.scene
    _, leaves = learning(scene, work.learned)
    pixels = scene.batch * scene.channels * work.height * work.width
    return scene.opacity.element_size() * (3 * sum(leaf.numel() for leaf in leaves) + 2 * pixels)


def bandwidth(device: torch.device, size: int = COPIED) -> float:
    """Bytes a second, read and written, of a large copy."""
    source = torch.empty(size // 2, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return size / _best(lambda: target.copy_(source), device)


def peak_flops(device: torch.device, side: int = SIDE) -> float:
    """Float32 operations a second of a large product of matrices, without TF32, which torch leaves off."""
    left, right = torch.rand(2, side, side, device=device)
    return 2 * side**3 / _best(lambda: left @ right, device)


def _best(work: Callable[[], object], device: torch.device) -> float:
    """Seconds, the least of five times."""
    times = []
    for _ in range(5):
        clock = Clock(device)
        work()
        clock.tick("work")
        times.append(clock.times["work"])
    return min(times)
