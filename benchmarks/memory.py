"""Peak memory of one pass, in a process of its own: `python -m benchmarks.memory < job.json`.

It also serves as a trial: a package that crashes ends only this process.
"""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from benchmarks.passes import make_pass, make_work
from benchmarks.timing import threads
from benchmarks.workloads import Size, Workload

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")

KIB = 1024


def peak_growth(name: str, contender: str, size: Size, config: Mapping[str, Any] | None, device: str) -> int:
    """Bytes that one pass needs beyond what the process holds before it, which includes the workload's own tensors.

    Args:
        name: of the workload.
        contender: a backend, or a package.
        size: of the workload.
        config: of a training, for its step.
        device: `cpu` or `cuda`.

    Raises:
        RuntimeError: the process failed; the message is its last line.
    """
    job = {"name": name, "contender": contender, "size": vars(size), "config": config, "device": device}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory"],
        input=json.dumps({**job, "threads": torch.get_num_threads()}),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if child.returncode:
        last = (child.stderr.strip().splitlines() or [f"exit code {child.returncode}"])[-1]
        raise RuntimeError(re.sub(r"(/[^\s/:]+)+/", "", last))
    return int(child.stdout.split()[-1])


def measure(job: Mapping[str, Any]) -> int:
    """As ``peak_growth``, in this process."""
    device = torch.device(job["device"])
    torch.set_num_threads(job["threads"])
    work = make_work(job["name"], Size(**job["size"]), job["config"], device)
    with threads(work.threads if isinstance(work, Workload) else None):
        make_pass(work.small(), job["contender"])()  # imports and compilation
        once = make_pass(work, job["contender"])
        gc.collect()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            once()
            return int(torch.cuda.max_memory_allocated() - before)
        before = _restart_peak()
        once()
        return max(0, _peak() - before)


def _restart_peak() -> int:
    """Restart the measurement of the peak, and return the memory that the process holds now, in bytes.

    `ru_maxrss` cannot be reset, and on Linux a child even inherits its parent's; the kernel's own peak can be.
    """
    with suppress(OSError):
        CLEAR_REFS.write_text("5")
        return _status("VmRSS")
    return _peak()


def _peak() -> int:
    if STATUS.is_file():
        return _status("VmHWM")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * KIB


def _status(name: str) -> int:
    match = re.search(rf"^{name}:\s*(\d+) kB", STATUS.read_text(), re.MULTILINE)
    assert match is not None
    return int(match[1]) * KIB


if __name__ == "__main__":
    print(measure(json.load(sys.stdin)))
