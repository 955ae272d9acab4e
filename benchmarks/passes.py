"""Workloads and passes over them by name."""

from collections.abc import Mapping
from typing import Any

import torch

from benchmarks import exact, training
from benchmarks.contenders import Ours, drawing_pass
from benchmarks.peers import PEERS
from benchmarks.timing import Pass
from benchmarks.workloads import DRAWINGS, ON_GPU, Size, Workload

Work = Workload | training.Step

WORKLOADS = (*(name for name in DRAWINGS if name not in ON_GPU), *training.TRAININGS, exact.NAME, *ON_GPU)


def make_work(name: str, size: Size, config: Mapping[str, Any] | None, device: torch.device) -> Work:
    """A workload by name.

    Args:
        name: of ``WORKLOADS``.
        size: how large it is.
        config: plain resolved config of a training, for the training step.
        device: where its tensors lie.
    """
    if name in training.TRAININGS:
        assert config is not None
        return training.step(name, size, config, device)
    return DRAWINGS[name](size).to(device)


def make_pass(work: Work, contender: str) -> Pass:
    """A pass of a backend, or of a package of ``PEERS``, over a workload."""
    if isinstance(work, training.Step):
        return training.step_pass(work, contender)
    drawing = PEERS[contender].drawing() if contender in PEERS else Ours(contender)
    return drawing_pass(drawing, work)
