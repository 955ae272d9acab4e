"""Workload X: drawing exactly, as every training and fit ends, against drawing softly, for every kind of shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch

from benchmarks.contenders import Ours, drawing_pass
from benchmarks.timing import measure, median, threads
from benchmarks.workloads import GEOMETRY, JITTER, Size, Workload
from vectorae.layout import Layout
from vectorae.primitives import KINDS

NAME = "X"

SIZES = (64, 16, 64, 64), (1, 256, 512, 768)
"""Images, shapes of each, height and width."""


def measure_exact(size: Size, repeats: int, max_time: float, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Median seconds of a soft and of an exact drawing of each kind and size, with gradients, on one core."""
    rows = []
    with threads(1):
        for kind in KINDS:
            for work in _workloads(kind, size):
                say(kind)
                soft, exact = replace(work, coverage="sigmoid"), replace(work, coverage="ramp")
                passes = {one.coverage: drawing_pass(Ours("auto"), one) for one in (soft, exact)}
                for one in (soft, exact):
                    drawing_pass(Ours("auto"), one.small())()  # compiles the kernels
                found = measure(passes, repeats, max_time, lambda _: None)
                seconds = {name: median(rounds.times["both"]) for name, rounds in found.items()}
                rows.append({"kind": kind, "title": work.title, "soft": seconds["sigmoid"], "exact": seconds["ramp"]})
    return rows


def _workloads(kind: str, size: Size) -> Iterator[Workload]:
    """Free layouts of one kind of shape, with softness of half a pixel."""
    for images, shapes, height, width in SIZES:
        batch, count, height, width = size.images(images), size.shapes(shapes), size.pixels(height), size.pixels(width)
        layout = Layout([kind], count=count, aspect=width / height)
        with torch.no_grad():
            scene = layout(layout.random_raw(batch, size.seed, spread=JITTER)).detach()
        title = f"{batch} × {width}×{height}, {count} shapes"
        learned = (*GEOMETRY, "stroke_width", "color", "opacity")
        yield Workload(NAME, title, scene, height, width, 0.5, learned)
