"""Tell the user that the kernels are being compiled: half a minute, once for each version of them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from numba.core import event

COMPILING = "compiling the CPU kernels (half a minute, once)"

PACKAGE = __name__.rpartition(".")[0]


@contextmanager
def _print() -> Iterator[None]:
    # If another program's progress bar is on the screen, it moves down a line.
    print(f"vectorae: {COMPILING}", file=sys.stderr, flush=True)
    yield


class _Announcer(event.Listener):
    """Listens for numba's compile events, which are sent only if the cache does not have the function.

    Attributes:
        show: makes a context manager that is active while kernels compile.
    """

    def __init__(self) -> None:
        self.show: Callable[[], AbstractContextManager[object]] = _print
        self._depth = 0
        self._showing = ExitStack()

    def on_start(self, event: Any) -> None:
        if self._is_ours(event):
            # Events are nested: a kernel is compiled together with the functions that it calls.
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
    """Within this context, ``show()`` is active while kernels compile; outside of it a line is printed to stderr."""
    before, _announcer.show = _announcer.show, show
    try:
        yield
    finally:
        _announcer.show = before
