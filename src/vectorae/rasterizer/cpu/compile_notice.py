"""Tell the user that the kernels are being compiled: those that a run needs, once for each version of them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from vectorae.compat import listen_to_compilation
from vectorae.rasterizer.cpu.compiled import FOLDER, KEPT

_OFTEN = "once" if KEPT else f"each time: '{FOLDER}' cannot be written; set NUMBA_CACHE_DIR"

COMPILING = f"compiling the CPU kernels that this drawing needs (ten to thirty seconds, {_OFTEN})"

PACKAGE = __name__.rpartition(".")[0]


_printed: set[str] = set()


@contextmanager
def _print(text: str) -> Iterator[None]:
    # Once, though kernels compile one by one. If another program's progress bar is on the screen, it moves down a line.
    if text not in _printed:
        _printed.add(text)
        print(f"vectorae: {text}", file=sys.stderr, flush=True)
    yield


class _Announcer:
    """Listens to numba's compilations; what its cache has is not compiled.

    Attributes:
        show: makes a context manager of a text, which is active while kernels compile.
    """

    def __init__(self) -> None:
        self.show: Callable[[str], AbstractContextManager[object]] = _print
        self._depth = 0
        self._showing = ExitStack()

    def on_start(self, module: str) -> None:
        if module.startswith(PACKAGE):
            # Events are nested: a kernel is compiled together with the functions that it calls.
            if self._depth == 0:
                self._showing.enter_context(self.show(COMPILING))
            self._depth += 1

    def on_end(self, module: str) -> None:
        if module.startswith(PACKAGE):
            self._depth -= 1
            if self._depth == 0:
                self._showing.close()


_announcer = _Announcer()
listen_to_compilation(_announcer.on_start, _announcer.on_end)


@contextmanager
def show_compiling(show: Callable[[str], AbstractContextManager[object]]) -> Iterator[None]:
    """Within this context, ``show(text)`` is active while CPU kernels compile; outside of it the text is printed."""
    before, _announcer.show = _announcer.show, show
    try:
        yield
    finally:
        _announcer.show = before
