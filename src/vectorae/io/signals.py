"""Ctrl-C, SIGTERM, and SLURM's SIGUSR1: the first lets a run end after its step, the second ends it at once."""

import os
import signal
from contextlib import suppress
from types import FrameType
from typing import Any, Self

NUMBERS = (signal.SIGINT, signal.SIGTERM)

REQUEUE = getattr(signal, "SIGUSR1", None)
"""The signal by which SLURM announces that a job's time is nearly over."""


def slurm_job() -> str | None:
    """The number of the SLURM job that this process belongs to, or None."""
    return os.environ.get("SLURM_JOB_ID")


class Signals:
    """Receives signals from ``listen`` to ``restore``, or within a ``with``; restores the handlers at its construction.

    Attributes:
        received: the signal that was received, or None.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        numbers = NUMBERS if REQUEUE is None or slurm_job() is None else (*NUMBERS, REQUEUE)
        self._before: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}

    def listen(self) -> None:
        """Receive signals from now on."""
        for number in self._before:
            with suppress(ValueError):  # only the main thread may set handlers
                signal.signal(number, self._receive)

    def restore(self) -> None:
        """Give the signals back to the handlers of before."""
        while self._before:
            number, handler = self._before.popitem()
            with suppress(ValueError):
                signal.signal(number, handler)

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = number
