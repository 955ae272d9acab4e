"""How far a time on a GPU is from what the machine could do at best."""

from __future__ import annotations

import time
from typing import Any

import torch

from vectorae.benchmark.contenders import learning
from vectorae.benchmark.workloads import Workload

FLOPS_PER_PAIR = 100
"""Operations, about, that distance, coverage and compositing take of a covered pixel and a box, forward and backward:
counted in the kernels' formulas, an exponential as 8."""

LANES = 128
"""Multiply-adds in float32 of one multiprocessor in a clock, on every NVIDIA architecture since 2020 that is used for
computing."""

COPIED = 2**30
"""Bytes of the copy by which the bandwidth is measured."""


def floors(work: Workload, seconds: float, covered: int) -> dict[str, Any]:
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


def bandwidth(device: torch.device) -> float:
    """Bytes a second, read and written, of a large copy: the best of a few."""
    source = torch.empty(COPIED // 2, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(5):
        torch.cuda.synchronize(device)
        start = time.perf_counter()
        target.copy_(source)
        torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - start)
    return COPIED / best


def peak_flops(device: torch.device) -> float:
    """Float32 operations a second at the device's highest clock, tensor cores left out."""
    properties: Any = torch.cuda.get_device_properties(device)
    return float(properties.multi_processor_count * LANES * 2 * properties.clock_rate * 1000)
