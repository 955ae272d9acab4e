"""Saying that the kernels are being compiled: it takes half a minute, once for each version of them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from numba.core import event

COMPILING = "compiling the CPU kernels (half a minute, once)"

PACKAGE = __name__.rpartition(".")[0]


@contextmanager
def _print() -> Iterator[None]:
    # A progress bar that is not ours, if there is one, moves down a line.
    print(f"vectorae: {COMPILING}", file=sys.stderr, flush=True)
    yield


class _Announcer(event.Listener):
    """Numba sends this event when it compiles, and not when it finds what it needs in its cache.

    Attributes:
        show: gives a context to be in meanwhile.
    """

    def __init__(self) -> None:
        self.show: Callable[[], AbstractContextManager[object]] = _print
        self._depth = 0
        self._showing = ExitStack()

    def on_start(self, event: Any) -> None:
        if self._is_ours(event):
            # A kernel is compiled with all that it calls.
            if self._depth == 0:
                self._showing.enter_context(self.show())
            self._depth += 1

    def on_end(self, event: Any) -> None:
        if self._is_ours(event):
            self._depth -= 1
            if self._depth == 0:
                self._showing.close()

    @staticmethod
    def _is_ours(event: Any) -> bool:
        module: str = event.data["dispatcher"].py_func.__module__
        return module.startswith(PACKAGE)


_announcer = _Announcer()
event.register("numba:compile", _announcer)


@contextmanager
def announced_by(show: Callable[[], AbstractContextManager[object]]) -> Iterator[None]:
    """Within it, ``show()`` is entered while kernels are compiled; elsewhere a line on stderr says so."""
    before, _announcer.show = _announcer.show, show
    try:
        yield
    finally:
        _announcer.show = before
