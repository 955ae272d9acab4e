"""How far something is: a line that moves in a terminal, and lines now and then in a file."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

EVERY = 30.0
"""Seconds between two lines where there is no terminal."""

BAR = 8, 40
"""Columns of the bar, at least and at most."""

SEPARATOR = " · "

THREAD = "vectorae-progress"
"""Name of the thread that prints these lines."""


@contextmanager
def counting(
    description: str, total: int, visible: bool = True, stderr: bool = False
) -> Iterator[Callable[[int], None]]:
    """Progress over items, on stdout or stderr, and the function that moves it on by a number of them."""
    done = 0
    with RunBar(0.0, description, f"0/{total}", visible=visible, stderr=stderr) as bar:

        def advance(count: int) -> None:
            nonlocal done
            done += count
            bar.update(done / max(1, total), f"{done}/{total}")

        yield advance


class RunBar:
    """How much of a run is done, how long it will take, and what else there is to say; visible within a ``with``.

    In a terminal a line with a bar that is redrawn, where what does not fit is left out as a whole, from its end.
    Elsewhere (a file, a cluster's log) a line is printed every half minute, and whenever the run asks for it.

    Args:
        progress: where the run begins, in [0, 1].
        label: what is done; empty for nothing.
        *parts: texts to begin with, the most important first.
        visible: False shows nothing.
        stderr: instead of stdout.
    """

    def __init__(
        self, progress: float = 0.0, label: str = "", *parts: str, visible: bool = True, stderr: bool = False
    ) -> None:
        self._console = Console(stderr=stderr, quiet=not visible)
        self._label, self._done, self._parts = label, progress, parts
        self._instead: str | None = None
        self._told = set[str]()
        self._start = time.monotonic()
        # The first step takes longer than others, which are the ones to expect: kernels are compiled in it.
        self._first: tuple[float, float] | None = None
        self._stopped, self._last = threading.Event(), self._start
        self._printed: tuple[float, tuple[str, ...]] | None = None
        self._thread = threading.Thread(target=self._print_regularly, name=THREAD, daemon=True)
        self._live = Live(get_renderable=self._line, console=self._console) if self.is_terminal else None

    @property
    def is_terminal(self) -> bool:
        """Whether the line is seen while it moves."""
        return self._console.is_terminal

    @property
    def is_due(self) -> bool:
        """Whether a line is to be printed because the last one is old: time to say where the run is."""
        return not self.is_terminal and time.monotonic() - self._last > 0.9 * EVERY

    def update(self, progress: float, *parts: str, now: bool = False) -> None:
        """Say where the run is.

        Args:
            progress: in [0, 1].
            *parts: texts, the most important first; none leave those that were there.
            now: print a line where there is no terminal.
        """
        self._done, self._parts = progress, parts or self._parts
        if self._first is None:
            self._first = time.monotonic(), progress
        if now and not self.is_terminal:
            self._print()

    @contextmanager
    def showing(self, text: str) -> Iterator[None]:
        """Within it the line says something else; where there is no terminal it is printed, the first time."""
        self._instead = text
        if not self.is_terminal and text not in self._told:
            self._told.add(text)
            self._print()
        try:
            yield
        finally:
            self._instead = None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start(refresh=True)
        else:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._live is not None:
            self._live.stop()
        elif self._printed != (self._done, self._parts):
            self._print()

    def _texts(self) -> list[str]:
        """All that there is to say, the most important first."""
        took = time.monotonic() - self._start
        texts = [self._label] if self._label else []
        texts.append(f"{100 * self._done:.0f} %")
        if self._instead is not None:
            return [*texts, self._instead]
        left = self._seconds_left()
        if self._done >= 1:
            texts.append(_clock(took))
        elif left is not None:
            texts.append(f"{_clock(left)} left")
        return [*texts, *self._parts]

    def _seconds_left(self) -> float | None:
        if self._first is None:
            return None
        since, before = self._first
        gained = self._done - before
        return (1 - self._done) * (time.monotonic() - since) / gained if gained > 0 else None

    def _print(self) -> None:
        self._printed, self._last = (self._done, self._parts), time.monotonic()
        self._console.print(SEPARATOR.join(self._texts()), highlight=False, markup=False, soft_wrap=True)

    def _print_regularly(self) -> None:
        while not self._stopped.wait(max(0.1, self._last + EVERY - time.monotonic())):
            if time.monotonic() - self._last >= EVERY:
                self._print()

    def _line(self) -> Table:
        """The line for a terminal: the bar, and as many texts as fit beside it."""
        room = self._console.width - BAR[0] - 2
        text = SEPARATOR.join(fitting(self._texts(), room))
        line = Table.grid(padding=(0, 1))
        line.add_row(
            ProgressBar(1.0, self._done, width=min(BAR[1], self._console.width - len(text) - 2)),
            Text(text, no_wrap=True, overflow="ellipsis"),
        )
        return line


def fitting(texts: Sequence[str], columns: int) -> list[str]:
    """The first texts that fit into so many columns together; the first one always.

    >>> fitting(["12 %", "0:01:20 left", "step 400"], 20)
    ['12 %', '0:01:20 left']
    """
    kept: list[str] = []
    for text in texts:
        if kept and len(SEPARATOR.join([*kept, text])) > columns:
            break
        kept.append(text)
    return kept


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
