"""Small benchmarks, and what they have written."""

import json
from pathlib import Path
from typing import Any

import torch

from benchmarks.workloads import DRAWINGS, Size, Workload

ROOT = Path(__file__).resolve().parents[2]
CPU = torch.device("cpu")
SMALL = Size(scale=0.05, batch=2)
TINY = ["scale=0.05", "batch=2", "repeats=2", "device=cpu"]


def full(name: str) -> Workload:
    """A workload as specified."""
    return DRAWINGS[name](Size())


def results(folder: Path) -> dict[str, Any]:
    """The JSON of a run."""
    read: dict[str, Any] = json.loads((folder / "cpu.json").read_text(encoding="utf-8"))
    return read
