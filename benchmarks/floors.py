"""How far a time on a GPU is from what the machine could do at best."""

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
"""Bytes read and written by the copy that the bandwidth is measured with."""

SIDE = 8192
"""Of the matrices whose product in float32 tells how fast arithmetic can be."""


def floors(work: Workload, seconds: float, covered: int) -> dict[str, float]:
    """The least time that memory and arithmetic would take, and how many times as long it took.

    Args:
        work: on a GPU.
        seconds: that its forward and backward took.
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
    """Bytes that have to be moved at least: parameters read twice, gradients written, the image written and its
    gradient read."""
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
    """Seconds, the least of a few times."""
    times = []
    for _ in range(5):
        clock = Clock(device)
        work()
        clock.tick("work")
        times.append(clock.times["work"])
    return min(times)
