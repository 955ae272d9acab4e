"""Train for a long time, and watch the memory and the open files of the process.

`python scripts/soak.py 3600 --seed 0`: prints both every minute; the end must not exceed what was after a twelfth of
the time (five minutes of an hour).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

MOST_GROWTH = 1.05
"""Memory at the end, relative to the start, that is allowed."""

SETTINGS = [
    "dataset.image_size=32",
    "dataset.train_count=2000",
    "dataset.val_count=64",
    "dataset.test_count=16",
    "encoder.width=16",
    "trainer.accelerator=cpu",
    "trainer.val_check_interval=50",
]


@dataclass(frozen=True)
class Reading:
    """What a process holds at a moment: seconds since its start, MiB of memory of its own, open files."""

    seconds: float
    memory: float
    files: int


def read_process(pid: int, seconds: float) -> Reading:
    """What a process holds now (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    memory = next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024
    return Reading(seconds, memory, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def soak(seconds: float, seed: int, folder: Path, every: float = 60.0) -> tuple[Reading, Reading]:
    """Train for some time: what the process held after a twelfth of it, and at the end.

    Args:
        seconds: of training.
        seed: of the training.
        folder: of the run.
        every: seconds between readings.
    """
    own = [f"seed={seed}", f"trainer.max_time={seconds:.0f}s", f"hydra.run.dir={folder}", f"dataset.cache={folder}"]
    readings: list[Reading] = []
    with subprocess.Popen([sys.executable, str(ROOT / "train.py"), *SETTINGS, *own], stdout=subprocess.DEVNULL) as run:
        while not list(folder.glob("events*")) and run.poll() is None:
            time.sleep(0.5)
        start = time.perf_counter()
        while time.perf_counter() - start < seconds and run.poll() is None:
            readings.append(read_process(run.pid, time.perf_counter() - start))
            print(readings[-1], flush=True)
            time.sleep(min(every, max(0.0, seconds - (time.perf_counter() - start))))
    if run.returncode:
        raise RuntimeError(f"the training ended with {run.returncode}")
    early = next(reading for reading in readings if reading.seconds >= seconds / 12)
    return early, readings[-1]


def main() -> int:
    """Do what the command line says. Returns the exit code: 1 if memory or files grew."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("seconds", type=float, help="of training")
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="soak-") as folder:
        early, late = soak(given.seconds, given.seed, Path(folder))
    print(f"memory {late.memory / early.memory:.3f} times, files {early.files} → {late.files}")
    return int(late.memory > MOST_GROWTH * early.memory or late.files > early.files)


if __name__ == "__main__":
    raise SystemExit(main())
