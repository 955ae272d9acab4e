"""Time contenders in turn, round after round, so that whatever slows the machine slows all of them."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

Times = dict[str, float]
"""Seconds by phase: `forward`, `backward`, …, and `both`, all of it."""

Pass = Callable[[], Times]
"""Does the work once and returns how long each phase took."""

LEAST_ROUNDS = 3
"""Rounds of even the slowest contender, after a first one that does not count."""


class Clock:
    """Measures seconds between ticks by name, and waits at each for the device to finish."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._last = self._now()
        self.times: Times = {}

    def tick(self, phase: str) -> None:
        """End the phase of this name, which began at the last tick."""
        now = self._now()
        self.times[phase] = now - self._last
        self._last = now

    def total(self) -> Times:
        """The phases, and ``both``: all of them."""
        return {**self.times, "both": sum(self.times.values())}

    def _now(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        elif self._device.type == "mps":
            torch.mps.synchronize()
        return time.perf_counter()


@dataclass
class Rounds:
    """Measurements of one contender.

    Attributes:
        times: phase → seconds of each round.
        first: seconds of the first round, which does not count.
        failure: why measuring ended early, in one line.
    """

    times: dict[str, list[float]] = field(default_factory=dict)
    first: float = 0.0
    failure: str | None = None

    @property
    def count(self) -> int:
        """Rounds that count."""
        return len(self.times.get("both", ()))

    def add(self, times: Times) -> None:
        """Add a round."""
        for phase, seconds in times.items():
            self.times.setdefault(phase, []).append(seconds)


def measure(
    passes: Mapping[str, Pass], repeats: int, max_time: float, on_pass: Callable[[str], None]
) -> dict[str, Rounds]:
    """Time contenders in turn, round after round; the first round does not count, nor does the first pass of a turn.

    Leftovers of one contender must not be charged to the next: memory that the allocator returns to the system at some
    later time (150 ms, after the reference), caches full of other data, threads that still spin.

    Args:
        passes: name → pass.
        repeats: rounds that count.
        max_time: seconds after which a contender drops out, once it has ``LEAST_ROUNDS`` (or ``repeats``, if fewer).
        on_pass: called before each turn with the contender's name.
    """
    measured = {name: Rounds() for name in passes}
    for turn in range(repeats + 1):
        for name, once in passes.items():
            rounds = measured[name]
            spent = 2 * (rounds.first + sum(rounds.times.get("both", ())))
            if rounds.failure or (spent >= max_time and rounds.count >= min(LEAST_ROUNDS, repeats)):
                continue
            on_pass(name)
            try:
                once()
                times = once()
            except (RuntimeError, MemoryError, AssertionError) as error:  # of a peer, which may fail as it likes
                rounds.failure = first_line(error)
            else:
                if turn == 0:
                    rounds.first = times["both"]
                else:
                    rounds.add(times)
    return measured


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def median(seconds: list[float]) -> float:
    """The median."""
    return statistics.median(seconds)


def spread(seconds: list[float]) -> float:
    """Half the interquartile range; 0 of a single round."""
    if len(seconds) < 2:
        return 0.0
    low, _, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return (high - low) / 2


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Within it torch, and with it our kernels, uses this many threads; None leaves the number as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
