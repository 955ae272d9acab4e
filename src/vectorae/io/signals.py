"""Ctrl-C and SIGTERM: what runs ends after its present step; a second one ends it at once."""

import signal
from contextlib import suppress
from types import FrameType
from typing import Any, Self

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Listens from ``listen`` to ``restore``, or as a context. Remembers on construction who listened before.

    Attributes:
        received: the signal that came, or None.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {number: signal.getsignal(number) for number in NUMBERS}

    def listen(self) -> None:
        """Receive them from now on."""
        for number in self._before:
            with suppress(ValueError):  # only the main thread may listen to signals
                signal.signal(number, self._receive)

    def restore(self) -> None:
        """Leave them to whoever listened before."""
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
