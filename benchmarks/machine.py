"""Facts about the machine and versions of packages, without host names or paths."""

import importlib.metadata
import os
import platform
import re
from pathlib import Path
from typing import Any

import torch

from benchmarks.contenders import Peer

MIB = 2**20


def machine(device: torch.device) -> dict[str, Any]:
    """Facts about the machine by name."""
    facts: dict[str, Any] = {
        "system": platform.system(),
        "cpu": cpu_name(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "device": device.type,
    }
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts |= {"gpu": properties.name, "gpu_memory_gib": round(properties.total_memory / 2**30, 1)}
    return facts


def versions(peers: dict[str, Peer]) -> dict[str, str]:
    """Package → version, of those that times depend on and that are installed."""
    found = {"python": platform.python_version()}
    for name in ("vectorae", "torch", "numba", "triton"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found | {name: peer.version for name, peer in peers.items() if peer.importable}


def cpu_name() -> str:
    """The processor's model name."""
    facts = Path("/proc/cpuinfo")
    match = re.search(r"^model name\s*:\s*(.+)$", facts.read_text(), re.MULTILINE) if facts.is_file() else None
    return match[1].strip() if match else platform.processor() or platform.machine()


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int | None:
    """Bytes that can be allocated without swapping; None where that is not known."""
    facts = Path("/proc/meminfo")
    match = re.search(r"^MemAvailable:\s*(\d+) kB", facts.read_text(), re.MULTILINE) if facts.is_file() else None
    return int(match[1]) * 1024 if match else None
